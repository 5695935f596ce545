//! A build log → its cause: [`diagnose`] turns the lines into a [`Finding`].
//!
//! ```text
//! lines ─► clean ─► scan (catalogue) ─► classify ─► locate, fingerprint, advice, redact ─► Finding
//!          per line  Vec<Candidate>      the root
//! ```
//!
//! Pure and linear in the length of the log. Whatever a tool printed comes in; nothing leaves unredacted.

pub mod advice;
pub mod catalogue;
mod classify;
pub mod clean;
pub mod colour;
pub mod contrast;
pub mod fingerprint;
mod locate;
mod module;
mod paths;
pub mod redact;
mod scan;
pub mod shown;

use crate::model::{ContextLine, ErrorType, Finding, Provider, Verdict};
use scan::Candidate;

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
}

/// One error that the log reports.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LogError {
    /// The number of its line, from 1.
    pub line_number: usize,
    /// The line's text, cleaned and redacted.
    pub text: String,
    /// The kind of error.
    pub error_type: ErrorType,
    /// The catalogue's name for it.
    pub id: &'static str,
}

/// The cause with everything else that the log reports.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// The cause.
    pub finding: Finding,
    /// The catalogue's name for the cause; `None` when the log reports nothing.
    pub id: Option<&'static str>,
    /// All errors in the order of the log, without wrappers; bounded.
    pub errors: Vec<LogError>,
}

/// The cause of a failed build. An empty log gives a finding that says so.
pub fn diagnose<S: AsRef<str>>(lines: &[S], hints: &Hints) -> Finding {
    analyze(lines, hints).finding
}

/// The cause and every other error of a failed build.
pub fn analyze<S: AsRef<str>>(lines: &[S], hints: &Hints) -> Diagnosis {
    let scan = scan::scan(lines);
    let Some(root) = classify::root(lines, &scan.candidates) else {
        return Diagnosis { finding: nothing_found(lines, &scan), id: None, errors: Vec::new() };
    };
    let places = locate::Places::new(lines, root.candidate.line, hints);
    let files = places.files(&root, &scan.candidates);
    let message = redact::redact(&message(lines, root.candidate)).into_owned();
    let fingerprint =
        fingerprint::fingerprint(root.candidate.found.entry.id, files.root.as_deref(), &message);
    let finding = Finding {
        error_type: root.error_type,
        root_line: quoted(lines, &scan, root.candidate.line).trim().to_owned(),
        line_number: Some(root.candidate.line + 1),
        context: context(lines, &scan, root.candidate.line),
        affected_files: files.all,
        confidence: root.confidence,
        verdict: root.verdict,
        advice: advice::advice(&root, hints),
        differences: Vec::new(),
        message,
        fingerprint,
    };
    let errors = scan
        .candidates
        .iter()
        .filter(|candidate| classify::is_reported(candidate))
        .map(|candidate| LogError {
            line_number: candidate.line + 1,
            text: redact::redact(clean::cut(&candidate.text, TEXT_LIMIT)).into_owned(),
            error_type: candidate.found.entry.error_type,
            id: candidate.found.entry.id,
        })
        .collect();
    Diagnosis { finding, id: Some(root.candidate.found.entry.id), errors }
}

/// The error as people read it: without prefixes; a line that a console wrapped is put together again.
fn message<S: AsRef<str>>(lines: &[S], candidate: &Candidate) -> String {
    let mut text = candidate.text.clone();
    if text.ends_with(['\'', '"', ':']) || text.split(' ').count() < 4 {
        let next = lines.get(candidate.line + 1).map(|line| clean::text(line.as_ref()).into_owned());
        if let Some(next) = next.filter(|next| !next.is_empty() && !next.starts_with("at ")) {
            text = format!("{} {next}", text.trim_end());
        }
    }
    clean::cut(&text, TEXT_LIMIT).to_owned()
}

fn quoted<S: AsRef<str>>(lines: &[S], scan: &scan::Scan, index: usize) -> String {
    if scan.in_private_key(index) {
        return redact::MARK.to_owned();
    }
    let line = lines.get(index).map_or("", AsRef::as_ref);
    let visible = clean::visible(clean::cut(line, clean::LINE_LIMIT));
    redact::redact(clean::cut(&visible, TEXT_LIMIT)).into_owned()
}

fn context<S: AsRef<str>>(lines: &[S], scan: &scan::Scan, index: usize) -> Vec<ContextLine> {
    let first = index.saturating_sub(CONTEXT.0);
    let last = (index + CONTEXT.1).min(lines.len().saturating_sub(1));
    (first..=last).map(|at| ContextLine { number: at + 1, text: quoted(lines, scan, at) }).collect()
}

/// Nothing in the log looks like an error: its last words, if it has any, with next to no confidence.
fn nothing_found<S: AsRef<str>>(lines: &[S], scan: &scan::Scan) -> Finding {
    let last = lines.iter().rposition(|line| !clean::text(line.as_ref()).is_empty());
    let (message, confidence) = match last {
        None => ("The build log is empty.".to_owned(), 0.0),
        Some(_) => ("The build log reports no error.".to_owned(), 0.1),
    };
    let root_line = last.map_or(String::new(), |index| quoted(lines, scan, index).trim().to_owned());
    Finding {
        error_type: ErrorType::Other,
        fingerprint: fingerprint::fingerprint("none", None, &root_line),
        context: last.map_or(Vec::new(), |index| context(lines, scan, index)),
        line_number: last.map(|index| index + 1),
        message,
        root_line,
        affected_files: Vec::new(),
        confidence,
        verdict: Verdict::Code,
        advice: None,
        differences: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
