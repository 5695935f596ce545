//! A rule's pattern and kind, compiled: a finding → whether it matches, and where.

use super::{PatternError, Rule, compile_pattern};
use crate::model::{ErrorType, Finding, TrialLine};
use regex::Regex;
use std::ops::Range;

/// What findings have to look like.
#[derive(Clone, Debug)]
pub struct Matcher {
    pattern: Regex,
    error_type: Option<ErrorType>,
}

impl Matcher {
    /// Findings of that kind, or of any, that match the pattern.
    ///
    /// # Errors
    /// What is wrong with the pattern.
    pub fn new(pattern: &str, error_type: Option<ErrorType>) -> Result<Self, PatternError> {
        Ok(Self { pattern: compile_pattern(pattern)?, error_type })
    }

    /// The findings that a rule is about.
    ///
    /// # Errors
    /// What is wrong with the stored pattern.
    pub fn of(rule: &Rule) -> Result<Self, PatternError> {
        Self::new(&rule.error_pattern, rule.error_type)
    }

    /// Whether it matches the error or the lines quoted around it.
    pub fn matches(&self, finding: &Finding) -> bool {
        self.is_kind(finding)
            && (self.pattern.is_match(&finding.message) || self.pattern.is_match(&finding.context_text()))
    }

    /// The lines that match, with the first match in each: the quoted ones, and where there is none the error as
    /// people read it. Empty when [`Self::matches`] is false.
    pub fn lines(&self, finding: &Finding) -> Vec<TrialLine> {
        if !self.is_kind(finding) {
            return Vec::new();
        }
        let text = finding.context_text();
        let mut found = self.pattern.find_iter(&text).map(|found| found.range()).peekable();
        let mut lines = Vec::new();
        let mut start = 0;
        for line in &finding.context {
            let end = start + line.text.len();
            while found.next_if(|range| is_over(range, start)).is_some() {}
            // A match may go on in the lines after this one.
            if let Some(range) = found.peek().filter(|range| range.start <= end) {
                let part = range.start.max(start) - start..range.end.min(end) - start;
                lines.push(parts(Some(line.number), &line.text, part));
            }
            start = end + 1;
        }
        if lines.is_empty() {
            let found = self.pattern.find(&finding.message);
            lines.extend(found.map(|found| parts(None, &finding.message, found.range())));
        }
        lines
    }

    fn is_kind(&self, finding: &Finding) -> bool {
        self.error_type.is_none_or(|kind| kind == finding.error_type)
    }
}

/// Nothing of the match is in the line that begins at `start`.
fn is_over(range: &Range<usize>, start: usize) -> bool {
    range.start < start && range.end <= start
}

fn parts(number: Option<usize>, text: &str, found: Range<usize>) -> TrialLine {
    TrialLine {
        number,
        before: text[..found.start].to_owned(),
        matched: text[found.clone()].to_owned(),
        after: text[found.end..].to_owned(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;
    use crate::server::diagnosis::{Hints, diagnose};
    use proptest::prelude::*;

    fn finding() -> Finding {
        diagnose(
            &[
                "./app/page.tsx:2:51",
                "Type error: Argument of type 'string' is no number",
                "> 2 | price('é')",
            ],
            &Hints::default(),
        )
    }

    /// `number:before[matched]after` of each line.
    fn marked(pattern: &str) -> Vec<String> {
        let lines = Matcher::new(pattern, None).unwrap().lines(&finding());
        let number = |line: &TrialLine| line.number.map_or("-".to_owned(), |number| number.to_string());
        lines
            .iter()
            .map(|line| format!("{}:{}[{}]{}", number(line), line.before, line.matched, line.after))
            .collect()
    }

    #[test]
    fn the_matching_part_of_each_line_is_marked() {
        assert_eq!(marked("PRICE"), ["3:> 2 | [price]('é')"]);
        assert_eq!(marked("é"), ["3:> 2 | price('[é]')"]);
        assert_eq!(marked(":2|> 2"), ["1:./app/page.tsx[:2]:51", "3:[> 2] | price('é')"]);
        assert_eq!(marked("nothing like it"), Vec::<String>::new());
    }

    #[test]
    fn a_match_over_several_lines_marks_each_of_them() {
        let lines = marked("51\\nType error[^\\n]*\\n> 2");
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert_eq!(
            (lines[0].as_str(), lines[2].as_str()),
            ("1:./app/page.tsx:2:[51]", "3:[> 2] | price('é')")
        );
    }

    #[test]
    fn what_only_the_message_has_is_shown_as_the_message() {
        let finding = Finding { message: "Two lines put together".into(), ..finding() };
        let lines = Matcher::new("put together", None).unwrap().lines(&finding);
        assert_eq!((lines.len(), lines[0].number, lines[0].matched.as_str()), (1, None, "put together"));
    }

    proptest! {
        #[test]
        fn lines_are_there_exactly_when_it_matches(pattern in "[a-z>é'|: \\n.*?$^\\\\]{1,8}") {
            if let Ok(matcher) = Matcher::new(&pattern, None) {
                let finding = finding();
                let lines = matcher.lines(&finding);
                prop_assert_eq!(!lines.is_empty(), matcher.matches(&finding));
                for line in lines {
                    let whole = format!("{}{}{}", line.before, line.matched, line.after);
                    let texts = || finding.context.iter().map(|line| &line.text).chain([&finding.message]);
                    prop_assert!(texts().any(|text| *text == whole));
                }
            }
        }
    }
}
