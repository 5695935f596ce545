//! `?error=<code>` and `?ok=<code>`, which plain forms come back with → a sentence above the page.

use super::panel::Notice;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// The page on which a form came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `/sign-in`
    SignIn,
    /// `/setup`
    Setup,
    /// `/integrations` and below it.
    Integrations,
    /// `/deployments` and below it.
    Deployments,
}

/// What an error code means on a page, and what to do.
fn error(place: Place, code: &str) -> &'static str {
    match (place, code) {
        (Place::SignIn, "unauthorized" | "forbidden") => {
            "This address and password do not belong together. Check both and try again."
        }
        (Place::Setup, "unauthorized" | "forbidden") => {
            "This is not the set-up token. The server printed the right one in its log when it started."
        }
        (Place::Setup, "conflict") => "The owner's account exists already. Sign in with it.",
        (Place::Setup, "invalid") => {
            "The address has to be a mail address, and the password needs at least 12 characters."
        }
        (Place::Integrations, "token_refused" | "unauthorized" | "forbidden") => {
            "The token was refused (401 or 403). Create a new one with the access named below and paste it whole."
        }
        (Place::Integrations, "invalid" | "bad_request") => {
            "This does not look like a token: it is empty, or has spaces or line breaks in it."
        }
        (Place::Integrations, "platform_unavailable") => {
            "The platform did not answer as it should. Nothing was stored; try again in a minute."
        }
        (Place::Integrations, "conflict") => {
            "This connection has changed meanwhile. Look at it below and try again."
        }
        (Place::Deployments, "conflict") => {
            "The fix has moved on meanwhile, so this could not be done. The page shows where it stands now."
        }
        (Place::Deployments, "platform_unavailable") => {
            "The platform did not answer, so no fix was started. Try again in a minute."
        }
        (_, "not_found") => "There is no such thing any more, or it belongs to somebody else.",
        (_, "rate_limited") => "Too many tries. Wait a minute, then try again.",
        (_, "forbidden") => {
            "The request did not come from this site's own page. Reload the page and try again."
        }
        (_, "bad_request" | "invalid") => "A field is missing or has a value that is not allowed.",
        (_, "unauthorized") => "Sign in first.",
        _ => "That failed on the server. Its log says why; try again.",
    }
}

/// What was done.
fn success(code: &str) -> Option<&'static str> {
    Some(match code {
        "connected" => "Connected. Failed deployments of its projects now arrive here.",
        "github_connected" => "GitHub is connected. Pull requests will be opened in your name.",
        "disconnected" => "Disconnected. The token is erased, and its webhooks are removed.",
        "signed_out" => "You are signed out.",
        "setup" => "The owner's account is made.",
        "started" => "The fix has started.",
        "retried" => "The fix starts again.",
        "canceled" => "The fix is being canceled. Its sandbox is removed.",
        _ => return None,
    })
}

/// The sentence that goes with the address of the page, if there is one.
#[component]
pub fn FormNotice(
    /// The page.
    place: Place,
) -> impl IntoView {
    let query = use_query_map();
    move || {
        let query = query.get();
        let failed = query.get("error").map(|code| ("tone-red", error(place, &code)));
        let said = failed
            .or_else(|| query.get("ok").and_then(|code| success(&code)).map(|text| ("tone-green", text)));
        said.map(|(tone, text)| view! { <Notice tone>{text}</Notice> })
    }
}
