//! The candidates → the lines that a model sees: every possible cause with what stands around it, and little else.

use super::{classify::Root, clean, fingerprint, lines::Lines, scan::Scan};
use crate::model::ContextLine;
use std::collections::{BTreeSet, HashSet};

/// Of a log so many hundredths may be kept, within [`BYTES`].
const SHARE: usize = 13;
/// The fewest and the most bytes of an excerpt.
const BYTES: (usize, usize) = (2_000, 14_000);
/// Lines before and after the root line, which are kept first.
const AROUND_ROOT: (usize, usize) = (4, 8);
/// Lines before and after every other possible cause.
const AROUND: (usize, usize) = (2, 4);
/// A longer line is cut here, in bytes; only the root line may be longer.
const LINE: usize = 400;

/// Takes lines while there is room for them.
struct Room<'a, L: ?Sized> {
    lines: &'a L,
    taken: BTreeSet<usize>,
    left: usize,
}

impl<L: Lines + ?Sized> Room<'_, L> {
    fn take(&mut self, index: usize) {
        let Some(line) = self.lines.line(index) else { return };
        if self.taken.contains(&index) || clean::text(clean::cut(line, LINE)).is_empty() {
            return;
        }
        let bytes = line.len().min(LINE) + 1;
        if bytes <= self.left {
            self.left -= bytes;
            self.taken.insert(index);
        }
    }

    /// The nearest first.
    fn take_around(&mut self, index: usize, (before, after): (usize, usize)) {
        for distance in 1..=before.max(after) {
            if distance <= after {
                self.take(index + distance);
            }
            if distance <= before
                && let Some(above) = index.checked_sub(distance)
            {
                self.take(above);
            }
        }
    }
}

/// In the order of the log. `bytes` is the size of the whole log; `quoted` gives a line as it may be shown.
pub(super) fn excerpt<L: Lines + ?Sized>(
    lines: &L,
    scan: &Scan,
    root: &Root<'_>,
    bytes: usize,
    quoted: impl Fn(usize) -> String,
) -> Vec<ContextLine> {
    let root_line = root.candidate.line;
    let left = (bytes / 100 * SHARE).clamp(BYTES.0, BYTES.1);
    let mut room = Room { lines, taken: BTreeSet::from([root_line]), left };
    // The same words in another place are the same cause, told again.
    let mut told = HashSet::from([fingerprint::normalized(&root.candidate.text)]);
    let others: Vec<usize> = root
        .contenders
        .iter()
        .filter(|other| told.insert(fingerprint::normalized(&other.text)))
        .map(|other| other.line)
        .filter(|line| !scan.in_private_key(*line))
        .collect();
    for line in &others {
        room.take(*line);
    }
    room.take_around(root_line, AROUND_ROOT);
    for line in &others {
        room.take_around(*line, AROUND);
    }
    room.take_around(root_line, super::CONTEXT);
    let limit = |index: usize| if index == root_line { super::TEXT_LIMIT } else { LINE };
    room.taken
        .into_iter()
        .map(|index| ContextLine {
            number: index + 1,
            text: clean::cut(&quoted(index), limit(index)).to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Hints, analyze};

    fn chatter(count: usize) -> impl Iterator<Item = String> {
        (0..count).map(|number| format!("[{number}] transformed src/modules/part-{number}/view.tsx in 3 ms"))
    }

    #[test]
    fn every_possible_cause_is_in_it_and_the_chatter_is_not() {
        let error = |file: &str| format!("src/{file}.ts(3,7): error TS2322: {file} is wrong.");
        let mut lines: Vec<String> = chatter(400).collect();
        lines.push(error("first"));
        lines.extend(chatter(400));
        lines.push(error("second"));
        lines.extend(chatter(400));
        lines.push("Error: Command \"npm run build\" exited with 2".to_owned());
        let excerpt = analyze(&lines, &Hints::default()).excerpt;
        let numbers: Vec<usize> = excerpt.iter().map(|line| line.number).collect();
        assert!(numbers.contains(&401) && numbers.contains(&802), "{numbers:?}");
        assert!(numbers.contains(&800) && numbers.contains(&806), "its context: {numbers:?}");
        let (whole, kept): (usize, usize) = (
            lines.iter().map(|line| line.len() + 1).sum(),
            excerpt.iter().map(|line| line.text.len() + 1).sum(),
        );
        assert!(kept * 100 < whole * 15, "{kept} of {whole} bytes");
    }

    #[test]
    fn what_is_told_again_is_not_kept_again() {
        let mut lines: Vec<String> = Vec::new();
        for _ in 0..2 {
            lines.extend(chatter(100));
            lines.push("./app/page.tsx:3:7".to_owned());
            lines.push("Type error: Type 'string' is not assignable to type 'number'.".to_owned());
        }
        let excerpt = analyze(&lines, &Hints::default()).excerpt;
        let errors = excerpt.iter().filter(|line| line.text.starts_with("Type error")).count();
        assert_eq!(errors, 1, "{excerpt:?}");
    }

    #[test]
    fn a_secret_does_not_get_into_it() {
        let secret = format!("ghp_{}", "a1B2".repeat(9));
        let lines = [format!("cloning with {secret}"), "src/a.ts(3,7): error TS2322: bad.".to_owned()];
        let excerpt = analyze(&lines, &Hints::default()).excerpt;
        assert_eq!(excerpt.len(), 2);
        assert!(excerpt.iter().all(|line| !line.text.contains(&secret)), "{excerpt:?}");
    }
}
