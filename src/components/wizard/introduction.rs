//! Step 1: what connecting does, and what it never does.

use super::{Step, StepHeading, StepLink, Subject, Wizard};
use leptos::prelude::*;

/// The promises.
#[component]
pub fn Introduction(
    /// The wizard.
    wizard: Wizard,
    /// What it connects.
    subject: Subject,
) -> impl IntoView {
    let name = subject.provider.display_name();
    view! {
        <StepHeading text=format!("A token lets Deploymend read your {name} deployments") />
        <div class="promises">
            <section>
                <h3>"It will"</h3>
                <ul>
                    <li>"Read projects, deployments and build logs"</li>
                    <li>"Ask to be told when a deployment fails"</li>
                    <li>"Repair failures of projects on GitHub, by pull request"</li>
                </ul>
            </section>
            <section>
                <h3>"It will never"</h3>
                <ul>
                    <li>"Change a setting, a variable or a domain"</li>
                    <li>"Push to a branch that is not its own, or merge"</li>
                    <li>"Let the token into the sandbox or near the model"</li>
                </ul>
            </section>
        </div>
        <p class="muted">
            "The token is stored encrypted on this server and is never shown again. Disconnecting erases it."
        </p>
        <footer class="wizard-foot">
            <span></span>
            <StepLink wizard subject to=Step::Create label="Continue" primary=true />
        </footer>
    }
    .into_any()
}
