//! Where packages come from: lockfiles, and versions in `package.json` that name no version.

use super::{FileChange, Input, Objections, json, kinds};
use crate::model::ErrorType;
use regex::Regex;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

/// Registries that a lockfile may name although it named no address before.
const PUBLIC: &[&str] = &[
    "https://registry.npmjs.org",
    "https://registry.yarnpkg.com",
    "https://files.pythonhosted.org",
    "https://pypi.org",
    "https://github.com/rust-lang/crates.io-index",
    "https://rubygems.org",
    "https://jsr.io",
    "https://npm.jsr.io",
];

static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\b((?:git\+)?(?:https?|ssh|git|file))://(?:[^\s@/'\x22]*@)?([^\s/'\x22)},]+)").ok()
});
/// Lines of a lockfile that say where a package comes from, as opposed to its home page.
static SOURCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:resolved|resolution|tarball|source|url|remote|registry|index)\b").ok()
});

pub(super) fn dependencies(input: &Input<'_>) -> Objections {
    let manifest_changed = input.files.iter().any(|file| kinds::is_manifest(file.path));
    let about_packages = input.finding.error_type == ErrorType::Dependency;
    let mut objections = Vec::new();
    for file in &input.files {
        if kinds::name(file.path) == "package.json" {
            objections.extend(odd_versions(file));
        }
        if !kinds::is_lockfile(file.path) && !kinds::is_lockfile(file.old_path) {
            continue;
        }
        if file.is_deleted() {
            objections.push(format!("{}: deleted", file.path));
            continue;
        }
        if !manifest_changed && !about_packages {
            objections.push(format!("{}: changed without its manifest", file.path));
        }
        let known = sources(file.before_text());
        for source in sources(file.after_text()) {
            if !known.contains(&source) && !PUBLIC.contains(&source.as_str()) {
                objections.push(format!("{}: packages from {source}", file.path));
            }
        }
        objections.extend(tampered(file));
    }
    objections
}

/// Scheme and host of every source of packages. The scheme counts: a package fetched over http is another one.
fn sources(text: &str) -> BTreeSet<String> {
    let (Some(address), Some(source)) = (ADDRESS.as_ref(), SOURCE.as_ref()) else { return BTreeSet::new() };
    text.lines()
        .filter(|line| source.is_match(line))
        // `"url"` in npm's lockfile is a page for donations.
        .filter(|line| !line.trim_start().starts_with("\"url\""))
        .flat_map(|line| address.captures_iter(line))
        .filter_map(|found| Some(format!("{}://{}", found.get(1)?.as_str(), found.get(2)?.as_str())))
        .map(|source| {
            let index = source.starts_with("https://github.com");
            if index && text.contains("rust-lang/crates.io-index") { PUBLIC[4].to_owned() } else { source }
        })
        .collect()
}

/// npm's lockfile: the same version of a package with another checksum, or a fetched package without one.
fn tampered(file: &FileChange<'_>) -> Objections {
    let packages = |text: &str| -> Option<BTreeMap<String, Value>> {
        let value = json::parse(text)?;
        Some(value.get("packages")?.as_object()?.clone().into_iter().collect())
    };
    let (Some(before), Some(after)) = (packages(file.before_text()), packages(file.after_text())) else {
        return Vec::new();
    };
    let text = |package: &Value, key: &str| package.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut objections = Vec::new();
    for (name, package) in &after {
        let (version, integrity) = (text(package, "version"), text(package, "integrity"));
        let fetched = text(package, "resolved").is_some_and(|from| from.starts_with("http"));
        match before.get(name) {
            Some(old)
                if text(old, "version") == version
                    && text(old, "integrity").is_some()
                    && text(old, "integrity") != integrity =>
            {
                objections.push(format!("{}: another checksum for {name}", file.path));
            }
            None if fetched && integrity.is_none() => {
                objections.push(format!("{}: no checksum for {name}", file.path));
            }
            _ => {}
        }
    }
    objections
}

/// Versions that fetch code from elsewhere than the registry: addresses, Git, folders outside.
fn odd_versions(file: &FileChange<'_>) -> Objections {
    const GROUPS: &[&str] = &[
        "dependencies",
        "devDependencies",
        "optionalDependencies",
        "peerDependencies",
        "overrides",
        "resolutions",
    ];
    let versions = |text: &str| -> BTreeSet<(String, String)> {
        let value = json::parse(text).unwrap_or_default();
        let groups = GROUPS.iter().filter_map(|group| value.get(group)?.as_object().cloned());
        groups.flatten().filter_map(|(name, version)| Some((name, version.as_str()?.to_owned()))).collect()
    };
    let known = versions(file.before_text());
    versions(file.after_text())
        .into_iter()
        .filter(|entry| !known.contains(entry) && is_odd(&entry.1))
        .map(|(name, _)| format!("{}: {name} does not come from the registry", file.path))
        .collect()
}

fn is_odd(version: &str) -> bool {
    let alias = ["npm:", "workspace:", "catalog:", "jsr:"].iter().any(|start| version.starts_with(start));
    !alias && (version.contains(':') || version.contains('/'))
}
