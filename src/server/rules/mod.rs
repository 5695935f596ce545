//! Fix rules: what a user wants done about errors that match a pattern. The first rule that matches decides.

use crate::{
    model::{ErrorType, Finding, Timestamp},
    server::db::entity::fix_rule,
};
use regex::{Regex, RegexBuilder};

/// Bytes of compiled pattern allowed. Matching is linear in any case; this bounds memory.
const SIZE_LIMIT: usize = 1 << 20;
/// Characters of a pattern.
const MAX_PATTERN: usize = 1000;

/// A rule as it is matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Our id.
    pub id: String,
    /// The user's name for it.
    pub name: String,
    /// Regular expression, matched without regard to letter case.
    pub error_pattern: String,
    /// Only errors of this kind.
    pub error_type: Option<ErrorType>,
    /// Do not fix what matches.
    pub skip_fix: bool,
    /// Said to the agent about what matches.
    pub custom_prompt: Option<String>,
    /// The lowest goes first.
    pub priority: i32,
    /// Breaks ties: the oldest goes first.
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

/// Why a pattern cannot be used; the text is for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing would match everything.
    #[error("A pattern is needed.")]
    Empty,
    /// More than anybody writes.
    #[error("A pattern has at most {MAX_PATTERN} characters.")]
    TooLong,
    /// Its compiled form would be too large.
    #[error("This pattern is too large. Use fewer or smaller repetitions.")]
    TooLarge,
    /// Not a regular expression; look-around and back-references are not supported, so that matching stays linear.
    #[error("This is not a pattern that can be used: {0}")]
    Syntax(String),
}

/// Compiles a user's pattern.
///
/// # Errors
/// See [`PatternError`].
pub fn compile_pattern(pattern: &str) -> Result<Regex, PatternError> {
    if pattern.trim().is_empty() {
        return Err(PatternError::Empty);
    }
    if pattern.chars().count() > MAX_PATTERN {
        return Err(PatternError::TooLong);
    }
    RegexBuilder::new(pattern).case_insensitive(true).size_limit(SIZE_LIMIT).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => PatternError::TooLarge,
        // The last line says what is wrong; those above draw where.
        other => PatternError::Syntax(other.to_string().lines().last().unwrap_or_default().trim().to_owned()),
    })
}

/// The first rule, by priority and then by age, that matches the finding's message or context.
pub fn first_match<'a>(rules: &'a [Rule], finding: &Finding) -> Option<&'a Rule> {
    let mut ordered: Vec<&Rule> = rules.iter().filter(|rule| rule.enabled).collect();
    ordered.sort_by(|a, b| (a.priority, a.created_at, &a.id).cmp(&(b.priority, b.created_at, &b.id)));
    let context = finding.context_text();
    ordered.into_iter().find(|rule| {
        rule.error_type.is_none_or(|kind| kind == finding.error_type)
            && match compile_pattern(&rule.error_pattern) {
                Ok(pattern) => [&finding.message, &finding.root_line, &context].into_iter().any(|text| pattern.is_match(text)),
                Err(error) => {
                    tracing::warn!(rule.id = %rule.id, %error, "A stored pattern cannot be used");
                    false
                }
            }
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;
    use crate::model::{ContextLine, Verdict};
    use rstest::rstest;

    fn rule(id: &str, pattern: &str, priority: i32, age: i64) -> Rule {
        Rule {
            id: id.into(),
            name: id.into(),
            error_pattern: pattern.into(),
            error_type: None,
            skip_fix: false,
            custom_prompt: None,
            priority,
            created_at: chrono::DateTime::from_timestamp(1_800_000_000 + age, 0).unwrap(),
            enabled: true,
        }
    }

    fn finding() -> Finding {
        Finding {
            error_type: ErrorType::Typescript,
            message: "Type 'string' is not assignable to type 'number'.".into(),
            root_line: "src/a.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'.".into(),
            line_number: Some(2),
            context: vec![ContextLine { number: 1, text: "Running \"npm run build\"".into() }],
            affected_files: vec![],
            confidence: 0.9,
            verdict: Verdict::Code,
            advice: None,
            fingerprint: String::new(),
        }
    }

    #[rstest]
    #[case::lowest_priority_first(vec![rule("b", "ts2322", 5, 0), rule("a", "ts2322", 1, 9)], Some("a"))]
    #[case::then_the_oldest(vec![rule("young", "string", 1, 9), rule("old", "string", 1, 0)], Some("old"))]
    #[case::the_context_counts(vec![rule("a", "NPM RUN BUILD", 0, 0)], Some("a"))]
    #[case::nothing_matches(vec![rule("a", "ENOENT", 0, 0)], None)]
    #[case::a_broken_pattern_is_passed_over(vec![rule("broken", "(", 0, 0), rule("a", "number", 1, 0)], Some("a"))]
    #[case::off(vec![Rule { enabled: false, ..rule("off", "number", 0, 0) }], None)]
    #[case::another_type(vec![Rule { error_type: Some(ErrorType::Config), ..rule("a", "number", 0, 0) }], None)]
    #[case::its_type(vec![Rule { error_type: Some(ErrorType::Typescript), ..rule("a", "number", 0, 0) }], Some("a"))]
    fn the_first_match_decides(#[case] rules: Vec<Rule>, #[case] expected: Option<&str>) {
        assert_eq!(first_match(&rules, &finding()).map(|rule| rule.id.as_str()), expected);
    }

    #[rstest]
    #[case("", PatternError::Empty)]
    #[case("  ", PatternError::Empty)]
    #[case(&"a".repeat(1001), PatternError::TooLong)]
    #[case("(a{1000}){1000}", PatternError::TooLarge)]
    fn what_cannot_be_used_is_refused(#[case] pattern: &str, #[case] expected: PatternError) {
        assert_eq!(compile_pattern(pattern).unwrap_err(), expected);
    }

    #[test]
    fn look_around_is_refused_with_a_reason() {
        let PatternError::Syntax(reason) = compile_pattern("a(?=b)").unwrap_err() else { panic!("syntax") };
        assert!(reason.contains("look-around"), "{reason}");
    }
}
