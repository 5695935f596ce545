//! Labelled logs → cases, from either layout: a folder for each (`log.txt`, `label.json`) or pairs (`name.log`,
//! `name.toml`).

use anyhow::Context as _;
use serde::Deserialize;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What a person says about a log.
#[derive(Debug, Deserialize)]
pub struct Label {
    pub error_type: String,
    /// Types that are right, too.
    #[serde(default)]
    pub also: Vec<String>,
    pub root_line: String,
    /// Lines that name the cause as well.
    #[serde(default)]
    pub root_alt: Vec<String>,
    #[serde(default)]
    pub affected_files: Vec<String>,
    /// Who can repair it. Not every set says so.
    pub verdict: Option<String>,
}

/// A log with its label.
#[derive(Debug)]
pub struct Case {
    pub name: String,
    pub log: String,
    pub label: Label,
}

/// All cases of a folder, by name.
pub fn read(folder: &Path) -> anyhow::Result<Vec<Case>> {
    let entries = fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<PathBuf>>>()?;
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        let (log, label) = match path.extension().and_then(|ending| ending.to_str()) {
            Some("log") => {
                let label = fs::read_to_string(path.with_extension("toml"))?;
                (path.clone(), toml::from_str(&label).with_context(|| format!("{}", path.display()))?)
            }
            None if path.join("label.json").is_file() => {
                let label = fs::read(path.join("label.json"))?;
                (path.join("log.txt"), serde_json::from_slice(&label)?)
            }
            _ => continue,
        };
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let log = String::from_utf8_lossy(&fs::read(log)?).into_owned();
        cases.push(Case { name, log, label });
    }
    Ok(cases)
}
