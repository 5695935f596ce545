//! A connected platform on `/integrations`: whether it works, how failures arrive, and what can be done with it.

use super::{
    icon::{Glyph, Icon},
    panel::{Confirm, PostButton},
    time::{Ago, Until},
    wizard::{Subject, Wizard, WizardButton},
};
use crate::model::{
    BuildsOn, Connection, ConnectionHealth, Delivery, Outage, Provider, RateLimit, Timestamp, handle,
};
use leptos::prelude::*;

/// A token that ends within this is worth a warning, in days.
const SOON: i64 = 14;

/// Whether a token works.
#[component]
pub fn Health(
    /// Whether it does.
    health: ConnectionHealth,
) -> impl IntoView {
    let (tone, icon, word) = match health {
        ConnectionHealth::Ok => ("tone-green", Icon::Check, "Connected"),
        ConnectionHealth::NeedsNewToken => ("tone-red", Icon::Alert, "Needs a new token"),
    };
    view! {
        <span class=format!("badge {tone}")>
            <Glyph icon />
            {word}
        </span>
    }
}

/// The facts of a connection and its buttons.
#[component]
pub fn Connected(
    /// The connection.
    connection: Connection,
    /// The page on which a token is made.
    token_page: Option<String>,
    /// Gives it a new token.
    wizard: Wizard,
) -> impl IntoView {
    let provider = connection.provider;
    let name = provider.display_name();
    let broken = connection.health == ConnectionHealth::NeedsNewToken;
    let reconnect = token_page.map(|token_page| {
        let subject = Subject { provider, token_page, again: true };
        view! { <WizardButton wizard subject label="Reconnect" primary=broken /> }
    });
    view! {
        {broken
            .then(|| {
                view! {
                    <p class="broken">
                        {format!("{name} refused the stored token. Until there is a new one, nothing arrives from there: reconnect.")}
                    </p>
                }
            })}
        {connection.outage.map(|outage| view! { <OutOfOrder name outage /> })}
        <Facts connection />
        <footer class="card-foot">
            <Confirm
                id=format!("disconnect-{provider}")
                label="Disconnect"
                question=format!("Its webhooks are removed at {name}, the token is erased, and its projects are no longer watched.")
                action=format!("/integrations/{provider}/disconnect")
            />
            {reconnect}
            <PostButton label="Sync projects" action=format!("/integrations/{provider}/sync") />
            <a class="button" href=format!("/integrations/{provider}/projects")>
                "Projects"
            </a>
        </footer>
    }
    .into_any()
}

#[component]
fn OutOfOrder(
    /// The platform's.
    name: &'static str,
    /// What is wrong with it.
    outage: Outage,
) -> impl IntoView {
    view! {
        <p class="broken">
            {outage.trouble.sentence(name)} " It began " <Ago at=outage.since />
            ". The platform is asked again by itself, less and less often; fixes wait for it."
        </p>
    }
}

#[component]
fn Facts(
    /// The connection.
    connection: Connection,
) -> impl IntoView {
    let delivery = match connection.delivery {
        Delivery::Webhook => "By webhook at once; polling is the safety net".to_owned(),
        Delivery::Polling if connection.covered > 0 => {
            format!(
                "By webhook for {} of {} projects, by polling for all",
                connection.covered, connection.projects
            )
        }
        Delivery::Polling => "By polling".to_owned(),
    };
    let watched = match (connection.projects, connection.repairable) {
        (1, 1) => "1 project, on GitHub".to_owned(),
        (1, _) => "1 project, not on GitHub".to_owned(),
        (all, some) => format!("{all} projects, {some} on GitHub"),
    };
    let builds =
        (connection.provider == Provider::VERCEL).then(|| view! { <Builds connection=connection.clone() /> });
    view! {
        <dl class="card-facts">
            {fact("User", view! { {handle(&connection.username)} }.into_any())}
            {fact("Watched", view! { {watched} }.into_any())}
            {fact("Token expires", expiry(connection.expires_at))}
            {fact("Last delivery", last(connection.last_delivery_at))}
            {fact("Last poll", last(connection.last_polled_at))}
            {connection.rate.map(|rate| fact("Rate limit", view! { {budget(rate)} }.into_any()))}
            {fact("Connected", last(Some(connection.created_at)))}
            <div class="wide">
                <dt>"Failures arrive"</dt>
                <dd>
                    {delivery} {connection.delivery_note.map(|note| view! { <p class="muted">{note}</p> })}
                </dd>
            </div>
            {builds}
            {connection
                .token_note
                .map(|note| {
                    view! {
                        <div class="wide">
                            <dt>"Note"</dt>
                            <dd>{note}</dd>
                        </div>
                    }
                })}
        </dl>
    }
    .into_any()
}

/// The choice where builds run: a plain form, folded up.
#[component]
fn Builds(
    /// The connection.
    connection: Connection,
) -> impl IntoView {
    let Connection { provider, builds_on, builds_note, .. } = connection;
    let choice = |choice: BuildsOn| {
        let chosen = choice == builds_on;
        // What is chosen stays what the form sends, whatever has happened to the address since.
        let why_not = builds_note.clone().filter(|_| choice == BuildsOn::Vercel && !chosen);
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name="builds_on"
                    value=choice.as_str()
                    checked=chosen
                    disabled=why_not.is_some()
                />
                <span>
                    {choice.label()} <small>{choice.sentence()}</small>
                    {why_not.map(|why| view! { <small class="soon">{why}</small> })}
                </span>
            </label>
        }
    };
    let choices = BuildsOn::ALL.into_iter().map(choice).collect_view();
    let broken = builds_note.filter(|_| builds_on == BuildsOn::Vercel);
    view! {
        <div class="wide">
            <dt>"Builds run"</dt>
            <dd>
                {builds_on.label()} {broken.map(|why| view! { <p class="soon">{why}</p> })}
                <details class="replace">
                    <summary>"Change where builds run"</summary>
                    <form method="post" action=format!("/integrations/{provider}/builds-on")>
                        <fieldset class="choose">
                            <legend class="sr-only">"Builds run"</legend>
                            {choices}
                        </fieldset>
                        <button class="button" type="submit">
                            "Save"
                        </button>
                    </form>
                </details>
            </dd>
        </div>
    }
    .into_any()
}

fn fact(name: &'static str, value: AnyView) -> impl IntoView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
        </div>
    }
}

/// A window that is over is full again.
fn budget(rate: RateLimit) -> String {
    let now = super::browser::Browser::expect().now.get_untracked();
    let left = if rate.reset_at > now { rate.remaining } else { rate.limit };
    format!("{left} of {} requests left", rate.limit)
}

fn last(at: Option<Timestamp>) -> AnyView {
    match at {
        Some(at) => view! { <Ago at /> }.into_any(),
        None => view! { <span class="muted">"None yet"</span> }.into_any(),
    }
}

fn expiry(at: Option<Timestamp>) -> AnyView {
    let Some(at) = at else {
        return view! { <span class="muted">"Never, as far as is known"</span> }.into_any();
    };
    let now = super::browser::Browser::expect().now.get_untracked();
    let soon = (at - now).num_days() < SOON;
    view! {
        <span class:soon=soon>
            <Until at />
        </span>
    }
    .into_any()
}
