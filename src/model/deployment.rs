//! A deployment as its platform describes it, in one vocabulary for all platforms.

use super::{Cursor, FixStatus, FixSummary, Provider, Timestamp};
use serde::{Deserialize, Serialize};

/// Where a deployment stands, over all platforms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
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

/// A row of a list: the platform's deployment, the fix, or both. A deployment with a fix stands where its fix does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DeploymentRow {
    /// The platform's side; absent while the platform cannot be asked, and of deployments that it no longer lists.
    pub deployment: Option<PlatformDeployment>,
    /// Our fix of it, if one was started.
    pub fix: Option<FixSummary>,
    /// The platform could not be asked: what is shown is what was stored when it failed.
    pub unreachable: bool,
}

impl From<FixSummary> for DeploymentRow {
    fn from(fix: FixSummary) -> Self {
        Self { deployment: None, fix: Some(fix), unreachable: false }
    }
}

impl From<PlatformDeployment> for DeploymentRow {
    fn from(deployment: PlatformDeployment) -> Self {
        Self { deployment: Some(deployment), fix: None, unreachable: false }
    }
}

impl DeploymentRow {
    /// The platform and its id of the deployment; `None` for an empty row.
    pub fn key(&self) -> Option<(Provider, &str)> {
        let of_fix = self.fix.as_ref().map(|fix| (fix.provider, fix.platform_deployment_id.as_str()));
        let deployment = self.deployment.as_ref();
        of_fix.or_else(|| deployment.map(|deployment| (deployment.provider, deployment.platform_id.as_str())))
    }

    /// When it came to be: for a fix, when its failure arrived.
    pub fn at(&self) -> Option<Timestamp> {
        let of_fix = self.fix.as_ref().map(|fix| fix.created_at);
        of_fix.or_else(|| self.deployment.as_ref().map(|deployment| deployment.created_at))
    }

    /// Its place in a list.
    pub fn cursor(&self) -> Option<Cursor> {
        let id = match (&self.fix, self.key()) {
            (Some(fix), _) => fix.id.clone(),
            (None, Some((provider, id))) => format!("{provider}:{id}"),
            (None, None) => return None,
        };
        Some(Cursor { at: self.at()?, id })
    }

    /// Where the deployment stands. A fix exists only of failed ones.
    pub fn state(&self) -> DeploymentState {
        self.deployment.as_ref().map_or(DeploymentState::Failed, |deployment| deployment.state)
    }

    /// Where its fix stands.
    pub fn fix_status(&self) -> Option<FixStatus> {
        self.fix.as_ref().map(|fix| fix.status)
    }

    /// The project's name.
    pub fn project(&self) -> &str {
        let deployment = self.deployment.as_ref().map(|deployment| deployment.project_name.as_str());
        deployment.or_else(|| self.fix.as_ref().map(|fix| fix.project_name.as_str())).unwrap_or_default()
    }

    /// The repository, `owner/name`.
    pub fn repository(&self) -> &str {
        let of_fix = self.fix.as_ref().map(|fix| fix.repository.as_str());
        let deployment = self.deployment.as_ref();
        of_fix.or_else(|| deployment.and_then(|it| it.repository.as_deref())).unwrap_or_default()
    }

    /// The Git branch.
    pub fn branch(&self) -> Option<&str> {
        let deployment = self.deployment.as_ref().and_then(|it| it.branch.as_deref());
        deployment.or_else(|| self.fix.as_ref().and_then(|fix| fix.branch.as_deref()))
    }

    /// The full commit id.
    pub fn commit(&self) -> Option<&str> {
        let deployment = self.deployment.as_ref().and_then(|it| it.commit_sha.as_deref());
        deployment.or_else(|| self.fix.as_ref().and_then(|fix| fix.commit_sha.as_deref()))
    }

    /// The person who made the commit.
    pub fn author(&self) -> Option<&str> {
        self.deployment.as_ref().and_then(|it| it.commit_author.as_deref())
    }

    /// What is said about it: the error's line where there is one, else the commit's.
    pub fn words(&self) -> &str {
        let error = self.fix.as_ref().and_then(|fix| fix.error_message.as_deref());
        let message = || self.deployment.as_ref().and_then(|it| it.commit_message.as_deref());
        error.or_else(message).and_then(|text| text.lines().next()).unwrap_or_default()
    }

    /// Whether one of its facts has this text in it, in whatever case (of ASCII letters). A commit id has to begin
    /// with it.
    pub fn contains(&self, text: &str) -> bool {
        let message = self.deployment.as_ref().and_then(|it| it.commit_message.as_deref());
        let facts =
            [Some(self.project()), Some(self.repository()), self.branch(), self.author(), Some(self.words())];
        let begins = |sha: &str| sha.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text));
        facts.into_iter().chain([message]).flatten().any(|fact| has(fact, text))
            || self.commit().is_some_and(begins)
    }
}

/// Whether `text` is in `fact`, in whatever case (of ASCII letters).
pub(super) fn has(fact: &str, text: &str) -> bool {
    text.is_empty()
        || fact.as_bytes().windows(text.len()).any(|part| part.eq_ignore_ascii_case(text.as_bytes()))
}
