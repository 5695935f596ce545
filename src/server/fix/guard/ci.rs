//! Settings of continuous integration, and what the platforms are told to run.

use super::{FileChange, Input, Objections, json, kinds};
use regex::Regex;
use serde_json::Value;
use std::sync::LazyLock;

const FOLDERS: &[&str] = &[
    ".github",
    ".gitlab",
    ".circleci",
    ".buildkite",
    ".woodpecker",
    ".drone",
    ".teamcity",
    ".azure-pipelines",
    ".ci",
    ".forgejo",
    ".gitea",
];
const FILES: &[&str] = &[
    ".gitlab-ci.yml",
    ".gitlab-ci.yaml",
    ".travis.yml",
    ".drone.yml",
    ".woodpecker.yml",
    ".cirrus.yml",
    "appveyor.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "cloudbuild.yaml",
    "Jenkinsfile",
    "buildspec.yml",
];
/// Keys of `vercel.json` that say what is built, and how.
const VERCEL_KEYS: &[&str] = &[
    "buildCommand",
    "installCommand",
    "devCommand",
    "ignoreCommand",
    "outputDirectory",
    "framework",
    "builds",
    "build",
    "git",
    "github",
    "env",
    "crons",
];

static COMMAND: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)["']?(?:build|start|install|pre_?deploy|dev)?_?command["']?\s*[:=]|["']?ignore["']?\s*[:=]"#,
    )
    .ok()
});

pub(super) fn ci(input: &Input<'_>) -> Objections {
    let mut objections = Vec::new();
    for file in &input.files {
        for path in [file.old_path, file.path] {
            let in_folder = kinds::folder(path).split('/').any(|part| FOLDERS.contains(&part));
            let objection = format!("{path}: a setting of continuous integration");
            if (in_folder || FILES.contains(&kinds::name(path))) && !objections.contains(&objection) {
                objections.push(objection);
            }
        }
        match kinds::name(file.old_path) {
            "vercel.json" | "now.json" => objections.extend(vercel(file)),
            "netlify.toml" | "render.yaml" | "wrangler.toml" | "wrangler.json" | "wrangler.jsonc" => {
                objections.extend(commands(file));
            }
            _ => {}
        }
    }
    objections
}

/// Compares the build settings of both sides as values. A file that could not be read before may get any setting
/// whose text it held.
fn vercel(file: &FileChange<'_>) -> Objections {
    let object = |text: &str| json::parse(text).and_then(|value| value.as_object().cloned());
    let before_text = file.before_text();
    let (before, after) = (object(before_text), object(file.after_text()));
    let Some(after) = after.or_else(|| file.is_deleted().then(serde_json::Map::new)) else {
        return vec![format!("{}: cannot be read after the change", file.path)];
    };
    let kept = |key: &str| match (&before, after.get(key)) {
        (Some(before), after) => before.get(key) == after,
        (None, Some(Value::String(text))) => before_text.contains(text),
        (None, Some(_)) => before_text.contains(key),
        (None, None) => !before_text.contains(&format!("\"{key}\"")),
    };
    VERCEL_KEYS
        .iter()
        .filter(|key| !kept(key))
        .map(|key| format!("{}: `{key}` was changed", file.path))
        .collect()
}

fn commands(file: &FileChange<'_>) -> Objections {
    let Some(pattern) = COMMAND.as_ref() else { return Vec::new() };
    let lines = file.added().map(|(_, line)| line).chain(file.removed());
    let touched = lines.filter(|line| pattern.is_match(line)).count();
    if touched > 0 { vec![format!("{}: a command was changed", file.path)] } else { Vec::new() }
}
