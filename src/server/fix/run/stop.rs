//! How a run ends before the pull request is there, or makes way for one that comes later.

use crate::{
    model::{FixStatus, Trouble},
    server::{
        db::DbError,
        fix::plan::PlanError,
        github::{GithubError, git::GitError},
        integrations::PlatformError,
        sandbox::SandboxError,
    },
};
use std::time::Duration;

/// A terminal state with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// `Failed` or `Skipped`.
    pub status: FixStatus,
    /// Stable code.
    pub code: &'static str,
    /// One sentence for the page: what happened, and what to do.
    pub reason: String,
}

/// Something outside is out of order for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Stable code; that of the ending, should it never pass.
    pub code: &'static str,
    /// One sentence for the page: what is wrong.
    pub reason: String,
    /// How long we are asked to wait.
    pub retry_after: Option<Duration>,
}

/// The code of a fix that waits for GitHub, which does not answer.
pub const GITHUB_UNAVAILABLE: &str = "github_unavailable";
/// The code of a fix that waits for GitHub, whose answers nobody understands.
pub const GITHUB_ANSWER: &str = "github_answer";
/// What the service is called for people.
const VERCEL_SANDBOX: &str = "Vercel Sandbox";
/// The code of a fix that waits for room on the disk.
pub const DISK_FULL: &str = "disk_full";

/// Why a run stops.
#[derive(Debug)]
pub enum Stop {
    /// The fix is over.
    End(Ending),
    /// The fix goes on by itself when this has passed.
    Later(Outage),
    /// Another worker holds it now, or the process is stopping: nothing more may be written.
    LeaseLost,
    /// The database did not answer; the fix goes on later.
    Database(DbError),
}

impl Stop {
    /// The fix failed.
    pub fn failed(code: &'static str, reason: impl Into<String>) -> Self {
        Self::End(Ending { status: FixStatus::Failed, code, reason: reason.into() })
    }

    /// Nothing was to be done.
    pub fn skipped(code: &'static str, reason: impl Into<String>) -> Self {
        Self::End(Ending { status: FixStatus::Skipped, code, reason: reason.into() })
    }

    /// The fix has to wait.
    pub fn later(code: &'static str, reason: impl Into<String>, retry_after: Option<Duration>) -> Self {
        Self::Later(Outage { code, reason: reason.into(), retry_after })
    }
}

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Conflict => Self::LeaseLost,
            other => Self::Database(other),
        }
    }
}

impl From<PlanError> for Stop {
    fn from(error: PlanError) -> Self {
        let code = match error {
            PlanError::NoRoot(_) => "no_root_directory",
            PlanError::NoBuildCommand => "no_build_command",
            PlanError::BadManifest => "bad_manifest",
        };
        Self::skipped(code, error.to_string())
    }
}

impl Stop {
    /// There is no room for a clone, a sandbox or what is made in it.
    pub fn disk_full() -> Self {
        Self::later(DISK_FULL, "The disk of this server is full.", None)
    }

    /// A platform's refusal, once its retries are used up.
    pub fn platform(error: &PlatformError, platform: &str) -> Self {
        match error {
            PlatformError::TokenRefused => Self::failed(
                "token_refused",
                format!("{platform} refused the stored token. Create a new one and reconnect {platform}."),
            ),
            PlatformError::NotFound => {
                Self::skipped("deployment_gone", format!("{platform} no longer knows this deployment."))
            }
            PlatformError::Transient { retry_after } => {
                Self::later("platform_unavailable", Trouble::Unreachable.sentence(platform), *retry_after)
            }
            PlatformError::Malformed => {
                Self::later("platform_answer", Trouble::Unreadable.sentence(platform), None)
            }
            PlatformError::Rejected { .. } => Self::failed(
                "platform_answer",
                format!("{platform} answered in a way that Deploymend does not understand."),
            ),
        }
    }

    /// A refusal of Vercel's to run a sandbox, once its retries are used up.
    fn vercel_sandbox(error: &PlatformError) -> Self {
        tracing::warn!(%error, "A sandbox at Vercel failed");
        match error {
            PlatformError::TokenRefused => Self::failed(
                "sandbox_refused",
                "Vercel refused to run a sandbox with the stored token. Give it access to the project's team, or let builds run on this server.",
            ),
            PlatformError::NotFound => Self::later(
                "sandbox_gone",
                "Vercel has ended the sandbox, or no longer knows the project.",
                None,
            ),
            PlatformError::Transient { retry_after } => Self::later(
                "sandbox_unavailable",
                Trouble::Unreachable.sentence(VERCEL_SANDBOX),
                *retry_after,
            ),
            PlatformError::Malformed => {
                Self::later("sandbox_answer", Trouble::Unreadable.sentence(VERCEL_SANDBOX), None)
            }
            PlatformError::Rejected { message, .. } => {
                Self::failed("sandbox_refused", format!("Vercel refused to run a sandbox: {message}"))
            }
        }
    }

    /// GitHub's refusal, once its retries are used up.
    pub fn github(error: &GithubError) -> Self {
        match error {
            GithubError::TokenRefused => Self::failed(
                "github_token_refused",
                "GitHub refused the stored token. Create one with access to this repository and reconnect GitHub.",
            ),
            GithubError::NotFound => Self::failed(
                "github_not_found",
                "GitHub does not show this repository, branch or commit to the stored token. Give the token access to it.",
            ),
            GithubError::Transient { retry_after } => {
                Self::later(GITHUB_UNAVAILABLE, Trouble::Unreachable.sentence("GitHub"), *retry_after)
            }
            GithubError::Malformed => {
                Self::later(GITHUB_ANSWER, Trouble::Unreadable.sentence("GitHub"), None)
            }
            GithubError::Rejected { .. } | GithubError::Setup(_) => {
                Self::failed("github_refused", "GitHub refused the change. The server's log has its answer.")
            }
        }
    }

    /// A step of Git with the host that failed for good. `what` says what could not be done, without a full stop.
    pub fn git(error: &GitError, code: &'static str, what: &str) -> Self {
        match error {
            full if full.is_disk_full() => Self::disk_full(),
            GitError::TokenRefused => Self::github(&GithubError::TokenRefused),
            GitError::NotFound => Self::github(&GithubError::NotFound),
            GitError::Unreachable { .. } | GitError::TimedOut { .. } => {
                Self::github(&GithubError::Transient { retry_after: None })
            }
            GitError::Garbage { .. } => Self::github(&GithubError::Malformed),
            GitError::LeaseLost => {
                Self::failed(code, format!("{what}: somebody else has changed the branch."))
            }
            GitError::PushRefused { .. } => {
                Self::failed(code, format!("{what}: GitHub refused it by a rule of the repository."))
            }
            _ => Self::failed(code, format!("{what}. The server's log says why.")),
        }
    }
}

impl From<SandboxError> for Stop {
    fn from(error: SandboxError) -> Self {
        if error.is_disk_full() {
            return Self::disk_full();
        }
        if let SandboxError::Platform(error) = &error {
            return Self::vercel_sandbox(error);
        }
        tracing::error!(%error, "The sandbox failed");
        Self::failed("sandbox", "The sandbox could not be used on this machine. The server's log says why.")
    }
}
