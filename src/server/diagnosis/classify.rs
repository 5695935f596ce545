//! The candidates → the root: what the build failed of, by what the tools mean.

use super::{
    catalogue::{Entry, Rank, generic},
    clean, docker,
    lines::Lines,
    module,
    scan::Candidate,
};
use crate::model::{ErrorType, Verdict};

/// How far a headline ("error during build:") reaches down to the error that it announces, in lines.
const ANNOUNCES: usize = 6;

/// How far below an exception its stack may begin, in lines.
const STACK_REACH: usize = 12;

/// The chosen candidate with what its surroundings say about it.
pub(super) struct Root<'a> {
    pub candidate: &'a Candidate,
    pub error_type: ErrorType,
    pub verdict: Verdict,
    pub confidence: f64,
    /// The candidate stands for an import of the project's own code, whatever the entry says.
    pub own_module: bool,
    /// Every candidate of the same rank, this one among them: any of them could be the cause.
    pub contenders: Vec<&'a Candidate>,
}

impl Root<'_> {
    /// Its entry.
    pub(super) fn entry(&self) -> &'static Entry {
        self.candidate.found.entry
    }
}

/// The root among the candidates: the highest rank; of several reports the last, since a build ends with what is
/// fatal; of one report its first line, since what follows may follow from it.
pub(super) fn root<'a, L: Lines + ?Sized>(lines: &L, candidates: &'a [Candidate]) -> Option<Root<'a>> {
    let weighed: Vec<(Rank, &Candidate)> =
        (0..candidates.len()).map(|at| (weigh(lines, candidates, at), &candidates[at])).collect();
    let highest = weighed.iter().map(|(rank, _)| *rank).max()?;
    let best: Vec<&Candidate> =
        weighed.iter().filter(|(rank, _)| *rank == highest).map(|(_, candidate)| *candidate).collect();
    let tool = best
        .iter()
        .filter(|candidate| is_first_of_tool(candidate, &best) && !follows_install(candidate, &best))
        .max_by(|a, b| preference(highest, a).total_cmp(&preference(highest, b)).then(a.line.cmp(&b.line)))?
        .found
        .entry
        .tool;
    let mut report = best.iter().copied().filter(|candidate| candidate.found.entry.tool == tool);
    let first = report.next()?;
    let chosen = if first.found.entry.last { report.next_back().unwrap_or(first) } else { first };
    let rivals = best.iter().any(|other| other.found.entry.error_type != chosen.found.entry.error_type);
    let mut root = describe(lines, chosen, rivals);
    if announced_by_bundler(candidates, chosen) {
        root.error_type = ErrorType::Build;
        root.confidence *= 0.9;
    }
    let inside_pip = candidates.iter().any(|other| other.found.entry.id == "pip.subprocess");
    if inside_pip && chosen.found.entry.id == "python.exception" {
        // A package's own build script threw.
        root.error_type = ErrorType::Dependency;
        root.confidence *= 0.9;
    }
    root.contenders = best;
    Some(root)
}

/// Only guesses are compared by how good they are; among real errors the place in the log decides.
fn preference(rank: Rank, candidate: &Candidate) -> f64 {
    if rank <= Rank::Place { candidate.found.entry.confidence } else { 0.0 }
}

fn is_first_of_tool(candidate: &Candidate, best: &[&Candidate]) -> bool {
    let entry = candidate.found.entry;
    entry.last
        || best
            .iter()
            .find(|other| other.found.entry.tool == entry.tool)
            .is_some_and(|first| first.line == candidate.line)
}

/// The packages were not installed, so one of them is missing.
fn follows_install(candidate: &Candidate, best: &[&Candidate]) -> bool {
    candidate.found.entry.id == "python.package"
        && best.iter().any(|other| other.found.entry.tool == "pip" && other.line < candidate.line)
}

/// An exception that a headline announces is what stopped the build; one that only tools' own frames saw is not.
fn weigh<L: Lines + ?Sized>(lines: &L, candidates: &[Candidate], at: usize) -> Rank {
    let candidate = &candidates[at];
    let rank = candidate.found.entry.rank;
    // What is only known by its place above a stack may be the end of a longer message.
    if rank != Rank::Exception || candidate.found.entry.id == generic::THROWN.id {
        return rank;
    }
    let announced = candidates[..at]
        .iter()
        .rev()
        .take_while(|earlier| candidate.line - earlier.line <= ANNOUNCES)
        .any(|earlier| matches!(earlier.found.entry.rank, Rank::Summary | Rank::Place));
    if announced || is_uncaught(lines, candidate.line) { Rank::Error } else { rank }
}

/// Node.js prints the place of an uncaught exception, the source line and a caret above it.
fn is_uncaught<L: Lines + ?Sized>(lines: &L, line: usize) -> bool {
    (line.saturating_sub(3)..line).filter_map(|at| lines.line(at)).any(|above| {
        let text = clean::text(clean::cut(above, 400));
        text.contains('^') && text.trim_start_matches('^').is_empty()
    })
}

/// The bundler's headline stands right above: code of a plugin threw, so the bundler refused the build.
fn announced_by_bundler(candidates: &[Candidate], chosen: &Candidate) -> bool {
    chosen.found.entry.rank == Rank::Exception
        && candidates.iter().any(|other| {
            other.line < chosen.line
                && chosen.line - other.line <= ANNOUNCES
                && matches!(
                    other.found.entry.id,
                    "vite.summary" | "esbuild.summary" | "bundler.plugin-heading" | "next.summary"
                )
                && other.text != "> Build error occurred"
        })
}

fn describe<'a, L: Lines + ?Sized>(lines: &L, chosen: &'a Candidate, rivals: bool) -> Root<'a> {
    let entry = chosen.found.entry;
    let mut root = Root {
        candidate: chosen,
        error_type: entry.error_type,
        verdict: entry.verdict,
        confidence: if rivals { entry.confidence * 0.9 } else { entry.confidence },
        own_module: false,
        contenders: Vec::new(),
    };
    if entry.id == "node.exception" && is_plain_report(lines, chosen) {
        // A program's word for what it was given, not an exception of the project's code.
        root.error_type = ErrorType::Config;
        root.confidence = root.confidence.min(0.5);
    }
    if entry.id == "python.syntax" && is_command_text(lines, chosen.line) {
        root.error_type = ErrorType::Config;
        root.verdict = Verdict::Config;
    }
    if entry.id == "rails.secret" && docker::dockerfile(lines, chosen.line).is_some() {
        // An image is built without the platform's variables; Rails has a dummy for that.
        root.verdict = Verdict::Code;
    }
    if entry.id == "python.package"
        && let Some(module) = &chosen.found.module
        && is_own_python(lines, chosen.line, module)
    {
        root.own_module = true;
        root.error_type = ErrorType::Runtime;
        root.confidence *= 0.9;
    }
    root
}

/// `Error: …` without a class of its own and without a stack, as command-line tools report what they refuse.
fn is_plain_report<L: Lines + ?Sized>(lines: &L, chosen: &Candidate) -> bool {
    let is_frame = |at: usize| {
        lines.line(at).is_some_and(|below| {
            let text = clean::text(clean::cut(below, 400));
            text.starts_with("at ") || text.contains("    at ")
        })
    };
    chosen.text.starts_with("Error: ")
        && !(chosen.line + 1..=chosen.line + STACK_REACH).any(is_frame)
        && !is_uncaught(lines, chosen.line)
}

/// The code came from a command line: `python -c`, `manage.py shell -c`.
fn is_command_text<L: Lines + ?Sized>(lines: &L, line: usize) -> bool {
    (line.saturating_sub(4)..line)
        .rev()
        .filter_map(|at| lines.line(at))
        .find_map(|above| clean::text(above).strip_prefix("File \"").map(|path| path.starts_with("<string>")))
        .unwrap_or(false)
}

/// The traceback above shows files of the project in a folder, or of a file, of the module's name.
fn is_own_python<L: Lines + ?Sized>(lines: &L, line: usize, module: &str) -> bool {
    let top = module.split('.').next().unwrap_or(module);
    module::is_own_python(module)
        || (line.saturating_sub(60)..line).filter_map(|at| lines.line(at)).any(|above| {
            let text = clean::cut(above, 600);
            text.contains("File \"")
                && !text.contains("site-packages")
                && (text.contains(&format!("/{top}/")) || text.contains(&format!("/{top}.py\"")))
        })
}
