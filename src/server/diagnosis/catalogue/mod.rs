//! What tools print when they fail, as data: one [`Entry`] per kind of error, in one file per family of tools.
//!
//! Adding a kind of error is adding an entry. Its samples are its tests: each must be won by its own entry. What the
//! automaton searches follows from the pattern ([`needles()`]). On one line the earlier entry wins, so within a file
//! the special comes before the general, and [`generic`] is last.

mod bundlers;
mod docker;
mod dotnet;
mod elixir;
mod frameworks;
pub(crate) mod generic;
mod git;
mod hosts;
mod hugo;
mod java;
mod limits;
mod lint;
pub(crate) mod matcher;
mod monorepo;
mod native;
mod needles;
mod next;
mod node;
mod npm;
mod others;
mod paas;
mod packaging;
mod php;
mod platform;
mod python;
mod ruby;
mod runners;
mod serving;
mod settings;
mod toolchains;
mod typescript;
mod values;
mod vercel;
mod wrangler;
mod wrappers;
mod yarn_pnpm_bun;

use crate::model::{ErrorType, Verdict};

pub use matcher::Catalogue;

/// Advice that package managers share.
const REGISTRY_DOWN: &str = "The package registry did not answer: deploy the same commit again {redeploy}.";
const REGISTRY_REFUSED: &str = "The registry refused the install: add the token that the project's .npmrc reads {env}, then deploy again.";

/// How much a line says about the cause. The root is taken from the highest rank that a log has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Not an error: what the same tool reported before this line did not stop the build.
    Passed,
    /// A wrapper that only says that a command failed.
    Footer,
    /// A headline: "Failed to compile", "error during build".
    Summary,
    /// Looks like an error by general signals.
    Guess,
    /// Where something failed, but not what.
    Place,
    /// Code threw; a tool's own error is better.
    Exception,
    /// An error in the words of the tool that found it.
    Error,
    /// The cause of what other tools report after it.
    Cause,
}

/// Where the files of an error are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    /// Nowhere.
    None,
    /// On the line itself.
    Here,
    /// On the line itself, which names several, else below.
    Line,
    /// On a line above that holds nothing but a path (ESLint, Next.js, webpack), else below.
    Above,
    /// On one of the next lines (`--> src/main.rs:1:2`, `file: …`).
    Below,
    /// In the first frame of the JavaScript stack that is the project's own.
    Stack,
    /// In the last frame of the Python traceback that is the project's own.
    Traceback,
}

/// A condition on what the group `module` captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// No condition.
    Always,
    /// It names a package of a registry.
    Package,
    /// It names a file of the project.
    OwnFile,
}

/// One kind of error.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Stable name, `tool.kind`.
    pub id: &'static str,
    /// Entries of one tool are one report: its first line of the highest rank stands for all.
    pub tool: &'static str,
    /// Matched against the cleaned line. Groups: `file`, `module`, `name` (a variable, script or package).
    pub pattern: &'static str,
    /// When the pattern counts.
    pub when: When,
    /// How much it says.
    pub rank: Rank,
    /// The kind of error, as fix rules name it.
    pub error_type: ErrorType,
    /// Who can repair it.
    pub verdict: Verdict,
    /// How often this kind is right, 0 to 1.
    pub confidence: f64,
    /// Where its files are printed.
    pub files: Files,
    /// Files that the repair touches although the log does not name them.
    pub touches: &'static [&'static str],
    /// What a person should do; see [`super::advice`] for the placeholders.
    pub advice: Option<&'static str>,
    /// The address of the tool's own documentation of that error, or of the setting that it is about.
    pub docs: Option<&'static str>,
    /// The tool marks the line as a warning, but it is what stops the build.
    pub despite_warning: bool,
    /// The last line of this kind counts, not the first (tracebacks, retries).
    pub last: bool,
    /// Lines as tools print them.
    pub samples: &'static [&'static str],
}

impl Entry {
    /// What an entry says unless it says otherwise.
    pub const BASE: Self = Self {
        id: "",
        tool: "",
        pattern: "",
        when: When::Always,
        rank: Rank::Error,
        error_type: ErrorType::Other,
        verdict: Verdict::Code,
        confidence: 0.9,
        files: Files::None,
        touches: &[],
        advice: None,
        docs: None,
        despite_warning: false,
        last: false,
        samples: &[],
    };
}

/// Every entry, in the order in which they are tried on a line.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    [
        values::ENTRIES,
        settings::ENTRIES,
        vercel::ENTRIES,
        docker::ENTRIES,
        hosts::ENTRIES,
        paas::ENTRIES,
        runners::ENTRIES,
        git::ENTRIES,
        limits::ENTRIES,
        wrappers::ENTRIES,
        platform::ENTRIES,
        wrangler::ENTRIES,
        monorepo::ENTRIES,
        npm::ENTRIES,
        yarn_pnpm_bun::ENTRIES,
        next::ENTRIES,
        typescript::ENTRIES,
        lint::ENTRIES,
        hugo::ENTRIES,
        frameworks::ENTRIES,
        bundlers::ENTRIES,
        java::ENTRIES,
        elixir::ENTRIES,
        packaging::ENTRIES,
        serving::ENTRIES,
        toolchains::ENTRIES,
        ruby::ENTRIES,
        php::ENTRIES,
        dotnet::ENTRIES,
        python::ENTRIES,
        native::ENTRIES,
        others::ENTRIES,
        node::ENTRIES,
        generic::ENTRIES,
    ]
    .into_iter()
    .flatten()
}

/// Texts of which one is in every line that an entry fits, in small letters.
pub fn needles() -> impl Iterator<Item = String> {
    entries().flat_map(|entry| needles::of(entry.pattern).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{matcher::CATALOGUE, *};
    use crate::server::diagnosis::clean;
    use std::collections::HashSet;

    #[test]
    fn every_sample_is_won_by_its_own_entry() {
        let mut wrong = Vec::new();
        for entry in entries() {
            for sample in entry.samples {
                let won = CATALOGUE.best(sample, &clean::text(sample)).map(|found| found.entry.id);
                if won != Some(entry.id) {
                    wrong.push(format!("{}: {sample:?} went to {won:?}", entry.id));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn entries_are_complete() {
        let mut seen = HashSet::new();
        for entry in entries() {
            assert!(seen.insert(entry.id), "{} occurs twice", entry.id);
            assert!(regex::Regex::new(entry.pattern).is_ok(), "{}: the pattern does not compile", entry.id);
            let needles = needles::of(entry.pattern).unwrap_or_default();
            let shortest = needles.iter().map(String::len).min().unwrap_or(0);
            assert!(shortest >= 3, "{}: nearly every line has one of {needles:?}", entry.id);
            assert!(!entry.samples.is_empty(), "{} has no sample", entry.id);
            assert!((0.0..=1.0).contains(&entry.confidence), "{}", entry.id);
            let is_error = entry.rank >= Rank::Error;
            let needs_advice = is_error && entry.verdict != Verdict::Code;
            assert!(!needs_advice || entry.advice.is_some(), "{} withholds a fix without advice", entry.id);
            assert!(
                !needs_advice || entry.docs.is_some(),
                "{} withholds a fix without documentation",
                entry.id
            );
            assert!(entry.when == When::Always || entry.pattern.contains("?P<module>"), "{}", entry.id);
        }
    }

    #[test]
    fn documentation_is_a_plain_https_address() {
        for entry in entries() {
            let Some(docs) = entry.docs else { continue };
            let address = url::Url::parse(docs).unwrap_or_else(|_| panic!("{}: {docs}", entry.id));
            assert!(docs.starts_with("https://"), "{}: {docs}", entry.id);
            assert!(address.host_str().is_some_and(|host| host.contains('.')), "{}: {docs}", entry.id);
            assert_eq!(address.query(), None, "{}: {docs}", entry.id);
            assert!(address.username().is_empty() && address.port().is_none(), "{}: {docs}", entry.id);
            assert_eq!(address.as_str(), docs, "{}", entry.id);
        }
    }
}
