//! Turns a patch into a verdict: a list of checks, each of which holds or says where it does not. The guard is a
//! program over what git says the patch really changes; nobody's words are asked.
//!
//! One file per family of checks. Each check is a function from the changes to the list of its objections.

mod added;
mod casts;
mod change;
mod ci;
mod code;
mod files;
mod json;
mod kinds;
mod lockfile;
mod manifest;
mod packages;
mod scope;
mod secrets;
mod silencing;
#[cfg(test)]
mod table;
mod test_files;
mod tsconfig;

use crate::{
    model::{Finding, GuardCheck},
    server::github::git::{Change, Checkout, GitError, Staged},
};
use change::FileChange;

/// How large a patch may be, and where it may change something.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Files, lockfiles not counted.
    pub max_files: usize,
    /// Added and removed lines together, lockfiles not counted.
    pub max_lines: usize,
    /// Bytes of the patch itself, everything counted.
    pub max_bytes: usize,
    /// The project's folder in the repository, without slashes around it; `None` for the whole repository.
    pub root_directory: Option<String>,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { max_files: 20, max_lines: 400, max_bytes: 4 * 1024 * 1024, root_directory: None }
    }
}

/// What the guard says about one patch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Every check, in the order in which people read them.
    pub checks: Vec<GuardCheck>,
}

impl Report {
    /// Every check holds.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.passed)
    }

    /// The objections in one text, for the next attempt's prompt and for the page. Empty when all hold.
    pub fn objections(&self) -> String {
        let failed = self.checks.iter().filter(|check| !check.passed);
        let lines =
            failed.map(|check| format!("{} {}", check.label, check.detail.as_deref().unwrap_or_default()));
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// The changes and what they are judged by.
struct Input<'a> {
    files: Vec<FileChange<'a>>,
    finding: &'a Finding,
    bounds: &'a Bounds,
}

type Objections = Vec<String>;

struct Rule {
    name: &'static str,
    label: &'static str,
    check: fn(&Input<'_>) -> Objections,
}

const APPLIES: (&str, &str) = ("applies", "The patch applies to the failing commit and changes something.");

const RULES: &[Rule] = &[
    Rule { name: "size", label: "The change is small.", check: files::size },
    Rule {
        name: "scope",
        label: "It stays inside the project and away from Git's and tools' own settings.",
        check: scope::scope,
    },
    Rule { name: "no_binaries", label: "It holds text only.", check: files::binaries },
    Rule {
        name: "file_modes",
        label: "It adds no links, submodules or executable files.",
        check: files::modes,
    },
    Rule {
        name: "no_hidden_text",
        label: "It holds no invisible or reordering characters.",
        check: files::hidden_text,
    },
    Rule {
        name: "no_ci_edits",
        label: "No CI workflow or platform build command was edited.",
        check: ci::ci,
    },
    Rule {
        name: "tests_kept",
        label: "No test was deleted, skipped or weakened.",
        check: test_files::tests_kept,
    },
    Rule {
        name: "no_silencing",
        label: "No error, lint rule or check was silenced.",
        check: silencing::silencing,
    },
    Rule {
        name: "compiler_kept",
        label: "The compiler's settings are as strict as before.",
        check: tsconfig::compiler,
    },
    Rule { name: "no_casts", label: "The type checker was not bypassed with casts.", check: casts::casts },
    Rule {
        name: "scripts_kept",
        label: "Build, test and install scripts still do what they did.",
        check: manifest::scripts,
    },
    Rule {
        name: "dependencies",
        label: "Packages come from the same registries, and a lockfile changes only with its manifest.",
        check: lockfile::dependencies,
    },
    Rule {
        name: "no_new_packages",
        label: "No package was added that the error does not name.",
        check: packages::new_packages,
    },
    Rule {
        name: "code_kept",
        label: "The code that failed was repaired, not deleted.",
        check: files::code_kept,
    },
    Rule { name: "no_secrets", label: "It holds no secrets.", check: secrets::secrets },
];

/// Judges a patch on a clean clone at the failing commit. Returns the staged patch with the report when the
/// patch applies. An error is git's own failure, never the patch's.
pub async fn check_patch(
    checkout: &Checkout,
    patch: &[u8],
    finding: &Finding,
    bounds: &Bounds,
) -> Result<(Report, Option<Staged>), GitError> {
    let refused =
        |name: (&str, &str), detail: String| Report { checks: vec![outcome(name.0, name.1, vec![detail])] };
    if patch.len() > bounds.max_bytes {
        let detail = format!("{} bytes, at most {} are allowed", patch.len(), bounds.max_bytes);
        return Ok((refused(("size", "The change is small."), detail), None));
    }
    match checkout.stage(patch).await {
        Ok(staged) => {
            // Comparing large files takes a while: not on a thread that serves others.
            let (finding, bounds) = (finding.clone(), bounds.clone());
            let judged =
                tokio::task::spawn_blocking(move || (check(&staged.changes, &finding, &bounds), staged));
            let (report, staged) = judged
                .await
                .map_err(|error| GitError::Io { what: "judge", source: std::io::Error::other(error) })?;
            Ok((report, Some(staged)))
        }
        Err(error) if error.is_disk_full() => Err(error),
        Err(GitError::PatchRefused { detail }) => Ok((refused(APPLIES, detail), None)),
        Err(error) => Err(error),
    }
}

/// Judges changes that were read back from git.
pub fn check(changes: &[Change], finding: &Finding, bounds: &Bounds) -> Report {
    let nothing = if changes.is_empty() { vec!["nothing is changed".to_owned()] } else { Vec::new() };
    let input = Input { files: changes.iter().map(FileChange::new).collect(), finding, bounds };
    let first = outcome(APPLIES.0, APPLIES.1, nothing);
    let rest = RULES.iter().map(|rule| outcome(rule.name, rule.label, (rule.check)(&input)));
    Report { checks: std::iter::once(first).chain(rest).collect() }
}

/// The most objections that one check lists.
const LISTED: usize = 5;

fn outcome(name: &str, label: &str, objections: Objections) -> GuardCheck {
    let more = objections.len().saturating_sub(LISTED);
    let mut detail = objections.iter().take(LISTED).cloned().collect::<Vec<_>>().join("; ");
    if more > 0 {
        detail.push_str(&format!("; and {more} more"));
    }
    GuardCheck {
        name: name.to_owned(),
        label: label.to_owned(),
        passed: objections.is_empty(),
        detail: (!objections.is_empty()).then_some(detail),
    }
}
