//! Where a person is signed in.

use super::{Section, item};
use crate::{
    components::{panel::PostButton, time::Ago},
    model::SessionRow,
};
use leptos::prelude::*;

/// Browsers in which the person is signed in. Ending a session takes effect at its next request.
#[component]
pub fn Sessions(
    /// The sessions.
    sessions: Vec<SessionRow>,
) -> impl IntoView {
    let others = sessions.iter().any(|row| !row.current);
    view! {
        <Section id="sessions" title="Sessions" lead="Browsers in which you are signed in. End those that you do not know.">
            <ul class="items" aria-label="Sessions">
                {sessions.into_iter().map(row).collect_view()}
            </ul>
            {others.then(|| view! { <PostButton label="End all others" action="/settings/sessions/end-others".to_owned() /> })}
        </Section>
    }
}

fn row(row: SessionRow) -> AnyView {
    let SessionRow { id, browser, since, last_seen_at, current } = row;
    let name = view! { {browser} {current.then(|| view! { <span class="badge plain tone-green">"This browser"</span> })} };
    let facts = view! {
        "Signed in "
        <Ago at=since />
        {last_seen_at.map(|at| view! { " · last seen " <Ago at /> })}
    };
    let action = (!current)
        .then(|| view! { <PostButton label="End" action=format!("/settings/sessions/{id}/end") /> });
    item(name.into_any(), facts.into_any(), action.into_any())
}
