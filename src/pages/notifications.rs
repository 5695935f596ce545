//! `/notifications`: what happened to fixes, newest first.

use crate::{
    api,
    components::{
        icon::{Glyph, Icon, PlatformGlyph},
        notice::{FormNotice, Place},
        panel::{EmptyState, ErrorPanel, PostButton},
        time::Ago,
    },
    model::{Notification, NotificationKind, NotificationsPage as Page},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

/// The page, once its data is there.
#[component]
pub fn NotificationsPage() -> impl IntoView {
    let query = use_query_map();
    let after = Memo::new(move |_| query.read().get("after"));
    let page = Resource::new(move || after.get(), api::list_notifications);
    view! {
        <Title text="Notifications" />
        <div class="page page-form">
            <FormNotice place=Place::Notifications />
            <Suspense fallback=|| view! { <div class="skeleton" role="status" aria-label="Loading"><span></span><span></span></div> }>
                {move || Suspend::new(async move {
                    match page.await {
                        Ok(page) => view! { <Rows page /> }.into_any(),
                        Err(error) => view! { <ErrorPanel error /> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
}

#[component]
fn Rows(
    /// What there is.
    page: Page,
) -> impl IntoView {
    let Page { notifications, unread, next } = page;
    let newest = notifications.first().map(|row| row.id.clone()).filter(|_| unread > 0);
    let said = match unread {
        _ if notifications.is_empty() => None,
        0 => Some("Everything is read".to_owned()),
        count => Some(format!("{count} unread")),
    };
    let list = if notifications.is_empty() {
        view! {
            <EmptyState
                title="No notifications"
                text="Here you read when a pull request is open or merged, and when a fix failed. Each project has a switch for it."
            >
                <a class="button" href="/integrations">
                    "Integrations"
                </a>
            </EmptyState>
        }
        .into_any()
    } else {
        view! {
            <ul class="items" aria-label="Notifications">
                {notifications.into_iter().map(row).collect_view()}
            </ul>
        }
        .into_any()
    };
    view! {
        <header class="page-head">
            <div>
                <h1>"Notifications"</h1>
                {said.map(|said| view! { <p class="muted">{said}</p> })}
            </div>
            {newest
                .map(|id| {
                    view! {
                        <div class="head-action">
                            <PostButton label="Mark all as read" action="/notifications/read".to_owned() fields=vec![("up_to", id)] />
                        </div>
                    }
                })}
        </header>
        {list}
        {next
            .map(|next| {
                view! {
                    <nav class="paging" aria-label="Pages">
                        <a class="button" href=format!("/notifications?after={next}")>
                            "Older"
                        </a>
                    </nav>
                }
            })}
    }
    .into_any()
}

fn row(row: Notification) -> AnyView {
    let (icon, tone) = match row.kind {
        NotificationKind::PullRequest => (Icon::PullRequest, "tone-blue"),
        NotificationKind::Merged => (Icon::Check, "tone-green"),
        NotificationKind::Failed => (Icon::Cross, "tone-red"),
        NotificationKind::Skipped => (Icon::Alert, "tone-amber"),
    };
    let unread = row.read_at.is_none();
    let reason = row
        .reason
        .clone()
        .filter(|_| matches!(row.kind, NotificationKind::Failed | NotificationKind::Skipped));
    view! {
        <li class="item news" class:unread=unread>
            <span class=format!("news-mark {tone}")>
                <Glyph icon />
            </span>
            <div class="item-main">
                <p class="item-name">
                    <a class="row-link" href=format!("/deployments/{}", row.fix_id)>
                        {row.sentence()}
                    </a>
                    {unread.then(|| view! { <span class="news-new">"Unread"</span> })}
                </p>
                {reason.map(|reason| view! { <p class="muted">{reason}</p> })}
                <p class="muted news-facts">
                    <PlatformGlyph provider=row.provider />
                    {row.branch.map(|branch| view! { <code>{branch}</code> })}
                    <Ago at=row.created_at />
                </p>
            </div>
        </li>
    }
    .into_any()
}
