//! Git around a slot: copies a clean clone in, and reads the agent's patch out.
//!
//! A slot holds `repo` (shown as `/repo`, its `.git` is the agent's to spoil), `home`, and `base.git`: the Git
//! folder as it was loaded, never writable from inside, against which the patch is made.

use super::folder;
use crate::server::{
    disk,
    sandbox::{REPO, SandboxError},
};
use std::{
    ffi::OsStr,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{process::Command, time::timeout};

/// Bytes. The guard's own limit is lower: this one keeps memory in bounds.
pub(super) const MAX_PATCH: usize = 4 * 1024 * 1024;
pub(super) const PATCH_TIME: Duration = Duration::from_secs(180);
const GIT_TIMEOUT: Duration = Duration::from_secs(300);

/// Contents as they are stored: no line-end conversion, no filter, no file hidden from the diff by an attribute.
const ATTRIBUTES: &str = "* !text !eol !crlf !filter !ident !working-tree-encoding !diff !merge\n";

/// What no repair consists of, also where the repository does not ignore it. Tracked files are not affected.
const EXCLUDED: &str = "node_modules\n.next/\n.nuxt/\n.output/\n.svelte-kit/\n.astro/\n.vercel/\n.turbo/\ndist/\n\
                        coverage/\n.pnpm-store/\n.parcel-cache/\n*.tsbuildinfo\nnpm-debug.log*\n";

/// Where the loaded Git folder is shown while the patch is made.
pub(super) const BASE: &str = "/base.git";

/// A slot's folders.
#[derive(Clone, Debug)]
pub(super) struct Folders {
    pub top: PathBuf,
    pub repo: PathBuf,
    pub home: PathBuf,
    pub base: PathBuf,
}

impl Folders {
    pub(super) fn new(top: PathBuf) -> Self {
        Self { repo: top.join("repo"), home: top.join("home"), base: top.join("base.git"), top }
    }
}

/// Fills the folders with a fresh copy of `clean_clone`'s HEAD, owned by `owner` if one is given.
pub(super) async fn load(
    folders: &Folders,
    clean_clone: &Path,
    owner: Option<u32>,
) -> Result<(), SandboxError> {
    folder::remove(&folders.top).await?;
    for path in [&folders.top, &folders.repo, &folders.home] {
        folder::create_private(path).map_err(SandboxError::io("create a folder of the sandbox"))?;
    }
    let clean_clone = fs::canonicalize(clean_clone).map_err(SandboxError::io("find the clean clone"))?;
    let repo = &folders.repo;
    git(repo, "prepare the copy", ["init", "--quiet", "--template=", "--initial-branch=work", "."]).await?;
    let head = [OsStr::new("fetch"), "--quiet".as_ref(), "--depth=1".as_ref(), "--no-tags".as_ref()];
    git(repo, "copy the commit", head.into_iter().chain([clean_clone.as_os_str(), "HEAD".as_ref()])).await?;
    let info = repo.join(".git/info");
    fs::create_dir_all(&info)
        .and_then(|()| fs::write(info.join("attributes"), ATTRIBUTES))
        .and_then(|()| fs::write(info.join("exclude"), EXCLUDED))
        .map_err(SandboxError::io("prepare the copy"))?;
    git(repo, "check out the commit", ["reset", "--quiet", "--hard", "FETCH_HEAD"]).await?;
    // It names the clean clone's place on the host.
    fs::remove_file(repo.join(".git/FETCH_HEAD")).map_err(SandboxError::io("prepare the copy"))?;
    let copied = Command::new("cp").arg("-a").arg(repo.join(".git")).arg(&folders.base).status().await;
    copied
        .and_then(|status| status.success().then_some(()).ok_or_else(|| std::io::Error::other("cp failed")))
        .map_err(SandboxError::io("keep the loaded commit"))?;
    match owner {
        Some(owner) => folder::give(&folders.top, owner).await,
        None => Ok(()),
    }
}

/// Runs Git on the host over trusted folders with untrusted contents: nothing but our own settings counts.
async fn git<I>(folder: &Path, what: &'static str, arguments: I) -> Result<(), SandboxError>
where
    I: IntoIterator,
    I::Item: AsRef<OsStr>,
{
    let mut command = Command::new("git");
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()));
    command.envs([
        ("HOME", "/nonexistent"),
        ("LC_ALL", "C.UTF-8"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_ALLOW_PROTOCOL", "file"),
    ]);
    for setting in [
        "core.hooksPath=/dev/null",
        "core.fsmonitor=false",
        "core.autocrlf=false",
        "gc.auto=0",
        "maintenance.auto=false",
        "safe.directory=*",
    ] {
        command.args(["-c", setting]);
    }
    command.args(arguments).current_dir(folder).kill_on_drop(true);
    let output = timeout(GIT_TIMEOUT, command.output())
        .await
        .map_err(|_| SandboxError::Git { what, detail: "it took too long".to_owned() })?
        .map_err(SandboxError::io("run git"))?;
    if output.status.success() {
        return Ok(());
    }
    // Of a file that it cannot write, git often says no more than that.
    if disk::has_no_room(folder) {
        return Err(SandboxError::Io { what, source: ErrorKind::StorageFull.into() });
    }
    Err(SandboxError::Git { what, detail: short(&output.stderr) })
}

/// What a program printed, cut to a length fit for an error.
pub(super) fn short(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().chars().take(500).collect()
}

/// The shell command that prints the patch inside, where `/repo` and [`BASE`] are shown read-only and the agent's
/// home with its settings is not shown at all. An empty repository that the agent made in the copy is left out.
pub(super) fn patch_command() -> Vec<String> {
    let script = "set -e; mkdir /tmp/objects; git read-tree HEAD; \
        add() { git add --all \"$@\" -- . ':(exclude,glob)**/node_modules/**' 2> /tmp/said; }; \
        add || { grep -q 'does not have a commit checked out' /tmp/said && { add --ignore-errors || :; }; } \
          || { cat /tmp/said >&2; exit 1; }; \
        exec git diff --cached --binary --full-index --no-renames --no-color --no-ext-diff --no-textconv \
          --src-prefix=a/ --dst-prefix=b/ HEAD";
    ["/bin/sh", "-c", script].map(str::to_owned).into()
}

/// The environment for [`patch_command`]: what it writes goes to `/tmp`.
pub(super) fn patch_environment() -> Vec<(String, String)> {
    let settings = [
        ("core.hooksPath", "/dev/null"),
        ("core.fsmonitor", "false"),
        ("core.autocrlf", "false"),
        ("core.bare", "false"),
        ("core.quotePath", "true"),
        ("diff.ignoreSubmodules", "dirty"),
        ("advice.addEmbeddedRepo", "false"),
        ("safe.directory", "*"),
    ];
    let mut environment: Vec<(String, String)> = [
        ("HOME", "/tmp"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_DIR", BASE),
        ("GIT_WORK_TREE", REPO),
        ("GIT_INDEX_FILE", "/tmp/index"),
        ("GIT_OBJECT_DIRECTORY", "/tmp/objects"),
        ("GIT_ALTERNATE_OBJECT_DIRECTORIES", "/base.git/objects"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    environment.push(("GIT_CONFIG_COUNT".to_owned(), settings.len().to_string()));
    for (number, (key, value)) in settings.into_iter().enumerate() {
        environment.push((format!("GIT_CONFIG_KEY_{number}"), key.to_owned()));
        environment.push((format!("GIT_CONFIG_VALUE_{number}"), value.to_owned()));
    }
    environment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_failure_on_a_full_disk_is_one_of_the_disk_whatever_git_says() {
        // A file system that never has room.
        let full = git(Path::new("/proc"), "prepare the copy", ["init", "here"]).await;
        assert!(full.as_ref().is_err_and(SandboxError::is_disk_full), "{full:?}");
        let other = git(Path::new("/"), "prepare the copy", ["init", "/proc/here"]).await;
        assert!(other.as_ref().is_err_and(|error| !error.is_disk_full()), "{other:?}");
    }
}
