//! One vocabulary of states: each has a shape, a tone and a word.

use crate::model::{DeploymentState, FixStatus};
use leptos::prelude::*;

/// The colour family of a state; a class of the style sheet.
const fn state_tone(state: DeploymentState) -> &'static str {
    match state {
        DeploymentState::Ready => "tone-green",
        DeploymentState::Failed => "tone-red",
        DeploymentState::Building => "tone-amber",
        DeploymentState::Queued | DeploymentState::Canceled => "tone-gray",
    }
}

/// The colour family of a fix.
pub const fn fix_tone(status: FixStatus) -> &'static str {
    match status {
        FixStatus::Pending | FixStatus::Skipped => "tone-gray",
        FixStatus::Analyzing | FixStatus::Fixing | FixStatus::Reviewing => "tone-violet",
        FixStatus::PrCreated => "tone-blue",
        FixStatus::Merged => "tone-green",
        FixStatus::Failed => "tone-red",
    }
}

/// How many of the seven stations a status has surely passed. `None` where the status alone does not tell.
const fn stations_passed(status: FixStatus) -> Option<usize> {
    match status {
        FixStatus::Pending => Some(1),
        FixStatus::Analyzing => Some(2),
        FixStatus::Fixing => Some(3),
        FixStatus::Reviewing => Some(4),
        FixStatus::PrCreated => Some(6),
        FixStatus::Merged => Some(7),
        FixStatus::Failed | FixStatus::Skipped => None,
    }
}

const RING: &str = "M6 1.25a4.75 4.75 0 1 1 0 9.5 4.75 4.75 0 0 1 0-9.5z";

/// A shape of 12 units: the outline is stroked, `solid` shapes are filled.
#[component]
fn Shape(
    /// Class: `solid`, `line`, `dash` or `turn`.
    kind: &'static str,
    /// The shape.
    outline: &'static str,
    /// What is drawn on it.
    #[prop(default = "")]
    sign: &'static str,
) -> impl IntoView {
    view! {
        <svg class=format!("shape {kind}") viewBox="0 0 12 12" aria-hidden="true">
            <path class="outline" d=outline></path>
            <path class="sign" d=sign></path>
        </svg>
    }
}

/// Where a deployment stands on its platform.
#[component]
pub fn StateBadge(
    /// The state.
    state: DeploymentState,
) -> impl IntoView {
    let (kind, outline, sign) = match state {
        DeploymentState::Queued => ("dash", RING, ""),
        DeploymentState::Building => ("turn", RING, "M6 1.25a4.75 4.75 0 0 1 4.75 4.75"),
        DeploymentState::Ready => ("solid", RING, "M3.9 6.2 5.4 7.7 8.2 4.5"),
        DeploymentState::Failed => (
            "solid",
            "M3.7 1.2h4.6l2.5 2.5v4.6l-2.5 2.5H3.7L1.2 8.3V3.7z",
            "M4.3 4.3l3.4 3.4M7.7 4.3 4.3 7.7",
        ),
        DeploymentState::Canceled => ("line", RING, "M2.7 9.3 9.3 2.7"),
    };
    view! {
        <span class=format!("badge {}", state_tone(state))>
            <Shape kind outline sign />
            {state.label()}
        </span>
    }
}

/// Where a fix stands, with a dot for each station of its way.
#[component]
pub fn FixBadge(
    /// The status.
    status: FixStatus,
    /// Shows the dots.
    #[prop(optional)]
    dots: bool,
) -> impl IntoView {
    let (kind, outline, sign) = match status {
        FixStatus::Pending => ("line", RING, "M6 3.4V6l1.8 1.2"),
        FixStatus::Analyzing | FixStatus::Fixing | FixStatus::Reviewing => {
            ("turn", RING, "M6 1.25a4.75 4.75 0 0 1 4.75 4.75")
        }
        FixStatus::PrCreated => (
            "line",
            "M3 3.9v4.2M3 3.9a1.2 1.2 0 1 0 0-2.4 1.2 1.2 0 0 0 0 2.4zM3 10.5a1.2 1.2 0 1 0 0-2.4 1.2 1.2 0 0 0 0 2.4zM9 10.5a1.2 1.2 0 1 0 0-2.4 1.2 1.2 0 0 0 0 2.4zM9 8.1V4.4a1.4 1.4 0 0 0-1.4-1.4H6",
            "",
        ),
        FixStatus::Merged => ("solid", RING, "M3.9 6.2 5.4 7.7 8.2 4.5"),
        FixStatus::Failed => (
            "solid",
            "M3.7 1.2h4.6l2.5 2.5v4.6l-2.5 2.5H3.7L1.2 8.3V3.7z",
            "M4.3 4.3l3.4 3.4M7.7 4.3 4.3 7.7",
        ),
        FixStatus::Skipped => ("line", RING, "M3.8 6h4.4"),
    };
    view! {
        <span class=format!("badge {}", fix_tone(status))>
            <Shape kind outline sign />
            {status.label()}
            {dots.then(|| stations_passed(status)).flatten().map(|passed| view! { <StageDots passed /> })}
        </span>
    }
}

/// Seven dots in one drawing.
#[component]
fn StageDots(
    /// How many are filled.
    passed: usize,
) -> impl IntoView {
    view! {
        <svg class="dots" viewBox="0 0 48 6" role="img" aria-label=format!("{passed} of 7 stages")>
            {(0..7)
                .map(|index| {
                    let class = if index < passed { "on" } else { "off" };
                    view! { <circle class=class cx=(3 + index * 7).to_string() cy="3" r="2"></circle> }
                })
                .collect_view()}
        </svg>
    }
}
