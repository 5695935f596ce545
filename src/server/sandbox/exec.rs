//! A command for the sandbox, and what came of it.

use super::{REPO, SandboxError};
use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

/// What a command may reach. Never an address of the host, never one by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Network {
    /// Nothing.
    #[default]
    None,
    /// The package registries of the allow list, through a proxy.
    Registries,
    /// The model gateway.
    Model,
    /// Registries and model gateway.
    Both,
}

impl Network {
    /// Registries are within reach.
    pub const fn registries(self) -> bool {
        matches!(self, Self::Registries | Self::Both)
    }

    /// The model gateway is within reach.
    pub const fn model(self) -> bool {
        matches!(self, Self::Model | Self::Both)
    }
}

/// A file that a command finds inside, read-only.
#[derive(Clone, Debug)]
pub struct GuestFile {
    /// Absolute path inside.
    pub path: PathBuf,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// A sign of life that counts against [`Exec::silence`] besides output, for instance bytes from the model.
#[derive(Clone, Debug)]
pub struct Activity {
    start: Instant,
    last_ms: Arc<AtomicU64>,
}

impl Default for Activity {
    fn default() -> Self {
        Self { start: Instant::now(), last_ms: Arc::default() }
    }
}

impl Activity {
    /// Something happened.
    pub fn touch(&self) {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_ms.fetch_max(now, Ordering::Relaxed);
    }

    /// When something last happened; the time of making when nothing has.
    pub fn last(&self) -> Instant {
        self.start + Duration::from_millis(self.last_ms.load(Ordering::Relaxed))
    }

    /// Returns when there was no sign of life for `allowed`; never without such a limit.
    pub(super) async fn silent_for(&self, allowed: Option<Duration>) {
        let Some(allowed) = allowed else { return std::future::pending().await };
        loop {
            match allowed.checked_sub(self.last().elapsed()) {
                Some(left) if !left.is_zero() => tokio::time::sleep(left).await,
                _ => return,
            }
        }
    }
}

/// A command to run in a slot.
#[derive(Clone, Debug)]
pub struct Exec {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Folder to start in, relative to the repository. One that leaves the repository is refused.
    pub cwd: PathBuf,
    /// Added to the small clean environment that every command gets.
    pub env: Vec<(String, String)>,
    /// Bytes on standard input; without them it is closed.
    pub stdin: Option<Vec<u8>>,
    /// Files put in place for this command, read-only.
    pub files: Vec<GuestFile>,
    /// Wall-clock time allowed.
    pub timeout: Duration,
    /// Time without a line of output or another sign of life allowed.
    pub silence: Option<Duration>,
    /// A sign of life besides output.
    pub activity: Activity,
    /// What it may reach.
    pub network: Network,
    /// Ends the command from outside.
    pub cancel: CancellationToken,
}

impl Exec {
    /// A command in the repository's root, without network, with a time limit.
    pub fn new<I>(argv: I, timeout: Duration) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            cwd: PathBuf::new(),
            env: Vec::new(),
            stdin: None,
            files: Vec::new(),
            timeout,
            silence: None,
            activity: Activity::default(),
            network: Network::None,
            cancel: CancellationToken::new(),
        }
    }

    /// A line for the shell, as platforms run build commands.
    pub fn shell(line: &str, timeout: Duration) -> Self {
        Self::new(["/bin/sh", "-c", line], timeout)
    }

    /// The repository folder plus [`Self::cwd`], which must not leave it.
    pub(super) fn folder(&self) -> Result<PathBuf, SandboxError> {
        use std::path::Component::{CurDir, Normal};
        if !self.cwd.components().all(|part| matches!(part, Normal(_) | CurDir)) {
            return Err(SandboxError::io("enter the folder")(ErrorKind::InvalidInput.into()));
        }
        // Part by part: joining an empty path would leave a slash at the end.
        let parts = self.cwd.components().filter(|part| *part != CurDir);
        Ok(Path::new(REPO).components().chain(parts).collect())
    }

    /// Program and arguments, if it can be handed to a system at all.
    pub(super) fn command(&self) -> Result<(&String, &[String]), SandboxError> {
        let zero = |text: &String| text.contains('\0');
        let whole =
            !self.argv.iter().any(zero) && !self.env.iter().any(|(name, value)| zero(name) || zero(value));
        let command = self.argv.split_first().filter(|_| whole);
        command.ok_or_else(|| SandboxError::NotStarted { detail: "not a command".to_owned() })
    }
}

/// Where a line of output came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A line of output, as it came but without its line end; bytes that are not UTF-8 are replaced, overlong lines
/// are cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputLine {
    /// Which stream.
    pub stream: Stream,
    /// The text.
    pub text: String,
}

/// The limit that ended a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedBy {
    /// It took longer than [`Exec::timeout`].
    Timeout,
    /// It gave no sign of life for [`Exec::silence`].
    Silence,
    /// It used more memory than a sandbox has.
    Memory,
    /// It started more processes than a sandbox may.
    Processes,
    /// It wrote more to disk than a sandbox may.
    Disk,
    /// It printed more than anybody would read.
    OutputLimit,
    /// [`Exec::cancel`].
    Cancelled,
}

impl EndedBy {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Timeout,
        Self::Silence,
        Self::Memory,
        Self::Processes,
        Self::Disk,
        Self::OutputLimit,
        Self::Cancelled,
    ];

    /// Stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Silence => "silence",
            Self::Memory => "memory",
            Self::Processes => "processes",
            Self::Disk => "disk",
            Self::OutputLimit => "output_limit",
            Self::Cancelled => "cancelled",
        }
    }

    /// The sentence for people, about "the command".
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Timeout => "The command took longer than allowed.",
            Self::Silence => "The command gave no sign of life for too long.",
            Self::Memory => "The command used more memory than the sandbox has.",
            Self::Processes => "The command started more processes than the sandbox allows.",
            Self::Disk => "The command wrote more to disk than the sandbox allows.",
            Self::OutputLimit => "The command printed more than the sandbox allows.",
            Self::Cancelled => "The command was canceled.",
        }
    }
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecOutcome {
    /// Its exit code, or 128 plus the number of the signal that ended it. `None` when a limit ended it.
    pub exit_code: Option<i32>,
    /// The limit that ended it.
    pub ended_by: Option<EndedBy>,
    /// Wall-clock seconds, with the sandbox's own start and end.
    pub seconds: f64,
    /// The last 200 lines of both streams in the order of arrival. Not redacted.
    pub tail: String,
}

impl ExecOutcome {
    /// It ended by itself with exit code 0.
    pub fn succeeded(&self) -> bool {
        self.exit_code == Some(0)
    }
}
