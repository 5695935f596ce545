//! Real bare repositories: made from a folder, committed to, read and merged with git itself.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Who made a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// Full name.
    pub name: String,
    /// Address.
    pub email: String,
}

impl Default for Author {
    fn default() -> Self {
        Author { name: "Octo Dev".to_owned(), email: "octo-dev@example.com".to_owned() }
    }
}

/// A commit as git shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Commit {
    /// Forty hex digits.
    pub sha: String,
    /// Parents, first parent first.
    pub parents: Vec<String>,
    /// Tree id.
    pub tree: String,
    /// Author.
    pub author: Author,
    /// Author date, RFC 3339.
    pub date: String,
    /// Committer.
    pub committer: Author,
    /// Whole message without the last line break.
    pub message: String,
}

/// git with a settled environment: no user or system configuration, any folder owner trusted.
#[must_use]
pub fn command(directory: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "safe.directory")
        .env("GIT_CONFIG_VALUE_0", "*")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .kill_on_drop(true);
    command
}

/// Runs git and returns its standard output without the last line break.
///
/// # Errors
/// git cannot be started or exits with another code than 0; the text holds what it wrote.
pub async fn run<I, S>(directory: &Path, arguments: I) -> anyhow::Result<String>
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let mut command = command(directory);
    command.args(arguments);
    finish(command, None).await
}

async fn finish(mut command: Command, input: Option<Vec<u8>>) -> anyhow::Result<String> {
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("git could not be started")?;
    if let (Some(input), Some(mut stdin)) = (input, child.stdin.take()) {
        stdin.write_all(&input).await?;
    }
    let output = child.wait_with_output().await?;
    if !output.status.success() {
        bail!("git failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned())
}

/// An empty bare repository with `main` as its default branch, that serves any reachable commit.
///
/// # Errors
/// The folder exists or cannot be made.
pub async fn init_bare(bare: &Path, default_branch: &str) -> anyhow::Result<()> {
    if bare.exists() {
        bail!("{} exists already", bare.display());
    }
    tokio::fs::create_dir_all(bare).await?;
    run(bare, ["init", "--quiet", "--bare", &format!("--initial-branch={default_branch}"), "."]).await?;
    for (key, value) in [
        ("uploadpack.allowFilter", "true"),
        ("uploadpack.allowReachableSHA1InWant", "true"),
        ("receive.hideRefs", "refs/pull"),
        ("core.logAllRefUpdates", "true"),
    ] {
        run(bare, ["config", key, value]).await?;
    }
    Ok(())
}

/// Commits everything in `folder` (less `.git`, `node_modules` and what its `.gitignore` names) to
/// `branch`, and returns the commit's id. An existing branch gets the folder as its next state.
///
/// # Errors
/// git fails, or there is nothing to commit.
pub async fn commit_folder(
    bare: &Path,
    folder: &Path,
    branch: &str,
    author: &Author,
    message: &str,
) -> anyhow::Result<String> {
    let scratch = tempfile::tempdir()?;
    let exclude = scratch.path().join("exclude");
    tokio::fs::write(&exclude, "node_modules/\n.DS_Store\n").await?;
    let folder = tokio::fs::canonicalize(folder).await.context("the project's folder")?;
    let index = scratch.path().join("index");
    let mut add = command(&folder);
    add.args(["-c", "core.bare=false", "-c"])
        .arg(format!("core.excludesFile={}", exclude.display()))
        .arg(format!("--git-dir={}", bare.display()))
        .arg(format!("--work-tree={}", folder.display()))
        .args(["add", "--all", "."])
        .env("GIT_INDEX_FILE", &index);
    finish(add, None).await?;
    commit_index(bare, &index, branch, None, author, message).await
}

/// Commits `files` (path to content; `None` deletes) on top of `branch`, or of `base` when the
/// branch does not exist yet, and returns the commit's id.
///
/// # Errors
/// git fails or `base` is unknown.
pub async fn commit_files(
    bare: &Path,
    branch: &str,
    base: Option<&str>,
    files: &BTreeMap<String, Option<String>>,
    author: &Author,
    message: &str,
) -> anyhow::Result<String> {
    let scratch = tempfile::tempdir()?;
    let index = scratch.path().join("index");
    let start = match resolve(bare, &format!("refs/heads/{branch}")).await {
        Some(tip) => Some(tip),
        None => match base {
            Some(base) => Some(resolve(bare, base).await.with_context(|| format!("no commit {base}"))?),
            None => None,
        },
    };
    if let Some(start) = &start {
        let mut read = command(bare);
        read.args(["read-tree", start]).env("GIT_INDEX_FILE", &index);
        finish(read, None).await?;
    }
    for (path, content) in files {
        let mut update = command(bare);
        update.env("GIT_INDEX_FILE", &index);
        if let Some(content) = content {
            let mut hash = command(bare);
            hash.args(["hash-object", "-w", "--stdin"]);
            let blob = finish(hash, Some(content.clone().into_bytes())).await?;
            update.args(["update-index", "--add", "--cacheinfo", &format!("100644,{blob},{path}")]);
        } else {
            update.args(["update-index", "--force-remove", path]);
        }
        finish(update, None).await?;
    }
    commit_index(bare, &index, branch, start.as_deref(), author, message).await
}

async fn commit_index(
    bare: &Path,
    index: &Path,
    branch: &str,
    start: Option<&str>,
    author: &Author,
    message: &str,
) -> anyhow::Result<String> {
    let mut write = command(bare);
    write.arg("write-tree").env("GIT_INDEX_FILE", index);
    let tree = finish(write, None).await?;
    let tip = resolve(bare, &format!("refs/heads/{branch}")).await;
    let parent = tip.as_deref().or(start);
    let commit = commit_tree(bare, &tree, parent.into_iter(), author, message).await?;
    run(bare, ["update-ref", &format!("refs/heads/{branch}"), &commit]).await?;
    Ok(commit)
}

/// Makes a commit object and returns its id; no ref is changed.
///
/// # Errors
/// git fails.
pub async fn commit_tree(
    bare: &Path,
    tree: &str,
    parents: impl Iterator<Item = &str>,
    author: &Author,
    message: &str,
) -> anyhow::Result<String> {
    let mut commit = command(bare);
    commit.args(["commit-tree", tree, "-m", message]);
    for parent in parents {
        commit.args(["-p", parent]);
    }
    for role in ["AUTHOR", "COMMITTER"] {
        commit.env(format!("GIT_{role}_NAME"), &author.name).env(format!("GIT_{role}_EMAIL"), &author.email);
    }
    finish(commit, None).await
}

/// The commit id that `revision` (a branch, a ref or an id) stands for, if it exists.
pub async fn resolve(bare: &Path, revision: &str) -> Option<String> {
    if revision.is_empty() || revision.starts_with('-') || !bare.is_dir() {
        return None;
    }
    run(bare, ["rev-parse", "--verify", "--quiet", &format!("{revision}^{{commit}}")]).await.ok()
}

/// A file's text at a revision.
///
/// # Errors
/// No such file or revision.
pub async fn read_file(bare: &Path, revision: &str, path: &str) -> anyhow::Result<String> {
    let mut show = command(bare);
    show.args(["cat-file", "blob", &format!("{revision}:{path}")]);
    show.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = show.output().await?;
    if !output.status.success() {
        bail!("no {path} at {revision}");
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Paths of all files at a revision.
///
/// # Errors
/// No such revision.
pub async fn list_files(bare: &Path, revision: &str) -> anyhow::Result<Vec<String>> {
    let text = run(bare, ["ls-tree", "-r", "--name-only", revision]).await?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// Branch names with their tips.
///
/// # Errors
/// Not a repository.
pub async fn branches(bare: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let text =
        run(bare, ["for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads"]).await?;
    Ok(text
        .lines()
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(name, sha)| (name.to_owned(), sha.to_owned()))
        .collect())
}

/// Commits of a range such as `main..fix`, newest first, at most 250.
///
/// # Errors
/// A revision of the range is unknown.
pub async fn commits(bare: &Path, range: &str) -> anyhow::Result<Vec<Commit>> {
    let format = "--format=%H%x1f%P%x1f%T%x1f%an%x1f%ae%x1f%aI%x1f%cn%x1f%ce%x1f%B%x1e";
    let text = run(bare, ["log", "--max-count=250", format, range, "--"]).await?;
    let parse = |record: &str| {
        let mut fields = record.trim_start_matches('\n').split('\u{1f}').map(str::to_owned);
        let mut field = || fields.next();
        Some(Commit {
            sha: field()?,
            parents: field()?.split_whitespace().map(str::to_owned).collect(),
            tree: field()?,
            author: Author { name: field()?, email: field()? },
            date: field()?,
            committer: Author { name: field()?, email: field()? },
            message: field()?.trim_end().to_owned(),
        })
    };
    Ok(text.split('\u{1e}').filter_map(parse).collect())
}

/// Text of the change that `head` makes since it left `base`.
///
/// # Errors
/// A revision is unknown.
pub async fn diff(bare: &Path, base: &str, head: &str) -> anyhow::Result<String> {
    run(bare, ["diff", "--no-color", &format!("{base}...{head}")]).await
}

/// Fills `folder` with the files of a revision, without history.
///
/// # Errors
/// git fails, for instance because the folder is not empty.
pub async fn export(bare: &Path, revision: &str, folder: &Path) -> anyhow::Result<PathBuf> {
    let bare_text = bare.display().to_string();
    let folder_text = folder.display().to_string();
    run(Path::new("/"), ["clone", "--quiet", "--no-checkout", &bare_text, &folder_text]).await?;
    run(folder, ["checkout", "--quiet", "--detach", revision]).await?;
    Ok(folder.to_owned())
}
