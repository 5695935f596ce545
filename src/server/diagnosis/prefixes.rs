//! Prefixes of single tools and of pasted tables, beside those that [`super::clean`] knows.

use super::clean::{bracketed_clock, clock, clock_digits, cut, iso_time};

/// The length of such a prefix.
pub(super) fn prefix(text: &str) -> Option<usize> {
    const CUSTOM_BUILD: &str = "[custom build] ";
    let literal = text.starts_with(CUSTOM_BUILD).then_some(CUSTOM_BUILD.len());
    literal
        .or_else(|| quoted(text))
        .or_else(|| docker_mark(text))
        .or_else(|| seconds(text))
        .or_else(|| month_time(text))
        .or_else(|| cloud_build_step(text))
        .or_else(|| container(text))
        .or_else(|| actions_columns(text))
        .or_else(|| runner(text))
        .or_else(|| triangle(text))
}

/// `> ` in front of a time: the log was quoted.
fn quoted(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("> ")?;
    (bracketed_clock(rest).is_some() || iso_time(rest).is_some() || clock(rest).is_some()).then_some(2)
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

/// `Nov 27 05:12:33 PM`, `Nov 27, 2026, 17:12:33`.
fn month_time(text: &str) -> Option<usize> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    MONTHS.iter().find(|month| text.starts_with(**month))?;
    let bytes = text.as_bytes();
    let mut at = 3;
    for digits in [2, 4] {
        let start = at + bytes.get(at..)?.iter().take_while(|b| matches!(b, b' ' | b',')).count();
        if clock_digits(bytes, start).is_some() {
            break;
        }
        let have = bytes.get(start..)?.iter().take(digits).take_while(|b| b.is_ascii_digit()).count();
        if start == at || have == 0 {
            return None;
        }
        at = start + have;
    }
    let start = at + bytes.get(at..)?.iter().take_while(|b| matches!(b, b' ' | b',')).count();
    Some(start + clock(text.get(start..)?)?)
}

/// `Step #4: `, `Step #4 - "build": ` of Google Cloud Build.
fn cloud_build_step(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("Step #")?;
    let end = cut(rest, 80).find(": ")?;
    rest.starts_with(|c: char| c.is_ascii_digit()).then_some("Step #".len() + end + 1)
}

/// `[Container] 2026/11/27 10:00:00 ` of AWS CodeBuild, `web-1  | ` of Docker Compose.
fn container(text: &str) -> Option<usize> {
    if let Some(rest) = text.strip_prefix("[Container] ") {
        let date = rest.bytes().take(10).filter(|b| b.is_ascii_digit() || *b == b'/').count();
        let time = if date == 10 { rest.get(11..).and_then(clock).map(|time| 11 + time) } else { None };
        return Some("[Container]".len() + time.map_or(0, |time| 1 + time));
    }
    let (name, _) = cut(text, 60).split_once(" | ")?;
    let name = name.trim_end();
    let numbered = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_service = numbered.len() < name.len()
        && numbered.ends_with(['-', '_'])
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    let bar = text.find(" | ")?;
    is_service.then_some(bar + 2)
}

/// `job<TAB>step<TAB>2026-11-27T10:00:00Z ` of `gh run view --log`.
fn actions_columns(text: &str) -> Option<usize> {
    let mut tabs = cut(text, 300).match_indices('\t');
    let (second, _) = (tabs.next()?, tabs.next()?).1;
    let time = text[second + 1..].trim_start_matches('\u{feff}');
    let skipped = text.len() - time.len();
    iso_time(time).map(|length| skipped + length)
}

/// `[0] ` of concurrently, `[@acme/web]: ` of `yarn workspaces foreach`.
fn runner(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('[')?;
    let end = cut(rest, 80).find(']')?;
    let name = &rest[..end];
    let after = &rest[end + 1..];
    // `[nitro 11:38:36 AM] ` of Nuxt.
    if let Some((tag, time)) = name.split_once(' ')
        && tag.bytes().all(|b| b.is_ascii_alphabetic())
        && clock(time) == Some(time.len())
    {
        return Some(end + 2);
    }
    let is_number = (1..=2).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_digit());
    if is_number && after.starts_with(' ') {
        return Some(end + 2);
    }
    let is_package = name.starts_with('@') && name.contains('/') && !name.contains(' ');
    if is_package && after.starts_with(": ") {
        return Some(end + 3);
    }
    // `[site:build] ` of a script that runs several; tools name their plugins in the same way.
    const TOOLS: [&str; 12] = [
        "vite", "astro", "plugin", "rollup", "commonjs", "esbuild", "postcss", "nuxt", "nitro", "node",
        "unplugin", "vue",
    ];
    let (script, part) = name.split_once(':')?;
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-');
    let is_script = is_word(script) && is_word(part) && !TOOLS.iter().any(|tool| script.starts_with(tool));
    (is_script && after.starts_with(' ')).then_some(end + 2)
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
    #[case("> [13:27:39.306] npm error x", "npm error x")]
    #[case("> next build", "> next build")]
    #[case("[nitro 11:38:36 AM]  ERROR  x", "ERROR  x")]
    #[case("[eleventy:prod] TypeError: x", "TypeError: x")]
    #[case("[vite:css] x", "[vite:css] x")]
    #[case("@acme/ui:tsc: src/a.ts(3,15): error", "src/a.ts(3,15): error")]
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
