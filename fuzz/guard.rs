//! Any change of a few files as a patch: no panic, nothing slow, and the guard is never talked into what it is there to
//! refuse.
//!
//! The fields of a file stand between NUL bytes: how it changes, its old path, its path, its text before and after.
#![no_main]

use deploymend_fuzz::{
    model::{ErrorType, Finding, Verdict},
    server::{
        fix::guard::{Bounds, check},
        github::git::{Blob, Change, Mode, parse_patch},
    },
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(heads) = parse_patch(bytes) {
        for path in heads.iter().flat_map(|head| &head.paths) {
            assert!(!path.starts_with('/') && !path.is_empty(), "{path}");
            let parts = path.split('/').map(str::to_lowercase);
            assert!(parts.into_iter().all(|part| part != ".." && part != ".git"), "{path}");
        }
    }

    let fields: Vec<&[u8]> = bytes.split(|byte| *byte == 0).collect();
    let changes: Vec<Change> = fields.chunks_exact(5).filter_map(change).collect();
    let (finding, bounds) = (finding(), Bounds::default());
    let report = check(&changes, &finding, &bounds);
    assert_eq!(report.passed(), report.objections().is_empty());
    assert_eq!(report, check(&changes, &finding, &bounds));
    if let Some(change) = changes.iter().find(|change| must_be_refused(change)) {
        assert!(!report.passed(), "{change:?}");
    }
    assert!(!changes.is_empty() || !report.passed());
    assert!(changes.len() <= bounds.max_files || !report.passed() || changes.iter().any(is_lockfile));
});

fn change(fields: &[&[u8]]) -> Option<Change> {
    let [how, old_path, path, before, after] = fields else { return None };
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok().filter(|text| !text.is_empty());
    let path = text(path)?;
    let blob = |mode: Mode, content: &[u8]| Some(Blob { mode, content: content.to_vec() });
    let mode = match how.first() {
        Some(b'x') => Mode::Executable,
        Some(b'l') => Mode::Symlink,
        Some(b's') => Mode::Submodule,
        _ => Mode::File,
    };
    Some(Change {
        old_path: text(old_path).unwrap_or_else(|| path.clone()),
        path,
        before: (how.first() != Some(&b'+')).then(|| blob(Mode::File, before)).flatten(),
        after: (how.first() != Some(&b'-')).then(|| blob(mode, after)).flatten(),
    })
}

/// What no other change can make good.
fn must_be_refused(change: &Change) -> bool {
    let paths = [change.old_path.as_str(), change.path.as_str()];
    let has = |part: &str| paths.iter().any(|path| path.split('/').any(|of_path| of_path == part));
    let in_folder = |name: &str| {
        paths.iter().any(|path| path.rsplit_once('/').is_some_and(|(folder, _)| {
            folder.split('/').any(|part| part == name)
        }))
    };
    let after = change.after.as_ref();
    in_folder(".github")
        || in_folder(".husky")
        || in_folder("node_modules")
        || [".npmrc", ".gitattributes", ".gitmodules", ".gitlab-ci.yml", "Jenkinsfile"]
            .iter()
            .any(|name| paths.iter().any(|path| path.rsplit('/').next() == Some(name)))
        || after.is_some_and(|blob| matches!(blob.mode, Mode::Symlink | Mode::Submodule))
        || after.is_none() && change.before.is_some() && has("__tests__")
}

fn is_lockfile(change: &Change) -> bool {
    change.path.contains("lock")
        || change.path.ends_with("go.sum")
        || change.path.ends_with("npm-shrinkwrap.json")
}

fn finding() -> Finding {
    Finding {
        error_type: ErrorType::Typescript,
        message: "TS2339: Property 'titel' does not exist on type 'Product'.".into(),
        root_line: "src/list.ts(7,24): error TS2339".into(),
        line_number: Some(1),
        context: Vec::new(),
        affected_files: vec!["src/list.ts".into()],
        confidence: 0.9,
        verdict: Verdict::Code,
        advice: None,
        links: Vec::new(),
        build_again: false,
        differences: Vec::new(),
        fingerprint: "f".into(),
    }
}
