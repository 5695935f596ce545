//! A build log on its way to a page. Lines may carry colours: `ESC [ 0 ; … m`, each saying everything anew.

use super::Finding;
use serde::{Deserialize, Serialize};

/// A log with at most this many lines is on its page whole.
pub const WHOLE: usize = 2_000;
/// Lines shown before and after the root line.
pub const AROUND: (usize, usize) = (10, 20);
/// Lines shown of a log without a root line: its end.
pub const END: usize = 60;

/// What the page shows of a log at first: all of a short one, the part that matters of a long one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogExcerpt {
    /// Lines of the whole log.
    pub total: usize,
    /// Lines before the first one of `lines`.
    pub before: usize,
    /// The lines.
    pub lines: Vec<String>,
    /// The number of the root line, from 1.
    pub root: Option<usize>,
}

impl LogExcerpt {
    /// The part to show of these lines. A root line that is not among them counts as none.
    pub fn of(lines: Vec<String>, root: Option<usize>) -> Self {
        let total = lines.len();
        let root = root.filter(|root| (1..=total).contains(root));
        if total <= WHOLE {
            return Self { total, before: 0, lines, root };
        }
        let range = in_view(total, root);
        let before = range.start;
        Self { total, before, lines: lines.into_iter().skip(before).take(range.len()).collect(), root }
    }
}

/// The lines, from 0, that are in the open.
pub fn in_view(total: usize, root: Option<usize>) -> std::ops::Range<usize> {
    match root {
        Some(root) => (root - 1).saturating_sub(AROUND.0)..(root + AROUND.1).min(total),
        None => total.saturating_sub(END)..total,
    }
}

/// A deployment's log, with what the diagnosis says of it where no fix does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeploymentLog {
    /// The lines.
    pub excerpt: LogExcerpt,
    /// Of a failed deployment without a diagnosis in its fix.
    pub finding: Option<Finding>,
}

/// The lines of a log with some text in them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogMatches {
    /// How many there are.
    pub count: usize,
    /// The first of them, without colours: number from 1, and text.
    pub lines: Vec<(usize, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_logs_are_cut_around_what_matters() {
        let lines = |count: usize| (1..=count).map(|number| number.to_string()).collect::<Vec<_>>();
        for (count, root, before, shown) in [
            (0, None, 0, 0),
            (WHOLE, Some(3), 0, WHOLE),
            (50_000, Some(30_000), 29_989, 31),
            (50_000, Some(1), 0, 21),
            (50_000, Some(50_000), 49_989, 11),
            (50_000, Some(50_001), 49_940, 60),
            (50_000, Some(0), 49_940, 60),
            (50_000, None, 49_940, 60),
        ] {
            let excerpt = LogExcerpt::of(lines(count), root);
            assert_eq!(
                (excerpt.before, excerpt.lines.len(), excerpt.total),
                (before, shown, count),
                "{root:?}"
            );
            assert_eq!(excerpt.lines.first().cloned(), (shown > 0).then(|| (before + 1).to_string()));
        }
    }
}
