//! The lines → the candidates: every line that an entry of the catalogue fits, found in one pass.

use super::{
    catalogue::{
        Rank,
        matcher::{CATALOGUE, Found},
    },
    clean, redact,
};
use std::collections::HashMap;

/// Of one entry the first lines are kept, and the last; a log of ten thousand type errors needs no more.
const KEPT_PER_ENTRY: usize = 60;

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
pub(super) struct Scan {
    /// In the order of the log, without those that a later success took back.
    pub candidates: Vec<Candidate>,
    private_keys: Vec<std::ops::RangeInclusive<usize>>,
}

impl Scan {
    /// The line is part of a private key that spans several lines.
    pub(super) fn in_private_key(&self, index: usize) -> bool {
        self.private_keys.iter().any(|range| range.contains(&index))
    }
}

pub(super) fn scan<S: AsRef<str>>(lines: &[S]) -> Scan {
    let mut scan = Scan { candidates: Vec::new(), private_keys: Vec::new() };
    let mut kept: HashMap<&'static str, usize> = HashMap::new();
    let mut key_start = None;
    for (index, line) in lines.iter().enumerate() {
        let line = line.as_ref();
        if let Some(start) = key_start {
            if line.contains("-----END ") {
                scan.private_keys.push(start..=index);
                key_start = None;
            }
            continue;
        }
        let raw = clean::cut(line, clean::LINE_LIMIT);
        let cleaned = clean::has_control(raw).then(|| clean::visible(raw));
        let searched = cleaned.as_deref().unwrap_or(raw);
        if !CATALOGUE.may_match(searched) {
            if redact::opens_key(searched) {
                key_start = Some(index);
            }
            continue;
        }
        if redact::opens_key(searched) {
            key_start = Some(index);
            continue;
        }
        let mut text = clean::text(searched).into_owned();
        if is_quoted_code(&text) {
            continue;
        }
        if raw.contains(".exe : ") {
            join_powershell(lines, index, &mut text);
        }
        let Some(found) = CATALOGUE.best(&text, &text) else { continue };
        take(&mut scan.candidates, &mut kept, Candidate { line: index, text, found });
    }
    // A key that never ends is taken to go on to the end of the log, as the redaction of the whole text does.
    if let Some(start) = key_start {
        scan.private_keys.push(start..=lines.len());
    }
    scan
}

fn take(candidates: &mut Vec<Candidate>, kept: &mut HashMap<&'static str, usize>, candidate: Candidate) {
    let entry = candidate.found.entry;
    if entry.rank == Rank::Passed {
        candidates.retain(|earlier| {
            let stays = entry.tool != "*" && earlier.found.entry.tool != entry.tool;
            if !stays {
                kept.remove(earlier.found.entry.id);
            }
            stays
        });
        return;
    }
    let count = kept.entry(entry.id).or_default();
    *count += 1;
    if *count <= KEPT_PER_ENTRY {
        candidates.push(candidate);
    } else if entry.last
        && let Some(newest) = candidates.iter().rposition(|earlier| earlier.found.entry.id == entry.id)
    {
        candidates.remove(newest);
        candidates.push(candidate);
    }
}

/// A frame of source text, a stack frame or the echo of a command: never the error itself.
fn is_quoted_code(text: &str) -> bool {
    if text.starts_with("at ") || text.starts_with("$ ") || text.starts_with('|') || text.starts_with('^') {
        return true;
    }
    let rest = text.strip_prefix('>').unwrap_or(text).trim_start();
    let digits = rest.bytes().take(7).take_while(u8::is_ascii_digit).count();
    let after = rest[digits..].trim_start();
    digits > 0 && (after.starts_with('|') || after.starts_with('│') || rest[digits..].starts_with(": "))
}

/// Windows PowerShell wraps what a program wrote to its error stream and ends it with "At …".
fn join_powershell<S: AsRef<str>>(lines: &[S], index: usize, text: &mut String) {
    for line in lines.iter().skip(index + 1).take(8) {
        let line = line.as_ref().trim();
        if line.starts_with("At ") || line.is_empty() {
            break;
        }
        text.push(' ');
        text.push_str(clean::cut(line, 200));
    }
}
