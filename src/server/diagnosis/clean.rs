//! A log line as the platform stored it → the text the tool wrote: without ANSI codes, control characters,
//! overwritten progress and the prefixes that platforms and task runners put in front. Lines keep their numbers.

use super::prefixes;
use std::borrow::Cow;

/// Longest part of a line that is looked at, in bytes: error lines are short, minified bundles are not.
pub(crate) const LINE_LIMIT: usize = 8 * 1024;

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
        Cow::Borrowed(line) => Cow::Borrowed(prefixes::without_prefix(line)),
        Cow::Owned(line) => Cow::Owned(prefixes::without_prefix(&line).to_owned()),
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
