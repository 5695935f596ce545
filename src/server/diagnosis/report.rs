//! The candidates → the list of errors, each with its place and its code, the same error once.

use super::{
    TEXT_LIMIT, catalogue::Rank, classify::Root, clean, fingerprint, lines::Lines, locate::Places, redact,
    scan::Candidate,
};
use crate::model::ErrorType;
use regex::Regex;
use std::{collections::HashSet, sync::LazyLock};

/// One error that the log reports.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LogError {
    /// The number of its line in the log, from 1.
    pub line_number: usize,
    /// The line's text, cleaned and redacted.
    pub text: String,
    /// The kind of error.
    pub error_type: ErrorType,
    /// The catalogue's name for it.
    pub id: &'static str,
    /// The file that it names, relative to the repository.
    pub file: Option<String>,
    /// The line in that file, from 1.
    pub line: Option<u32>,
    /// The column in that line, as the tool counts.
    pub column: Option<u32>,
    /// The tool's own code or rule: `TS2322`, `E0308`, `ERESOLVE`, `no-undef`.
    pub code: Option<String>,
    /// The number of the log's line that it follows from: what is repaired there is repaired here.
    pub follows_from: Option<usize>,
}

/// In the order of the log, without wrappers and repetitions.
pub(super) fn errors<L: Lines + ?Sized>(
    places: &Places<'_, L>,
    root: &Root<'_>,
    candidates: &[Candidate],
) -> Vec<LogError> {
    let mut told = HashSet::new();
    candidates
        .iter()
        .filter(|candidate| candidate.found.entry.rank >= Rank::Guess)
        .filter_map(|candidate| {
            let place = places.place(candidate);
            let entry = candidate.found.entry;
            let words = (entry.id, place.file.clone(), fingerprint::normalized(&candidate.text));
            let is_root = std::ptr::eq(candidate, root.candidate);
            if !told.insert(words) && !is_root {
                return None;
            }
            let follows = root.entry().rank > entry.rank && entry.rank >= Rank::Error;
            Some(LogError {
                line_number: candidate.line + 1,
                text: redact::redact(clean::cut(&candidate.text, TEXT_LIMIT)).into_owned(),
                error_type: if is_root { root.error_type } else { entry.error_type },
                id: entry.id,
                file: place.file,
                line: place.line,
                column: place.column,
                code: code(&candidate.text),
                follows_from: follows.then_some(root.candidate.line + 1),
            })
        })
        .collect()
}

/// Codes as tools print them, and ESLint's rule at the end of a line.
static CODE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"\b(?:(?P<a>TS\d{3,5}|CS\d{4}|NU\d{4}|NETSDK\d{4}|MSB\d{4}|YN\d{4}|NG-?\d{3,6}|P\d{4}|ERR_[A-Z0-9_]{3,40}|",
        r"E(?:RESOLVE|404|401|403|USAGE|NOENT|INTEGRITY|TARGET|BADENGINE|BADPLATFORM|LIFECYCLE|ACCES|PERM|NOSPC|CONNRESET|CONNREFUSED|TIMEDOUT|AI_AGAIN|NOTFOUND|MFILE))\b",
        r"|error\[(?P<b>E\d{4})\])",
        r"|^\d+:\d+ +(?:error|Error:?) .* {2,}(?P<c>@?[\w-]+(?:/[\w-]+)*)$",
    ))
    .ok()
});

fn code(text: &str) -> Option<String> {
    let found = CODE.as_ref()?.captures(clean::cut(text, 1_000))?;
    ["a", "b", "c"].iter().find_map(|name| found.name(name)).map(|code| code.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::{Hints, analyze};
    use rstest::rstest;

    type Told<'a> = (Option<&'a str>, Option<u32>, Option<u32>, Option<&'a str>);

    #[rstest]
    #[case::tsc(
        &["src/a.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'."],
        (Some("src/a.ts"), Some(3), Some(7), Some("TS2322"))
    )]
    #[case::eslint(
        &["/vercel/path0/src/a.js", "  12:3  error  'x' is not defined  no-undef"],
        (Some("src/a.js"), Some(12), Some(3), Some("no-undef"))
    )]
    #[case::next(
        &["./app/page.tsx:2:51", "Type error: Type 'string' is not assignable to type 'number'."],
        (Some("app/page.tsx"), Some(2), Some(51), None)
    )]
    #[case::rustc(
        &["error[E0308]: mismatched types", " --> src/main.rs:4:9"],
        (Some("src/main.rs"), Some(4), Some(9), Some("E0308"))
    )]
    #[case::npm(
        &["npm error code ERESOLVE", "npm error ERESOLVE unable to resolve dependency tree"],
        (None, None, None, Some("ERESOLVE"))
    )]
    fn an_error_has_its_place_and_its_code(#[case] lines: &[&str], #[case] expected: Told<'_>) {
        let errors = analyze(lines, &Hints::default()).errors;
        let told: Vec<Told<'_>> = errors
            .iter()
            .map(|error| (error.file.as_deref(), error.line, error.column, error.code.as_deref()))
            .collect();
        assert!(told.contains(&expected), "{told:?}");
    }

    #[test]
    fn the_same_error_is_told_once() {
        let lines = [
            "a.ts(3,7): error TS2322: bad.",
            "b.ts(3,7): error TS2322: bad.",
            "a.ts(3,7): error TS2322: bad.",
        ];
        let errors = analyze(&lines, &Hints::default()).errors;
        assert_eq!(errors.iter().map(|error| error.line_number).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn what_follows_from_a_missing_package_says_so() {
        let lines = [
            "src/a.ts(1,19): error TS2307: Cannot find module 'stripe' or its corresponding type declarations.",
            "src/b.ts(9,3): error TS7006: Parameter 'event' implicitly has an 'any' type.",
        ];
        let errors = analyze(&lines, &Hints::default()).errors;
        let follows: Vec<_> = errors.iter().map(|error| error.follows_from).collect();
        assert_eq!(follows, [None, Some(1)]);
    }
}
