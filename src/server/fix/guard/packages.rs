//! Packages that a patch adds. A repair adds one only where its lack is the error: whatever else a log or a file asks
//! for, it does not get new code into the project.

use super::{FileChange, Input, Objections, json, kinds};
use crate::model::{ErrorType, Finding};
use serde_json::Value;
use std::collections::BTreeSet;

const GROUPS: &[&str] = &["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

/// Programs whose package has another name.
const PROGRAMS: &[(&str, &str)] = &[
    ("tsc", "typescript"),
    ("ng", "@angular/cli"),
    ("nest", "@nestjs/cli"),
    ("nuxi", "nuxt"),
    ("remix", "@remix-run/dev"),
    ("svelte-kit", "@sveltejs/kit"),
    ("vue-cli-service", "@vue/cli-service"),
    ("webpack", "webpack-cli"),
];

pub(super) fn new_packages(input: &Input<'_>) -> Objections {
    let manifests = input.files.iter().filter(|file| kinds::name(file.path) == "package.json");
    let added = manifests.flat_map(|file| {
        let known = packages(file.before_text());
        packages(file.after_text())
            .into_iter()
            .filter(move |name| !known.contains(name))
            .map(move |name| (file, name))
    });
    added
        .filter(|(_, name)| !is_missing(name, input.finding))
        .map(|(FileChange { path, .. }, name)| {
            format!("{path}: {name} was added, and the error does not name it")
        })
        .collect()
}

/// The names of all packages but those of the repository itself. Behind another name, the true one.
fn packages(manifest: &str) -> BTreeSet<String> {
    let value = json::parse(manifest).unwrap_or_default();
    let entries = |groups: &'static [&str]| {
        groups.iter().filter_map(|group| value.get(group)?.as_object()).flatten().collect::<Vec<_>>()
    };
    let aliased = |version: &Value| {
        let target = version.as_str()?.strip_prefix("npm:")?;
        Some(
            target
                .rsplit_once('@')
                .map_or(target, |(name, _)| if name.is_empty() { target } else { name })
                .to_owned(),
        )
    };
    let local = |version: &Value| version.as_str().is_some_and(|text| text.starts_with("workspace:"));
    let listed = entries(GROUPS).into_iter().filter(|(_, version)| !local(version));
    let listed = listed.map(|(name, version)| aliased(version).unwrap_or_else(|| name.clone()));
    // These name packages that others bring along.
    let replaced =
        entries(&["overrides", "resolutions"]).into_iter().filter_map(|(_, version)| aliased(version));
    listed.chain(replaced).collect()
}

/// The error says that this package, or what it describes the types of, is not there.
fn is_missing(package: &str, finding: &Finding) -> bool {
    let about_packages = finding.error_type == ErrorType::Dependency;
    let typed = package.strip_prefix("@types/").map(|name| match name.split_once("__") {
        Some((scope, name)) => format!("@{scope}/{name}"),
        None => name.to_owned(),
    });
    let programs = PROGRAMS.iter().filter(|(_, name)| about_packages && *name == package);
    let names: Vec<&str> = [Some(package), typed.as_deref()]
        .into_iter()
        .flatten()
        .chain(programs.map(|(program, _)| *program))
        .collect();
    let mut texts = vec![finding.message.clone(), finding.root_line.clone()];
    // What stands near another error may be anything, also an order to install something.
    texts.extend(about_packages.then(|| finding.context_text()));
    texts.iter().any(|text| names.iter().any(|name| names_it(text, name, about_packages)))
}

/// The name stands alone in the text. One that could be an English word has to be in quotes, unless the error is about
/// packages.
fn names_it(text: &str, name: &str, about_packages: bool) -> bool {
    let is_word = !name.contains(['@', '/', '-', '.']);
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let mut after = text[at + name.len()..].chars();
        let next = match after.next() {
            // The end of a sentence, or a part of a longer name.
            Some('.') => after.next(),
            next => next,
        };
        let part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        let quoted = before.is_some_and(|c| matches!(c, '\'' | '"' | '`'));
        let alone =
            !before.is_some_and(|c| part(c) || matches!(c, '@' | '/' | '.')) && !next.is_some_and(part);
        alone && (quoted || !is_word || about_packages)
    })
}
