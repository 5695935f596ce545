//! The sections of `/settings`. Each is a heading, a sentence and rows with plain forms, so that all of it works
//! before the browser has taken over.

mod github;
mod invitations;
mod sessions;
mod tokens;
mod webhook;

pub use github::Github;
pub use invitations::Invitations;
pub use sessions::Sessions;
pub use tokens::Tokens;
pub use webhook::Webhook;

use super::copy::CopyField;
use crate::model::Secret;
use leptos::prelude::*;

/// A part of the page.
#[component]
fn Section(
    /// Its id on the page.
    id: &'static str,
    /// Its heading.
    title: &'static str,
    /// What it is for.
    lead: &'static str,
    /// What is in it.
    children: Children,
) -> impl IntoView {
    view! {
        <section id=id aria-labelledby=format!("{id}-title")>
            <h2 class="section-title" id=format!("{id}-title")>
                {title}
            </h2>
            <p class="lead">{lead}</p>
            {children()}
        </section>
    }
    .into_any()
}

/// What was made a moment ago and is shown this once.
#[component]
fn Revealed(
    /// What it is, as the id of its label.
    id: &'static str,
    /// What it is, and what to do with it now.
    text: &'static str,
    /// It.
    secret: Secret,
) -> impl IntoView {
    view! {
        <div class="revealed tone-green" role="status">
            <p id=id>{text}</p>
            <CopyField value=secret.0 labelledby=id />
        </div>
    }
    .into_any()
}

/// A row: what it is, facts about it, and what can be done with it.
fn item(name: AnyView, facts: AnyView, action: AnyView) -> AnyView {
    view! {
        <li class="item">
            <div class="item-main">
                <p class="item-name">{name}</p>
                <p class="muted">{facts}</p>
            </div>
            {action}
        </li>
    }
    .into_any()
}
