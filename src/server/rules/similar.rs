//! A finding → the rule that skips every failure like it.

use super::{Matcher, compile_pattern};
use crate::model::{Finding, RULE_NAME_LIMIT, RULE_PATTERN_LIMIT, RuleDraft};

/// A rule that skips what reports the same error, of the same kind. It matches the finding itself. `None` when the
/// finding has no words to go by.
pub fn skipping(finding: &Finding) -> Option<RuleDraft> {
    let texts = [&finding.message, &finding.root_line];
    let rule = |pattern: String| RuleDraft {
        name: name(&finding.message),
        pattern,
        error_type: Some(finding.error_type),
        skip: true,
        ..RuleDraft::default()
    };
    texts.into_iter().filter_map(|text| literal(text)).map(rule).find(|rule| {
        Matcher::new(&rule.pattern, rule.error_type).is_ok_and(|matcher| matcher.matches(finding))
    })
}

/// The pattern of a text, or of as much of its beginning as makes an acceptable one.
fn literal(text: &str) -> Option<String> {
    let mut kept = text.trim();
    loop {
        let pattern = regex::escape(kept);
        if pattern.chars().count() <= RULE_PATTERN_LIMIT && compile_pattern(&pattern).is_ok() {
            return Some(pattern);
        }
        let half = kept.floor_char_boundary(kept.len() / 2);
        kept = kept[..half].trim_end();
        if kept.is_empty() {
            return None;
        }
    }
}

fn name(message: &str) -> String {
    let text = format!("Skip: {}", message.split_whitespace().collect::<Vec<_>>().join(" "));
    if text.chars().count() <= RULE_NAME_LIMIT {
        return text;
    }
    text.chars().take(RULE_NAME_LIMIT - 1).chain(['…']).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;
    use crate::{
        model::ErrorType,
        server::{
            diagnosis::{Hints, diagnose},
            rules::checked,
        },
    };
    use proptest::prelude::*;

    #[test]
    fn the_same_error_matches_and_another_one_does_not() {
        let of = |path: &str, error: &str| diagnose(&["building", path, error], &Hints::default());
        let error = "Type error: Argument of type '(a | b)[]' is not assignable to 'number?'.";
        let rule = skipping(&of("./app/page.tsx:2:51", error)).unwrap();
        assert_eq!(rule.error_type, Some(ErrorType::Typescript));
        assert!(rule.name.starts_with("Skip: ") && rule.skip && rule.enabled);
        let matcher = Matcher::new(&rule.pattern, rule.error_type).unwrap();
        assert!(matcher.matches(&of("./lib/other.ts:9:1", error)));
        assert!(!matcher.matches(&of("./app/page.tsx:2:51", "Type error: Property 'x' does not exist.")));
    }

    #[test]
    fn an_empty_log_still_has_words() {
        let finding = diagnose::<&str>(&[], &Hints::default());
        assert!(skipping(&finding).is_some());
        let mute = Finding { message: " ".into(), root_line: String::new(), ..finding };
        assert_eq!(skipping(&mute), None);
    }

    proptest! {
        #[test]
        fn every_message_makes_a_rule_that_matches_it(message in "\\PC{1,40}|[sſkK.*é世(]{1,900}|(\\PC ){1,500}") {
            prop_assume!(!message.trim().is_empty());
            let finding = Finding { message, ..diagnose(&["x"], &Hints::default()) };
            let rule = skipping(&finding).unwrap();
            prop_assert!(checked(rule.clone().into()).is_ok());
            prop_assert!(Matcher::new(&rule.pattern, rule.error_type).unwrap().matches(&finding));
        }
    }
}
