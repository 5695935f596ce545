//! What GitHub tells, in our words.

use super::repository::RepositoryName;

/// The user a token belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// GitHub's number of the account; stays when the login changes.
    pub id: u64,
    /// The login.
    pub login: String,
    /// The display name, or the login when there is none.
    pub name: String,
    /// The public address, or GitHub's `{id}+{login}@users.noreply.github.com`: what commits are authored with.
    pub email: String,
    /// The picture.
    pub avatar_url: Option<String>,
}

/// A repository, as the token sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// The current name: differs from the one asked for after a rename.
    pub name: RepositoryName,
    /// The branch that pull requests go to by default.
    pub default_branch: String,
    /// Only invited people see it.
    pub private: bool,
    /// The token may push: GitHub's own answer, and the repository is neither archived nor disabled.
    pub can_push: bool,
}

/// Where a pull request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullRequestState {
    /// Open.
    Open,
    /// Closed without a merge.
    Closed,
    /// Merged.
    Merged,
}

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number in the repository.
    pub number: u64,
    /// Its page.
    pub url: String,
    /// Where it stands.
    pub state: PullRequestState,
    /// Not ready for review.
    pub draft: bool,
    /// Its title.
    pub title: String,
    /// Its description in Markdown.
    pub body: String,
    /// The branch with the change.
    pub head_branch: Option<String>,
    /// The commit at that branch's tip.
    pub head_sha: Option<String>,
    /// The commit on the base branch that merging it has made.
    pub merge_sha: Option<String>,
    /// The branch it goes to.
    pub base_branch: Option<String>,
}

/// What a new pull request is made of.
#[derive(Clone, Copy, Debug)]
pub struct NewPullRequest<'a> {
    /// The branch with the change, without an owner.
    pub head: &'a str,
    /// The branch it goes to.
    pub base: &'a str,
    /// One line, at most 256 characters.
    pub title: &'a str,
    /// Markdown, at most 65,536 characters.
    pub body: &'a str,
    /// Not ready for review.
    pub draft: bool,
}

/// How one check of a commit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckState {
    /// It passed, was neutral, or was skipped.
    Success,
    /// It is queued or runs.
    Pending,
    /// It failed, timed out, was canceled, or waits for a person.
    Failure,
}

/// One commit status or check run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The status's context or the run's name.
    pub name: String,
    /// How it stands.
    pub state: CheckState,
    /// Its page.
    pub url: Option<String>,
}

/// All that GitHub tells about a commit's checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitChecks {
    /// Commit statuses (what Vercel sets); `None` when the token may not read them.
    pub statuses: Option<Vec<Check>>,
    /// Check runs; `None` when the token may not read them, as is usual for fine-grained tokens.
    pub check_runs: Option<Vec<Check>>,
}

impl CommitChecks {
    /// Every check that could be read.
    pub fn all(&self) -> impl Iterator<Item = &Check> {
        self.statuses.iter().flatten().chain(self.check_runs.iter().flatten())
    }

    /// The worst state of all; `None` when there is no check at all.
    pub fn overall(&self) -> Option<CheckState> {
        let states: Vec<_> = self.all().map(|check| check.state).collect();
        [CheckState::Failure, CheckState::Pending, CheckState::Success]
            .into_iter()
            .find(|state| states.contains(state))
    }
}
