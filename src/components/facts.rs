//! Small facts about a deployment, written the same everywhere.

use super::icon::{Glyph, Icon};
use leptos::prelude::*;

/// The first seven characters of a commit id, or of an id that is no commit.
pub fn short(sha: &str) -> &str {
    sha.get(..7).unwrap_or(sha)
}

/// `branch@sha`, with what is known of it.
#[component]
pub fn Revision(
    /// The branch.
    branch: Option<String>,
    /// The full commit id.
    sha: Option<String>,
) -> impl IntoView {
    let sha = sha.map(|sha| {
        let text = short(&sha).to_owned();
        view! { <code title=sha>{text}</code> }
    });
    view! {
        <span class="revision">
            {branch.map(|branch| view! { <Glyph icon=Icon::Branch /><code class="branch">{branch}</code> })}
            {sha}
        </span>
    }
}

/// The first line of a commit's message.
pub fn subject(message: &str) -> String {
    message.lines().next().unwrap_or_default().to_owned()
}

/// Up to two letters for a person without a picture; the style sheet shows them as capitals: the tables for that are
/// large, and every browser has them.
pub fn initials(name: &str) -> String {
    name.split(['-', '_', '.', ' ', '@'])
        .filter_map(|part| part.chars().find(|letter| !letter.is_ascii_punctuation()))
        .take(2)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_facts() {
        assert_eq!((short("0123456789"), short("abc"), short("ééééééé")), ("0123456", "abc", "ééééééé"));
        assert_eq!((subject("Fix\n\nlong"), subject("")), ("Fix".to_owned(), String::new()));
        assert_eq!(
            (initials("octo-dev"), initials("ada"), initials("")),
            ("od".into(), "a".into(), String::new())
        );
    }
}
