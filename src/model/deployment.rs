//! A deployment as its platform describes it, in one vocabulary for all platforms.

use super::{FixSummary, Provider, Timestamp};
use serde::{Deserialize, Serialize};

/// Where a deployment stands, over all platforms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeploymentState {
    /// Accepted, not started.
    Queued,
    /// Being built or rolled out.
    Building,
    /// Live.
    Ready,
    /// The build or the roll-out failed.
    Failed,
    /// Ended before it was done, by a person or a policy.
    Canceled,
}

impl DeploymentState {
    /// The word on the page.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Building => "Building",
            Self::Ready => "Ready",
            Self::Failed => "Failed",
            Self::Canceled => "Canceled",
        }
    }
}

/// One deployment on one platform. Fetched live; never stored in the database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlatformDeployment {
    /// The platform that runs it.
    pub provider: Provider,
    /// The platform's own id, for instance `dpl_…`.
    pub platform_id: String,
    /// The platform's id of the project.
    pub project_id: String,
    /// The project's name.
    pub project_name: String,
    /// Where it stands.
    pub state: DeploymentState,
    /// The address it serves, without a scheme.
    pub url: Option<String>,
    /// The platform's own page about it.
    pub inspector_url: Option<String>,
    /// `production`, `preview` or another environment of the platform.
    pub target: Option<String>,
    /// The Git branch it was built from.
    pub branch: Option<String>,
    /// The full commit id it was built from.
    pub commit_sha: Option<String>,
    /// The commit's message.
    pub commit_message: Option<String>,
    /// The commit author's login or name.
    pub commit_author: Option<String>,
    /// The linked repository, `owner/name`.
    pub repository: Option<String>,
    /// Built from a fork of the linked repository: its code is a stranger's.
    pub from_fork: bool,
    /// The platform's own code for a failure.
    pub error_code: Option<String>,
    /// The platform's own sentence for a failure.
    pub error_message: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// A row of the list on `/deployments`: the platform's deployment, the fix, or both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeploymentRow {
    /// The platform's side; absent while the platform cannot be asked.
    pub deployment: Option<PlatformDeployment>,
    /// Our fix of it, if one was started.
    pub fix: Option<FixSummary>,
}
