//! Turns a change of blobs into text with its differing lines.

use crate::server::github::git::{Blob, Change, Mode};
use similar::{Algorithm, DiffTag, TextDiff};
use std::{borrow::Cow, time::Duration};

/// A changed file, ready to be judged.
pub(super) struct FileChange<'a> {
    pub path: &'a str,
    pub old_path: &'a str,
    pub before: Option<Side<'a>>,
    pub after: Option<Side<'a>>,
    pub hunks: Vec<Hunk>,
}

/// One side of it.
pub(super) struct Side<'a> {
    pub mode: Mode,
    /// Bytes that are no UTF-8 are replaced.
    pub text: Cow<'a, str>,
    pub binary: bool,
}

/// Lines that differ, without their ends.
#[derive(Debug)]
pub(super) struct Hunk {
    /// The number of the first new line, from 1.
    pub new_start: usize,
    pub removed: Vec<String>,
    pub added: Vec<String>,
}

impl<'a> FileChange<'a> {
    pub fn new(change: &'a Change) -> Self {
        let (before, after) = (change.before.as_ref().map(Side::new), change.after.as_ref().map(Side::new));
        let text = |side: &Option<Side<'a>>| match side {
            Some(side) if !side.binary => side.text.clone().into_owned(),
            _ => String::new(),
        };
        Self {
            path: &change.path,
            old_path: &change.old_path,
            hunks: hunks(&text(&before), &text(&after)),
            before,
            after,
        }
    }

    /// The text before; empty for a new file.
    pub fn before_text(&self) -> &str {
        self.before.as_ref().map_or("", |side| &side.text)
    }

    /// The text after; empty for a deleted file.
    pub fn after_text(&self) -> &str {
        self.after.as_ref().map_or("", |side| &side.text)
    }

    pub fn is_deleted(&self) -> bool {
        self.after.is_none()
    }

    /// Every added line with its number.
    pub fn added(&self) -> impl Iterator<Item = (usize, &str)> {
        self.hunks.iter().flat_map(|hunk| {
            hunk.added.iter().enumerate().map(|(at, line)| (hunk.new_start + at, line.as_str()))
        })
    }

    /// Every removed line.
    pub fn removed(&self) -> impl Iterator<Item = &str> {
        self.hunks.iter().flat_map(|hunk| hunk.removed.iter().map(String::as_str))
    }

    /// Added and removed lines together.
    pub fn changed_lines(&self) -> usize {
        self.hunks.iter().map(|hunk| hunk.added.len() + hunk.removed.len()).sum()
    }
}

impl<'a> Side<'a> {
    fn new(blob: &'a Blob) -> Self {
        // The same measure as git's: a zero byte near the start.
        let binary = blob.content.iter().take(8000).any(|byte| *byte == 0);
        Self { mode: blob.mode, text: String::from_utf8_lossy(&blob.content), binary }
    }
}

fn hunks(before: &str, after: &str) -> Vec<Hunk> {
    // Past the deadline the difference gets coarser, which makes the guard stricter, not weaker.
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Myers)
        .timeout(Duration::from_secs(2))
        .diff_lines(before, after);
    let lines = |all: &[&str], range: std::ops::Range<usize>| {
        all[range].iter().map(|line| line.trim_end_matches(['\n', '\r']).to_owned()).collect()
    };
    diff.ops()
        .iter()
        .filter(|op| op.tag() != DiffTag::Equal)
        .map(|op| Hunk {
            new_start: op.new_range().start + 1,
            removed: lines(diff.old_slices(), op.old_range()),
            added: lines(diff.new_slices(), op.new_range()),
        })
        .collect()
}
