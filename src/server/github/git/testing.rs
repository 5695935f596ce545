//! Bare repositories on this machine, for tests.

use super::{Checkout, Remote};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A bare repository with a little history, and what is needed to use it.
pub(crate) struct Origin {
    pub folder: tempfile::TempDir,
    pub first: String,
    pub failing: String,
}

/// Plain git, as a person runs it, with a home of its own.
pub(crate) fn plain(dir: &Path, home: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .args(args)
        .current_dir(dir)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "Dev")
        .env("GIT_AUTHOR_EMAIL", "dev@example.com")
        .env("GIT_COMMITTER_NAME", "Dev")
        .env("GIT_COMMITTER_EMAIL", "dev@example.com")
        .output()
        .expect("git runs");
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

impl Origin {
    /// `main` with three commits: the first, the failing one, and one on top.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let work = folder.path().join("work");
        std::fs::create_dir_all(&work).expect("a folder");
        let home = folder.path();
        plain(&work, home, &["init", "-q", "-b", "main"]);
        let commit = |message: &str| {
            plain(&work, home, &["add", "-A"]);
            plain(&work, home, &["commit", "-qm", message]);
            plain(&work, home, &["rev-parse", "HEAD"])
        };
        std::fs::write(work.join("README.md"), "read me\n").expect("written");
        let first = commit("first");
        for (path, content) in files {
            let path = work.join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, content).expect("written");
        }
        std::fs::write(work.join("a.txt"), "one\ntwo\nthree\n").expect("written");
        let failing = commit("failing");
        std::fs::write(work.join("later.txt"), "later\n").expect("written");
        commit("later");
        plain(folder.path(), home, &["clone", "-q", "--bare", "work", "origin.git"]);
        Self { folder, first, failing }
    }

    pub fn bare(&self) -> PathBuf {
        self.folder.path().join("origin.git")
    }

    pub fn remote(&self) -> Remote {
        Remote::folder(&self.bare())
    }

    pub fn git(&self, args: &[&str]) -> String {
        plain(&self.bare(), self.folder.path(), args)
    }

    pub async fn clone_to(&self, name: &str) -> Checkout {
        Checkout::clone_at(&self.remote(), &self.failing, Some("main"), &self.folder.path().join(name))
            .await
            .expect("a clone")
    }
}
