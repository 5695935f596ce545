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
        // Each old line excuses one new line: a second copy is new.
        let mut kept: Vec<&str> = hunk.removed.iter().map(|line| line.trim()).collect();
        for (at, line) in hunk.added.iter().enumerate().filter(|(_, line)| count(line) > 0) {
            if let Some(same) = kept.iter().position(|old| *old == line.trim()) {
                kept.swap_remove(same);
            } else if !is_moved(file, hunk, at) {
                found.push((hunk.new_start + at, line.as_str()));
            }
        }
    }
    found
}

/// The same line, followed by the same line, was removed elsewhere in the file, and there are no more of this pair
/// than before.
fn is_moved(file: &FileChange<'_>, hunk: &Hunk, at: usize) -> bool {
    let (before, after) = (pairs(file.before_text()), pairs(file.after_text()));
    let Some(wanted) = after.iter().find(|pair| pair.index == hunk.new_start - 1 + at) else { return false };
    let same = |pairs: &[Pair<'_>]| pairs.iter().filter(|pair| pair.lines == wanted.lines).count();
    file.removed().any(|line| line.trim() == wanted.lines.0) && same(&after) <= same(&before)
}

/// A line that is not empty, with the next one that is not.
struct Pair<'a> {
    index: usize,
    lines: (&'a str, &'a str),
}

fn pairs(text: &str) -> Vec<Pair<'_>> {
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
    let next = lines.clone().skip(1).map(|(_, line)| line).chain([""]);
    lines.zip(next).map(|((index, line), next)| Pair { index, lines: (line, next) }).collect()
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
