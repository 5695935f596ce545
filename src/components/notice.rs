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
    /// The settings of a project.
    Project,
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
            "The platform refused the token: it is mistyped, expired, revoked, or has no access to any project. Paste it again whole, or create a new one."
        }
        (Place::Integrations, "invalid" | "bad_request") => {
            "This cannot be a token, or its expiry is in the past. A token has no spaces or line breaks in it."
        }
        (Place::Integrations, "platform_unavailable") => {
            "The platform did not answer as it should. Nothing was stored; try again in a minute."
        }
        (Place::Integrations, "conflict") => {
            "This connection has changed meanwhile. Look at it below and try again."
        }
        (Place::Project, "invalid") => {
            "Nothing was saved. The prefix has to be the beginning of a branch name, and the attempts a number from 1 to 10."
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
        "chosen" => "Exactly the selected projects are watched now.",
        "saved" => "The settings are saved.",
        "auto_fix_on" => "Auto-fix is on for every watched project.",
        "auto_fix_off" => "Auto-fix is off for every watched project. Failures wait for a person.",
        "disconnected" => "Disconnected. The token is erased, and its webhooks are removed.",
        "signed_out" => "You are signed out.",
        "setup" => "The owner's account is made.",
        "started" => "The fix has started.",
        "retried" => "The fix starts again.",
        "canceled" => "The fix is being canceled. Its sandbox is removed.",
        _ => return None,
    })
}

/// What syncing came to, by the numbers in the address.
fn synced(number: impl Fn(&str) -> usize) -> String {
    let counts = [
        ("added", "is watched from now on", "are watched from now on"),
        ("changed", "has changed", "have changed"),
        ("gone", "is gone from the platform", "are gone from the platform"),
    ];
    let parts: Vec<String> = counts
        .into_iter()
        .filter_map(|(name, one, many)| match number(name) {
            0 => None,
            1 => Some(format!("1 project {one}")),
            count => Some(format!("{count} projects {many}")),
        })
        .collect();
    if parts.is_empty() {
        "Nothing has changed at the platform.".to_owned()
    } else {
        format!("{}.", parts.join("; "))
    }
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
        let failed = query.get("error").map(|code| ("tone-red", error(place, &code).to_owned()));
        let done = || match query.get("ok")?.as_str() {
            "synced" => {
                Some(synced(|name| query.get(name).and_then(|count| count.parse().ok()).unwrap_or(0)))
            }
            code => success(code).map(str::to_owned),
        };
        let said = failed.or_else(|| done().map(|text| ("tone-green", text)));
        said.map(|(tone, text)| view! { <Notice tone>{text}</Notice> })
    }
}
