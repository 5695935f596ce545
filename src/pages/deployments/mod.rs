//! `/deployments`: what is broken, over all platforms, and whether it is being handled.

mod board;
mod empty;
mod filters;
mod projects;

use crate::{
    api,
    components::{
        live::LiveDot,
        notice::{FormNotice, Place},
        panel::{ErrorPanel, Notice},
        row::Row,
        stats::StatStrip,
        time::Ago,
    },
    model::{self, ListQuery, PlatformTrouble, Tab},
};
use board::Board;
use empty::Nothing;
use filters::Filters;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use projects::Projects;

/// Everything over all repositories.
#[component]
pub fn DeploymentsPage() -> impl IntoView {
    view! {
        <Title text="Deployments" />
        <Deployments repository=Signal::stored(None) />
    }
}

/// The list with all that is around it, over everything or for one repository.
#[component]
pub fn Deployments(
    /// The repository, `owner/name`.
    repository: Signal<Option<String>>,
) -> impl IntoView {
    let parameters = use_query_map();
    let query = Memo::new(move |_| {
        let parameters = parameters.read();
        let (query, _) = ListQuery::read(&|name| parameters.get(name));
        ListQuery { repository: repository.get().or(query.repository), ..query }
    });
    // Only the first page: what follows is asked for by the board, which stays.
    let first = Resource::new(|| (), move |()| api::list_deployments(query.get_untracked()));
    view! {
        <div class="page">
            <Suspense fallback=Loading>
                {move || Suspend::new(async move {
                    match first.await {
                        Ok(page) => view! { <Dashboard page query repository /> }.into_any(),
                        Err(error) => view! { <ErrorPanel error /> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
    .into_any()
}

/// The frame of the page with nothing in it yet. It shows after a moment only, so that fast pages do not flicker.
#[component]
fn Loading() -> impl IntoView {
    view! {
        <div class="skeleton" role="status" aria-label="Loading">
            <span></span>
            <span></span>
            <span></span>
            <span></span>
        </div>
    }
}

#[component]
fn Dashboard(
    /// What the server knew.
    page: model::DeploymentsPage,
    /// What the address asks for.
    query: Memo<ListQuery>,
    /// The page's repository.
    repository: Signal<Option<String>>,
) -> impl IntoView {
    let no_github = page.platform_connected && !page.github_connected;
    let board = Board::new(page, query);
    let live = board.listen();
    let stats = Signal::derive(move || board.page.with(|page| page.stats.clone()));
    let heading = move || repository.get().unwrap_or_else(|| "Deployments".to_owned());
    view! {
        <header class="page-head">
            <h1>{heading}</h1>
            <LiveDot state=live />
            {move || repository.get().map(|name| view! { <RepositoryLinks name /> })}
        </header>
        <FormNotice place=Place::Deployments />
        {move || {
            let troubles = board.page.with(|page| page.list.unavailable.clone());
            troubles.into_iter().map(|trouble| view! { <Trouble trouble /> }).collect_view()
        }}
        {no_github
            .then(|| {
                view! {
                    <Notice tone="tone-amber">
                        "GitHub is not connected, so no pull request can be opened. "
                        <a href="/integrations#github">"Connect GitHub"</a>
                    </Notice>
                }
            })}
        <StatStrip stats />
        <Tabs board />
        <Filters board />
        {move || match query.with(|query| query.tab) {
            Tab::Projects => view! { <Projects board /> }.into_any(),
            _ => view! { <List board /> }.into_any(),
        }}
    }
    .into_any()
}

#[component]
fn RepositoryLinks(
    /// `owner/name`.
    name: String,
) -> impl IntoView {
    view! {
        <span class="head-links">
            <a href=format!("https://github.com/{name}") rel="external noopener" target="_blank">
                "Code on GitHub"
            </a>
            <a href="/deployments">"All repositories"</a>
        </span>
    }
}

#[component]
fn Tabs(
    /// The page.
    board: Board,
) -> impl IntoView {
    let tabs = Tab::ALL.into_iter().map(|tab| {
        let href = move || board.href(|query| query.tab = tab);
        let here = move || board.query.with(|query| query.tab == tab).then_some("page");
        let count = move || board.page.with(|page| page.list.counts.of(tab).to_string());
        view! {
            <a class="tab" class:tab-apart=tab == Tab::Projects href=href data-noscroll="" aria-current=here>
                {tab.label()}
                <span class="tab-count">{count}</span>
            </a>
        }
    });
    view! {
        <nav class="tabs" aria-label="Show">
            {tabs.collect_view()}
        </nav>
    }
    .into_any()
}

#[component]
fn List(
    /// The page.
    board: Board,
) -> impl IntoView {
    view! {
        <div class="list" aria-busy=move || board.loading.get().to_string()>
            <Pill board />
            {move || board.failed.get().map(|error| view! {
                <Notice tone="tone-red">
                    {error.message} " What is shown is older. "
                    <button class="link" type="button" on:click=move |_| board.load()>
                        "Try again"
                    </button>
                </Notice>
            })}
            <ul class="rows" aria-label="Deployments">
                <For
                    each=move || board.rows.get()
                    key=|shown| shown.key.clone()
                    children=|shown| view! { <Row row=shown.row fresh=shown.fresh /> }
                />
            </ul>
            {move || board.rows.with(Vec::is_empty).then(|| view! { <Nothing board /> })}
            <Paging board />
        </div>
    }
    .into_any()
}

/// How many rows wait above the list.
#[component]
fn Pill(
    /// The page.
    board: Board,
) -> impl IntoView {
    let pill = move || {
        let count = board.waiting.with(Vec::len);
        (count > 0).then(|| {
            view! {
                <button class="pill" type="button" on:click=move |_| board.show_waiting()>
                    {format!("{count} new")}
                </button>
            }
        })
    };
    view! {
        <div role="status">{pill}</div>
    }
}

/// Back to the newest rows, and on to older ones.
#[component]
fn Paging(
    /// The page.
    board: Board,
) -> impl IntoView {
    let newest = move || {
        let href = board.query.with(|query| query.after.is_some()).then(|| board.href(|_| {}));
        href.map(|href| view! { <a class="button" href=href>"Newest"</a> })
    };
    let older = move || {
        let next = board.page.with(|page| page.list.next.clone())?;
        let at = next.at;
        let href = board.href(|query| query.after = Some(next));
        let searched = board.query.with(|query| query.branch.is_some() || query.text.is_some());
        let label = if searched { "Search further" } else { "Older" };
        Some(view! {
            {searched.then(|| view! { <span class="muted">"Searched back to " <Ago at /></span> })}
            <a class="button" href=href rel="next">
                {label}
            </a>
        })
    };
    view! {
        <nav class="paging" aria-label="Pages">
            {newest}
            {older}
        </nav>
    }
    .into_any()
}

#[component]
fn Trouble(
    /// The platform that could not be asked.
    trouble: PlatformTrouble,
) -> impl IntoView {
    let provider = trouble.provider;
    view! {
        <Notice tone="tone-amber">
            {trouble.message} " Its failures are shown as they were stored; other platforms are not affected. "
            {trouble
                .needs_new_token
                .then(|| view! { <a href=format!("/integrations/{provider}")>"Connect again"</a> })}
        </Notice>
    }
}
