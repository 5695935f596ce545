//! Fix rules: what a rule does in a few words, the list that puts them in order, the form of one, and its trial.

mod drag;
mod editor;
mod list;
mod order;
mod trial;

pub use editor::RuleEditor;
pub use list::RuleList;

use super::diagnosis;
use crate::model::RuleDraft;
use leptos::prelude::*;

/// What the rule is about and what it does: pattern, kind of error, and the end of the story.
pub fn gist(rule: &RuleDraft) -> AnyView {
    let (tone, word) = match (rule.skip, rule.prompt.is_empty()) {
        (true, _) => ("tone-gray", "Skip"),
        (false, false) => ("tone-violet", "Custom prompt"),
        (false, true) => ("tone-blue", "Fix"),
    };
    view! {
        <p class="rule-gist">
            <code>{rule.pattern.clone()}</code>
            <span class=format!("badge plain {tone}")>{word}</span>
            {rule.error_type.map(|kind| view! { <span class="chip">{diagnosis::kind(kind)}</span> })}
        </p>
    }
    .into_any()
}

/// `1 rule`, `2 rules`, with how many of them are off.
pub fn count(rules: impl ExactSizeIterator<Item = bool>) -> String {
    let all = rules.len();
    let off = rules.filter(|on| !on).count();
    let word = if all == 1 { "rule" } else { "rules" };
    match off {
        0 => format!("{all} {word}"),
        off => format!("{all} {word} · {off} off"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_counted() {
        assert_eq!(count([].into_iter()), "0 rules");
        assert_eq!(count([true].into_iter()), "1 rule");
        assert_eq!(count([true, false, true].into_iter()), "3 rules · 1 off");
    }
}
