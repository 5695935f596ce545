//! Logs that real tools printed for small broken projects (`tests/data/record.sh`), with labels written by hand.
#![cfg(feature = "ssr")]

use deploymend::server::diagnosis::{Hints, clean::clean, diagnose};
use std::{fs, path::Path};

#[derive(serde::Deserialize)]
struct Label {
    error_type: String,
    verdict: String,
    root_line: String,
    affected_files: Vec<String>,
}

#[test]
fn every_recorded_log_is_diagnosed_as_labelled() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/logs");
    let mut cases = 0;
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder of logs") {
        let path = entry.expect("a readable folder").path();
        if path.extension().is_none_or(|ending| ending != "log") {
            continue;
        }
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let log = fs::read_to_string(&path).expect("a readable log");
        let label: Label = toml::from_str(&fs::read_to_string(path.with_extension("toml")).expect("a label"))
            .expect("a valid label");
        let lines: Vec<&str> = log.lines().collect();
        let finding = diagnose(&lines, &Hints::default());
        let mut check = |what: &str, have: String, want: String| {
            if have != want {
                wrong.push(format!("{name}: {what} is {have}, not {want}"));
            }
        };
        check("type", finding.error_type.as_str().to_owned(), label.error_type);
        check("verdict", finding.verdict.as_str().to_owned(), label.verdict.clone());
        check("root line", finding.root_line.clone(), clean(&label.root_line).trim().to_owned());
        check("files", finding.affected_files.join(" "), label.affected_files.join(" "));
        check("advice", finding.advice.is_some().to_string(), (label.verdict != "code").to_string());
        cases += 1;
    }
    assert!(cases >= 40, "only {cases} logs");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The switch is the whole process's, so it is looked at from outside.
#[test]
fn mail_addresses_go_where_they_are_to() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("build.log");
    let log =
        "Author: Jane <jane@example.com>\nsrc/a.ts(3,7): error TS2322: bad\nsee git@github.com:acme/shop\n";
    fs::write(&file, log).expect("a writable folder");
    for (flags, has_it) in [(&["analyze"][..], true), (&["analyze", "--redact-mail"], false)] {
        let ran =
            std::process::Command::new(env!("CARGO_BIN_EXE_deploymend")).args(flags).arg(&file).output();
        let said = String::from_utf8(ran.expect("the program starts").stdout).expect("text");
        assert_eq!(said.contains("jane@example.com"), has_it, "{said}");
        assert!(said.contains("git@github.com:acme/shop"), "{said}");
    }
}
