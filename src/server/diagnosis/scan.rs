//! The lines → the candidates: every line that an entry of the catalogue fits, found in one pass.

use super::{
    catalogue::{
        Rank, generic,
        matcher::{Catalogue, Found},
    },
    clean,
    lines::Lines,
    redact,
};
use std::collections::HashMap;

/// Of one entry the first lines are kept, and the last; a log of ten thousand type errors needs no more.
const KEPT_PER_ENTRY: usize = 60;
/// How far below its line a candidate's text may go on.
pub(super) const GOES_ON: usize = 8;

/// A line that an entry fits.
pub(super) struct Candidate {
    /// Its index in the log, from 0.
    pub line: usize,
    /// Its text, cleaned and without prefixes; not redacted.
    pub text: String,
    /// The entry and what it captured.
    pub found: Found,
}

/// What one pass over the log gives.
#[derive(Default)]
pub(super) struct Scan {
    /// In the order of the log, without those that a later success took back.
    pub candidates: Vec<Candidate>,
    private_keys: Vec<std::ops::RangeInclusive<usize>>,
}

impl Scan {
    /// The line is part of a private key that spans several lines.
    pub(super) fn in_private_key(&self, index: usize) -> bool {
        let after = self.private_keys.partition_point(|range| *range.start() <= index);
        after > 0 && self.private_keys[after - 1].contains(&index)
    }

    /// How many private keys it has seen.
    pub(super) fn key_count(&self) -> usize {
        self.private_keys.len()
    }

    /// Forgets the keys of which `is_needed` wants no line.
    pub(super) fn retain_keys(&mut self, is_needed: impl Fn(&std::ops::RangeInclusive<usize>) -> bool) {
        self.private_keys.retain(is_needed);
    }
}

/// Looks at one line after the other.
pub(super) struct Scanner<'a> {
    catalogue: &'a Catalogue,
    pub(super) scan: Scan,
    /// Of each entry, how many lines it has fitted.
    kept: HashMap<&'static str, usize>,
    /// Of each tool, how many candidates there are.
    reports: HashMap<&'static str, usize>,
    key_start: Option<usize>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(catalogue: &'a Catalogue) -> Self {
        Self {
            catalogue,
            scan: Scan::default(),
            kept: HashMap::new(),
            reports: HashMap::new(),
            key_start: None,
        }
    }

    /// Looks at the line. `true`: it is a candidate, so what stands around it will be asked for.
    pub(super) fn look<L: Lines + ?Sized>(&mut self, lines: &L, index: usize) -> bool {
        let Some(line) = lines.line(index) else { return false };
        if let Some(start) = self.key_start {
            if line.contains("-----END ") {
                self.scan.private_keys.push(start..=index);
                self.key_start = None;
            }
            return false;
        }
        let raw = clean::cut(line, clean::LINE_LIMIT);
        let cleaned = clean::has_control(raw).then(|| clean::visible(raw));
        let searched = cleaned.as_deref().unwrap_or(raw);
        if !self.catalogue.may_match(searched) {
            return false;
        }
        if redact::opens_key(searched) {
            self.key_start = Some(index);
            return false;
        }
        let mut text = clean::text(searched).into_owned();
        if is_frame(&text) {
            return self.thrown_above(lines, index);
        }
        if is_quoted_code(&text) {
            return false;
        }
        if raw.contains(".exe : ") {
            join_powershell(lines, index, &mut text);
        }
        let Some(found) = self.catalogue.best(&text, &text) else { return false };
        self.take(Candidate { line: index, text, found })
    }

    /// What was found. A key that never ends is taken to go on to the end of the log, as the redaction of the whole
    /// text does.
    pub(super) fn finish(mut self, count: usize) -> Scan {
        if let Some(start) = self.key_start {
            self.scan.private_keys.push(start..=count);
        }
        self.scan
    }

    /// The line is a frame of a stack. Above the first frame stands what was thrown, whatever its words are.
    fn thrown_above<L: Lines + ?Sized>(&mut self, lines: &L, index: usize) -> bool {
        let Some(above) = head_of_stack(lines, index) else { return false };
        let mut nearest = self.scan.candidates.iter().rev().take_while(|candidate| candidate.line >= above);
        let known = nearest.any(|candidate| candidate.found.entry.rank != Rank::Guess);
        let Some(line) = lines.line(above).filter(|_| !known) else { return false };
        let text = clean::text(line).into_owned();
        if text.is_empty() || text.ends_with(':') || text.starts_with("at ") || is_quoted_code(&text) {
            return false;
        }
        let found = Found { entry: &generic::THROWN, file: None, module: None, name: None };
        self.take(Candidate { line: above, text, found })
    }

    fn take(&mut self, candidate: Candidate) -> bool {
        let entry = candidate.found.entry;
        if entry.rank == Rank::Passed {
            self.take_back(entry.tool);
            return false;
        }
        let (candidates, kept) = (&mut self.scan.candidates, &mut self.kept);
        let count = kept.entry(entry.id).or_default();
        *count += 1;
        if *count <= KEPT_PER_ENTRY {
            *self.reports.entry(entry.tool).or_default() += 1;
            // What was thrown stands above the frame that gave it away, perhaps above a guess.
            let place = candidates.partition_point(|earlier| earlier.line <= candidate.line);
            candidates.insert(place, candidate);
            return true;
        }
        if entry.last
            && let Some(newest) = candidates.iter().rposition(|earlier| earlier.found.entry.id == entry.id)
        {
            candidates.remove(newest);
            candidates.push(candidate);
            return true;
        }
        false
    }

    /// What the tool (`*`: any) has reported did not stop the build.
    fn take_back(&mut self, tool: &str) {
        if tool == "*" {
            self.scan.candidates.clear();
            self.kept.clear();
            self.reports.clear();
        } else if self.reports.remove(tool).is_some() {
            let kept = &mut self.kept;
            self.scan.candidates.retain(|earlier| {
                let stays = earlier.found.entry.tool != tool;
                if !stays {
                    kept.remove(earlier.found.entry.id);
                }
                stays
            });
        }
    }
}

pub(super) fn scan<L: Lines + ?Sized>(catalogue: &Catalogue, lines: &L) -> Scan {
    let mut scanner = Scanner::new(catalogue);
    for index in 0..lines.count() {
        scanner.look(lines, index);
    }
    scanner.finish(lines.count())
}

/// The line of the message that a stack belongs to. Astro prints its own notes in between.
fn head_of_stack<L: Lines + ?Sized>(lines: &L, frame: usize) -> Option<usize> {
    const NOTES: [&str; 4] = ["Stack trace:", "Location:", "Hint:", "Error reference:"];
    let is_note = |at: usize| lines.line(at).is_some_and(|line| NOTES.contains(&clean::text(line).as_ref()));
    let mut at = frame.checked_sub(1)?;
    for _ in 0..10 {
        let before = at.checked_sub(1);
        if is_note(at) {
            at = before?;
        } else if before.is_some_and(is_note) {
            at = before?.checked_sub(1)?;
        } else {
            break;
        }
    }
    Some(at)
}

/// `at build (/app/node_modules/next/dist/build/index.js:13:900)`.
fn is_frame(text: &str) -> bool {
    let Some(frame) = text.strip_prefix("at ") else { return false };
    if frame.ends_with("(<anonymous>)") {
        return true;
    }
    let place = frame.trim_end_matches(')');
    let column = place.trim_end_matches(|c: char| c.is_ascii_digit());
    let line = column.strip_suffix(':').map(|line| line.trim_end_matches(|c: char| c.is_ascii_digit()));
    column.len() < place.len()
        && line.is_some_and(|line| line.ends_with(':') && line.len() + 1 < column.len())
}

/// A frame of source text, a stack frame or the echo of a command: never the error itself.
fn is_quoted_code(text: &str) -> bool {
    if text.contains("throw new ") || text.starts_with("throw ") {
        return true;
    }
    if text.starts_with("at ") || text.starts_with("$ ") || text.starts_with('|') || text.starts_with('^') {
        return true;
    }
    let rest = text.strip_prefix('>').unwrap_or(text).trim_start();
    let digits = rest.bytes().take(7).take_while(u8::is_ascii_digit).count();
    let after = rest[digits..].trim_start();
    digits > 0 && (after.starts_with('|') || after.starts_with('│') || rest[digits..].starts_with(": "))
}

/// Windows PowerShell wraps what a program wrote to its error stream and ends it with "At …".
fn join_powershell<L: Lines + ?Sized>(lines: &L, index: usize, text: &mut String) {
    for line in (index + 1..=index + GOES_ON).map_while(|at| lines.line(at)) {
        let line = line.trim();
        if line.starts_with("At ") || line.is_empty() {
            break;
        }
        text.push(' ');
        text.push_str(clean::cut(line, 200));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Hints, analyze};

    #[test]
    fn what_stands_above_a_stack_was_thrown() {
        let lines = [
            "generating the static pages",
            "FATAL  Cannot read property 'split' of undefined",
            "  at extractPayload (modules/static/index.js:9:26)",
            "  at modules/static/index.js:53:27",
            "Could not generate the pages",
        ];
        let diagnosis = analyze(&lines, &Hints::default());
        assert_eq!((diagnosis.id, diagnosis.finding.line_number), (Some("generic.thrown"), Some(2)));
        assert_eq!(diagnosis.finding.affected_files, ["modules/static/index.js"]);
    }

    #[test]
    fn notes_between_a_message_and_its_stack_are_passed_over() {
        let lines = [
            "Cannot read properties of undefined (reading 'startsWith')",
            "  Location:",
            "    /app/node_modules/@astrojs/internal-helpers/dist/path.js:17:15",
            "  Stack trace:",
            "    at removeSlash (file:///app/node_modules/@astrojs/internal-helpers/dist/path.js:17:15)",
        ];
        assert_eq!(analyze(&lines, &Hints::default()).finding.line_number, Some(1));
    }

    #[test]
    fn candidates_stay_in_the_order_of_the_log() {
        let lines = [
            "Cannot read properties of undefined (reading 'startsWith')",
            "  Hint:",
            "    The file could not be found.",
            "  Stack trace:",
            "    at removeSlash (file:///app/node_modules/@astrojs/internal-helpers/dist/path.js:17:15)",
        ];
        let scan = super::scan(&super::super::CATALOGUE, lines.as_slice());
        let numbers: Vec<usize> = scan.candidates.iter().map(|candidate| candidate.line).collect();
        assert!(numbers.is_sorted() && numbers.len() > 2, "{numbers:?}");
    }

    #[test]
    fn a_sentence_with_at_is_no_frame() {
        for line in ["at 12:30 it began", "at (x)", "at ", "at a:1"] {
            assert!(!super::is_frame(line), "{line}");
        }
        assert!(super::is_frame("at async Promise.all (node:internal/modules/run_main:98:5)"));
    }
}
