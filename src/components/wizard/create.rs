//! Step 2: where a token is made, and how, with drawings of the platform's form.

use super::{Step, StepHeading, StepLink, Subject, Wizard};
use crate::{
    components::{
        copy::CopyField,
        icon::{Glyph, Icon},
    },
    platforms::Guide,
};
use leptos::prelude::*;

/// The name that is suggested for a token.
const TOKEN_NAME: &str = "Deploymend";

/// The link, the drawings and what to fill in.
#[component]
pub fn Create(
    /// The wizard.
    wizard: Wizard,
    /// What it connects.
    subject: Subject,
    /// What is particular to the platform.
    guide: &'static Guide,
) -> impl IntoView {
    let provider = subject.provider;
    let pictures = guide
        .pictures
        .iter()
        .map(|(picture, text)| {
            view! {
                <li>
                    <svg class="guide-picture" viewBox="0 0 220 124" aria-hidden="true">
                        <use href=format!("/guides/{provider}.svg#{picture}")></use>
                    </svg>
                    <p>{*text}</p>
                </li>
            }
        })
        .collect_view();
    let choices = guide
        .choices
        .iter()
        .map(|(field, choice)| {
            view! {
                <div>
                    <dt>{*field}</dt>
                    <dd>{*choice}</dd>
                </div>
            }
        })
        .collect_view();
    view! {
        <StepHeading text=format!("Make a token on {}, in another tab", provider.display_name()) />
        <ol class="guide">{pictures}</ol>
        <dl class="choices">
            <div>
                <dt id="token-name-label">"Name"</dt>
                <dd>
                    <CopyField value=TOKEN_NAME labelledby="token-name-label" size=12 />
                </dd>
            </div>
            {choices}
        </dl>
        <p>
            <a class="button" href=subject.token_page.clone() rel="external noopener" target="_blank">
                {format!("Open {}'s token page", provider.display_name())}
                <Glyph icon=Icon::External />
                <span class="sr-only">"(new tab)"</span>
            </a>
        </p>
        <footer class="wizard-foot">
            <StepLink wizard subject=subject.clone() to=Step::Introduction label="Back" />
            <StepLink wizard subject to=Step::Paste label="I have the token" primary=true />
        </footer>
    }
    .into_any()
}
