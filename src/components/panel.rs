//! What pages say when there is nothing, when something failed, and before something final is done.

use super::icon::{Glyph, Icon};
use crate::model::{ApiError, ErrorCode};
use leptos::prelude::*;
use leptos_meta::Title;

/// What will appear here, and the button that makes it appear.
#[component]
pub fn EmptyState(
    /// What is missing, in a few words.
    #[prop(into)]
    title: String,
    /// What will appear here.
    #[prop(into)]
    text: String,
    /// The button.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="empty">
            <svg class="empty-art" viewBox="0 0 64 40" aria-hidden="true">
                <path d="M2 8h38M2 20h60M2 32h48"></path>
                <circle cx="52" cy="8" r="4"></circle>
            </svg>
            <h2>{title}</h2>
            <p>{text}</p>
            <div class="actions">{children()}</div>
        </div>
    }
}

/// What happened and what to do about it.
#[component]
pub fn ErrorPanel(
    /// What happened.
    error: ApiError,
) -> impl IntoView {
    answer_with(error.code);
    let (title, href, action) = match error.code {
        ErrorCode::Unauthorized => ("You are signed out", "/sign-in", "Sign in"),
        ErrorCode::NotFound => ("Not found", "/deployments", "All deployments"),
        _ => ("This page could not be loaded", "", "Try again"),
    };
    view! {
        <Title text=title />
        <div class="empty" role="alert">
            <Glyph icon=Icon::Alert />
            <h1>{title}</h1>
            <p>{error.message}</p>
            <div class="actions">
                <a class="button primary" href=href rel="external">
                    {action}
                </a>
            </div>
        </div>
    }
}

/// The page that says it has the status that goes with it. Where nobody is signed in, it is a redirect already.
#[cfg(feature = "ssr")]
fn answer_with(code: ErrorCode) {
    use axum::http::StatusCode;
    let response = use_context::<leptos_axum::ResponseOptions>().filter(|_| code != ErrorCode::Unauthorized);
    if let Some((response, status)) = response.zip(StatusCode::from_u16(code.status()).ok()) {
        response.set_status(status);
    }
}

/// Only the server answers with a status.
#[cfg(not(feature = "ssr"))]
fn answer_with(_code: ErrorCode) {}

/// One sentence above a page's content.
#[component]
pub fn Notice(
    /// `tone-red`, `tone-amber`, `tone-green` or `tone-blue`.
    tone: &'static str,
    /// The sentence, with links where it needs them.
    children: Children,
) -> impl IntoView {
    let icon = match tone {
        "tone-green" => Icon::Check,
        "tone-blue" => Icon::Note,
        _ => Icon::Alert,
    };
    let role = if tone == "tone-red" { "alert" } else { "status" };
    view! {
        <div class=format!("notice {tone}") role=role>
            <Glyph icon />
            <div>{children()}</div>
        </div>
    }
}

/// A button that asks once more before it sends its form. Needs no script: the question is a popover.
#[component]
pub fn Confirm(
    /// Its id on the page.
    #[prop(into)]
    id: String,
    /// The word on the first button, and on the second one.
    label: &'static str,
    /// What will happen.
    #[prop(into)]
    question: String,
    /// Where the form goes.
    action: String,
) -> impl IntoView {
    view! {
        <button class="button" type="button" popovertarget=id.clone()>
            {label}
        </button>
        <div class="dialog" id=id.clone() popover="auto" role="dialog" aria-label=label>
            <form method="post" action=action>
                <p>{question}</p>
                <div class="actions">
                    <button class="button" type="button" popovertarget=id.clone() popovertargetaction="hide">
                        "Keep it"
                    </button>
                    <button class="button danger" type="submit">
                        {label}
                    </button>
                </div>
            </form>
        </div>
    }
}

/// A form that is one button.
#[component]
pub fn PostButton(
    /// The word on it.
    label: &'static str,
    /// Where the form goes.
    action: String,
    /// It is what one would do next.
    #[prop(optional)]
    primary: bool,
    /// Hidden fields.
    #[prop(optional)]
    fields: Vec<(&'static str, String)>,
) -> impl IntoView {
    view! {
        <form method="post" action=action>
            {fields
                .into_iter()
                .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
                .collect_view()}
            <button class="button" class:primary=primary type="submit">
                {label}
            </button>
        </form>
    }
}
