//! What SECURITY.md says is shown by tests: they have to be there.

use anyhow::{Context as _, ensure};
use regex::Regex;
use std::{collections::BTreeSet, fs, path::Path};

/// The names of all tests below a folder.
fn tests(folder: &Path, found: &mut BTreeSet<String>) -> anyhow::Result<()> {
    // The first line behind the attribute that begins a function: attributes and their cases may hold anything.
    let test = Regex::new(r"(?ms)#\[(?:(?:tokio::)?test\b|rstest\]|apply\().*?^\s*(?:async )?fn (\w+)")?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            tests(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.extend(test.captures_iter(&fs::read_to_string(&path)?).map(|test| test[1].to_owned()));
        }
    }
    Ok(())
}

#[test]
fn every_test_that_the_threat_model_names_exists() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut known = BTreeSet::new();
    for folder in ["src", "tests", "migrations/src"] {
        tests(&root.join(folder), &mut known)?;
    }
    let text = fs::read_to_string(root.join("SECURITY.md"))?;
    let name = Regex::new(r"`([^`]+)`")?;
    let (mut of_tests, mut rows) = (false, 0);
    for line in text.lines() {
        let Some(cells) = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")) else {
            of_tests = false;
            continue;
        };
        let last = cells.rsplit(" | ").next().context("a row without cells")?;
        match last {
            "Test" => of_tests = true,
            "---" => {}
            _ if of_tests => {
                let named: Vec<_> = name.captures_iter(last).map(|name| name[1].to_owned()).collect();
                ensure!(!named.is_empty(), "no test is named: {line}");
                for test in named {
                    ensure!(known.contains(&test), "there is no test {test}: {line}");
                }
                rows += 1;
            }
            _ => {}
        }
    }
    ensure!(rows > 40, "{rows} rows with tests were found");
    Ok(())
}
