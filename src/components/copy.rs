//! Text that is to be pasted elsewhere. Copying needs the browser; selecting it does not.

use super::browser;
use leptos::{html::Input, prelude::*};

/// The text, with a button that copies it.
#[component]
pub fn CopyField(
    /// The text.
    #[prop(into)]
    value: String,
    /// The id of what says what it is.
    labelledby: &'static str,
    /// Characters on show.
    #[prop(optional)]
    size: Option<u32>,
) -> impl IntoView {
    let field = NodeRef::<Input>::new();
    let copied = RwSignal::new(false);
    let copy = move |_| {
        if let Some(field) = field.get_untracked() {
            field.select();
            copied.set(browser::copy_selection());
        }
    };
    view! {
        <span class="copy">
            <input class="mono" node_ref=field readonly aria-labelledby=labelledby value=value size=size />
            <button class="button needs-browser" type="button" on:click=copy>
                {move || if copied.get() { "Copied" } else { "Copy" }}
            </button>
            <span class="sr-only" role="status">
                {move || copied.get().then_some("Copied.")}
            </span>
        </span>
    }
}
