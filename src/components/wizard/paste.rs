//! Step 3: the token, what it looks like, and what the person wants to note about it.

use super::{Step, StepHeading, StepLink, Subject, Wizard, hint::Hint};
use crate::{components::browser::Browser, platforms::Guide};
use leptos::{ev::SubmitEvent, html::Input, prelude::*};

/// The form. Without scripts it posts itself and connects at once.
#[component]
pub fn Paste(
    /// The wizard.
    wizard: Wizard,
    /// What it connects.
    subject: Subject,
    /// What is particular to the platform.
    guide: &'static Guide,
) -> impl IntoView {
    let browser = Browser::expect();
    let provider = subject.provider;
    let name = provider.display_name();
    let hint = Memo::new(move |_| Hint::of(guide, &wizard.token.read()));
    let wrong = move || (hint.read().tone == "tone-red").to_string();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        wizard.verify();
    };
    view! {
        <form class="form" method="post" action=format!("/integrations/{provider}/connect") on:submit=submit>
            <StepHeading text="Paste the token here" quiet=true />
            <div class="field wide">
                <label for=guide.field_id>{guide.field}</label>
                <input
                    class="mono"
                    id=guide.field_id
                    type="password"
                    name="token"
                    required
                    autofocus
                    data-focus
                    autocomplete="off"
                    spellcheck="false"
                    aria-describedby="token-hint"
                    aria-invalid=wrong
                    node_ref=bound(wizard.token)
                    on:input=move |event| wizard.token.set(event_target_value(&event))
                />
                <small id="token-hint" role="status" class=move || hint.read().tone>
                    {move || hint.get().text}
                </small>
            </div>
            <div class="field-pair">
                <label class="field">
                    <span>
                        "Note " <em>"optional"</em>
                    </span>
                    <input
                        type="text"
                        name="note"
                        maxlength="200"
                        autocomplete="off"
                        node_ref=bound(wizard.note)
                        on:input=move |event| wizard.note.set(event_target_value(&event))
                    />
                </label>
                <label class="field">
                    <span>
                        "Expires on " <em>"optional"</em>
                    </span>
                    <input
                        type="date"
                        name="expires_on"
                        node_ref=bound(wizard.expires_on)
                        on:input=move |event| wizard.expires_on.set(event_target_value(&event))
                    />
                </label>
            </div>
            <p class="muted">
                {format!("The token goes to this server, which asks {name} about it. Your browser keeps nothing of it.")}
            </p>
            <footer class="wizard-foot">
                <StepLink wizard subject to=Step::Create label="Back" />
                <button class="button primary" type="submit">
                    {move || if browser.hydrated.get() { "Verify token".to_owned() } else { format!("Connect {name}") }}
                </button>
            </footer>
        </form>
    }
    .into_any()
}

/// Fills a field with what is known, or takes over what was typed before the browser had taken over the page. The
/// value is never an attribute: it must not be in the document.
fn bound(value: RwSignal<String>) -> NodeRef<Input> {
    let field = NodeRef::<Input>::new();
    field.on_load(move |field| {
        let typed = field.value();
        if typed.is_empty() {
            field.set_value(&value.get_untracked());
        } else {
            value.set(typed);
        }
    });
    field
}
