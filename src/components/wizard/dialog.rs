//! The wizard as a modal. The browser keeps the focus inside, closes it on Escape and gives the focus back.

use super::{Wizard, WizardSteps, state::Phase};
use crate::components::{
    browser,
    icon::{Glyph, Icon},
};
use leptos::prelude::*;

/// The modal; [`Wizard::open`] shows it. What was filled in outlives it, as long as the page stays.
#[component]
pub fn WizardDialog(
    /// The wizard.
    wizard: Wizard,
) -> impl IntoView {
    let closed = move |_| {
        if matches!(wizard.phase.get_untracked(), Phase::Done(_)) {
            wizard.clear();
        }
        // The button that opened it may be gone by now.
        browser::focus_if_lost("#content");
    };
    let close = move |_| {
        if let Some(dialog) = wizard.dialog.get_untracked() {
            dialog.close();
        }
    };
    let title = move || wizard.subject.get().map(|subject| subject.title());
    view! {
        <dialog class="modal" node_ref=wizard.dialog aria-labelledby="wizard-title" on:close=closed>
            <header class="modal-head">
                <h1 id="wizard-title">{title}</h1>
                <button class="close" type="button" aria-label="Close" on:click=close>
                    <Glyph icon=Icon::Cross />
                </button>
            </header>
            <WizardSteps wizard />
        </dialog>
    }
}
