//! All entries compiled into one automaton over their needles: a line pays for the entries whose needles it has.

use super::{Entry, When, entries, generic, needles};
use crate::server::diagnosis::{clean, module, redact};
use aho_corasick::{Anchored, Input, automaton::Automaton as _, dfa::DFA};
use regex::Regex;
use std::{
    collections::HashMap,
    sync::{LazyLock, OnceLock},
};

/// The compiled catalogue. Patterns are compiled when their needle is first met.
pub(crate) static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::of(entries()));

/// Size limit of one compiled pattern, in bytes.
const PATTERN_SIZE: usize = 1 << 20;

/// Entries that are searched together.
pub struct Catalogue {
    entries: Vec<&'static Entry>,
    patterns: Vec<OnceLock<Option<Regex>>>,
    needles: Option<DFA>,
    /// Length of the longest needle, in bytes.
    longest: usize,
    /// For each needle the entries that have it, ascending.
    owners: Vec<Vec<u16>>,
}

/// An entry that fits a line.
pub(crate) struct Found {
    pub entry: &'static Entry,
    pub file: Option<String>,
    pub module: Option<String>,
    pub name: Option<String>,
}

impl Catalogue {
    /// Compiles them. On one line the earlier entry wins.
    pub fn of(entries: impl IntoIterator<Item = &'static Entry>) -> Self {
        let entries: Vec<&'static Entry> = entries.into_iter().collect();
        let mut owners: Vec<Vec<u16>> = Vec::new();
        let mut literals: Vec<String> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        // No entry's, but they are searched in the same pass.
        for other in [redact::KEY_WORDS, generic::FRAME] {
            literals.push(other.to_owned());
            owners.push(Vec::new());
        }
        for (index, entry) in (0_u16..).zip(&entries) {
            for needle in needles::of(entry.pattern).unwrap_or_default() {
                let slot = *known.entry(needle).or_insert_with_key(|needle| {
                    literals.push(needle.clone());
                    owners.push(Vec::new());
                    literals.len() - 1
                });
                owners[slot].push(index);
            }
        }
        let longest = literals.iter().map(String::len).max().unwrap_or(0);
        let needles = DFA::builder().ascii_case_insensitive(true).build(&literals).ok();
        let patterns = entries.iter().map(|_| OnceLock::new()).collect();
        Self { entries, patterns, needles, longest, owners }
    }

    /// The entry that a line belongs to: the first in the catalogue's order that fits. `raw` is the line as the
    /// needles are searched in it, `text` is what the patterns see.
    pub(crate) fn best(&self, raw: &str, text: &str) -> Option<Found> {
        self.wanted(raw).find_map(|index| self.try_entry(index, text))
    }

    /// A line has a needle of some entry, or the words that open a private key. Cheap; most lines have none.
    pub(crate) fn may_match(&self, raw: &str) -> bool {
        self.needles.as_ref().is_some_and(|needles| has_any(needles, self.longest, raw.as_bytes()))
    }

    /// The entries whose needles the line has, in the catalogue's order.
    fn wanted(&self, raw: &str) -> impl Iterator<Item = u16> + use<> {
        let mut wanted = vec![0_u64; self.entries.len().div_ceil(64)];
        if let Some(needles) = &self.needles {
            let searched = Input::new(clean::cut(raw, clean::LINE_LIMIT));
            for hit in needles.try_find_overlapping_iter(searched).into_iter().flatten() {
                for owner in &self.owners[hit.pattern().as_usize()] {
                    wanted[usize::from(owner / 64)] |= 1 << (owner % 64);
                }
            }
        }
        (0_u16..).zip(wanted).flat_map(|(word, bits)| {
            (0..64).filter(move |bit| bits & (1 << bit) != 0).map(move |bit| word * 64 + bit)
        })
    }

    fn try_entry(&self, index: u16, text: &str) -> Option<Found> {
        let entry = self.entries[usize::from(index)];
        if !entry.despite_warning && is_warning(text) {
            return None;
        }
        let pattern = self.patterns[usize::from(index)]
            .get_or_init(|| regex::RegexBuilder::new(entry.pattern).size_limit(PATTERN_SIZE).build().ok())
            .as_ref()?;
        if entry.when == When::Always && pattern.captures_len() == 1 {
            return pattern.is_match(text).then_some(Found { entry, file: None, module: None, name: None });
        }
        let captures = pattern.captures(text)?;
        let group = |name: &str| captures.name(name).map(|found| found.as_str().to_owned());
        let module = group("module");
        let counts = match (entry.when, &module) {
            (When::Always, _) => true,
            (When::Package, Some(module)) => module::is_package(module),
            (When::OwnFile, Some(module)) => !module::is_package(module),
            (_, None) => false,
        };
        counts.then(|| Found { entry, file: group("file"), name: group("name"), module })
    }
}

/// So many parts of a line are searched side by side.
const LANES: usize = 4;

/// One of the needles, which are at most `longest` bytes long, is in the text. A step of the automaton waits for the one
/// before it: parts of the text side by side take hardly longer than one part alone. They overlap, so that a needle is
/// whole in one of them.
fn has_any(needles: &DFA, longest: usize, text: &[u8]) -> bool {
    let Ok(start) = needles.start_state(Anchored::No) else { return false };
    let overlap = longest.saturating_sub(1);
    let width = (text.len() + (LANES - 1) * overlap).div_ceil(LANES).min(text.len());
    let apart = width.saturating_sub(overlap);
    let lanes: [&[u8]; LANES] =
        std::array::from_fn(|lane| &text[(lane * apart).min(text.len() - width)..][..width]);
    let mut states = [start; LANES];
    (0..width).any(|at| {
        let mut found = false;
        for (state, lane) in states.iter_mut().zip(lanes) {
            *state = needles.next_state(Anchored::No, *state, lane[at]);
            found |= needles.is_match(*state);
        }
        found
    })
}

/// The tool itself calls the line a warning.
fn is_warning(text: &str) -> bool {
    const MARKS: [&str; 12] = [
        "warn",
        "Warn",
        "WARN",
        "[warn",
        "[WARN",
        "⚠",
        "npm warn",
        "npm WARN",
        "(!)",
        "▲ [WARNING]",
        "DeprecationWarning",
        "[DEP",
    ];
    MARKS.iter().any(|mark| text.starts_with(mark))
        || text.contains("DeprecationWarning:")
        || text.contains(" Warning: ") && text.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_needle_is_found_wherever_it_stands(text in "[ab]{0,90}", needles in prop::collection::vec("[ab]{3,9}", 1..4)) {
            let longest = needles.iter().map(String::len).max().unwrap_or(0);
            let automaton = DFA::builder().ascii_case_insensitive(true).build(&needles)?;
            let expected = needles.iter().any(|needle| text.contains(needle.as_str()));
            prop_assert_eq!(has_any(&automaton, longest, text.to_uppercase().as_bytes()), expected);
        }
    }
}
