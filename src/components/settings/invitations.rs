//! The owner's invitations.

use super::{Revealed, Section, item};
use crate::{
    components::{
        panel::{Confirm, PostButton},
        time::{Ago, Until},
    },
    model::{InvitationRow, Secret},
};
use leptos::prelude::*;

/// Open invitations, and the link of the one that was just made.
#[component]
pub fn Invitations(
    /// The invitations.
    invitations: Vec<InvitationRow>,
    /// The link that was just made.
    new: Option<Secret>,
) -> impl IntoView {
    let rows = (!invitations.is_empty()).then(|| {
        view! {
            <ul class="items" aria-label="Invitations">
                {invitations.into_iter().map(row).collect_view()}
            </ul>
        }
    });
    view! {
        <Section
            id="invitations"
            title="Invitations"
            lead="Each link makes one account, within 7 days. Whoever joins connects platforms of their own and sees nothing of yours."
        >
            {new
                .map(|secret| {
                    view! { <Revealed id="new-invitation" text="Send this link to one person. Copy it now: it is not shown again." secret /> }
                })}
            {rows}
            <PostButton label="Invite somebody" action="/settings/invitations".to_owned() />
        </Section>
    }
}

fn row(row: InvitationRow) -> AnyView {
    let InvitationRow { id, created_at, expires_at } = row;
    let facts = view! { "Made " <Ago at=created_at /> " · ends " <Until at=expires_at /> };
    let action = view! {
        <Confirm
            id=format!("revoke-{id}")
            label="Revoke"
            question="The link of this invitation leads nowhere from then on."
            action=format!("/settings/invitations/{id}/revoke")
        />
    };
    item("Open invitation".into_any(), facts.into_any(), action.into_any())
}
