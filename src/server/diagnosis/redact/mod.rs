//! Text that may hold secrets → the same text with every secret replaced. The error itself stays readable.
//!
//! Every pattern runs in linear time, and redacting redacted text changes nothing.

mod kinds;
mod mail;
#[cfg(test)]
mod tests;

use kinds::{KINDS, Kind};
use regex::{Captures, Regex};
use std::{
    borrow::Cow,
    sync::{
        LazyLock,
        atomic::{AtomicBool, Ordering},
    },
};

/// What stands in a secret's place.
pub const MARK: &str = "[redacted]";

static MAIL_TOO: AtomicBool = AtomicBool::new(false);

/// Mail addresses go as secrets do, from now on and in the whole process. To be decided once, at start: what is stored
/// already stays as it is.
pub fn hide_mail_addresses() {
    MAIL_TOO.store(true, Ordering::Relaxed);
}

/// Values that say that there is no secret, or where it would come from.
fn is_placeholder(value: &str) -> bool {
    const WORDS: [&str; 14] = [
        "undefined",
        "null",
        "none",
        "nil",
        "true",
        "false",
        "missing",
        "empty",
        "unset",
        "required",
        "string",
        "changeme",
        "nan",
        "0",
    ];
    let value = value.trim_matches(['"', '\'']);
    value.is_empty()
        || value.starts_with(['$', '<', '{', '%'])
        || value.contains("process.env")
        || value.contains("import.meta")
        || value.chars().all(|c| matches!(c, '*' | 'x' | 'X' | '.' | '•'))
        || WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
        || value == MARK
}

static PATTERNS: LazyLock<Vec<(&'static Kind, Regex)>> =
    LazyLock::new(|| KINDS.iter().filter_map(|kind| Some((kind, Regex::new(kind.pattern).ok()?))).collect());

static HINTS: LazyLock<Option<(aho_corasick::AhoCorasick, Vec<usize>)>> = LazyLock::new(|| {
    let pairs: Vec<(usize, &str)> = PATTERNS
        .iter()
        .enumerate()
        .flat_map(|(index, (kind, _))| kind.hints.iter().map(move |hint| (index, *hint)))
        .collect();
    let automaton = aho_corasick::AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(pairs.iter().map(|(_, hint)| *hint))
        .ok()?;
    Some((automaton, pairs.into_iter().map(|(index, _)| index).collect()))
});

/// Passes over one text. A second one finds what the first has uncovered; more are needed by made-up text only.
const PASSES: usize = 4;

/// The text with every known secret replaced by [`MARK`]. Private keys may span lines.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut out = pass(text);
    for _ in 1..PASSES {
        let Cow::Owned(changed) = &out else { break };
        let Cow::Owned(again) = pass(changed) else { break };
        out = Cow::Owned(again);
    }
    if MAIL_TOO.load(Ordering::Relaxed)
        && let Cow::Owned(hidden) = mail::hide(&out)
    {
        out = Cow::Owned(hidden);
    }
    out
}

/// Every pattern once. Borrowed when nothing was found.
fn pass(text: &str) -> Cow<'_, str> {
    let Some((automaton, owners)) = HINTS.as_ref() else { return Cow::Borrowed(text) };
    let mut wanted = vec![false; PATTERNS.len()];
    let mut missing = PATTERNS.len();
    for hit in automaton.find_overlapping_iter(text) {
        let slot = &mut wanted[owners[hit.pattern().as_usize()]];
        if !*slot {
            *slot = true;
            missing -= 1;
            if missing == 0 {
                break;
            }
        }
    }
    let mut out = Cow::Borrowed(text);
    for (index, (_, pattern)) in PATTERNS.iter().enumerate() {
        if wanted[index]
            && let Cow::Owned(changed) = pattern.replace_all(&out, hide)
            && changed != *out
        {
            out = Cow::Owned(changed);
        }
    }
    out
}

/// Letters of both cases and digits, or a hexadecimal number: no word, path or version.
fn looks_random(value: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| value.as_bytes().iter().any(kind);
    let hexadecimal = || value.bytes().all(|byte| byte.is_ascii_hexdigit());
    has(u8::is_ascii_digit) && (has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) || hexadecimal())
}

fn hide(found: &Captures<'_>) -> String {
    let whole = &found[0];
    if found.name("r").is_some_and(|value| !looks_random(value.as_str())) {
        return whole.to_owned();
    }
    match ["s", "dq", "sq", "r"].into_iter().find_map(|name| found.name(name)) {
        Some(secret) if is_placeholder(secret.as_str()) => whole.to_owned(),
        Some(secret) => {
            let start = secret.start() - found.get(0).map_or(0, |all| all.start());
            format!("{}{MARK}{}", &whole[..start], &whole[start + secret.len()..])
        }
        None => MARK.to_owned(),
    }
}

/// Redacts a log line by line and keeps the number of lines, also for private keys that span several.
pub fn redact_lines<S: AsRef<str>>(lines: &[S]) -> Vec<String> {
    let mut inside_key = false;
    lines.iter().map(|line| redact_line(line.as_ref(), &mut inside_key)).collect()
}

/// One line of a log; `inside_key` carries over whether a private key began on an earlier line.
pub(crate) fn redact_line(line: &str, inside_key: &mut bool) -> String {
    if *inside_key {
        if let Some(end) = line.find("-----END ") {
            *inside_key = false;
            let after = line[end + 9..].split_once("-----").map_or("", |(_, after)| after);
            return format!("{MARK}{}", redact(after));
        }
        return MARK.to_owned();
    }
    *inside_key = opens_key(line);
    redact(line).into_owned()
}

/// Every line that opens a private key has these words.
pub(crate) const KEY_WORDS: &str = "PRIVATE KEY";

/// A private key begins on this line and does not end on it.
pub(crate) fn opens_key(line: &str) -> bool {
    line.rfind("-----BEGIN ")
        .is_some_and(|at| line[at..].contains(KEY_WORDS) && !line[at..].contains("-----END "))
}
