//! Where news of fixes are sent.

use super::{Revealed, Section, item};
use crate::{
    components::{
        panel::{Confirm, PostButton},
        time::{Ago, Until},
    },
    model::{DeliveryState, OutgoingDelivery, OutgoingWebhook, Secret},
};
use leptos::prelude::*;

/// The webhook, its last messages, and the secret of one that was just made.
#[component]
pub fn Webhook(
    /// The webhook.
    webhook: Option<OutgoingWebhook>,
    /// The secret of the one that was just made.
    new: Option<Secret>,
) -> impl IntoView {
    let (url, enabled, is_there) = match &webhook {
        Some(webhook) => (webhook.url.clone(), webhook.enabled, true),
        None => (String::new(), true, false),
    };
    view! {
        <Section
            id="notifications"
            title="Notifications"
            lead="What happens to your fixes stands under Notifications. An address of yours can get it as well, as JSON signed after Standard Webhooks."
        >
            {new
                .map(|secret| {
                    view! { <Revealed id="new-webhook" text="The key of the signatures. Copy it now: it is not shown again." secret /> }
                })}
            <form class="form webhook-form" method="post" action="/settings/webhook">
                <label class="field">
                    <span>"Webhook address"</span>
                    <input type="url" name="url" required maxlength="2000" autocomplete="off" placeholder="https://example.com/hook" value=url />
                </label>
                <label class="check">
                    <input type="checkbox" name="enabled" value="on" checked=enabled />
                    <span>"Send messages"</span>
                </label>
                <button class="button" type="submit">
                    {if is_there { "Save address" } else { "Add webhook" }}
                </button>
            </form>
            {webhook.map(|webhook| view! { <Messages webhook /> })}
        </Section>
    }
    .into_any()
}

#[component]
fn Messages(
    /// The webhook.
    webhook: OutgoingWebhook,
) -> impl IntoView {
    let rows = (!webhook.deliveries.is_empty()).then(|| {
        view! {
            <ul class="items" aria-label="Last messages">
                {webhook.deliveries.into_iter().map(row).collect_view()}
            </ul>
        }
    });
    view! {
        {rows}
        <div class="actions">
            {webhook.enabled.then(|| view! { <PostButton label="Send a test" action="/settings/webhook/test".to_owned() /> })}
            <Confirm
                id="remove-webhook"
                label="Remove webhook"
                question="Nothing is sent there any more, and its key is forgotten."
                action="/settings/webhook/remove".to_owned()
            />
        </div>
    }
    .into_any()
}

fn row(row: OutgoingDelivery) -> AnyView {
    let (word, tone) = match row.state {
        DeliveryState::Delivered => ("Delivered", "tone-green"),
        DeliveryState::Failed => ("Given up", "tone-red"),
        DeliveryState::Pending if row.attempts == 0 => ("Waiting", "tone-gray"),
        DeliveryState::Pending => ("Trying again", "tone-amber"),
    };
    let name = view! {
        <code>{row.kind}</code>
        <span class=format!("badge badge-word {tone}")>{word}</span>
    };
    let tries = match row.attempts {
        0 => None,
        1 => Some(" · 1 try".to_owned()),
        tries => Some(format!(" · {tries} tries")),
    };
    let facts = view! {
        <Ago at=row.created_at />
        {tries}
        {row.last_status.map(|status| format!(" · HTTP {status}"))}
        {row.next_try_at.filter(|_| row.attempts > 0).map(|at| view! { " · again " <Until at /> })}
        {row.last_error.map(|error| view! { <br /> {error} })}
    };
    item(name.into_any(), facts.into_any(), ().into_any())
}
