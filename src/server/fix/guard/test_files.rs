//! Tests: none fewer, none skipped, none that says less.

use super::{FileChange, Input, Objections, code, kinds};
use regex::Regex;
use std::sync::LazyLock;

struct Patterns {
    cases: Regex,
    assertions: Regex,
    skipped: Regex,
    vacuous: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    let regex = |text: &str| Regex::new(text).ok();
    Some(Patterns {
        cases: regex(concat!(
            r"(?m)(?:^|[^.\w])(?:it|test|specify)(?:\.\w+)*\s*[(`]",
            r"|^\s*(?:async\s+)?def\s+test|#\[(?:\w+::)*(?:test|rstest)\b|^func\s+(?:Test|Fuzz)"
        ))?,
        assertions: regex(concat!(
            r"\bexpect(?:TypeOf)?\s*\(|\bassert\w*!?(?:\.\w+)*\s*\(|(?m)^\s*assert\s|\.should\b",
            r"|\bassertThat\b|\.toMatch(?:Inline)?Snapshot\b|\bpytest\.raises\b|\bt\.(?:Error|Fatal)f?\("
        ))?,
        skipped: regex(concat!(
            r"\b(?:it|test|describe|context|suite|specify)(?:\.\w+)*\.(?:skip|only|todo|fails|failing|fixme|skipIf|runIf)\b",
            r"|\bx(?:it|describe|test|context|specify)\s*\(|(?:^|[^.\w])f(?:it|describe)\s*\(|\bthis\.skip\(",
            r"|@pytest\.mark\.(?:skip|skipif|xfail)|\bpytest\.(?:skip|importorskip)\(|@unittest\.(?:skip|expectedFailure)",
            r"|\bself\.skipTest\(|#\[ignore|\bt\.Skip\w*\(|@(?:Disabled|Ignore)\b|\bpending\(\)"
        ))?,
        vacuous: regex(concat!(
            r"\bexpect\s*\(\s*(?:true|false|!0|!1|\d+|null|undefined|'[^']*')\s*\)|\bassert\s+True\b",
            r"|\bassert(?:\.ok|\.equal)?!?\s*\(\s*(?:true|1)\b"
        ))?,
    })
});

pub(super) fn tests_kept(input: &Input<'_>) -> Objections {
    let Some(patterns) = PATTERNS.as_ref() else { return vec!["the check could not be made".to_owned()] };
    input
        .files
        .iter()
        .filter(|file| kinds::is_test(file.old_path) || kinds::is_test(file.path))
        .flat_map(|file| weakened(file, patterns))
        .collect()
}

fn weakened(file: &FileChange<'_>, patterns: &Patterns) -> Objections {
    let path = file.path;
    if file.is_deleted() {
        return vec![format!("{path}: deleted")];
    }
    if !kinds::is_test(path) {
        return vec![format!("{}: moved to where no test is looked for", file.old_path)];
    }
    if path.ends_with(".snap") && file.before.is_some() && file.changed_lines() > 0 {
        return vec![format!("{path}: a snapshot was rewritten")];
    }
    let ending = kinds::ending(path);
    let before = code::without_comments(file.before_text(), &ending);
    let after = code::without_comments(file.after_text(), &ending);
    if !before.trim().is_empty() && after.trim().is_empty() {
        return vec![format!("{path}: emptied")];
    }
    let count = |pattern: &Regex, text: &str| pattern.find_iter(text).count();
    let fewer = |pattern: &Regex, what: &str| {
        let (old, new) = (count(pattern, &before), count(pattern, &after));
        (new < old).then(|| format!("{path}: {new} {what}, {old} before"))
    };
    let more = |pattern: &Regex, what: &str| {
        let (old, new) = (count(pattern, &before), count(pattern, &after));
        (new > old).then(|| format!("{path}: {what}"))
    };
    [
        fewer(&patterns.cases, "tests"),
        fewer(&patterns.assertions, "assertions"),
        more(&patterns.skipped, "a test was skipped or singled out"),
        more(&patterns.vacuous, "an assertion that always holds was added"),
    ]
    .into_iter()
    .flatten()
    .collect()
}
