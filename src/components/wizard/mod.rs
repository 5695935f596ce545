//! The token wizard: four steps from nothing to a watched platform. [`Wizard`] is where a person is and what they have
//! filled in; it is kept in memory alone, so that the token is nowhere once the page is left.
//!
//! Each step is also a page of its own that works without scripts: what leads on is a link, and the token's form posts
//! itself.

mod create;
mod dialog;
mod hint;
mod introduction;
mod paste;
mod report;
mod state;
mod verify;

pub use dialog::WizardDialog;
pub use state::{Step, Subject, Wizard};

use super::icon::{Glyph, Icon};
use create::Create;
use introduction::Introduction;
use leptos::{ev::MouseEvent, prelude::*};
use paste::Paste;
use verify::Verify;

/// The step at which the wizard stands, under the progress of all four.
#[component]
pub fn WizardSteps(
    /// The wizard. Nothing is shown until it has a subject.
    wizard: Wizard,
) -> impl IntoView {
    let body = move || {
        let subject = wizard.subject.get()?;
        let guide = subject.provider.guide();
        Some(match wizard.step.get() {
            Step::Introduction => view! { <Introduction wizard subject /> }.into_any(),
            Step::Create => view! { <Create wizard subject guide /> }.into_any(),
            Step::Paste => view! { <Paste wizard subject guide /> }.into_any(),
            Step::Verify => view! { <Verify wizard subject /> }.into_any(),
        })
    };
    view! {
        <div class="wizard" on:pointerdown=move |_| wizard.touch() on:keydown=move |_| wizard.touch()>
            <Progress step=wizard.step />
            {body}
        </div>
    }
}

/// The four steps by name.
#[component]
fn Progress(
    /// The current one.
    step: RwSignal<Step>,
) -> impl IntoView {
    let steps = Step::ALL
        .into_iter()
        .enumerate()
        .map(|(index, of)| {
            let class = move || if of < step.get() { "done" } else { "" };
            view! {
                <li class=class aria-current=move || (of == step.get()).then_some("step")>
                    <span class="progress-mark" aria-hidden="true">
                        <span>{index + 1}</span>
                        <Glyph icon=Icon::Check />
                    </span>
                    {of.label()}
                    <span class="sr-only">{move || if of < step.get() { " (done)" } else { "" }}</span>
                </li>
            }
        })
        .collect_view();
    view! {
        <ol class="progress" aria-label="Steps">
            {steps}
        </ol>
    }
}

/// The heading of a step. It takes the focus when the step is reached, so that what follows is read out.
#[component]
fn StepHeading(
    /// The step's single idea.
    #[prop(into)]
    text: String,
    /// Another part of the step has the focus.
    #[prop(optional)]
    quiet: bool,
) -> impl IntoView {
    view! {
        <h2 class="step-heading" tabindex="-1" data-focus=(!quiet).then_some("")>
            {text}
        </h2>
    }
}

/// Leads to another step: a link to its page, and without loading one where scripts run.
#[component]
fn StepLink(
    /// The wizard.
    wizard: Wizard,
    /// What it is about.
    subject: Subject,
    /// Where it leads.
    to: Step,
    /// The word on it.
    label: &'static str,
    /// It is what one would do next.
    #[prop(optional)]
    primary: bool,
) -> impl IntoView {
    let go = move |event: MouseEvent| {
        if !new_tab(&event) {
            event.prevent_default();
            wizard.go(to);
        }
    };
    view! {
        <a class="button" class:primary=primary href=subject.page(to) on:click=go>
            {label}
        </a>
    }
}

/// Opens the wizard; a link to its page where no script runs, or where the person wants it in another tab.
#[component]
pub fn WizardButton(
    /// The wizard.
    wizard: Wizard,
    /// What it is about.
    subject: Subject,
    /// The words on it.
    #[prop(into)]
    label: String,
    /// It is what one would do next.
    #[prop(optional)]
    primary: bool,
) -> impl IntoView {
    let href = subject.page(Step::Introduction);
    let open = move |event: MouseEvent| {
        if !new_tab(&event) {
            event.prevent_default();
            wizard.open(subject.clone());
        }
    };
    view! {
        <a class="button" class:primary=primary href=href aria-haspopup="dialog" on:click=open>
            {label}
        </a>
    }
}

/// Whether the person wants the link in another tab or window.
fn new_tab(event: &MouseEvent) -> bool {
    event.ctrl_key() || event.meta_key() || event.shift_key()
}
