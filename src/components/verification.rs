//! The proof of a repair: the exit codes before and after, and the guard's checklist.

use super::{
    icon::{Glyph, Icon},
    time::duration,
};
use crate::model::{EventKind, FixDetail, GuardCheck};
use leptos::prelude::*;

/// A build in the sandbox.
#[derive(Clone, Debug, PartialEq)]
struct Build {
    command: String,
    exit_code: Option<i32>,
    seconds: f64,
}

/// What is known of the proof so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proof {
    before: Option<Build>,
    after: Option<Build>,
    checks: Vec<GuardCheck>,
}

impl Proof {
    /// The last word of the events on each part.
    pub fn of(fix: &FixDetail) -> Self {
        let build = |wanted: &str| {
            fix.events.iter().rev().find_map(|event| match &event.kind {
                EventKind::Command { purpose, command, exit_code, seconds, .. } if purpose == wanted => {
                    Some(Build { command: command.clone(), exit_code: *exit_code, seconds: *seconds })
                }
                _ => None,
            })
        };
        let checks = fix.events.iter().rev().find_map(|event| match &event.kind {
            EventKind::Guard { checks } => Some(checks.clone()),
            _ => None,
        });
        Self { before: build("reproduce"), after: build("verify"), checks: checks.unwrap_or_default() }
    }

    /// There is something to show.
    pub fn is_there(&self) -> bool {
        self.before.is_some() || !self.checks.is_empty()
    }
}

/// The proof as a card.
#[component]
pub fn Verification(
    /// What is known.
    proof: Proof,
) -> impl IntoView {
    let checks = proof
        .checks
        .into_iter()
        .map(|check| {
            let (class, icon, word) =
                if check.passed { ("tone-green", Icon::Check, "holds") } else { ("tone-red", Icon::Cross, "does not hold") };
            view! {
                <li class=class>
                    <Glyph icon />
                    <span>
                        {check.label} <span class="sr-only">{format!(": {word}")}</span>
                        {check.detail.map(|detail| view! { <span class="muted">{format!(" {detail}")}</span> })}
                    </span>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="panel" aria-labelledby="proof-title">
            <header class="panel-head">
                <h2 id="proof-title">"Proof"</h2>
                <span class="muted">"The same build, before and after the patch"</span>
            </header>
            <dl class="builds">
                {proof.before.map(|build| view! { <BuildLine when="Before" run=build /> })}
                {proof.after.map(|build| view! { <BuildLine when="After" run=build /> })}
            </dl>
            <ul class="checks">{checks}</ul>
        </section>
    }
}

#[component]
fn BuildLine(
    /// `Before` or `After`.
    when: &'static str,
    /// The build.
    run: Build,
) -> impl IntoView {
    let tone = if run.exit_code == Some(0) { "badge tone-green" } else { "badge tone-red" };
    let exit = run.exit_code.map_or_else(|| "ended by a limit".to_owned(), |code| format!("exit {code}"));
    view! {
        <div>
            <dt>{when}</dt>
            <dd>
                <code>{run.command}</code>
                <span class=tone>{exit}</span>
                <span class="muted">{duration(run.seconds)}</span>
            </dd>
        </div>
    }
}
