//! Keys of a person's programs.

use super::{Revealed, Section, item};
use crate::{
    components::{
        browser::Browser,
        panel::Confirm,
        time::{Ago, Until},
    },
    model::{Secret, Timestamp, TokenRow},
};
use leptos::prelude::*;

/// How long a new token may work, in days; empty: until it is revoked.
const LIFETIMES: [(&str, &str); 4] =
    [("30", "30 days"), ("90", "90 days"), ("365", "1 year"), ("", "No expiry")];

/// Tokens, the form that makes one, and the one that was just made.
#[component]
pub fn Tokens(
    /// The tokens.
    tokens: Vec<TokenRow>,
    /// The one that was just made.
    new: Option<Secret>,
) -> impl IntoView {
    let rows = (!tokens.is_empty()).then(|| {
        view! {
            <ul class="items" aria-label="API tokens">
                {tokens.into_iter().map(row).collect_view()}
            </ul>
        }
    });
    view! {
        <Section
            id="tokens"
            title="API tokens"
            lead="For programs of yours: they send one as “Authorization: Bearer …” and may do under /api/ what you may."
        >
            {new
                .map(|secret| {
                    view! { <Revealed id="new-token" text="Your new token. Copy it now: it is not shown again." secret /> }
                })}
            {rows}
            <form class="form-line" method="post" action="/settings/tokens">
                <label class="field">
                    <span>"Name"</span>
                    <input type="text" name="name" required maxlength="60" autocomplete="off" placeholder="What will use it" />
                </label>
                <label class="field">
                    <span>"Expires in"</span>
                    <select name="days">
                        {LIFETIMES
                            .into_iter()
                            .map(|(days, words)| view! { <option value=days selected=days == "90">{words}</option> })
                            .collect_view()}
                    </select>
                </label>
                <button class="button" type="submit">
                    "Create token"
                </button>
            </form>
        </Section>
    }
}

fn row(row: TokenRow) -> AnyView {
    let TokenRow { id, name, hint, created_at, last_used_at, expires_at } = row;
    let name = view! { {name} <code class="muted">{format!("dpm_…{hint}")}</code> };
    let used = match last_used_at {
        Some(at) => view! { "last used " <Ago at /> }.into_any(),
        None => "never used".into_any(),
    };
    let facts = view! { "Made " <Ago at=created_at /> " · " {used} " · " {expiry(expires_at)} };
    let action = view! {
        <Confirm
            id=format!("revoke-{id}")
            label="Revoke"
            question="Programs that use this token are refused from then on."
            action=format!("/settings/tokens/{id}/revoke")
        />
    };
    item(name.into_any(), facts.into_any(), action.into_any())
}

fn expiry(at: Option<Timestamp>) -> AnyView {
    let Some(at) = at else { return "no expiry".into_any() };
    if at <= Browser::expect().now.get_untracked() {
        return view! { <span class="soon">"expired"</span> }.into_any();
    }
    view! { "expires " <Until at /> }.into_any()
}
