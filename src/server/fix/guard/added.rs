//! Turns a pattern into the lines on which a change adds it. A line that is only moved with the line below it,
//! or rewritten in place with the same pattern, adds nothing.

use super::change::{FileChange, Hunk};
use regex::Regex;

/// The numbers and texts of lines that bring in more of the pattern than they replace.
pub(super) fn newly_matching<'a>(
    file: &'a FileChange<'_>,
    pattern: &Regex,
    except: Option<&Regex>,
) -> Vec<(usize, &'a str)> {
    let count = |line: &str| {
        if except.is_some_and(|except| except.is_match(line)) { 0 } else { pattern.find_iter(line).count() }
    };
    let total = |lines: &[String]| lines.iter().map(|line| count(line)).sum::<usize>();
    let mut found = Vec::new();
    for hunk in &file.hunks {
        if total(&hunk.added) <= total(&hunk.removed) {
            continue;
        }
        for (at, line) in hunk.added.iter().enumerate() {
            if count(line) > 0
                && !hunk.removed.iter().any(|old| old.trim() == line.trim())
                && !is_moved(file, hunk, at)
            {
                found.push((hunk.new_start + at, line.as_str()));
            }
        }
    }
    found
}

/// The same line, followed by the same line, was removed elsewhere in the file.
fn is_moved(file: &FileChange<'_>, hunk: &Hunk, at: usize) -> bool {
    let after: Vec<&str> = file.after_text().lines().collect();
    let index = hunk.new_start - 1 + at;
    let pair = |lines: &[&str], index: usize| {
        let next = lines.iter().skip(index + 1).find(|line| !line.trim().is_empty());
        Some((lines.get(index)?.trim().to_owned(), next.map(|line| line.trim().to_owned())))
    };
    let Some(wanted) = pair(&after, index) else { return false };
    if !file.removed().any(|line| line.trim() == wanted.0) {
        return false;
    }
    let before: Vec<&str> = file.before_text().lines().collect();
    (0..before.len()).any(|index| pair(&before, index).as_ref() == Some(&wanted))
}

/// `path:line: what was added`.
pub(super) fn objections(
    file: &FileChange<'_>,
    pattern: &Regex,
    except: Option<&Regex>,
    what: &str,
) -> Vec<String> {
    newly_matching(file, pattern, except)
        .into_iter()
        .map(|(number, _)| format!("{}:{number}: {what}", file.path))
        .collect()
}
