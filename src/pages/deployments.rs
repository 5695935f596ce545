//! `/deployments`: what is broken, over all platforms, and whether it is being handled.

use crate::{
    api,
    components::{
        live::{self, LiveDot},
        notice::{FormNotice, Place},
        panel::{EmptyState, ErrorPanel, Notice},
        row::Row,
        stats::StatStrip,
    },
    model::{self, DeploymentRow, DeploymentState, FixStatus, FixSummary, PlatformTrouble, Provider},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

/// The page, once its data is there.
#[component]
pub fn DeploymentsPage() -> impl IntoView {
    let page = Resource::new(|| (), |()| api::list_deployments());
    view! {
        <Title text="Deployments" />
        <div class="page">
            <Suspense fallback=|| view! { <Loading /> }>
                {move || Suspend::new(async move {
                    match page.await {
                        Ok(page) => view! { <Dashboard page /> }.into_any(),
                        Err(error) => view! { <ErrorPanel error /> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
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

/// A row that can change in place.
#[derive(Clone)]
struct Shown {
    key: (Provider, String),
    row: RwSignal<DeploymentRow>,
    fresh: bool,
}

impl Shown {
    fn new(row: DeploymentRow, fresh: bool) -> Option<Self> {
        let (provider, id) = row.key()?;
        Some(Self { key: (provider, id.to_owned()), row: RwSignal::new(row), fresh })
    }
}

/// What the tabs show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Show {
    All,
    Failed,
    Working,
    Fixed,
}

impl Show {
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::All, "", "All"),
        (Self::Failed, "failed", "Failed"),
        (Self::Working, "working", "Being fixed"),
        (Self::Fixed, "fixed", "Fixed"),
    ];

    fn parse(name: &str) -> Self {
        Self::ALL.into_iter().find(|(_, value, _)| *value == name).map_or(Self::All, |(show, _, _)| show)
    }

    fn takes(self, row: &DeploymentRow) -> bool {
        match self {
            Self::All => true,
            Self::Failed => row.state() == DeploymentState::Failed,
            Self::Working => row.fix_status().is_some_and(FixStatus::is_unfinished),
            Self::Fixed => matches!(row.fix_status(), Some(FixStatus::PrCreated | FixStatus::Merged)),
        }
    }
}

#[component]
fn Dashboard(
    /// What the server knew.
    page: model::DeploymentsPage,
) -> impl IntoView {
    let stats = RwSignal::new(page.stats);
    let rows =
        RwSignal::new(page.rows.into_iter().filter_map(|row| Shown::new(row, false)).collect::<Vec<_>>());
    let waiting = RwSignal::new(Vec::<Shown>::new());
    let state = live::subscribe(
        || "/api/deployments/events".to_owned(),
        move |data| {
            if let Ok(fix) = serde_json::from_str::<FixSummary>(&data)
                && take_in(rows, waiting, fix)
            {
                leptos::task::spawn_local(async move {
                    if let Ok(fresh) = api::deployment_stats().await {
                        stats.try_set(fresh);
                    }
                });
            }
        },
    );
    let query = use_query_map();
    let show = Memo::new(move |_| Show::parse(&query.read().get("show").unwrap_or_default()));
    let shown = move || {
        let show = show.get();
        rows.get().into_iter().filter(|shown| shown.row.with(|row| show.takes(row))).collect::<Vec<_>>()
    };
    let arrive = move |_| rows.update(|rows| rows.splice(0..0, waiting.write().drain(..)).for_each(drop));
    view! {
        <header class="page-head">
            <h1>"Deployments"</h1>
            <LiveDot state />
        </header>
        <FormNotice place=Place::Deployments />
        {page.unavailable.into_iter().map(|trouble| view! { <Trouble trouble /> }).collect_view()}
        {(page.platform_connected && !page.github_connected)
            .then(|| {
                view! {
                    <Notice tone="tone-amber">
                        "GitHub is not connected, so no pull request can be opened. "
                        <a href="/integrations#github">"Connect GitHub"</a>
                    </Notice>
                }
            })}
        <StatStrip stats=stats.into() />
        <Tabs show rows />
        <div class="list">
            {move || {
                let count = waiting.with(Vec::len);
                (count > 0)
                    .then(|| {
                        view! {
                            <button class="pill" type="button" on:click=arrive>
                                {format!("{count} new")}
                            </button>
                        }
                    })
            }}
            <ul class="rows" aria-label="Deployments">
                <For
                    each=shown
                    key=|shown| shown.key.clone()
                    children=|shown| view! { <Row row=shown.row fresh=shown.fresh /> }
                />
            </ul>
            {move || {
                shown().is_empty().then(|| view! { <Nothing show=show.get() platform_connected=page.platform_connected /> })
            }}
        </div>
    }
}

/// Puts a fix into its row, or makes a row for it. Says whether the figures have changed.
fn take_in(rows: RwSignal<Vec<Shown>>, waiting: RwSignal<Vec<Shown>>, fix: FixSummary) -> bool {
    let key = (fix.provider, fix.platform_deployment_id.clone());
    let known = [rows, waiting].iter().find_map(|list| {
        list.with_untracked(|list| list.iter().find(|shown| shown.key == key).map(|shown| shown.row))
    });
    match known {
        Some(row) => {
            let before = row.with_untracked(DeploymentRow::fix_status);
            let after = fix.status;
            row.update(|row| row.fix = Some(fix));
            before != Some(after)
        }
        None => {
            let list = if is_at_top() { rows } else { waiting };
            let row = Shown::new(DeploymentRow { deployment: None, fix: Some(fix) }, true);
            list.update(|list| row.into_iter().for_each(|row| list.insert(0, row)));
            true
        }
    }
}

/// Rows may slide in only where they push nothing away under the reader's eyes.
fn is_at_top() -> bool {
    window().scroll_y().unwrap_or_default() < 80.0
}

#[component]
fn Tabs(
    /// The chosen one.
    show: Memo<Show>,
    /// What there is to count.
    rows: RwSignal<Vec<Shown>>,
) -> impl IntoView {
    let tabs = Show::ALL
        .into_iter()
        .map(|(tab, value, label)| {
            let count = move || rows.with(|rows| rows.iter().filter(|shown| shown.row.with(|row| tab.takes(row))).count());
            let href = if value.is_empty() { "/deployments".to_owned() } else { format!("/deployments?show={value}") };
            view! {
                <a class="tab" href=href data-noscroll="" aria-current=move || (show.get() == tab).then_some("page")>
                    {label}
                    <span class="tab-count">{count}</span>
                </a>
            }
        })
        .collect_view();
    view! {
        <nav class="tabs" aria-label="Filter">
            {tabs}
        </nav>
    }
}

#[component]
fn Trouble(
    /// The platform that could not be asked.
    trouble: PlatformTrouble,
) -> impl IntoView {
    let provider = trouble.provider;
    view! {
        <Notice tone="tone-amber">
            {trouble.message} " Fixes and the other platforms are shown. "
            {trouble
                .needs_new_token
                .then(|| view! { <a href=format!("/integrations/{provider}")>"Connect again"</a> })}
        </Notice>
    }
}

#[component]
fn Nothing(
    /// The chosen tab.
    show: Show,
    /// At least one platform is connected.
    platform_connected: bool,
) -> impl IntoView {
    if !platform_connected {
        return view! {
            <EmptyState
                title="Nothing is watched yet"
                text="Deployments of your projects appear here, and those that fail are diagnosed and repaired."
            >
                <a class="button primary" href="/integrations/vercel">
                    "Connect Vercel"
                </a>
            </EmptyState>
        }
        .into_any();
    }
    let (title, text) = match show {
        Show::All => {
            ("No deployments yet", "The next deployment of a watched project appears here by itself.")
        }
        Show::Failed => ("Nothing is failing", "Failed deployments appear here by themselves."),
        Show::Working => ("Nothing is being fixed", "Fixes appear here while they run."),
        Show::Fixed => ("Nothing was fixed yet", "Fixes with a pull request appear here."),
    };
    let (href, label) = match show {
        Show::All => ("/integrations", "See what is watched"),
        _ => ("/deployments", "All deployments"),
    };
    view! {
        <EmptyState title text>
            <a class="button" href=href>
                {label}
            </a>
        </EmptyState>
    }
    .into_any()
}
