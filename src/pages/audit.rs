//! `/settings/audit`: who did what, newest first.

use crate::{
    api,
    components::{
        panel::{EmptyState, ErrorPanel},
        time::Ago,
    },
    model::{AuditEntry, AuditKind, AuditPage as Page},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

/// The page, once its data is there.
#[component]
pub fn AuditPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        query.with(|query| (query.get("kind").as_deref().and_then(AuditKind::parse), query.get("after")))
    });
    let page = Resource::new(move || asked.get(), |(kind, after)| api::get_audit(kind, after));
    view! {
        <Title text="Audit log" />
        <div class="page page-form">
            <Suspense fallback=|| view! { <div class="skeleton" role="status" aria-label="Loading"><span></span><span></span></div> }>
                {move || Suspend::new(async move {
                    match page.await {
                        Ok(page) => view! { <Entries page kind=asked.get_untracked().0 /> }.into_any(),
                        Err(error) => view! { <ErrorPanel error /> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
}

/// The address of a page of one kind.
fn address(kind: Option<AuditKind>, after: Option<&str>) -> String {
    let kind = kind.map(|kind| format!("kind={}", kind.as_str()));
    let after = after.map(|after| format!("after={after}"));
    let query: Vec<_> = [kind, after].into_iter().flatten().collect();
    if query.is_empty() {
        "/settings/audit".to_owned()
    } else {
        format!("/settings/audit?{}", query.join("&"))
    }
}

#[component]
fn Entries(
    /// What there is.
    page: Page,
    /// What was asked for.
    kind: Option<AuditKind>,
) -> impl IntoView {
    let Page { entries, next, everybody } = page;
    let whose = if everybody { "Of everybody on this server" } else { "Of your account" };
    let tab = |of: Option<AuditKind>| {
        let here = (of == kind).then_some("page");
        let label = of.map_or("All", AuditKind::label);
        view! { <a class="tab" href=address(of, None) aria-current=here>{label}</a> }
    };
    let tabs: Vec<_> = [None].into_iter().chain(AuditKind::ALL.map(Some)).map(tab).collect();
    let list = if entries.is_empty() {
        view! {
            <EmptyState
                title="No entries"
                text="Here you read who changed something, who signed in or tried to, and what stored tokens were used for."
            >
                <a class="button" href="/settings">
                    "Settings"
                </a>
            </EmptyState>
        }
        .into_any()
    } else {
        view! {
            <ul class="items" aria-label="Entries">
                {entries.into_iter().map(row).collect_view()}
            </ul>
        }
        .into_any()
    };
    view! {
        <header class="page-head">
            <div>
                <h1>"Audit log"</h1>
                <p class="muted">{whose}</p>
            </div>
        </header>
        <nav class="tabs" aria-label="Show">
            {tabs}
        </nav>
        {list}
        {next
            .map(|next| {
                view! {
                    <nav class="paging" aria-label="Pages">
                        <a class="button" href=address(kind, Some(&next))>
                            "Older"
                        </a>
                    </nav>
                }
            })}
    }
    .into_any()
}

fn row(entry: AuditEntry) -> AnyView {
    let refused = (!entry.done()).then(|| {
        view! { <span class="badge badge-word tone-red">{format!("Refused: {}", entry.outcome)}</span> }
    });
    let who = match (entry.who, entry.credential.as_deref()) {
        (Some(who), Some(credential)) if credential != "session" => format!("{who} by API token"),
        (Some(who), _) => who,
        (None, _) => "somebody unknown".to_owned(),
    };
    let details: Vec<_> = entry.details.into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let details = (!details.is_empty()).then(|| format!(" · {}", details.join(", ")));
    view! {
        <li class="item">
            <div class="item-main">
                <p class="item-name">
                    {entry.label}
                    {entry.object.map(|object| view! { <code>{object}</code> })}
                    {refused}
                </p>
                <p class="muted">
                    {who}
                    {entry.address.map(|address| format!(" · from {address}"))}
                    " · "
                    <Ago at=entry.at />
                    {details}
                </p>
            </div>
        </li>
    }
    .into_any()
}
