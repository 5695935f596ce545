//! A unified diff → its files, one under the other; the sides of a change in one column or in two.
//!
//! Both are in the page and the style sheet shows one of them, so that the choice needs no script.

mod parse;
mod rows;

pub use parse::{FileDiff, parse, size};

use leptos::prelude::*;

/// All files of a diff.
#[component]
pub fn DiffView(
    /// As `git diff` writes it.
    diff: String,
) -> impl IntoView {
    let files = parse(&diff).into_iter().map(|file| view! { <File file /> }).collect_view();
    let choice = |value: &'static str, label: &'static str, chosen: bool| {
        view! {
            <label>
                <input type="radio" name="diff" value=value checked=chosen />
                {label}
            </label>
        }
    };
    view! {
        <div class="diff">
            <fieldset class="diff-choice">
                <legend class="sr-only">"How the changes are shown"</legend>
                {choice("unified", "Unified", true)}
                {choice("split", "Side by side", false)}
            </fieldset>
            {files}
        </div>
    }
    .into_any()
}

#[component]
fn File(file: FileDiff) -> impl IntoView {
    let (unified, split) = (rows::unified(&file), rows::split(&file));
    view! {
        <details class="diff-file" open>
            <summary>
                <code>{file.path.clone()}</code>
                {file.note.map(|note| view! { <span class="diff-note">{note}</span> })}
                <span class="diff-size">
                    <span class="added">{format!("+{}", file.added)}</span>
                    " "
                    <span class="removed">{format!("−{}", file.removed)}</span>
                </span>
            </summary>
            <div class="diff-lines" tabindex="0" role="region" aria-label=format!("Changes in {}", file.path)>
                <table class="unified" inner_html=unified></table>
                <table class="split" inner_html=split></table>
            </div>
        </details>
    }
    .into_any()
}
