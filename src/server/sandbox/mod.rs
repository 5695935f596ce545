//! Turns a clean clone and a command line into an exit code, output and a patch, without trusting either.
//!
//! A [`Sandbox`] makes one [`Workspace`] per fix. A workspace has two [`Slot`]s with a copy of the repository
//! each: the agent works in one, its patch is proven in the other. What runs inside knows no secret, sees no
//! file and no process of the host, and reaches only what its [`Network`] names.

pub mod bubblewrap;
pub mod doors;
mod exec;
mod folder;
mod lines;
pub mod observed;
mod source;
pub mod vercel;

pub use exec::{Activity, EndedBy, Exec, ExecOutcome, GuestFile, Network, OutputLine, Stream};

use crate::server::{disk, integrations::PlatformError};
use async_trait::async_trait;
use std::{path::Path, sync::Arc};
use tokio::net::UnixListener;

/// Where the repository is inside the sandbox.
pub const REPO: &str = "/repo";

/// Where the folder of the OpenCode program is inside the sandbox, read-only.
pub const OPENCODE: &str = "/opt/opencode";

/// Port on the sandbox's own loopback that leads to the model gateway, with [`Network::Model`].
pub const MODEL_PORT: u16 = 47_102;

/// One of the two copies of the repository in a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// The failure is reproduced here, and the agent edits it.
    Agent,
    /// Patches are proven here: the agent never touches it.
    Verify,
}

impl Slot {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Agent, Self::Verify];

    /// The name of its folder.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Verify => "verify",
        }
    }
}

/// Makes workspaces.
#[async_trait]
pub trait Sandbox: Send + Sync {
    /// Finds out whether fixes are isolated as they must be; on this machine, by trying.
    async fn ready(&self) -> Result<(), SandboxError>;

    /// A new workspace for a fix. One that an earlier life left behind is removed first: nothing stale is used.
    /// Every process in it carries `marker` in its environment.
    async fn create(&self, fix_id: &str, marker: &str) -> Result<Arc<dyn Workspace>, SandboxError>;

    /// Ends what a process that is gone has left running, and removes its sandboxes: those kept in `folder`. Gives
    /// their number.
    async fn sweep(&self, folder: &Path) -> Result<usize, SandboxError>;
}

/// The place in which one fix is worked on.
#[async_trait]
pub trait Workspace: Send + Sync {
    /// Fills a slot with a fresh copy of `clean_clone`'s HEAD: with a `.git` of its own, without remotes, hooks
    /// or anything shared with the clean clone. What was in the slot is gone.
    async fn load(&self, slot: Slot, clean_clone: &Path) -> Result<(), SandboxError>;

    /// Runs a command in a loaded slot and hands over its output line by line. Returns when it and everything
    /// it started is gone. Dropping the future ends it, too.
    async fn exec(
        &self,
        slot: Slot,
        command: Exec,
        output: &mut (dyn FnMut(OutputLine) + Send),
    ) -> Result<ExecOutcome, SandboxError>;

    /// What changed in a slot since it was loaded, as the bytes of a `git diff --binary` with new files, without
    /// `node_modules` and what the repository ignores. Empty when nothing changed. The bytes are the agent's:
    /// hostile until checked.
    async fn patch(&self, slot: Slot) -> Result<Vec<u8>, SandboxError>;

    /// A new listener behind [`MODEL_PORT`] of the commands that start from now on. An earlier one gets no more
    /// connections.
    async fn model_listener(&self) -> Result<UnixListener, SandboxError>;

    /// Where the model gateway is for the commands inside, without a slash at the end.
    fn model_url(&self) -> String {
        format!("http://127.0.0.1:{MODEL_PORT}")
    }

    /// The first number of the Node.js inside, where it is not this machine's own.
    fn node(&self) -> Option<&'static str> {
        None
    }

    /// Ends what still runs and removes the workspace's folder. May be called again.
    async fn destroy(&self) -> Result<(), SandboxError>;
}

/// Why the sandbox itself, not the command in it, failed.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// This machine does not give the isolation needed. Trying again does not help before somebody acts.
    #[error("this machine cannot run the sandbox: {reason}")]
    Unavailable {
        /// What is missing and what to do about it.
        reason: String,
    },
    /// The command could not be started inside.
    #[error("the command could not be started in the sandbox: {detail}")]
    NotStarted {
        /// What the sandbox said, cut short.
        detail: String,
    },
    /// The slot was not loaded.
    #[error("the sandbox slot was not loaded")]
    NotLoaded,
    /// The workspace was destroyed.
    #[error("the sandbox is gone")]
    Destroyed,
    /// Git refused, while copying the clean clone or while making the patch.
    #[error("git failed to {what}: {detail}")]
    Git {
        /// What was being done.
        what: &'static str,
        /// What Git said, cut short.
        detail: String,
    },
    /// The patch is larger than [`Workspace::patch`] hands out.
    #[error("the patch is larger than {limit} bytes")]
    PatchTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The platform on which the sandbox is to run refused.
    #[error("the sandbox's platform: {0}")]
    Platform(#[from] PlatformError),
    /// The host's file system or process table failed us.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// The cause.
        source: std::io::Error,
    },
}

impl SandboxError {
    /// For `map_err`: says what was being done.
    pub(crate) fn io(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { what, source }
    }

    /// Whether the disk outside is full. That the sandbox has used up its own share is told by the command's outcome.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Io { source, .. } => disk::is_full(source),
            Self::Git { detail, .. } | Self::NotStarted { detail } => disk::is_told_full(detail),
            _ => false,
        }
    }
}
