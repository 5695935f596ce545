//! What a person or a program enters for a rule → what is stored, or why not.

use super::{PatternError, compile_pattern};
use crate::{
    model::{ApiError, ErrorCode, RULE_NAME_LIMIT, RULE_PROMPT_LIMIT, RULES_AT_MOST, RuleDraft},
    server::{audit, db::rules::RuleInput},
};

/// Why a rule is not accepted. The text is for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// No name, or one that is too long.
    #[error("A rule needs a name of at most {RULE_NAME_LIMIT} characters.")]
    Name,
    /// The pattern.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// The project has too many.
    #[error("This project has {RULES_AT_MOST} rules already. Delete one that nobody needs.")]
    TooMany,
    /// The prompt is too long.
    #[error("The prompt may have at most {RULE_PROMPT_LIMIT} characters.")]
    Prompt,
}

impl From<InputError> for ApiError {
    fn from(error: InputError) -> Self {
        let code = if error == InputError::TooMany { ErrorCode::Conflict } else { ErrorCode::Invalid };
        Self::new(code, error.to_string())
    }
}

/// The rule as it is stored: the name without blanks around it, no prompt instead of an empty one.
///
/// # Errors
/// The first field that is not accepted.
pub fn checked(input: RuleInput) -> Result<RuleInput, InputError> {
    let name = input.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > RULE_NAME_LIMIT {
        return Err(InputError::Name);
    }
    compile_pattern(&input.error_pattern)?;
    // Browsers send line breaks of a form as two characters.
    let prompt = input.custom_prompt.map(|prompt| prompt.replace("\r\n", "\n"));
    let prompt = prompt.filter(|prompt| !prompt.trim().is_empty());
    if prompt.as_ref().is_some_and(|prompt| prompt.chars().count() > RULE_PROMPT_LIMIT) {
        return Err(InputError::Prompt);
    }
    audit::add("rule", &name);
    Ok(RuleInput { name, custom_prompt: prompt, ..input })
}

impl From<RuleDraft> for RuleInput {
    /// Its place among the others stays.
    fn from(draft: RuleDraft) -> Self {
        Self {
            name: draft.name,
            error_pattern: draft.pattern,
            error_type: draft.error_type,
            skip_fix: draft.skip,
            custom_prompt: Some(draft.prompt),
            priority: None,
            enabled: draft.enabled,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;
    use rstest::rstest;

    fn draft() -> RuleDraft {
        RuleDraft { name: " Quota ".into(), pattern: "quota".into(), ..RuleDraft::default() }
    }

    #[test]
    fn blanks_and_line_breaks_are_made_plain() {
        let input = checked(RuleDraft { prompt: "a\r\nb".into(), ..draft() }.into()).unwrap();
        assert_eq!((input.name.as_str(), input.custom_prompt.as_deref()), ("Quota", Some("a\nb")));
        let input = checked(RuleDraft { prompt: "\r\n ".into(), ..draft() }.into()).unwrap();
        assert_eq!(input.custom_prompt, None);
        // The limit counts what is stored.
        let prompt = "é\r\n".repeat(RULE_PROMPT_LIMIT / 2);
        assert!(checked(RuleDraft { prompt, ..draft() }.into()).is_ok());
    }

    #[rstest]
    #[case(RuleDraft { name: " ".into(), ..draft() }, InputError::Name)]
    #[case(RuleDraft { name: "é".repeat(101), ..draft() }, InputError::Name)]
    #[case(RuleDraft { pattern: " ".into(), ..draft() }, InputError::Pattern(PatternError::Empty))]
    #[case(RuleDraft { prompt: "x".repeat(4_001), ..draft() }, InputError::Prompt)]
    fn what_cannot_be_a_rule_is_refused(#[case] draft: RuleDraft, #[case] expected: InputError) {
        assert_eq!(checked(draft.into()).err(), Some(expected));
    }
}
