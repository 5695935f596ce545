//! Prefixes of single tools and of pasted tables, beside those that [`super::clean`] knows.

/// The length of such a prefix.
pub(super) fn prefix(text: &str) -> Option<usize> {
    const CUSTOM_BUILD: &str = "[custom build] ";
    let literal = text.starts_with(CUSTOM_BUILD).then_some(CUSTOM_BUILD.len());
    literal
        .or_else(|| docker_mark(text))
        .or_else(|| seconds(text))
        .or_else(|| syslog(text))
        .or_else(|| triangle(text))
}

/// `#21 ` in front of a step's error.
fn docker_mark(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('#')?;
    let digits = rest.bytes().take(5).take_while(u8::is_ascii_digit).count();
    (digits > 0 && rest[digits..].starts_with(" ERROR: ")).then_some(digits + 2)
}

/// `12.34 `: the seconds of a Docker step, as its summary repeats them.
fn seconds(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let whole = bytes.iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
    if whole == 0 || bytes.get(whole) != Some(&b'.') {
        return None;
    }
    let parts = bytes[whole + 1..].iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
    let end = whole + 1 + parts;
    // A size or a count has a unit, which is no word of a tool.
    let rest = text.get(end..)?.strip_prefix(' ')?;
    let is_unit = ["kB", "KB", "MB", "GB", "kiB", "KiB", "MiB", "GiB", "ms ", "s ", "│", "|"]
        .iter()
        .any(|unit| rest.trim_start().starts_with(unit));
    ((2..=3).contains(&parts) && !is_unit).then_some(end + 1)
}

/// `Feb 3 07:08:09 PM  `.
fn syslog(text: &str) -> Option<usize> {
    const MONTHS: [&str; 12] =
        ["Jan ", "Feb ", "Mar ", "Apr ", "May ", "Jun ", "Jul ", "Aug ", "Sep ", "Oct ", "Nov ", "Dec "];
    if !MONTHS.iter().any(|month| text.starts_with(month)) {
        return None;
    }
    let bytes = text.as_bytes();
    let mut at = 4 + bytes[4..].iter().take_while(|byte| **byte == b' ').count();
    at += bytes[at..].iter().take(2).take_while(|byte| byte.is_ascii_digit()).count();
    let clock = bytes.get(at..at + 9)?;
    let fits = clock.iter().zip(b" dd:dd:dd").all(|(have, want)| match want {
        b'd' => have.is_ascii_digit(),
        want => have == want,
    });
    if !fits {
        return None;
    }
    at += 9;
    if matches!(bytes.get(at..at + 3), Some(b" AM" | b" PM")) {
        at += 3;
    }
    matches!(bytes.get(at), None | Some(b' ' | b'\t')).then_some(at)
}

/// `▲ ` in front of what a builder passes on; esbuild's own `▲ [WARNING]` and the name of Next.js stay.
fn triangle(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("▲ ")?;
    (!rest.starts_with('[') && !rest.starts_with("Next.js")).then_some("▲ ".len())
}

/// The ` |` of a table into which the log was pasted, right behind its time.
pub(super) fn column(rest: &str) -> usize {
    let is_frame = rest.strip_prefix(" | ").is_some_and(|text| text.trim_start().starts_with(['^', '|']));
    if rest.starts_with(" | ") && !is_frame { 2 } else { 0 }
}

#[cfg(test)]
mod tests {
    use crate::server::diagnosis::clean::text;
    use rstest::rstest;

    #[rstest]
    #[case("#21 ERROR: write /a: no space left on device", "ERROR: write /a: no space left on device")]
    #[case("12.34 Compiling 3 files (.ex)", "Compiling 3 files (.ex)")]
    #[case("10.50 kB dist/a.js", "10.50 kB dist/a.js")]
    #[case("3.12 │ x", "3.12 │ x")]
    #[case("Feb 3 07:08:09 PM  error: failed to solve", "error: failed to solve")]
    #[case("Feb 13 07:08:09 x", "x")]
    #[case("May be it fails", "May be it fails")]
    #[case("07:08:09.123 | ✘ [ERROR] x", "✘ [ERROR] x")]
    #[case("12:05:27.123 |     ^^^", "|     ^^^")]
    #[case("07:08:09.456 | ▲ Host key verification failed.", "Host key verification failed.")]
    #[case("▲ [WARNING] x", "▲ [WARNING] x")]
    #[case("[custom build] /bin/sh: 1: cargo: not found", "/bin/sh: 1: cargo: not found")]
    fn drops_prefixes(#[case] line: &str, #[case] expected: &str) {
        assert_eq!(text(line), expected);
    }
}
