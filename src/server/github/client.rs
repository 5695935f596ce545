//! Turns calls to GitHub's REST API into our types, through octocrab with an injected address and token.

use super::{
    answer,
    error::GithubError,
    facts::{Check, CommitChecks, NewPullRequest, PullRequest, PullRequestState, Repository, User},
    repository::RepositoryName,
    wire::{NewPull, PullText, WireCheckRuns, WirePull, WireRepository, WireStatuses, WireUser},
};
use crate::server::clock::Clock;
use axum::http::HeaderName;
use octocrab::Octocrab;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use std::{future::Future, time::Duration};
use url::{Url, form_urlencoded};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Of one whole call, from the first byte sent to the last one read.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// GitHub's REST API for one token. Cheap to clone; must be made inside a Tokio runtime.
#[derive(Clone)]
pub struct Client {
    octocrab: Octocrab,
    clock: Clock,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    /// A client for `base` (`https://api.github.com`) that acts as the owner of `token`. No call is made.
    pub fn new(base: &Url, token: &SecretString, clock: Clock) -> Result<Self, GithubError> {
        super::install_tls_provider();
        // octocrab panics on a token that is no header value.
        if token.expose_secret().is_empty()
            || !token.expose_secret().bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(GithubError::TokenRefused);
        }
        let octocrab = Octocrab::builder()
            .base_uri(base.as_str())
            .map_err(|_| GithubError::Setup("the base address is no address"))?
            .personal_token(token.clone())
            .add_header(HeaderName::from_static("accept"), "application/vnd.github+json".to_owned())
            .set_connect_timeout(Some(CONNECT_TIMEOUT))
            .set_read_timeout(Some(CALL_TIMEOUT))
            .build()
            .map_err(|_| GithubError::Setup("no usable root certificates were found"))?;
        Ok(Self { octocrab, clock })
    }

    /// The user the token belongs to (`GET /user`).
    pub async fn current_user(&self) -> Result<User, GithubError> {
        Ok(self.get::<WireUser>("/user", &[]).await?.into())
    }

    /// The repository (`GET /repos/{owner}/{repo}`). Follows a rename: use the name in the answer from then on.
    pub async fn repository(&self, name: &RepositoryName) -> Result<Repository, GithubError> {
        self.get::<WireRepository>(&format!("/repos/{name}"), &[]).await?.try_into()
    }

    /// The pull request for a head branch of the same repository, in any state: the open one if there is one,
    /// else the newest.
    pub async fn find_pull_request(
        &self,
        repository: &RepositoryName,
        head: &str,
        base: Option<&str>,
    ) -> Result<Option<PullRequest>, GithubError> {
        // A bare branch name is ignored by GitHub's filter: it needs the owner.
        let owned_head = format!("{}:{head}", repository.owner());
        let mut query = vec![("state", "all"), ("head", owned_head.as_str()), ("per_page", "100")];
        if let Some(base) = base {
            query.push(("base", base));
        }
        let found: Vec<WirePull> = self.get(&format!("/repos/{repository}/pulls"), &query).await?;
        let mut found: Vec<_> = found
            .into_iter()
            .map(PullRequest::try_from)
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .filter(|pull| pull.head_branch.as_deref() == Some(head))
            .collect();
        found.sort_by_key(|pull| (pull.state != PullRequestState::Open, std::cmp::Reverse(pull.number)));
        Ok(found.into_iter().next())
    }

    /// Creates a pull request. [`GithubError::is_existing_pull_request`] tells that there is one already.
    pub async fn create_pull_request(
        &self,
        repository: &RepositoryName,
        new: NewPullRequest<'_>,
    ) -> Result<PullRequest, GithubError> {
        let body = NewPull {
            title: new.title,
            head: new.head,
            base: new.base,
            body: new.body,
            draft: new.draft,
            maintainer_can_modify: true,
        };
        let route = format!("/repos/{repository}/pulls");
        let wire: WirePull = self.call(self.octocrab._post(route, Some(&body))).await?;
        wire.try_into()
    }

    /// One pull request as it stands now.
    pub async fn pull_request(
        &self,
        repository: &RepositoryName,
        number: u64,
    ) -> Result<PullRequest, GithubError> {
        let wire: WirePull = self.get(&format!("/repos/{repository}/pulls/{number}"), &[]).await?;
        wire.try_into()
    }

    /// Gives a pull request another title and description.
    pub async fn update_pull_request(
        &self,
        repository: &RepositoryName,
        number: u64,
        title: &str,
        body: &str,
    ) -> Result<PullRequest, GithubError> {
        let route = format!("/repos/{repository}/pulls/{number}");
        let wire: WirePull = self.call(self.octocrab._patch(route, Some(&PullText { title, body }))).await?;
        wire.try_into()
    }

    /// Adds labels to a pull request; those it has already stay. Missing labels are made, if the token may.
    pub async fn add_labels(
        &self,
        repository: &RepositoryName,
        number: u64,
        labels: &[&str],
    ) -> Result<(), GithubError> {
        let body = serde_json::json!({ "labels": labels });
        let route = format!("/repos/{repository}/issues/{number}/labels");
        self.call::<serde_json::Value>(self.octocrab._post(route, Some(&body))).await.map(drop)
    }

    /// Writes a comment under a pull request.
    pub async fn comment(
        &self,
        repository: &RepositoryName,
        number: u64,
        body: &str,
    ) -> Result<(), GithubError> {
        let body = serde_json::json!({ "body": body });
        let route = format!("/repos/{repository}/issues/{number}/comments");
        self.call::<serde_json::Value>(self.octocrab._post(route, Some(&body))).await.map(drop)
    }

    /// The statuses and check runs of a commit (its full id). What the token may not read is left out.
    pub async fn commit_checks(
        &self,
        repository: &RepositoryName,
        sha: &str,
    ) -> Result<CommitChecks, GithubError> {
        if sha.is_empty() || !sha.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(GithubError::NotFound);
        }
        let route = format!("/repos/{repository}/commits/{sha}");
        let page = [("per_page", "100")];
        let statuses: Option<WireStatuses> = readable(self.get(&format!("{route}/status"), &page).await)?;
        let runs: Option<WireCheckRuns> = readable(self.get(&format!("{route}/check-runs"), &page).await)?;
        Ok(CommitChecks {
            statuses: statuses
                .map(|wire| wire.statuses.unwrap_or_default().into_iter().map(Check::from).collect()),
            check_runs: runs
                .map(|wire| wire.check_runs.unwrap_or_default().into_iter().map(Check::from).collect()),
        })
    }

    async fn get<R: DeserializeOwned>(&self, route: &str, query: &[(&str, &str)]) -> Result<R, GithubError> {
        let mut address = route.to_owned();
        if !query.is_empty() {
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
            address = format!("{address}?{query}");
        }
        self.call(self.octocrab._get(address)).await
    }

    async fn call<R: DeserializeOwned>(
        &self,
        call: impl Future<Output = octocrab::Result<answer::Raw>>,
    ) -> Result<R, GithubError> {
        let answered = async { answer::read(call.await?).await };
        match tokio::time::timeout(CALL_TIMEOUT, answered).await {
            Ok(Ok(Some(body))) => serde_json::from_slice(&body).map_err(|error| {
                // The error's own text quotes the body, which may hold anything.
                tracing::warn!(
                    line = error.line(),
                    column = error.column(),
                    "an answer of GitHub is not understood"
                );
                GithubError::Malformed
            }),
            Ok(Ok(None)) => Err(GithubError::Malformed),
            Ok(Err(error)) => Err(GithubError::from_octocrab(error, self.clock.now())),
            Err(_) => Err(GithubError::Transient { retry_after: None }),
        }
    }
}

/// `None` for what the token may not read.
fn readable<T>(answer: Result<T, GithubError>) -> Result<Option<T>, GithubError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(GithubError::TokenRefused | GithubError::NotFound) => Ok(None),
        Err(other) => Err(other),
    }
}
