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
    /// `/settings`
    Settings,
    /// `/notifications`
    Notifications,
    /// `/rules` and the rules of a project.
    Rules,
    /// `/invitation`
    Invitation,
}

/// What an error code means on a page, and what to do.
fn error(place: Place, code: &str) -> &'static str {
    match (place, code) {
        (_, "unavailable") => {
            "The server's database takes nothing in at the moment, so nothing was changed. Try again later."
        }
        (Place::SignIn, "unauthorized" | "forbidden") => {
            "This address and password do not belong together. Check both and try again."
        }
        (Place::Setup, "unauthorized" | "forbidden") => {
            "This is not the set-up token. The server printed the right one in its log when it started."
        }
        (Place::Setup, "conflict") => "The owner's account exists already. Sign in with it.",
        (Place::Setup | Place::Invitation, "invalid") => {
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
        (Place::Integrations, "no_public_url") => {
            "Nothing was changed: builds elsewhere need a public https address of this server (DEPLOYMEND_PUBLIC_URL)."
        }
        (Place::Integrations, "not_vercel") => {
            "Nothing was changed: only the builds of a connection to Vercel have a choice."
        }
        (Place::Project, "invalid") => {
            "Nothing was saved. The prefix has to be the beginning of a branch name, and the attempts a number from 1 to 10."
        }
        (Place::Deployments, "conflict") => {
            "The fix has moved on meanwhile, so this could not be done. The page shows where it stands now."
        }
        (Place::Deployments, "platform_unavailable") => {
            "The platform did not answer, so nothing was started. Try again in a minute."
        }
        (Place::Settings, "invalid") => {
            "No token was made. It needs a name of at most 60 characters, and its days are a number from 1."
        }
        (Place::Settings, "conflict") => {
            "There are too many of them already. Revoke one that nobody needs any more."
        }
        (Place::Settings, "webhook_address") => {
            "Nothing was saved. The address has to begin with https://, have no password in it, and lead to the public Internet."
        }
        (Place::Settings, "webhook_busy") => {
            "No test was sent: the webhook is off, or one is on its way already."
        }
        (Place::Rules, "conflict") => {
            "No rule was made: the project has as many as it may have. Delete one that nobody needs."
        }
        (Place::Settings, "forbidden") => "Only the owner of this server invites people.",
        (Place::Invitation, "not_found") => {
            "This invitation has been used or taken back, or is older than a week. Ask for a new one."
        }
        (Place::Invitation, "conflict") => {
            "Somebody has this address already. Sign in, or choose another one."
        }
        (_, "github_unknown") => {
            "This GitHub account signs nobody in here. Sign in with your password, then link it in the settings."
        }
        (_, "github_denied") => "GitHub was told not to go on, so nothing has changed.",
        (_, "github_expired") => {
            "The way back from GitHub took too long or began in another browser. Start again."
        }
        (_, "github_unavailable") => "GitHub does not answer now. Try again in a minute.",
        (_, "github_failed") => {
            "GitHub refused this server: its client id, secret or callback may be wrong. The server's log says more."
        }
        (_, "github_other") => {
            "Another GitHub account is connected. Sign in to GitHub with that one, or replace it under Integrations."
        }
        (_, "github_scope") => {
            "GitHub gave no access to repositories. Connect GitHub with a token under Integrations, then link it here."
        }
        (_, "github_taken") => {
            "This GitHub account signs somebody else in. It can do so for one person only."
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
        "builds_here" => "The next builds run on this server.",
        "builds_at_vercel" => {
            "The next builds run in Vercel Sandbox. Your Vercel account is charged for them."
        }
        "github_connected" => "GitHub is connected. Pull requests will be opened in your name.",
        "chosen" => "Exactly the selected projects are watched now.",
        "saved" => "The settings are saved.",
        "auto_fix_on" => "Auto-fix is on for every watched project.",
        "auto_fix_off" => "Auto-fix is off for every watched project. Failures wait for a person.",
        "disconnected" => "Disconnected. The token is erased, and its webhooks are removed.",
        "session_ended" => "That browser is signed out.",
        "sessions_ended" => "Every other browser is signed out.",
        "token_revoked" => "The token is revoked. Programs that use it are refused from now on.",
        "github_linked" => "You can sign in with GitHub from now on.",
        "github_unlinked" => "GitHub signs you in no longer. Pull requests are opened as before.",
        "invitation_revoked" => "The invitation is taken back. Its link leads nowhere now.",
        "read" => "Everything that was shown is marked as read.",
        "webhook_saved" => "The webhook is saved. Its key has stayed the same.",
        "webhook_removed" => "The webhook is removed, and its key is forgotten.",
        "webhook_tested" => "A test is on its way. Load this page again to see what came of it.",
        "rule_made" => "The rule is made. It is asked after those that were there.",
        "rule_saved" => "The rule is saved.",
        "rule_moved" => "The order is saved.",
        "rule_on" => "The rule is on. It is asked about the next failures.",
        "rule_off" => "The rule is off. It is kept and not asked.",
        "rule_deleted" => "The rule is deleted.",
        "skip_similar" => {
            "This rule is new. It skips failures like that one from now on, and is asked before all others. Change its pattern to catch more or less."
        }
        "skip_similar_already" => "This rule skips failures like that one already. No other was made.",
        "signed_out" => "You are signed out.",
        "setup" => "The owner's account is made.",
        "started" => "The fix has started.",
        "redeployed" => {
            "The platform builds this commit once more. It will be listed as a deployment of its own."
        }
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
