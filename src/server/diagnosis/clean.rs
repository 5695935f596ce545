//! A log line as the platform stored it → the text the tool wrote: without ANSI codes, control characters,
//! overwritten progress and the prefixes that platforms and task runners put in front. Lines keep their numbers.

use super::prefixes;
use std::borrow::Cow;

/// Longest part of a line that is looked at, in bytes: error lines are short, minified bundles are not.
pub(crate) const LINE_LIMIT: usize = 8 * 1024;

/// How many prefixes may be stacked in front of one line (platform time, tool time, task name, …).
const PREFIX_LIMIT: usize = 5;

/// The line without ANSI codes, control characters and overwritten progress. Prefixes stay.
pub fn clean(line: &str) -> String {
    visible(line).into_owned()
}

/// As [`clean`], without a copy when there is nothing to remove.
pub(crate) fn visible(line: &str) -> Cow<'_, str> {
    let line = last_written(line);
    if is_plain(line) { Cow::Borrowed(line) } else { Cow::Owned(strip(line)) }
}

/// What a line is made of.
pub(crate) enum Piece<'a> {
    /// A character that is seen.
    Char(char),
    /// The codes of a change of colour, `1;31`.
    Style(&'a str),
}

/// The line piece by piece; everything else is left out.
pub(crate) fn pieces<'a>(line: &'a str, mut put: impl FnMut(Piece<'a>)) {
    let mut rest = last_written(line);
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let mut style = |sequence: &'a str| {
            if let Some(codes) = sequence.strip_suffix('m') {
                put(Piece::Style(codes.trim_start_matches('[')));
            }
        };
        rest = match c {
            '\u{1b}' | '\u{241b}' => {
                let after_it = skip_escape(after);
                if after.starts_with('[') {
                    style(&after[..after.len() - after_it.len()]);
                }
                after_it
            }
            '\u{9b}' => {
                let after_it = skip_csi(after);
                style(&after[..after.len() - after_it.len()]);
                after_it
            }
            // Some platforms drop the escape character and keep the colour code.
            '[' if bare_colour(after).is_some() => {
                let length = bare_colour(after).unwrap_or(0);
                style(&after[..length]);
                &after[length..]
            }
            _ => {
                if !is_dropped(c) {
                    put(Piece::Char(c));
                }
                after
            }
        };
    }
}

/// A carriage return starts the line over; what counts is what stood there last.
fn last_written(line: &str) -> &str {
    let line = line.trim_end_matches(['\r', '\n']);
    match line.rfind('\r') {
        Some(_) => line.rsplit('\r').find(|part| !part.trim().is_empty()).unwrap_or(""),
        None => line,
    }
}

/// The tool's own text: cut to a sane length, cleaned, without prefixes, trimmed.
pub(crate) fn text(line: &str) -> Cow<'_, str> {
    match visible(cut(line, LINE_LIMIT)) {
        Cow::Borrowed(line) => Cow::Borrowed(without_prefix(line)),
        Cow::Owned(line) => Cow::Owned(without_prefix(&line).to_owned()),
    }
}

/// The longest prefix of `text` that is at most `limit` bytes and ends at a character.
pub(crate) fn cut(text: &str, limit: usize) -> &str {
    if text.len() <= limit { text } else { &text[..text.floor_char_boundary(limit)] }
}

/// Control characters are present: the line must be cleaned before it is searched.
pub(crate) fn has_control(line: &str) -> bool {
    // Without an early end the compiler looks at many bytes at once; nearly every line is plain.
    line.bytes().fold(false, |found, byte| found | ((byte < 0x20) & (byte != b'\t')))
}

fn is_plain(line: &str) -> bool {
    !has_control(line) && !line.contains('[') && line.chars().all(|c| !is_dropped(c))
}

/// Control characters, byte-order marks and the marks that reorder text on a page.
fn is_dropped(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c, '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}')
}

fn strip(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    pieces(line, |piece| {
        if let Piece::Char(c) = piece {
            out.push(c);
        }
    });
    out
}

fn skip_escape(rest: &str) -> &str {
    match rest.chars().next() {
        Some('[') => skip_csi(&rest[1..]),
        // An operating-system command ends with BEL or with ESC \.
        Some(']') => match rest.find(['\u{7}', '\u{1b}']) {
            Some(end) if rest[end..].starts_with("\u{1b}\\") => &rest[end + 2..],
            Some(end) if rest[end..].starts_with('\u{7}') => &rest[end + 1..],
            Some(end) => &rest[end..],
            None => "",
        },
        Some(c) if c.is_ascii() && !c.is_ascii_control() => &rest[1..],
        _ => rest,
    }
}

fn skip_csi(rest: &str) -> &str {
    let parameters = rest.bytes().take_while(|byte| (0x20..=0x3f).contains(byte)).count();
    match rest.as_bytes().get(parameters) {
        Some(0x40..=0x7e) => &rest[parameters + 1..],
        _ => &rest[parameters..],
    }
}

/// The length of `31m`, `36;1;4m` at the start of the text that follows a bracket.
fn bare_colour(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let codes = bytes.iter().take(16).take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
    (codes > 0 && bytes.get(codes) == Some(&b'm')).then_some(codes + 1)
}

/// The line after the prefixes that platforms and task runners add, trimmed.
pub(crate) fn without_prefix(line: &str) -> &str {
    let mut rest = line.trim();
    for _ in 0..PREFIX_LIMIT {
        match prefix(rest) {
            Some(length) => rest = rest[length..].trim_start(),
            None => break,
        }
    }
    rest
}

fn prefix(text: &str) -> Option<usize> {
    iso_time(text)
        .or_else(|| clock(text))
        .or_else(|| bracketed_clock(text))
        .or_else(|| numbered_line(text))
        .or_else(|| docker_step(text))
        .or_else(|| literal(text))
        .or_else(|| prefixes::prefix(text))
        .or_else(|| task(text))
        .map(|length| length + prefixes::column(&text[length..]))
}

/// Fixed words: GitHub Actions commands, PowerShell's error record, a Git server's echo, AWS Amplify's levels.
fn literal(text: &str) -> Option<usize> {
    const WORDS: [&str; 17] = [
        "Failed to construct transformer:  ",
        "npm ERR! npm ERR! ",
        "npm error npm error ",
        "Error: Command failed with code 1: ",
        "⚡️ ",
        "ERR! ",
        "[INFO]: ",
        "[WARNING]: ",
        "[ERROR]: ",
        "##[error]",
        "##[warning]",
        "##[group]",
        "::error::",
        "remote: ",
        "node.exe : ",
        "npm.cmd : ",
        "Uncaught (in promise) ",
    ];
    let word = WORDS.iter().find(|word| text.starts_with(**word))?;
    // Of npm within npm the inner one speaks.
    Some(if word.starts_with("npm ") { word.len() / 2 } else { word.len() })
}

/// `2026-01-02T03:04:05.678Z`, also with a space in the middle, without a zone or with an offset.
pub(super) fn iso_time(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let shape = b"dddd-dd-ddTdd:dd:dd";
    if bytes.len() < shape.len() {
        return None;
    }
    let fits = shape.iter().zip(bytes).all(|(want, have)| match want {
        b'd' => have.is_ascii_digit(),
        b'T' => matches!(have, b'T' | b' '),
        other => have == other,
    });
    if !fits {
        return None;
    }
    let mut at = fraction(bytes, shape.len());
    match bytes.get(at) {
        Some(b'Z') => at += 1,
        Some(b'+' | b'-') if bytes.get(at + 3) == Some(&b':') && text.is_char_boundary(at + 6) => at += 6,
        _ => {}
    }
    ends_prefix(bytes, at)
}

/// `12:05:27`, `12:05:27.123`, `1:05:27 PM:`.
pub(super) fn clock(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = clock_digits(bytes, 0)?;
    if let Some(b" AM" | b" PM") = bytes.get(at..at + 3) {
        at += 3;
        if bytes.get(at) == Some(&b':') {
            at += 1;
        }
    }
    ends_prefix(bytes, at)
}

/// `[12:05:27.123]`.
pub(super) fn bracketed_clock(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let at = clock_digits(bytes, usize::from(bytes.first() == Some(&b'[')))?;
    (bytes.first() == Some(&b'[') && bytes.get(at) == Some(&b']')).then_some(at + 1)
}

pub(super) fn clock_digits(bytes: &[u8], start: usize) -> Option<usize> {
    let hours = bytes[start.min(bytes.len())..].iter().take(2).take_while(|b| b.is_ascii_digit()).count();
    let at = start + hours;
    let tail = bytes.get(at..at + 6)?;
    let fits = hours > 0
        && tail.iter().zip(b":dd:dd").all(|(have, want)| match want {
            b'd' => have.is_ascii_digit(),
            other => have == other,
        });
    fits.then(|| fraction(bytes, at + 6))
}

fn fraction(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at) != Some(&b'.') && bytes.get(at) != Some(&b',') {
        return at;
    }
    let digits = bytes[at + 1..].iter().take(9).take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 { at } else { at + 1 + digits }
}

fn ends_prefix(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at) {
        None | Some(b' ' | b'\t') => Some(at),
        _ => None,
    }
}

/// `Line 63: `.
fn numbered_line(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("Line ")?;
    let digits = rest.bytes().take(9).take_while(u8::is_ascii_digit).count();
    let after = ends_prefix(rest.as_bytes(), digits + 1);
    (digits > 0 && rest.as_bytes().get(digits) == Some(&b':') && after.is_some())
        .then_some("Line ".len() + digits + 1)
}

/// `#12 3.456 ` of a Docker build.
fn docker_step(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('#')?;
    let step = rest.bytes().take(4).take_while(u8::is_ascii_digit).count();
    let time = rest.get(step..)?.strip_prefix(' ')?;
    let seconds = time.bytes().take(12).take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let dotted = time.get(..seconds)?.contains('.');
    (step > 0 && dotted && time.as_bytes().get(seconds) == Some(&b' ')).then_some(step + seconds + 3)
}

/// The folder that pnpm's recursive runs put in front of a line: `apps/web build: `.
pub(crate) fn task_folder(line: &str) -> Option<&str> {
    let mut rest = line.trim();
    for _ in 0..PREFIX_LIMIT {
        if task(rest).is_some() {
            let (folder, _) = rest.split_once(": ")?.0.rsplit_once(' ')?;
            return (folder != "." && !folder.starts_with(['@', '.']) && !folder.contains("node_modules"))
                .then_some(folder);
        }
        rest = rest[prefix(rest)?..].trim_start();
    }
    None
}

/// `web:build: ` of Turborepo, `apps/web build: ` of pnpm's recursive runs.
fn task(text: &str) -> Option<usize> {
    const TASKS: [&str; 14] = [
        "build",
        "lint",
        "typecheck",
        "type-check",
        "check-types",
        "check",
        "test",
        "compile",
        "generate",
        "dev",
        "prebuild",
        "postbuild",
        "postinstall",
        "install",
    ];
    // Older versions of Turborepo begin with `> `.
    let quoted = if text.starts_with("> ") { 2 } else { 0 };
    let head = cut(text, 120);
    let end = head.find(": ")?;
    let (name, task) = head.get(quoted..end)?.rsplit_once([':', '#', ' '])?;
    let is_name = !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'@' | b'/' | b'-' | b'_' | b'.'));
    // A package with a scope is nothing else, whatever its task is called.
    let has_scope =
        name.starts_with('@') && name.contains('/') && head[quoted + name.len()..].starts_with(':');
    let is_word =
        !task.is_empty() && task.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    (is_name && (TASKS.contains(&task) || has_scope && is_word)).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::colours("\u{1b}[31m[vite]: x\u{1b}[39m", "[vite]: x")]
    #[case::lost_escape("[31mx [0m You're", "x  You're")]
    #[case::array_stays("a[0] = [1, 2]m", "a[0] = [1, 2]m")]
    #[case::progress("10%\r50%\rdone\r", "done")]
    #[case::link("\u{1b}]8;;https://a.b\u{7}text\u{1b}]8;;\u{7}", "text")]
    #[case::nul("E\0r\0r\0", "Err")]
    #[case::reordering("a\u{202e}b", "ab")]
    fn cleans(#[case] line: &str, #[case] expected: &str) {
        assert_eq!(clean(line), expected);
    }

    #[rstest]
    #[case("[23:45:07.293] error: project not found", "error: project not found")]
    #[case("[23:45:07.293] 04:45:07 [ERROR] [vite] x", "[ERROR] [vite] x")]
    #[case("12:14:39.066 Error: No Output", "Error: No Output")]
    #[case("19:02:10.409\t[Error: > Couldn't", "[Error: > Couldn't")]
    #[case("2:43:17 PM: TypeError: Invalid URL", "TypeError: Invalid URL")]
    #[case("2025-10-12T01:41:35.6933738Z TypeError: x", "TypeError: x")]
    #[case("2026-01-02T03:04:05+02:00 x", "x")]
    #[case("2025-10-12T01:41:36.1Z ##[error]Process completed", "Process completed")]
    #[case("Line 63: [vite]: Rollup failed", "[vite]: Rollup failed")]
    #[case("#12 5.211 npm error x", "npm error x")]
    #[case("@acme/web:build: ./app/page.tsx:3:4", "./app/page.tsx:3:4")]
    #[case("apps/web build: Failed to compile.", "Failed to compile.")]
    #[case("14:23:30.407 | ➤ YN0028: │ The lockfile", "➤ YN0028: │ The lockfile")]
    #[case("Nov 27 05:12:33 PM  error: x", "error: x")]
    #[case("Nov 27, 2026, 17:12:33 error: x", "error: x")]
    #[case("0.689 Error: x", "Error: x")]
    #[case("12.34 Error: x", "Error: x")]
    #[case("Step #4: @acme/web:build: sh: 1: vite: not found", "sh: 1: vite: not found")]
    #[case("Step #0 - \"build\": Error: x", "Error: x")]
    #[case("[Container] 2026/11/27 10:00:00 Error: x", "Error: x")]
    #[case("web-1  | Error: x", "Error: x")]
    #[case("build\tRun npm ci\t2026-11-27T10:00:00.1Z npm error x", "npm error x")]
    #[case("2026-11-27T10:00:00.1Z [WARNING]: Error: x", "Error: x")]
    #[case("[0] Error: x", "Error: x")]
    #[case("[@acme/web]: Error: x", "Error: x")]
    #[case("> web:build: Module parse failed: x", "Module parse failed: x")]
    #[case("▲  Type error: x", "Type error: x")]
    #[case("npm ERR! npm ERR! code ECONNRESET", "npm ERR! code ECONNRESET")]
    #[case("May be an error", "May be an error")]
    #[case("a | b", "a | b")]
    #[case("12.5 kB", "12.5 kB")]
    #[case("[vite]: x", "[vite]: x")]
    #[case("src/a.ts:10:4: error: x", "src/a.ts:10:4: error: x")]
    #[case("10:4  error  'x' is not defined", "10:4  error  'x' is not defined")]
    fn drops_prefixes(#[case] line: &str, #[case] expected: &str) {
        assert_eq!(text(line), expected);
    }

    #[rstest]
    #[case("11:11:22.6 | apps/web build: src/a.ts(29,13): error", Some("apps/web"))]
    #[case("@acme/web:build: src/a.ts(29,13): error", None)]
    #[case("src/a.ts(29,13): error", None)]
    fn knows_the_folder_of_a_recursive_run(#[case] line: &str, #[case] expected: Option<&str>) {
        assert_eq!(task_folder(line), expected);
    }

    proptest! {
        #[test]
        fn never_panics_and_leaves_no_control_character(line in any::<String>()) {
            let cleaned = clean(&line);
            prop_assert!(cleaned.chars().all(|c| !c.is_control() || c == '\t'));
            let _ = text(&line);
        }

        #[test]
        fn cleaning_looks_through_escapes(line in "(\u{1b}|\\[|\\]|[0-9]|;|m|:|\u{9b}| ){0,40}") {
            let has_escape = clean(&line).contains('\u{1b}');
            prop_assert!(!has_escape);
        }
    }
}
