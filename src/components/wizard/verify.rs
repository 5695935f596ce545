//! Step 4: the platform is asked, then everything is set up.

use super::{Step, StepHeading, StepLink, Subject, Wizard, report::Report, state::Phase};
use crate::{
    components::{
        icon::{Glyph, Icon},
        panel::Notice,
    },
    model::{ApiError, Connection, ErrorCode, handle},
};
use leptos::{leptos_dom::helpers::set_timeout_with_handle, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use std::time::Duration;

/// How long a success is shown.
const SHOWN: Duration = Duration::from_secs(2);
/// The same, where there is a reason to read.
const SHOWN_WITH_REASON: Duration = Duration::from_secs(8);

/// Asking, the answer, setting up, and what came of it.
#[component]
pub fn Verify(
    /// The wizard.
    wizard: Wizard,
    /// What it connects.
    subject: Subject,
) -> impl IntoView {
    let name = subject.provider.display_name();
    move || match wizard.phase.get() {
        Phase::Idle | Phase::Checking => {
            view! { <Waiting wizard subject=subject.clone() text=format!("Asking {name} about the token") /> }
                .into_any()
        }
        Phase::Checked(report) => view! { <Report wizard subject=subject.clone() report /> }.into_any(),
        Phase::Connecting => {
            let text = "Linking projects and asking to be told about failures";
            view! { <Waiting wizard subject=subject.clone() text=text.to_owned() /> }.into_any()
        }
        Phase::Failed(error) => view! { <Failed wizard subject=subject.clone() error /> }.into_any(),
        Phase::Done(connection) => view! { <Done wizard connection /> }.into_any(),
    }
}

#[component]
fn Waiting(
    /// The wizard.
    wizard: Wizard,
    /// What it connects.
    subject: Subject,
    /// What is being done.
    text: String,
) -> impl IntoView {
    view! {
        <div class="waiting" role="status">
            <svg class="spinner" viewBox="0 0 24 24" aria-hidden="true">
                <circle cx="12" cy="12" r="9"></circle>
                <path d="M12 3a9 9 0 0 1 9 9"></path>
            </svg>
            <StepHeading text />
        </div>
        <footer class="wizard-foot">
            <StepLink wizard subject to=Step::Paste label="Back" />
        </footer>
    }
}

/// What went wrong, and what to do about it.
#[component]
fn Failed(
    /// The wizard.
    wizard: Wizard,
    /// What it connects.
    subject: Subject,
    /// What happened.
    error: ApiError,
) -> impl IntoView {
    let name = subject.provider.display_name();
    // Asking again helps where nothing is wrong with what was filled in.
    let again = !matches!(error.code, ErrorCode::TokenRefused | ErrorCode::Invalid | ErrorCode::NotFound);
    let heading = match error.code {
        ErrorCode::TokenRefused => format!("{name} refused this token"),
        ErrorCode::PlatformUnavailable => format!("{name} could not be asked"),
        ErrorCode::Unauthorized => "You are signed out".to_owned(),
        _ => "This could not be done".to_owned(),
    };
    let refused = error.code == ErrorCode::TokenRefused;
    let token_page = subject.token_page.clone();
    view! {
        <StepHeading text=heading />
        <Notice tone="tone-red">
            {error.message} {if again { " What you filled in is still here." } else { " Nothing was stored." }}
        </Notice>
        {refused
            .then(|| {
                view! {
                    <p>
                        <a class="button" href=token_page rel="external noopener" target="_blank">
                            {format!("Open {name}'s token page")}
                            <Glyph icon=Icon::External />
                        </a>
                    </p>
                }
            })}
        <footer class="wizard-foot">
            <StepLink wizard subject to=Step::Paste label="Change the token" primary=!again />
            {again
                .then(|| {
                    view! {
                        <button class="button primary" type="button" on:click=move |_| wizard.verify()>
                            "Try again"
                        </button>
                    }
                })}
        </footer>
    }
}

/// What was set up. Closes by itself unless something is pressed.
#[component]
fn Done(
    /// The wizard.
    wizard: Wizard,
    /// The connection that was made.
    connection: Connection,
) -> impl IntoView {
    let navigate = use_navigate();
    let finish = StoredValue::new_local(move || match wizard.dialog.get_untracked() {
        Some(dialog) => dialog.close(),
        None => navigate("/integrations?ok=connected", NavigateOptions::default()),
    });
    let time = if connection.delivery_note.is_some() { SHOWN_WITH_REASON } else { SHOWN };
    Effect::new(move |_| {
        let close = move || {
            if wizard.touched.try_get_untracked() == Some(false) {
                finish.with_value(|finish| finish());
            }
        };
        if let Ok(timer) = set_timeout_with_handle(close, time) {
            on_cleanup(move || timer.clear());
        }
    });
    view! {
        <div class="success">
            <svg class="tick" viewBox="0 0 48 48" aria-hidden="true">
                <circle cx="24" cy="24" r="21"></circle>
                <path d="M14.5 25 21 31.5 34 17.5"></path>
            </svg>
            <StepHeading text=format!("Connected as {}", handle(&connection.username)) />
            <ul role="status">
                <li>{watched(&connection)}</li>
                <li>{arrival(&connection)}</li>
            </ul>
        </div>
        <footer class="wizard-foot">
            <span></span>
            <button class="button primary" type="button" on:click=move |_| finish.with_value(|finish| finish())>
                "Done"
            </button>
        </footer>
    }
}

/// `5 projects are watched; failures of 3 are repaired.`
fn watched(connection: &Connection) -> String {
    match (connection.projects, connection.repairable) {
        (0, _) => "No project is there yet. Sync once there is one.".to_owned(),
        (1, 1) => "1 project is watched, and its failures are repaired.".to_owned(),
        (1, _) => "1 project is watched.".to_owned(),
        (all, some) if all == some => format!("{all} projects are watched, and their failures are repaired."),
        (all, some) => format!("{all} projects are watched; failures of {some} on GitHub are repaired."),
    }
}

/// How failures arrive, and why not otherwise.
fn arrival(connection: &Connection) -> String {
    let note = connection.delivery_note.as_deref().unwrap_or_default();
    match (connection.covered, connection.projects) {
        (0, _) if note.is_empty() => "Failures are found by polling.".to_owned(),
        (0, _) => note.to_owned(),
        (covered, all) if covered == all => "Failures arrive at once, by webhook.".to_owned(),
        (covered, all) => {
            format!("A webhook covers {covered} of {all} projects. {note}").trim_end().to_owned()
        }
    }
}
