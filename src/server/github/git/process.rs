//! Turns an argument list into a run of the real `git` that reads no setting but ours, runs no code of the
//! repository, ends in time, and whose output is bounded and free of the token.

use super::error::GitError;
use crate::server::disk;
use rustix::process::{Pid, Signal, kill_process_group};
use std::{
    ffi::{OsStr, OsString},
    path::Path,
    process::Stdio,
    time::Duration,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

/// How much of git's complaints is kept.
const DETAIL_BYTES: usize = 2000;
/// How much of git's complaints is read.
const STDERR_BYTES: usize = 256 * 1024;
/// git, with a bound of 1 GiB on what it holds of memory beside the files that it maps: it reads an answer over HTTP whole
/// before it looks at it, and one may have no end. Clones of one commit take a fraction of that. The bound has to be there
/// before git is, which starts others at once; a lower one of the machine's own stays.
const BOUNDED_GIT: &str = r#"ulimit -d 1048576 2>/dev/null || :; exec git "$@""#;
/// The shell's word for a program that is not there.
const NOT_FOUND: i32 = 127;

/// Settings that hold for every run. They are given in the environment, where they outrank the repository's own
/// `.git/config` and do not show in the process list.
const SETTINGS: &[(&str, &str)] = &[
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.attributesFile", "/dev/null"),
    ("core.excludesFile", "/dev/null"),
    ("core.autocrlf", "false"),
    ("core.protectHFS", "true"),
    ("core.protectNTFS", "true"),
    ("core.quotePath", "true"),
    ("core.sshCommand", "false"),
    ("core.editor", "false"),
    ("core.pager", "cat"),
    ("credential.helper", ""),
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("push.recurseSubmodules", "no"),
    ("push.gpgSign", "false"),
    ("push.followTags", "false"),
    ("commit.gpgSign", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("advice.detachedHead", "false"),
    ("http.followRedirects", "false"),
    ("http.lowSpeedLimit", "500"),
    ("http.lowSpeedTime", "60"),
];

/// What an operator may set for every program's connections, and git needs too.
const PASSED_ON: &[&str] = &[
    "PATH",
    "http_proxy",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// One run of git.
pub(super) struct Run<'a> {
    what: &'static str,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    settings: Vec<(String, String)>,
    secrets: Vec<String>,
    stdin: Option<&'a [u8]>,
    timeout: Duration,
    output_bytes: usize,
}

/// What a run left behind, when git itself ended by an exit code.
pub(super) struct Outcome {
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    /// Its complaints, cut and without secrets.
    pub detail: String,
}

impl<'a> Run<'a> {
    /// `git args…`; `what` names the step in errors.
    pub fn new<S: AsRef<OsStr>>(what: &'static str, args: impl IntoIterator<Item = S>) -> Self {
        Self {
            what,
            args: args.into_iter().map(|arg| arg.as_ref().to_owned()).collect(),
            env: Vec::new(),
            settings: Vec::new(),
            secrets: Vec::new(),
            stdin: None,
            timeout: Duration::from_secs(60),
            output_bytes: 8 * 1024 * 1024,
        }
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// A setting whose value, or a part of it, is to appear nowhere: `secrets` are cut out of the output.
    pub fn secret_setting(
        mut self,
        key: String,
        value: String,
        secrets: impl IntoIterator<Item = String>,
    ) -> Self {
        self.settings.push((key, value));
        self.secrets.extend(secrets);
        self
    }

    pub fn stdin(mut self, bytes: &'a [u8]) -> Self {
        self.stdin = Some(bytes);
        self
    }

    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    pub fn output_bytes(mut self, bytes: usize) -> Self {
        self.output_bytes = bytes;
        self
    }

    /// Runs it in `dir`, which is also where git stops looking for a repository. An exit code other than 0 is
    /// an error.
    pub async fn succeed(self, dir: &Path) -> Result<Vec<u8>, GitError> {
        let what = self.what;
        let outcome = self.outcome(dir).await?;
        match outcome.code {
            Some(0) => Ok(outcome.stdout),
            code => Err(GitError::Failed { what, code, detail: outcome.detail }),
        }
    }

    /// Runs it in `dir` and leaves the exit code to the caller.
    pub async fn outcome(self, dir: &Path) -> Result<Outcome, GitError> {
        let what = self.what;
        // git wants a home; an empty folder that goes with the run holds no setting and no credential.
        let home = tempfile::tempdir().map_err(|source| GitError::Io { what, source })?;
        let mut command = tokio::process::Command::new("sh");
        command
            .args(["-c", BOUNDED_GIT, "git"])
            .args(&self.args)
            .current_dir(dir)
            .env_clear()
            .envs(PASSED_ON.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            .env("HOME", home.path())
            .env("XDG_CONFIG_HOME", home.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "false")
            .env("SSH_ASKPASS", "false")
            .env("GIT_LFS_SKIP_SMUDGE", "1")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_LITERAL_PATHSPECS", "1")
            .env("GIT_ALLOW_PROTOCOL", "none")
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .envs(self.setting_variables())
            .stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        if let Some(parent) = dir.parent() {
            command.env("GIT_CEILING_DIRECTORIES", parent);
        }
        let mut child = command.spawn().map_err(|source| GitError::Io { what, source })?;
        let group = Group::of(&child);
        let stdin = child.stdin.take();
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let input = self.stdin.unwrap_or_default();
        let work = async {
            let feed = async {
                if let Some(mut stdin) = stdin {
                    // git may end without reading everything; its exit code says why.
                    let _ = stdin.write_all(input).await;
                }
            };
            let out = read_bounded(stdout, self.output_bytes);
            let err = read_bounded(stderr, STDERR_BYTES);
            let ((), out, err) = tokio::join!(feed, out, err);
            let status = child.wait().await?;
            Ok::<_, std::io::Error>((status, out?, err?))
        };
        let ended = tokio::time::timeout(self.timeout, work).await;
        if matches!(ended, Ok(Ok(_))) {
            // Its number may belong to somebody else from now on.
            group.forget();
        }
        let (status, (stdout, complete), (stderr, _)) = match ended {
            Err(_) => return Err(GitError::TimedOut { what }),
            Ok(Err(source)) => return Err(GitError::Io { what, source }),
            Ok(Ok(outcome)) => outcome,
        };
        if !complete {
            return Err(GitError::TooLarge { what });
        }
        match status.code() {
            Some(NOT_FOUND) => Err(GitError::NotInstalled),
            // Of a file that it cannot write, git often says no more than that.
            code if code != Some(0) && disk::has_no_room(dir) => {
                Err(GitError::Io { what, source: std::io::ErrorKind::StorageFull.into() })
            }
            code => Ok(Outcome { code, stdout, detail: detail(&stderr, &self.secrets) }),
        }
    }

    fn setting_variables(&self) -> Vec<(String, String)> {
        let fixed = SETTINGS.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let all: Vec<_> = fixed.chain(self.settings.iter().cloned()).collect();
        let mut variables = vec![("GIT_CONFIG_COUNT".to_owned(), all.len().to_string())];
        for (index, (key, value)) in all.into_iter().enumerate() {
            variables.push((format!("GIT_CONFIG_KEY_{index}"), key));
            variables.push((format!("GIT_CONFIG_VALUE_{index}"), value));
        }
        variables
    }
}

/// Ends git and everything it started, also when the run is dropped half-way.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &tokio::process::Child) -> Self {
        Self(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }

    fn forget(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // An error says that nothing of the group is left.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Reads to the end; keeps the first `limit` bytes and says whether that was everything.
async fn read_bounded(
    pipe: Option<impl AsyncRead + Unpin>,
    limit: usize,
) -> std::io::Result<(Vec<u8>, bool)> {
    let mut kept = Vec::new();
    let mut complete = true;
    if let Some(mut pipe) = pipe {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = pipe.read(&mut buffer).await?;
            if count == 0 {
                break;
            }
            let room = limit.saturating_sub(kept.len()).min(count);
            kept.extend_from_slice(&buffer[..room]);
            complete &= room == count;
        }
    }
    Ok((kept, complete))
}

fn detail(stderr: &[u8], secrets: &[String]) -> String {
    let mut text = String::from_utf8_lossy(stderr).into_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret.as_str(), "[redacted]");
    }
    let text = text.trim();
    let start = text.len().saturating_sub(DETAIL_BYTES);
    let start = (start..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    text[start..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn ends_the_whole_group_in_time() {
        let dir = tempfile::tempdir().expect("a folder");
        // An alias that starts with `!` is a shell command: the grandchild holds the pipes open.
        let run = Run::new("wait", ["-c", "alias.wait=!sleep 100 & sleep 100", "wait"])
            .timeout(Duration::from_millis(300));
        let started = std::time::Instant::now();
        assert!(matches!(run.succeed(dir.path()).await, Err(GitError::TimedOut { what: "wait" })));
        assert!(started.elapsed() < Duration::from_secs(20));
    }

    #[tokio::test]
    async fn bounds_the_output_and_cuts_out_secrets() {
        let dir = tempfile::tempdir().expect("a folder");
        let flood =
            Run::new("flood", ["-c", "alias.flood=!yes | head -c 100000", "flood"]).output_bytes(1000);
        assert!(matches!(flood.succeed(dir.path()).await, Err(GitError::TooLarge { what: "flood" })));

        let run = Run::new("leak", ["-c", "alias.leak=!git config http.extraHeader >&2; exit 3", "leak"])
            .secret_setting("http.extraHeader".into(), "Basic c2VjcmV0".into(), ["c2VjcmV0".into()]);
        match run.succeed(dir.path()).await {
            Err(GitError::Failed { code: Some(3), detail, .. }) => assert_eq!(detail, "Basic [redacted]"),
            other => panic!("expected a failure, got {other:?}"),
        }
    }

    #[tokio::test]
    async fn a_failure_on_a_full_disk_is_one_of_the_disk_whatever_git_says() {
        // A file system that never has room.
        let full = Run::new("init", ["init", "here"]).succeed(Path::new("/proc")).await;
        assert!(full.as_ref().is_err_and(GitError::is_disk_full), "{full:?}");
        let dir = tempfile::tempdir().expect("a folder");
        let other = Run::new("init", ["init", "/proc/here"]).succeed(dir.path()).await;
        assert!(matches!(&other, Err(error @ GitError::Failed { .. }) if !error.is_disk_full()), "{other:?}");
    }

    #[tokio::test]
    async fn reads_no_setting_of_the_machine() {
        let dir = tempfile::tempdir().expect("a folder");
        let listed = Run::new("config", ["config", "--list", "--show-scope"]).succeed(dir.path()).await;
        let listed = String::from_utf8(listed.expect("git runs")).expect("text");
        assert!(listed.lines().count() >= SETTINGS.len());
        assert!(listed.lines().all(|line| line.starts_with("command\t")), "{listed}");
    }
}
