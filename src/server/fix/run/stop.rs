//! How a run ends before the pull request is there.

use crate::{
    model::FixStatus,
    server::{
        db::DbError,
        fix::plan::PlanError,
        github::{GithubError, git::GitError},
        integrations::PlatformError,
        sandbox::SandboxError,
    },
};

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

/// Why a run stops.
#[derive(Debug)]
pub enum Stop {
    /// The fix is over.
    End(Ending),
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
            PlatformError::Transient { .. } => Self::failed(
                "platform_unavailable",
                format!("{platform} did not answer in several tries. Try again when it does."),
            ),
            PlatformError::Rejected { .. } | PlatformError::Malformed => Self::failed(
                "platform_answer",
                format!("{platform} answered in a way that Deploymend does not understand."),
            ),
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
            GithubError::Transient { .. } => Self::failed(
                "github_unavailable",
                "GitHub did not answer in several tries. Try again when it does.",
            ),
            GithubError::Rejected { .. } | GithubError::Malformed | GithubError::Setup(_) => {
                Self::failed("github_refused", "GitHub refused the change. The server's log has its answer.")
            }
        }
    }

    /// A step of Git with the host that failed for good. `what` says what could not be done, without a full stop.
    pub fn git(error: &GitError, code: &'static str, what: &str) -> Self {
        match error {
            GitError::TokenRefused => Self::github(&GithubError::TokenRefused),
            GitError::NotFound => Self::github(&GithubError::NotFound),
            GitError::Unreachable { .. } | GitError::TimedOut { .. } => {
                Self::github(&GithubError::Transient { retry_after: None })
            }
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
        tracing::error!(%error, "The sandbox failed");
        Self::failed("sandbox", "The sandbox could not be used on this machine. The server's log says why.")
    }
}
