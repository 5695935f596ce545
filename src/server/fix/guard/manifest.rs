//! `package.json`, compared as values: what its scripts run, and what runs on install.

use super::{FileChange, Input, Objections, json, kinds};
use crate::model::Finding;
use serde_json::{Map, Value};

/// Scripts that package managers run by themselves on every machine that installs the project.
const ON_INSTALL: &[&str] = &[
    "preinstall",
    "install",
    "postinstall",
    "preprepare",
    "prepare",
    "postprepare",
    "prepublish",
    "dependencies",
    "pnpm:devPreinstall",
];
/// Programs that do nothing which could fail.
const HOLLOW: &[&str] = &["true", ":", "echo", "exit", "printf", "sleep", ""];

pub(super) fn scripts(input: &Input<'_>) -> Objections {
    let manifests = input.files.iter().filter(|file| kinds::name(file.old_path) == "package.json");
    manifests.flat_map(|file| changed(file, input.finding)).collect()
}

fn changed(file: &FileChange<'_>, finding: &Finding) -> Objections {
    let path = file.path;
    if file.is_deleted() {
        return vec![format!("{path}: deleted")];
    }
    let scripts = |text: &str| {
        let value = json::parse(text)?;
        Some(value.get("scripts").and_then(Value::as_object).cloned().unwrap_or_default())
    };
    let Some(after) = scripts(file.after_text()) else {
        return vec![format!("{path}: cannot be read after the change")];
    };
    let Some(before) = (if file.before.is_some() { scripts(file.before_text()) } else { Some(Map::new()) })
    else {
        // Broken JSON is repaired: its scripts must have been in the text already.
        let new = |text: &str| !file.before_text().contains(text.trim_matches('"'));
        let strange = after.iter().filter(|(_, script)| script.as_str().is_some_and(new));
        return strange.map(|(name, _)| format!("{path}: script `{name}` was changed")).collect();
    };
    let text = |scripts: &Map<String, Value>, name: &str| {
        scripts.get(name).and_then(Value::as_str).map(str::to_owned)
    };
    let mut objections = Vec::new();
    for name in ON_INSTALL {
        if text(&after, name).is_some() && text(&after, name) != text(&before, name) {
            objections.push(format!("{path}: script `{name}` runs on install"));
        }
    }
    for (name, old) in &before {
        let Some(old) = old.as_str() else { continue };
        match text(&after, name) {
            None => objections.push(format!("{path}: script `{name}` was removed")),
            Some(new) if new != old => {
                objections.extend(
                    lost(old, &new, finding)
                        .map(|program| format!("{path}: script `{name}` no longer runs `{program}`")),
                );
            }
            Some(_) => {}
        }
    }
    objections
}

/// The first program that the old script ran and the new one does not. A program that the log says does not
/// exist may go, and so may one that stands for nothing.
fn lost(old: &str, new: &str, finding: &Finding) -> Option<String> {
    let mut kept = programs(new);
    programs(old).into_iter().find(|program| {
        if let Some(at) = kept.iter().position(|other| other == program) {
            kept.remove(at);
            return false;
        }
        !HOLLOW.contains(&program.as_str()) && !is_unknown_program(program, finding)
    })
}

fn is_unknown_program(program: &str, finding: &Finding) -> bool {
    [&finding.message, &finding.root_line].into_iter().any(|line| {
        line.match_indices(program).any(|(at, _)| {
            let rest = line[at + program.len()..].trim_start_matches(['`', '\'', '"', ' ', ':']);
            rest.starts_with("not found")
                || rest.starts_with("command not found")
                || rest.starts_with("is not recognized")
        })
    })
}

/// The programs of a command line, in order: `tsc && npx vite build` runs `tsc` and `vite`; `npm run lint` is kept
/// as `npm run lint`, since the name of the script is what counts.
fn programs(line: &str) -> Vec<String> {
    line.split(['&', '|', ';'])
        .map(|part| {
            let mut words =
                part.split_whitespace().filter(|word| !word.starts_with('-')).skip_while(|word| {
                    matches!(*word, "npx" | "bunx" | "cross-env" | "dotenv" | "env" | "exec" | "time")
                        || word.split_once('=').is_some_and(|(name, _)| {
                            name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                        })
                });
            let first = words.next().unwrap_or_default();
            match first {
                "npm" | "pnpm" | "yarn" | "bun" | "node" | "turbo" | "nx" | "python" | "python3" => {
                    std::iter::once(first).chain(words.take(2)).collect::<Vec<_>>().join(" ")
                }
                first => first.rsplit('/').next().unwrap_or(first).to_owned(),
            }
        })
        .filter(|program| !program.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_command_lines_apart() {
        let cases = [
            ("tsc && npx vite build", vec!["tsc", "vite"]),
            ("NODE_ENV=production cross-env A=1 next build --turbo", vec!["next"]),
            ("npm run lint; node_modules/.bin/tsc -p .", vec!["npm run lint", "tsc"]),
            ("", vec![]),
        ];
        for (line, expected) in cases {
            assert_eq!(programs(line), expected, "{line}");
        }
    }
}
