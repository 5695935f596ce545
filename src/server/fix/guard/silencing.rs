//! Ways to make an error go unseen instead of away: comments, settings, shell idioms.

use super::{FileChange, Input, Objections, added, kinds};
use regex::Regex;
use std::sync::LazyLock;

struct Silencer {
    what: &'static str,
    pattern: Regex,
    /// A line that matches this as well does the opposite.
    except: Option<Regex>,
    applies: fn(&str) -> bool,
}

/// Everything but prose and lockfiles.
fn anywhere(path: &str) -> bool {
    !kinds::is_prose(path) && !kinds::is_lockfile(path)
}

/// Files in which `||` is the shell's.
fn with_commands(path: &str) -> bool {
    anywhere(path)
        && !kinds::is_script(path)
        && !matches!(kinds::ending(path).as_str(), "rs" | "py" | "go" | "java" | "css")
}

fn lint_settings(path: &str) -> bool {
    kinds::is_lint_config(path) || kinds::name(path) == "package.json"
}

fn python(path: &str) -> bool {
    kinds::ending(path) == "py"
}

fn rust(path: &str) -> bool {
    kinds::ending(path) == "rs"
}

/// What it does, the pattern, the exception, where.
type Row = (&'static str, &'static str, Option<&'static str>, fn(&str) -> bool);

const ROWS: &[Row] = &[
    ("a comment that silences the type checker", r"@ts-(?:ignore|nocheck|expect-error)\b", None, anywhere),
    (
        "a comment that silences a linter",
        r"\b(?:eslint-disable|tslint:disable|stylelint-disable|oxlint-disable|biome-ignore|rome-ignore|deno-lint-ignore|svelte-ignore)|//\s*nolint\b|@SuppressWarnings\b",
        None,
        anywhere,
    ),
    (
        "a comment that silences a checker",
        r"#\s*(?:type:\s*ignore|noqa\b|pyright:\s*ignore|pylint:\s*disable|mypy:\s*ignore|ruff:\s*noqa)",
        None,
        python,
    ),
    ("an attribute that silences the compiler", r"#!?\[\s*(?:allow|expect)\s*\(", None, rust),
    (
        "a setting that lets a broken build pass",
        r"\b(?:ignoreBuildErrors|ignoreDuringBuilds|tolerateBuildErrors|transpileOnly|skipTypeCheck(?:ing)?|passWithNoTests|allowFailure|emitWarning)\b",
        Some(
            r"\b(?:ignoreBuildErrors|ignoreDuringBuilds|tolerateBuildErrors|transpileOnly|skipTypeCheck(?:ing)?|passWithNoTests|allowFailure|emitWarning)\b[\x22']?\s*[:=]\s*(?:false|0)\b",
        ),
        anywhere,
    ),
    (
        "a setting that lets a broken build pass",
        r"\b(?:missingSuspenseWithCSRBailout|failOnError|failOnWarning|emitError|noEmitOnError|typeCheck|handleHttpError)\b[\x22']?\s*[:=]\s*(?:false\b|0\b|[\x22'](?:warn|ignore)[\x22'])",
        None,
        anywhere,
    ),
    (
        "a step whose failure does not count",
        r"\bcontinue-on-error\b",
        Some(r"\bcontinue-on-error\s*:\s*false\b"),
        anywhere,
    ),
    (
        "a command whose failure does not count",
        r"\|\|\s*(?:true|:|exit\s+0|echo|/bin/true)(?:\W|$)|;\s*(?:true|exit\s+0)\s*(?:[\x22']|$)|\bset\s+\+e\b|\|\|\s*cd\s+\.",
        None,
        with_commands,
    ),
    (
        "a flag that skips a check",
        r"--(?:no-verify|noCheck|skipLibCheck|transpile-only|passWithNoTests|no-lint|no-typecheck|skip-type-check|noEmitOnError(?:\s+|=)false|strict(?:\s+|=)false)\b",
        None,
        with_commands,
    ),
    (
        "a lint rule that was turned off or down",
        r"[\x22'](?:off|warn)[\x22']|:\s*(?:0|\[\s*0)\s*[,\]}]|\b(?:recommended|enabled)[\x22']?\s*:\s*false\b|\b(?:ignores|ignorePatterns|globalIgnores)\b",
        None,
        lint_settings,
    ),
];

static SILENCERS: LazyLock<Option<Vec<Silencer>>> = LazyLock::new(|| {
    ROWS.iter()
        .map(|&(what, pattern, except, applies)| {
            let except = except.map(Regex::new).transpose().ok()?;
            Some(Silencer { what, pattern: Regex::new(pattern).ok()?, except, applies })
        })
        .collect()
});

pub(super) fn silencing(input: &Input<'_>) -> Objections {
    let Some(silencers) = SILENCERS.as_ref() else { return vec!["the check could not be made".to_owned()] };
    input.files.iter().flat_map(|file| in_file(file, silencers)).collect()
}

fn in_file(file: &FileChange<'_>, silencers: &[Silencer]) -> Objections {
    let applying = silencers.iter().filter(|silencer| (silencer.applies)(file.path));
    let mut objections: Vec<_> = applying
        .flat_map(|silencer| {
            added::objections(file, &silencer.pattern, silencer.except.as_ref(), silencer.what)
        })
        .collect();
    if kinds::is_ignore_list(file.path)
        && file.added().any(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
    {
        objections.push(format!("{}: files were taken away from a tool", file.path));
    }
    if kinds::is_lint_config(file.old_path) && file.is_deleted() {
        objections.push(format!("{}: the linter's settings were deleted", file.path));
    }
    objections
}
