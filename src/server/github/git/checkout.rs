//! Turns a commit on a host into a clean clone, a patch into a commit, and a commit into a pushed branch.
//!
//! Every step can be repeated: the same patch, author, date and message make the same commit id.

use super::{
    blobs::{self, Change, Mode},
    error::GitError,
    patch,
    process::Run,
    remote::Remote,
};
use crate::model::Timestamp;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// Of one exchange with the host.
const REMOTE_TIMEOUT: Duration = Duration::from_secs(600);
/// The commits of a branch that are fetched first, when a single commit cannot be.
const BRANCH_DEPTH: &str = "50";
/// git's own word for "all of them".
const WHOLE_DEPTH: &str = "2147483647";

/// A clean clone that only this module writes to.
#[derive(Clone, Debug)]
pub struct Checkout {
    dir: PathBuf,
}

/// A patch that applies: the tree it makes, and what it changes. Nothing in the clone has changed yet.
#[derive(Clone, Debug)]
pub struct Staged {
    tree: String,
    /// The changed files, in git's order of paths.
    pub changes: Vec<Change>,
}

/// Whose name a commit carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The display name.
    pub name: String,
    /// The mail address. Platforms build only commits of authors whom they know by it.
    pub email: String,
}

/// What a commit says besides its tree.
#[derive(Clone, Debug)]
pub struct Commit<'a> {
    /// Who wrote it.
    pub author: &'a Identity,
    /// Who made the commit.
    pub committer: &'a Identity,
    /// Both dates; from the stored fix, so that a repeated commit is the same one. Whole seconds count.
    pub at: Timestamp,
    /// The message.
    pub message: &'a str,
}

/// How a push ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// The branch was moved.
    Now,
    /// The branch was there already: an earlier push was interrupted after it.
    Before,
}

impl Checkout {
    /// Clones one commit (its full id) into `into`, which must be absent or empty. Fetches only that commit; a
    /// host that does not hand out single commits is asked for `branch`, and its history is searched.
    pub async fn clone_at(
        remote: &Remote,
        sha: &str,
        branch: Option<&str>,
        into: &Path,
    ) -> Result<Self, GitError> {
        let sha = full_id(sha)?;
        let io = |source| GitError::Io { what: "make the folder", source };
        tokio::fs::create_dir_all(into).await.map_err(io)?;
        let dir = tokio::fs::canonicalize(into).await.map_err(io)?;
        if tokio::fs::read_dir(&dir).await.map_err(io)?.next_entry().await.map_err(io)?.is_some() {
            return Err(GitError::Invalid("a folder that is not empty"));
        }
        // No template: it could bring hooks.
        Run::new("init", ["init", "--quiet", "--template=", "--initial-branch=clean"]).succeed(&dir).await?;
        let checkout = Self { dir };
        if !checkout.fetch_commit(remote, sha).await? {
            let branch = branch.ok_or(GitError::NotFound)?;
            checkout.fetch_history(remote, sha, branch).await?;
        }
        checkout.reset_to(sha).await?;
        Ok(checkout)
    }

    /// A clone that [`Self::clone_at`] made earlier.
    pub async fn open(dir: &Path) -> Result<Self, GitError> {
        let io = |source| GitError::Io { what: "open the clone", source };
        let checkout = Self { dir: tokio::fs::canonicalize(dir).await.map_err(io)? };
        checkout.head().await?;
        Ok(checkout)
    }

    /// The folder with the files and `.git`.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The full id of the commit it is at.
    pub async fn head(&self) -> Result<String, GitError> {
        self.id_of("HEAD").await
    }

    /// Goes to a commit it has, and removes every other change and file.
    pub async fn reset_to(&self, sha: &str) -> Result<(), GitError> {
        let sha = full_id(sha)?;
        let local = |what, args: &[&str]| Run::new(what, args).timeout(REMOTE_TIMEOUT);
        local("check out", &["checkout", "--quiet", "--force", "--detach", sha]).succeed(&self.dir).await?;
        local("clean", &["clean", "--quiet", "-ffdx"]).succeed(&self.dir).await.map(drop)
    }

    /// Every path at HEAD, in git's order. Paths that are not UTF-8 are left out.
    pub async fn files(&self) -> Result<Vec<String>, GitError> {
        let listed = Run::new("list files", ["ls-tree", "-r", "--name-only", "-z", "--full-tree", "HEAD"])
            .output_bytes(64 * 1024 * 1024)
            .succeed(&self.dir)
            .await?;
        let names = listed.split(|byte| *byte == 0).filter_map(|name| std::str::from_utf8(name).ok());
        Ok(names.filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }

    /// The content of a file at HEAD; `None` when there is no file at that path.
    pub async fn read(&self, path: &str) -> Result<Option<Vec<u8>>, GitError> {
        if !patch::is_inside(path) {
            return Ok(None);
        }
        let outcome =
            Run::new("read a file", ["cat-file", "blob", &format!("HEAD:{path}")]).outcome(&self.dir).await?;
        Ok((outcome.code == Some(0)).then_some(outcome.stdout))
    }

    /// Tries a patch on HEAD, in an index of its own, and reads back what it changes. Refuses submodules, links
    /// that leave the tree, and paths outside the tree or inside `.git`.
    pub async fn stage(&self, bytes: &[u8]) -> Result<Staged, GitError> {
        patch::parse(bytes).map_err(|error| GitError::PatchRefused { detail: error.to_string() })?;
        let folder = tempfile::tempdir().map_err(|source| GitError::Io { what: "make an index", source })?;
        let index = folder.path().join("index");
        let run = |what, args: &[&str]| Run::new(what, args).env("GIT_INDEX_FILE", &index);
        run("read the tree", &["read-tree", "HEAD"]).succeed(&self.dir).await?;
        let applied = run("apply", &["apply", "--cached", "--whitespace=nowarn", "-"])
            .stdin(bytes)
            .outcome(&self.dir)
            .await?;
        if applied.code != Some(0) {
            return Err(GitError::PatchRefused { detail: applied.detail });
        }
        let changes = blobs::changes(&self.dir, &index).await?;
        for change in &changes {
            refuse_escapes(change)?;
        }
        let tree = run("write the tree", &["write-tree"]).succeed(&self.dir).await?;
        Ok(Staged { tree: text(tree)?, changes })
    }

    /// Commits a staged patch on top of HEAD and goes there. Returns the commit's full id.
    pub async fn commit(&self, staged: &Staged, commit: &Commit<'_>) -> Result<String, GitError> {
        let parent = self.head().await?;
        let date = format!("@{} +0000", commit.at.timestamp());
        let (author, committer) = (commit.author.cleaned()?, commit.committer.cleaned()?);
        let sha = Run::new("commit", ["commit-tree", &staged.tree, "-p", &parent])
            .stdin(commit.message.as_bytes())
            .env("GIT_AUTHOR_NAME", author.name)
            .env("GIT_AUTHOR_EMAIL", author.email)
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_NAME", committer.name)
            .env("GIT_COMMITTER_EMAIL", committer.email)
            .env("GIT_COMMITTER_DATE", &date)
            .succeed(&self.dir)
            .await?;
        let sha = text(sha)?;
        self.reset_to(&sha).await?;
        Ok(sha)
    }

    /// What changed from `base` to HEAD, as a unified diff for people; bytes that are not UTF-8 are replaced.
    pub async fn diff(&self, base: &str) -> Result<String, GitError> {
        let base = full_id(base)?;
        let args = [
            "diff",
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
            "--full-index",
            "-M",
            base,
            "HEAD",
            "--",
        ];
        let diff = Run::new("diff", args).succeed(&self.dir).await?;
        Ok(String::from_utf8_lossy(&diff).into_owned())
    }

    /// Where a branch of the host is; `None` when it is not there.
    pub async fn remote_branch(&self, remote: &Remote, branch: &str) -> Result<Option<String>, GitError> {
        let reference = self.reference(branch).await?;
        let run = Run::new("ask for the branch", ["ls-remote", "--refs", "--", remote.address(), &reference]);
        let outcome = remote.open(run).timeout(REMOTE_TIMEOUT).outcome(&self.dir).await?;
        if outcome.code != Some(0) {
            return Err(GitError::from_remote("ask for the branch", outcome.code, outcome.detail));
        }
        let listed = String::from_utf8_lossy(&outcome.stdout).into_owned();
        Ok(listed
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .find(|(_, name)| *name == reference)
            .map(|(sha, _)| sha.to_owned()))
    }

    /// Moves the host's branch to HEAD, if it is where `expected` says (`None`: it is not there yet), or at HEAD
    /// already. [`GitError::LeaseLost`] otherwise.
    pub async fn push(
        &self,
        remote: &Remote,
        branch: &str,
        expected: Option<&str>,
    ) -> Result<Pushed, GitError> {
        let reference = self.reference(branch).await?;
        let head = self.head().await?;
        let expected = expected.map(full_id).transpose()?.unwrap_or_default();
        let lease = format!("--force-with-lease={reference}:{expected}");
        let what = format!("{head}:{reference}");
        let args = ["push", "--porcelain", "--no-verify", "--no-signed", &lease, remote.address(), &what];
        let outcome = remote.open(Run::new("push", args)).timeout(REMOTE_TIMEOUT).outcome(&self.dir).await?;
        if outcome.code == Some(0) {
            let report = String::from_utf8_lossy(&outcome.stdout).into_owned();
            return Ok(if report.lines().any(|line| line.starts_with('=')) {
                Pushed::Before
            } else {
                Pushed::Now
            });
        }
        match sort_refusal(&outcome.stdout, outcome.code, outcome.detail) {
            GitError::LeaseLost if self.remote_branch(remote, branch).await?.as_ref() == Some(&head) => {
                Ok(Pushed::Before)
            }
            error => Err(error),
        }
    }

    /// Fetches exactly one commit. `false` when the host does not hand it out by its id.
    pub(super) async fn fetch_commit(&self, remote: &Remote, sha: &str) -> Result<bool, GitError> {
        let outcome = self.fetch(remote, "1", sha).await?;
        if outcome.code == Some(0) {
            return Ok(true);
        }
        let by_branch = ["not our ref", "unadvertised object", "does not allow request"];
        if by_branch.iter().any(|words| outcome.detail.contains(words)) {
            return Ok(false);
        }
        Err(GitError::from_remote("fetch the commit", outcome.code, outcome.detail))
    }

    /// Fetches as much of a branch as is needed to have the commit.
    pub(super) async fn fetch_history(
        &self,
        remote: &Remote,
        sha: &str,
        branch: &str,
    ) -> Result<(), GitError> {
        let reference = self.reference(branch).await?;
        for depth in [BRANCH_DEPTH, WHOLE_DEPTH] {
            let outcome = self.fetch(remote, depth, &reference).await?;
            if outcome.code != Some(0) {
                return Err(GitError::from_remote("fetch the branch", outcome.code, outcome.detail));
            }
            if self.id_of(&format!("{sha}^{{commit}}")).await.is_ok() {
                return Ok(());
            }
        }
        Err(GitError::NotFound)
    }

    async fn fetch(
        &self,
        remote: &Remote,
        depth: &str,
        what: &str,
    ) -> Result<super::process::Outcome, GitError> {
        let depth = format!("--depth={depth}");
        let args = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-auto-maintenance"];
        let args = args.into_iter().chain([depth.as_str(), "--", remote.address(), what]);
        remote.open(Run::new("fetch", args)).timeout(REMOTE_TIMEOUT).outcome(&self.dir).await
    }

    async fn id_of(&self, revision: &str) -> Result<String, GitError> {
        text(Run::new("look up", ["rev-parse", "--verify", "--quiet", revision]).succeed(&self.dir).await?)
    }

    /// `refs/heads/{branch}`, if git takes it for a name.
    async fn reference(&self, branch: &str) -> Result<String, GitError> {
        // As a full reference it is a legal name, but other programs would take it for an option.
        if branch.starts_with('-') {
            return Err(GitError::Invalid("the branch name"));
        }
        let reference = format!("refs/heads/{branch}");
        let outcome =
            Run::new("check the branch", ["check-ref-format", &reference]).outcome(&self.dir).await?;
        if outcome.code == Some(0) { Ok(reference) } else { Err(GitError::Invalid("the branch name")) }
    }
}

impl Identity {
    /// Without the characters that would end the field in a commit.
    fn cleaned(&self) -> Result<Self, GitError> {
        let clean = |text: &str| -> String {
            let kept = text.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>'));
            kept.collect::<String>().trim().to_owned()
        };
        let cleaned = Self { name: clean(&self.name), email: clean(&self.email) };
        if cleaned.name.is_empty() || cleaned.email.is_empty() {
            return Err(GitError::Invalid("the author"));
        }
        Ok(cleaned)
    }
}

fn full_id(sha: &str) -> Result<&str, GitError> {
    let full = sha.len() == 40 && sha.bytes().all(|byte| byte.is_ascii_hexdigit());
    if full { Ok(sha) } else { Err(GitError::Invalid("the commit id")) }
}

fn text(output: Vec<u8>) -> Result<String, GitError> {
    let text = String::from_utf8(output).map_err(|_| GitError::Invalid("git's answer"))?;
    Ok(text.trim().to_owned())
}

fn refuse_escapes(change: &Change) -> Result<(), GitError> {
    let refuse = |why: &str| GitError::PatchRefused { detail: format!("{}: {why}", change.path) };
    let Some(after) = &change.after else { return Ok(()) };
    match after.mode {
        Mode::Submodule => Err(refuse("a submodule")),
        Mode::Symlink => {
            let target = std::str::from_utf8(&after.content).map_err(|_| refuse("an unreadable link"))?;
            let depth = change.path.matches('/').count();
            if stays_inside(target, depth) { Ok(()) } else { Err(refuse("a link that leaves the tree")) }
        }
        Mode::File | Mode::Executable => Ok(()),
    }
}

/// A link target that, from a folder `depth` levels below the root, never climbs above the root.
fn stays_inside(target: &str, depth: usize) -> bool {
    let mut level = depth;
    !target.starts_with('/')
        && !target.is_empty()
        && target.split('/').all(|part| match part {
            ".." => level.checked_sub(1).map(|up| level = up).is_some(),
            "" | "." => true,
            part => {
                level += 1;
                !part.eq_ignore_ascii_case(".git")
            }
        })
}

fn sort_refusal(report: &[u8], code: Option<i32>, detail: String) -> GitError {
    let report = String::from_utf8_lossy(report);
    let Some(line) = report.lines().find(|line| line.starts_with('!')) else {
        return GitError::from_remote("push", code, detail);
    };
    let moved = ["stale info", "cannot lock ref", "failed to lock", "incorrect old value", "already exists"];
    if moved.iter().any(|words| line.contains(words)) {
        GitError::LeaseLost
    } else {
        let reason = line.rsplit('\t').next().unwrap_or(line);
        GitError::PushRefused { detail: format!("{reason}\n{detail}") }
    }
}
