//! Fix rules: a finding → the one rule of its subscription that decides about it, if any.
//!
//! [`checked`] is what pages and the REST API accept as a rule, [`trial`] what it would have done about stored
//! failures, [`similar`] the pattern of failures like a given one.

mod input;
mod matcher;
pub mod similar;
pub mod trial;

pub use input::{InputError, checked};
pub use matcher::Matcher;

use crate::{
    model::{ErrorType, Finding, RULE_PATTERN_LIMIT, Timestamp},
    server::db::entity::fix_rule,
};
use regex::{Regex, RegexBuilder};

/// Largest compiled pattern, in bytes: a pattern like `(a{1000}){1000}` is refused, not compiled.
const COMPILED_LIMIT: usize = 512 * 1024;

/// A rule, as `fix_rules` stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Our id.
    pub id: String,
    /// What the person called it.
    pub name: String,
    /// A regular expression without look-around and back references, matched without letter case.
    pub error_pattern: String,
    /// Only findings of this kind; `None`: of any kind.
    pub error_type: Option<ErrorType>,
    /// No fix is made.
    pub skip_fix: bool,
    /// What the agent is told in addition.
    pub custom_prompt: Option<String>,
    /// The lowest number is asked first.
    pub priority: i32,
    /// Of equal priority the oldest is asked first.
    pub created_at: Timestamp,
    /// Rules that are switched off never match.
    pub enabled: bool,
}

impl From<fix_rule::Model> for Rule {
    fn from(row: fix_rule::Model) -> Self {
        Self {
            error_type: row.error_type.as_deref().and_then(ErrorType::parse),
            id: row.id,
            name: row.name,
            error_pattern: row.error_pattern,
            skip_fix: row.skip_fix,
            custom_prompt: row.custom_prompt,
            priority: row.priority,
            created_at: row.created_at,
            enabled: row.enabled,
        }
    }
}

/// Why a pattern is not accepted. The text is for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing but white space: it would match everything.
    #[error("The pattern is empty.")]
    Empty,
    /// More than [`RULE_PATTERN_LIMIT`] characters.
    #[error("The pattern is longer than {RULE_PATTERN_LIMIT} characters.")]
    TooLong,
    /// Repetitions inside repetitions make it too large.
    #[error("The pattern is too complex: use fewer or smaller repetitions.")]
    TooComplex,
    /// Not a regular expression of this kind; the inner text says where.
    #[error("The pattern is not a valid regular expression: {0}")]
    Syntax(String),
}

/// Compiles a pattern: without letter case, in linear time, of bounded size.
pub fn compile_pattern(pattern: &str) -> Result<Regex, PatternError> {
    if pattern.trim().is_empty() {
        return Err(PatternError::Empty);
    }
    if pattern.chars().count() > RULE_PATTERN_LIMIT {
        return Err(PatternError::TooLong);
    }
    RegexBuilder::new(pattern).case_insensitive(true).size_limit(COMPILED_LIMIT).build().map_err(|error| {
        match error {
            regex::Error::CompiledTooBig(_) => PatternError::TooComplex,
            // The last line of the parser's text says what is wrong; those above draw the place.
            other => PatternError::Syntax(
                other
                    .to_string()
                    .lines()
                    .last()
                    .unwrap_or("")
                    .trim()
                    .trim_start_matches("error: ")
                    .to_owned(),
            ),
        }
    })
}

/// The first rule that matches, by priority and then by age. Rules whose stored pattern is not valid never match
/// and are reported in the log.
pub fn first_match<'a>(rules: &'a [Rule], finding: &Finding) -> Option<&'a Rule> {
    let mut ordered: Vec<&Rule> = rules.iter().filter(|rule| rule.enabled).collect();
    ordered.sort_by(|a, b| (a.priority, a.created_at, &a.id).cmp(&(b.priority, b.created_at, &b.id)));
    ordered.into_iter().find(|rule| match Matcher::of(rule) {
        Ok(matcher) => matcher.matches(finding),
        Err(error) => {
            tracing::warn!(rule_id = %rule.id, error = %error, "fix rule has an invalid pattern");
            false
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::diagnosis::{Hints, diagnose};
    use chrono::TimeDelta;
    use rstest::rstest;

    fn finding() -> Finding {
        diagnose(
            &[
                "./app/page.tsx:2:51",
                "Type error: Argument of type 'string' is not assignable",
                "> 2 | price('x')",
            ],
            &Hints::default(),
        )
    }

    fn rule(id: &str, pattern: &str) -> Rule {
        Rule {
            id: id.to_owned(),
            name: id.to_owned(),
            error_pattern: pattern.to_owned(),
            error_type: None,
            skip_fix: false,
            custom_prompt: None,
            priority: 0,
            created_at: Timestamp::UNIX_EPOCH,
            enabled: true,
        }
    }

    #[rstest]
    #[case("argument of type", true)]
    #[case("PRICE\\('x'\\)", true)]
    #[case("^type error", true)]
    #[case("something else", false)]
    #[case("(unclosed", false)]
    #[case("", false)]
    fn matches_message_or_context_without_letter_case(#[case] pattern: &str, #[case] expected: bool) {
        assert_eq!(first_match(&[rule("a", pattern)], &finding()).is_some(), expected);
    }

    #[test]
    fn the_lowest_priority_then_the_oldest_wins() {
        let mut rules =
            vec![rule("late", "type"), rule("early", "type"), rule("first", "type"), rule("off", "type")];
        rules[0].created_at += TimeDelta::seconds(5);
        rules[2].priority = -1;
        rules[2].created_at += TimeDelta::seconds(9);
        rules[3].priority = -9;
        rules[3].enabled = false;
        let winner = |rules: &[Rule]| first_match(rules, &finding()).map(|rule| rule.id.clone());
        assert_eq!(winner(&rules).as_deref(), Some("first"));
        rules.remove(2);
        assert_eq!(winner(&rules).as_deref(), Some("early"));
    }

    #[test]
    fn the_kind_must_match_if_set() {
        let mut only = rule("a", "type");
        only.error_type = Some(ErrorType::Dependency);
        assert_eq!(first_match(&[only.clone()], &finding()), None);
        only.error_type = Some(ErrorType::Typescript);
        assert!(first_match(&[only], &finding()).is_some());
    }

    #[rstest]
    #[case(" ", PatternError::Empty)]
    #[case(&"a".repeat(1_001), PatternError::TooLong)]
    #[case("((a{900}){900}){900}", PatternError::TooComplex)]
    #[case("(a", PatternError::Syntax("unclosed group".to_owned()))]
    #[case("a(?=b)", PatternError::Syntax("look-around, including look-ahead and look-behind, is not supported".to_owned()))]
    fn says_what_is_wrong_with_a_pattern(#[case] pattern: &str, #[case] expected: PatternError) {
        assert_eq!(compile_pattern(pattern).map(|_| ()), Err(expected));
    }
}
