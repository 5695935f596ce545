//! What the platform says about a token: whose it is, what works, which teams there are, and what auto-fix will cover.

use super::{Step, StepHeading, StepLink, Subject, Wizard};
use crate::{
    components::{
        icon::{Glyph, Icon},
        panel::Notice,
        time::Until,
    },
    model::{Permission, TokenCheck, TokenReport, TokenScope, handle},
};
use leptos::prelude::*;

/// Repositories that are named before the rest is counted.
const NAMED: usize = 6;

/// The answer, and what is still to be chosen.
#[component]
pub fn Report(
    /// The wizard.
    wizard: Wizard,
    /// What it connects.
    subject: Subject,
    /// The answer.
    report: TokenReport,
) -> impl IntoView {
    let name = subject.provider.display_name();
    let usable = report.usable();
    let owner = report.owner;
    let further = [owner.name, owner.email].into_iter().flatten().filter(|fact| *fact != owner.username);
    let about = further.collect::<Vec<_>>().join(" · ");
    let several = report.scopes.len() > 1;
    let scopes = StoredValue::new(report.scopes);
    view! {
        <StepHeading text=format!("This is {}'s token", handle(&owner.username)) />
        <p class="muted">
            {about} {report.expires_at.map(|at| view! { " · expires " <Until at /> })}
        </p>
        {report
            .replaces
            .map(|other| {
                let text = format!(
                    "You are connected as {}. Connecting with this token ends that connection: its webhooks are removed, and its projects and their fixes go.",
                    handle(&other),
                );
                view! { <Notice tone="tone-amber">{text}</Notice> }
            })}
        <ul class="permissions">{report.checks.into_iter().map(|check| view! { <Check check /> }).collect_view()}</ul>
        {several.then(|| view! { <Teams wizard scopes again=subject.again /> })}
        {usable.then(|| view! { <AutoFix wizard scopes /> })}
        {(!usable)
            .then(|| {
                let remedy = subject.provider.guide().lacking;
                let text = format!("{name} refuses what is needed. {remedy}");
                view! { <Notice tone="tone-red">{text}</Notice> }
            })}
        <footer class="wizard-foot">
            <StepLink wizard subject to=Step::Paste label="Back" primary=!usable />
            {usable
                .then(|| {
                    view! {
                        <button class="button primary" type="button" on:click=move |_| wizard.connect()>
                            {format!("Connect {name}")}
                        </button>
                    }
                })}
        </footer>
    }
    .into_any()
}

#[component]
fn Check(
    /// What was tried.
    check: TokenCheck,
) -> impl IntoView {
    let (icon, tone, word) = match check.permission {
        Permission::Works => (Icon::Check, "tone-green", "Works"),
        Permission::Limited => (Icon::Alert, "tone-amber", "Limited"),
        Permission::Missing => (Icon::Cross, "tone-red", "Missing"),
    };
    view! {
        <li class=tone>
            <Glyph icon />
            <span>{check.name}</span>
            <strong>{word}</strong>
            {check.note.map(|note| view! { <small>{note}</small> })}
        </li>
    }
}

/// `3 projects`.
fn projects(count: usize) -> String {
    if count == 1 { "1 project".to_owned() } else { format!("{count} projects") }
}

/// Everything, or one team.
#[component]
fn Teams(
    /// The wizard.
    wizard: Wizard,
    /// What the token reaches.
    scopes: StoredValue<Vec<TokenScope>>,
    /// There is a connection already.
    again: bool,
) -> impl IntoView {
    let option = move |team: Option<String>, name: String, count: usize| {
        let value = team.clone();
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name="team"
                    checked=wizard.team.get_untracked() == team
                    on:change=move |_| wizard.team.set(value.clone())
                />
                <span>{name}</span>
                <span class="muted">{projects(count)}</span>
            </label>
        }
    };
    let all = scopes.with_value(|scopes| scopes.iter().map(|scope| scope.projects).sum());
    let teams = scopes.with_value(|scopes| {
        // The personal account comes with everything; on its own it has no id to be chosen by.
        let named = scopes.iter().filter(|scope| scope.team_id.is_some());
        named.map(|scope| option(scope.team_id.clone(), scope.name.clone(), scope.projects)).collect_view()
    });
    view! {
        <fieldset class="choose">
            <legend>"Watch"</legend>
            {option(None, "Everything this token reaches".to_owned(), all)}
            {teams}
            {again
                .then(|| {
                    view! { <small>"With one team, projects of other teams are no longer watched."</small> }
                })}
        </fieldset>
    }
}

/// The switch for auto-fix, with the repositories that it covers.
#[component]
fn AutoFix(
    /// The wizard.
    wizard: Wizard,
    /// What the token reaches.
    scopes: StoredValue<Vec<TokenScope>>,
) -> impl IntoView {
    let covered = Memo::new(move |_| {
        let team = wizard.team.get();
        let mut names: Vec<String> = scopes.with_value(|scopes| {
            let chosen = scopes.iter().filter(|scope| team.is_none() || scope.team_id == team);
            chosen.flat_map(|scope| scope.repositories.iter().cloned()).collect()
        });
        names.sort_unstable();
        names.dedup();
        names
    });
    let sentence = move || {
        let names = covered.get();
        match names.len() {
            0 => "None of these projects is on GitHub: failures are shown and not repaired.".to_owned(),
            count if count > NAMED => format!("{} and {} more", names[..NAMED].join(", "), count - NAMED),
            _ => names.join(", "),
        }
    };
    view! {
        <div class="switch">
            <label>
                <input
                    type="checkbox"
                    checked=wizard.auto_fix.get_untracked()
                    aria-describedby="auto-fix-covers"
                    on:change=move |event| wizard.auto_fix.set(event_target_checked(&event))
                />
                "Repair failures by pull request, without asking"
            </label>
            <small id="auto-fix-covers">{sentence}</small>
        </div>
    }
}
