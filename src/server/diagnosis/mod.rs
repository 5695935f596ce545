//! A build log → its cause: [`diagnose`] turns the lines into a [`Finding`].
//!
//! ```text
//! lines ─► clean ─► scan (catalogue) ─► classify ─► locate, fingerprint, advice, links, redact ─► Finding
//!          per line  Vec<Candidate>      the root     report, excerpt                      ─► Diagnosis
//! ```
//!
//! Pure and linear in the length of the log; [`analyze_stream`] holds only what is near an error. Whatever a tool
//! printed comes in; nothing leaves unredacted.

pub mod advice;
pub mod catalogue;
mod classify;
pub mod clean;
pub mod colour;
pub mod contrast;
mod docker;
mod excerpt;
pub mod fingerprint;
mod lines;
mod links;
mod locate;
mod module;
mod paths;
mod prefixes;
pub mod redact;
mod report;
mod scan;
pub mod shown;
mod stream;
mod touch;

use crate::model::{ContextLine, ErrorType, Finding, Provider, Verdict};
use catalogue::{Catalogue, matcher::CATALOGUE};
use lines::Lines;
use scan::{Candidate, Scan};
use std::io;

pub use report::LogError;
pub use shown::{ShownLog, shown};

/// Lines of context before and after the root line.
const CONTEXT: (usize, usize) = (10, 20);
/// At most this many files are named.
const FILE_LIMIT: usize = 10;
/// Longest message, quoted line and root line, in bytes.
const TEXT_LIMIT: usize = 2_000;

/// What is known about the project beside its log.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// The folder of the repository that the platform builds in, relative to the repository's root.
    pub root_directory: Option<String>,
    /// The platform that the log is from; advice names its screens.
    pub provider: Option<Provider>,
    /// The platform's own page about the deployment; links to its screens are made from it.
    pub inspector_url: Option<String>,
}

/// The cause with everything else that the log reports.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// The cause.
    pub finding: Finding,
    /// The catalogue's name for the cause; `None` when the log reports nothing.
    pub id: Option<&'static str>,
    /// All errors in the order of the log, without wrappers and repetitions; bounded.
    pub errors: Vec<LogError>,
    /// The log's own line of the cause, trimmed; with its prefixes and colours unless a secret had to go. Empty for an
    /// empty log.
    pub own_line: String,
    /// What a model needs to see: every possible cause with its surroundings, redacted.
    pub excerpt: Vec<ContextLine>,
}

/// The cause of a failed build. An empty log gives a finding that says so.
pub fn diagnose<S: AsRef<str>>(lines: &[S], hints: &Hints) -> Finding {
    analyze(lines, hints).finding
}

/// The cause and every other error of a failed build.
pub fn analyze<S: AsRef<str>>(lines: &[S], hints: &Hints) -> Diagnosis {
    analyze_with(&CATALOGUE, lines, hints)
}

/// As [`analyze`], by other entries than the product's own.
pub fn analyze_with<S: AsRef<str>>(catalogue: &Catalogue, lines: &[S], hints: &Hints) -> Diagnosis {
    let scan = scan::scan(catalogue, lines);
    conclude(lines, &scan, lines.iter().map(|line| line.as_ref().len() + 1).sum(), hints)
}

/// As [`analyze`], for a log of any length: read once, in bounded memory. Lines end with a line feed; what is not
/// UTF-8 becomes replacement characters; of a line 8 KiB are looked at.
///
/// # Errors
/// Those of the reader.
pub fn analyze_stream(reader: impl io::BufRead, hints: &Hints) -> io::Result<Diagnosis> {
    let read = stream::read(&CATALOGUE, reader)?;
    Ok(conclude(&read.near, &read.scan, usize::try_from(read.bytes).unwrap_or(usize::MAX), hints))
}

/// What was scanned → what it means. `bytes` is the size of the whole log.
fn conclude<L: Lines + ?Sized>(lines: &L, scan: &Scan, bytes: usize, hints: &Hints) -> Diagnosis {
    let Some(root) = classify::root(lines, &scan.candidates) else {
        return nothing_found(lines, scan);
    };
    let line = root.candidate.line;
    let places = locate::Places::new(lines, line, hints);
    let files = places.files(&root, &scan.candidates);
    let message = redact::redact(&message(lines, root.candidate)).into_owned();
    let id = root.candidate.found.entry.id;
    let fingerprint = fingerprint::fingerprint(id, files.root.as_deref(), &message);
    Diagnosis {
        finding: Finding {
            error_type: root.error_type,
            root_line: quoted(lines, scan, line).trim().to_owned(),
            line_number: Some(line + 1),
            context: context(lines, scan, line),
            affected_files: files.all,
            confidence: root.confidence,
            verdict: root.verdict,
            advice: advice::advice(&root, hints),
            links: links::links(&root, hints),
            build_again: advice::is_to_build_again(&root),
            differences: Vec::new(),
            message,
            fingerprint,
        },
        id: Some(id),
        errors: report::errors(&places, &root, &scan.candidates),
        own_line: own_line(lines, scan, line),
        excerpt: excerpt::excerpt(lines, scan, &root, bytes, |index| quoted(lines, scan, index)),
    }
}

/// The error as people read it: without prefixes; a line that a console wrapped is put together again.
fn message<L: Lines + ?Sized>(lines: &L, candidate: &Candidate) -> String {
    let mut text = candidate.text.clone();
    if text.ends_with(['\'', '"', ':']) || text.split(' ').count() < 4 {
        let next = lines.line(candidate.line + 1).map(|line| clean::text(line).into_owned());
        if let Some(next) = next.filter(|next| !next.is_empty() && !next.starts_with("at ")) {
            text = format!("{} {next}", text.trim_end());
        }
    }
    clean::cut(&text, TEXT_LIMIT).to_owned()
}

/// A line as it may be shown.
fn quoted<L: Lines + ?Sized>(lines: &L, scan: &Scan, index: usize) -> String {
    if scan.in_private_key(index) {
        return redact::MARK.to_owned();
    }
    let line = lines.line(index).unwrap_or("");
    let visible = clean::visible(clean::cut(line, clean::LINE_LIMIT));
    redact::redact(clean::cut(&visible, TEXT_LIMIT)).into_owned()
}

/// The line verbatim, unless it holds a secret.
fn own_line<L: Lines + ?Sized>(lines: &L, scan: &Scan, index: usize) -> String {
    let own = lines.line(index).unwrap_or("").trim();
    let shown = quoted(lines, scan, index);
    // A secret may hide between colours: the line is whole only if its visible text is.
    let is_whole = !shown.contains(redact::MARK) && redact::redact(own) == own;
    if is_whole { own.to_owned() } else { shown.trim().to_owned() }
}

fn context<L: Lines + ?Sized>(lines: &L, scan: &Scan, index: usize) -> Vec<ContextLine> {
    let first = index.saturating_sub(CONTEXT.0);
    let last = (index + CONTEXT.1).min(lines.count().saturating_sub(1));
    (first..=last).map(|at| ContextLine { number: at + 1, text: quoted(lines, scan, at) }).collect()
}

/// Nothing in the log looks like an error: its last words, if it has any, with next to no confidence.
fn nothing_found<L: Lines + ?Sized>(lines: &L, scan: &Scan) -> Diagnosis {
    let has_text = |index: &usize| lines.line(*index).is_some_and(|line| !clean::text(line).is_empty());
    let last = (0..lines.count()).rev().find(has_text);
    let (message, confidence) = match last {
        None => ("The build log is empty.".to_owned(), 0.0),
        Some(_) => ("The build log reports no error.".to_owned(), 0.1),
    };
    let root_line = last.map_or(String::new(), |index| quoted(lines, scan, index).trim().to_owned());
    let context = last.map_or(Vec::new(), |index| context(lines, scan, index));
    let finding = Finding {
        error_type: ErrorType::Other,
        fingerprint: fingerprint::fingerprint("none", None, &root_line),
        context: context.clone(),
        line_number: last.map(|index| index + 1),
        message,
        root_line,
        affected_files: Vec::new(),
        confidence,
        verdict: Verdict::Code,
        advice: None,
        links: Vec::new(),
        build_again: false,
        differences: Vec::new(),
    };
    Diagnosis {
        finding,
        id: None,
        errors: Vec::new(),
        own_line: last.map_or(String::new(), |index| own_line(lines, scan, index)),
        excerpt: context,
    }
}

#[cfg(test)]
mod tests;
