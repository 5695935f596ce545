//! GitHub's JSON, as far as it is read. What GitHub may omit is optional.

use super::{
    error::GithubError,
    facts::{Check, CheckState, PullRequest, PullRequestState, Repository, User},
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
pub(super) struct WireUser {
    pub id: u64,
    pub login: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub avatar_url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireRepository {
    pub full_name: String,
    pub default_branch: Option<String>,
    #[serde(default)]
    pub private: bool,
    #[serde(default)]
    pub archived: bool,
    #[serde(default)]
    pub disabled: bool,
    pub permissions: Option<WirePermissions>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WirePermissions {
    #[serde(default)]
    pub push: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct WirePull {
    pub number: u64,
    pub html_url: Option<String>,
    pub state: Option<String>,
    pub title: Option<String>,
    pub body: Option<String>,
    #[serde(default)]
    pub draft: Option<bool>,
    /// Absent in lists.
    pub merged: Option<bool>,
    pub merged_at: Option<String>,
    pub merge_commit_sha: Option<String>,
    pub head: Option<WireSide>,
    pub base: Option<WireSide>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireSide {
    #[serde(rename = "ref")]
    pub branch: Option<String>,
    pub sha: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct NewPull<'a> {
    pub title: &'a str,
    pub head: &'a str,
    pub base: &'a str,
    pub body: &'a str,
    pub draft: bool,
    pub maintainer_can_modify: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct PullText<'a> {
    pub title: &'a str,
    pub body: &'a str,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireStatuses {
    pub statuses: Option<Vec<WireStatus>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireStatus {
    pub context: Option<String>,
    pub state: Option<String>,
    pub target_url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireCheckRuns {
    pub check_runs: Option<Vec<WireCheckRun>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireCheckRun {
    pub name: Option<String>,
    pub status: Option<String>,
    pub conclusion: Option<String>,
    pub details_url: Option<String>,
}

impl From<WireUser> for User {
    fn from(wire: WireUser) -> Self {
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        Self {
            email: filled(wire.email)
                .unwrap_or_else(|| format!("{}+{}@users.noreply.github.com", wire.id, wire.login)),
            name: filled(wire.name).unwrap_or_else(|| wire.login.clone()),
            id: wire.id,
            login: wire.login,
            avatar_url: wire.avatar_url,
        }
    }
}

impl TryFrom<WireRepository> for Repository {
    type Error = GithubError;

    fn try_from(wire: WireRepository) -> Result<Self, GithubError> {
        Ok(Self {
            name: wire.full_name.parse().map_err(|_| GithubError::Malformed)?,
            default_branch: wire.default_branch.unwrap_or_else(|| "main".to_owned()),
            private: wire.private,
            can_push: wire.permissions.is_some_and(|allowed| allowed.push)
                && !wire.archived
                && !wire.disabled,
        })
    }
}

impl TryFrom<WirePull> for PullRequest {
    type Error = GithubError;

    fn try_from(wire: WirePull) -> Result<Self, GithubError> {
        // A closed pull request can have a merge commit without being merged: only these two fields count.
        let merged = wire.merged.unwrap_or(wire.merged_at.is_some());
        let state = match (merged, wire.state.as_deref()) {
            (true, _) => PullRequestState::Merged,
            (false, Some("open")) => PullRequestState::Open,
            (false, Some("closed")) => PullRequestState::Closed,
            (false, _) => return Err(GithubError::Malformed),
        };
        let (head_branch, head_sha) = wire.head.map_or((None, None), |side| (side.branch, side.sha));
        Ok(Self {
            number: wire.number,
            url: wire.html_url.ok_or(GithubError::Malformed)?,
            state,
            draft: wire.draft.unwrap_or(false),
            title: wire.title.unwrap_or_default(),
            body: wire.body.unwrap_or_default(),
            head_branch,
            head_sha,
            merge_sha: wire.merge_commit_sha.filter(|_| merged),
            base_branch: wire.base.and_then(|side| side.branch),
        })
    }
}

impl From<WireStatus> for Check {
    fn from(wire: WireStatus) -> Self {
        let state = match wire.state.as_deref() {
            Some("success") => CheckState::Success,
            Some("failure" | "error") => CheckState::Failure,
            _ => CheckState::Pending,
        };
        Self { name: wire.context.unwrap_or_default(), state, url: wire.target_url }
    }
}

impl From<WireCheckRun> for Check {
    fn from(wire: WireCheckRun) -> Self {
        let state = match (wire.status.as_deref(), wire.conclusion.as_deref()) {
            (Some("completed"), Some("success" | "neutral" | "skipped")) => CheckState::Success,
            (Some("completed"), Some(_)) => CheckState::Failure,
            _ => CheckState::Pending,
        };
        Self { name: wire.name.unwrap_or_default(), state, url: wire.details_url }
    }
}
