//! Text that is a credential by its form. What is found is named, never quoted.

use super::{FileChange, Input, Objections, kinds};
use regex::Regex;
use std::sync::LazyLock;

const FORMS: &[(&str, &str)] = &[
    ("a GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9_.-]{20,}|github_pat_[A-Za-z0-9_]{20,})"),
    ("a GitLab token", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("an npm token", r"\bnpm_[A-Za-z0-9]{30,}|_authToken\s*=\s*[^\s$]"),
    ("an AWS key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a Google key", r"\bAIza[0-9A-Za-z_-]{35}|\bya29\.[0-9A-Za-z_-]{20,}"),
    ("a Slack token", r"\bxox[abeoprs]-[0-9A-Za-z-]{10,}"),
    ("a Stripe key", r"\b(?:sk|rk)_(?:live|test)_[0-9A-Za-z]{16,}|\bwhsec_[0-9A-Za-z+/=]{20,}"),
    ("a model provider's key", r"\bsk-(?:ant-|proj-|or-)?[A-Za-z0-9_-]{20,}"),
    ("a SendGrid key", r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("a Twilio key", r"\bSK[0-9a-f]{32}\b"),
    ("a private key", r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY"),
    ("a signed web token", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    (
        "an address with a password",
        r"\b[a-z][a-z0-9+.-]{2,20}://[^\s:/@'\x22`${}<>]{1,64}:[^\s/@'\x22`${}<>]{6,}@",
    ),
];
/// A name that says secret, and a quoted value.
const ASSIGNED: &str = r"(?i)(?:secret|passw(?:or)?d|token|api_?key|private_?key|access_?key)[a-z0-9_]*[\x22']?\s*[:=]\s*[\x22'`]([^\x22'`\s]{16,})[\x22'`]";

struct Patterns {
    forms: Vec<(&'static str, Regex)>,
    assigned: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    let forms =
        FORMS.iter().map(|(what, form)| Some((*what, Regex::new(form).ok()?))).collect::<Option<_>>()?;
    Some(Patterns { forms, assigned: Regex::new(ASSIGNED).ok()? })
});

pub(super) fn secrets(input: &Input<'_>) -> Objections {
    let Some(patterns) = PATTERNS.as_ref() else { return vec!["the check could not be made".to_owned()] };
    input.files.iter().flat_map(|file| in_file(file, patterns)).collect()
}

fn in_file(file: &FileChange<'_>, patterns: &Patterns) -> Objections {
    if is_environment(file.path) || is_environment(file.old_path) {
        return vec![format!("{}: a file for secrets", file.path)];
    }
    let in_line = |line: &str| {
        let form = patterns.forms.iter().find(|(_, form)| form.is_match(line)).map(|(what, _)| *what);
        let assigned = || {
            // The first one may be a placeholder, and the second one real.
            let mut values = patterns.assigned.captures_iter(line).filter_map(|captures| captures.get(1));
            (!kinds::is_lockfile(file.path) && values.any(|value| looks_random(value.as_str())))
                .then_some("a value that looks like a secret")
        };
        form.or_else(assigned)
    };
    file.added()
        .filter_map(|(number, line)| Some(format!("{}:{number}: {}", file.path, in_line(line)?)))
        .collect()
}

/// `.env`, `.env.local`; not the examples that are meant to be shared.
fn is_environment(path: &str) -> bool {
    let name = kinds::name(path);
    let shared =
        [".example", ".sample", ".template", ".dist", ".defaults"].iter().any(|end| name.ends_with(end));
    (name == ".env" || name.starts_with(".env.") || name == ".dev.vars") && !shared
}

/// Letters and digits mixed, and nearly as many different characters as chance would give.
fn looks_random(value: &str) -> bool {
    let mixed = value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_alphabetic());
    let length = value.len() as f64;
    let mut counts = [0u32; 256];
    for byte in value.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let shares = counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / length);
    let bits: f64 = shares.map(|share| -share * share.log2()).sum();
    mixed && bits > 3.3
}
