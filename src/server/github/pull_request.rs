//! Turns a pushed branch into exactly one pull request, however often it is tried.

use super::{
    client::Client,
    error::GithubError,
    facts::{NewPullRequest, PullRequest, PullRequestState},
    repository::RepositoryName,
};

/// The labels of every pull request of ours.
pub const LABELS: [&str; 2] = ["deploymend", "build-fix"];

/// What is handed in.
#[derive(Clone, Copy, Debug)]
pub struct Proposal<'a> {
    /// The repository, by its current name.
    pub repository: &'a RepositoryName,
    /// The pushed branch.
    pub head: &'a str,
    /// The branch whose deployment failed.
    pub base: &'a str,
    /// One line.
    pub title: &'a str,
    /// Markdown.
    pub body: &'a str,
    /// Not verified.
    pub draft: bool,
}

/// A pull request, and whether this call made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedIn {
    /// It, as it is now. Also one that a person closed or merged meanwhile: no second one is made then.
    pub pull_request: PullRequest,
    /// It was made by this call.
    pub created: bool,
}

/// Finds the pull request of the branch, or creates it. Looks first, and again when GitHub says that there is
/// one: a crash or another worker may have come between. An open one gets the proposal's title and description;
/// a draft stays a draft, since GitHub's REST API cannot change that.
pub async fn find_or_create(client: &Client, proposal: &Proposal<'_>) -> Result<HandedIn, GithubError> {
    let Proposal { repository, head, base, title, body, draft } = *proposal;
    let handed_in = match client.find_pull_request(repository, head, Some(base)).await? {
        Some(found) => brought_up_to_date(client, proposal, found).await?,
        None => {
            let new = NewPullRequest { head, base, title, body, draft };
            match client.create_pull_request(repository, new).await {
                Ok(pull_request) => HandedIn { pull_request, created: true },
                Err(refusal) if refusal.is_existing_pull_request() => {
                    let found =
                        client.find_pull_request(repository, head, Some(base)).await?.ok_or(refusal)?;
                    brought_up_to_date(client, proposal, found).await?
                }
                Err(error) => return Err(error),
            }
        }
    };
    label(client, repository, &handed_in.pull_request).await?;
    Ok(handed_in)
}

async fn brought_up_to_date(
    client: &Client,
    proposal: &Proposal<'_>,
    found: PullRequest,
) -> Result<HandedIn, GithubError> {
    // GitHub gives descriptions back with its own line ends.
    let same_body = found.body.replace("\r\n", "\n").trim() == proposal.body.trim();
    let current = found.title == proposal.title && same_body;
    let pull_request = if current || found.state != PullRequestState::Open {
        found
    } else {
        let Proposal { repository, title, body, .. } = *proposal;
        client.update_pull_request(repository, found.number, title, body).await?
    };
    Ok(HandedIn { pull_request, created: false })
}

/// Labels help to find it; a token that may not set them is no reason to fail.
async fn label(
    client: &Client,
    repository: &RepositoryName,
    pull_request: &PullRequest,
) -> Result<(), GithubError> {
    match client.add_labels(repository, pull_request.number, &LABELS).await {
        Err(error) if error.may_pass() => Err(error),
        Err(error) => {
            tracing::warn!(%error, number = pull_request.number, "the pull request could not be labelled");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}
