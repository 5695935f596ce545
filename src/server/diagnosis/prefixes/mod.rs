//! What platforms, runners and dashboards put in front of a tool's line → the tool's own text.

mod times;

use super::clean::cut;
use times::{bracketed_clock, clock, ends_prefix, iso_time};

/// How many prefixes may be stacked in front of one line (platform time, tool time, task name, …).
const PREFIX_LIMIT: usize = 5;

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

/// The length of the first prefix, if there is one.
fn prefix(text: &str) -> Option<usize> {
    times::iso_time(text)
        .or_else(|| times::clock(text))
        .or_else(|| times::bracketed_clock(text))
        .or_else(|| times::month_time(text))
        .or_else(|| numbered_line(text))
        .or_else(|| docker_step(text))
        .or_else(|| words(text))
        .or_else(|| quoted(text))
        .or_else(|| docker_mark(text))
        .or_else(|| seconds(text))
        .or_else(|| cloud_build_step(text))
        .or_else(|| container(text))
        .or_else(|| actions_columns(text))
        .or_else(|| runner(text))
        .or_else(|| triangle(text))
        .or_else(|| task(text))
        .map(|length| length + column(&text[length..]))
}

/// Fixed words: GitHub Actions commands, PowerShell's error record, a Git server's echo, AWS Amplify's levels.
fn words(text: &str) -> Option<usize> {
    const WORDS: [&str; 18] = [
        "[custom build] ",
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
fn column(rest: &str) -> usize {
    let is_frame = rest.strip_prefix(" | ").is_some_and(|text| text.trim_start().starts_with(['^', '|']));
    if rest.starts_with(" | ") && !is_frame { 2 } else { 0 }
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
    use super::task_folder;
    use crate::server::diagnosis::clean::text;
    use rstest::rstest;

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

    #[rstest]
    #[case("11:11:22.6 | apps/web build: src/a.ts(29,13): error", Some("apps/web"))]
    #[case("@acme/web:build: src/a.ts(29,13): error", None)]
    #[case("src/a.ts(29,13): error", None)]
    fn knows_the_folder_of_a_recursive_run(#[case] line: &str, #[case] expected: Option<&str>) {
        assert_eq!(task_folder(line), expected);
    }
}
