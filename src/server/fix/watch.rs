//! After the pull request: GitHub's webhook says when it is merged, and a poll finds what the webhook did not say.

use super::{FixContext, run::Evidence};
use crate::{
    model::{EventKind, FixStatus},
    server::{
        audit::{self, Purpose},
        db::{self, DbError, entity::deployment, fixes::FixChange},
        github::{self, GithubError, PullRequest, PullRequestState, RepositoryName},
    },
};
use chrono::TimeDelta;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often a process asks whether it is its turn to look over the open pull requests.
const LOOK: Duration = Duration::from_secs(10);
/// The name of the turn to make a round.
const TURN: &str = "pull_requests";
/// The turn comes once in this time, to one process.
const EVERY: TimeDelta = TimeDelta::seconds(60);
/// Pull requests looked up in a round.
const BATCH: u64 = 100;

/// What became of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PullRequestEnd {
    /// Its changes are in the base branch.
    Merged {
        /// The commit there that merging has made, if GitHub says so.
        sha: Option<String>,
    },
    /// Closed by somebody without merging.
    Closed,
}

/// Writes the end of a pull request into its fix. A repeated call changes nothing.
pub async fn close(
    ctx: &FixContext,
    fix: &mut deployment::Model,
    end: PullRequestEnd,
) -> Result<(), DbError> {
    if fix.fix_status != FixStatus::PrCreated.as_str() {
        return Ok(());
    }
    let (status, code, reason, sha) = match end {
        PullRequestEnd::Merged { sha } => (FixStatus::Merged, None, None, sha),
        PullRequestEnd::Closed => (
            FixStatus::Failed,
            Some("pull_request_closed".to_owned()),
            Some("The pull request was closed without merging.".to_owned()),
            None,
        ),
    };
    let change = FixChange {
        status: Some(status),
        reason_code: Some(code.clone()),
        reason: Some(reason.clone()),
        merge_sha: Some(sha),
        completed_at: Some(Some(ctx.clock.now())),
        ..FixChange::default()
    };
    match ctx
        .record(fix, change, vec![EventKind::Status { status, reason_code: code, reason, stage: None }])
        .await
    {
        // The webhook and the poll met; one of them has written it.
        Err(DbError::Conflict) => Ok(()),
        other => other,
    }
}

/// Looks up every open pull request once.
pub async fn round(ctx: &FixContext) -> Result<(), DbError> {
    for mut fix in db::fixes::open_pull_requests(&ctx.db, BATCH).await? {
        let found = match Found::look(ctx, &fix).await {
            Ok(Some(found)) => found,
            Ok(None) => continue,
            Err(error) => {
                tracing::warn!(fix.id = %fix.id, %error, "A pull request could not be looked up");
                continue;
            }
        };
        match found.pull.state {
            PullRequestState::Merged => {
                let end = PullRequestEnd::Merged { sha: found.pull.merge_sha };
                close(ctx, &mut fix, end).await?;
            }
            PullRequestState::Closed => close(ctx, &mut fix, PullRequestEnd::Closed).await?,
            PullRequestState::Open => {
                if let Err(error) = found.tell_builds(ctx, &fix).await? {
                    tracing::warn!(fix.id = %fix.id, %error, "A pull request could not be brought up to date");
                }
            }
        }
    }
    Ok(())
}

/// A pull request as it is at GitHub.
struct Found {
    client: github::Client,
    repository: RepositoryName,
    pull: PullRequest,
}

impl Found {
    /// `None` when nobody may look.
    async fn look(ctx: &FixContext, fix: &deployment::Model) -> Result<Option<Self>, GithubError> {
        let (Some(number), Ok(repository)) = (fix.pr_number, fix.repository.parse::<RepositoryName>()) else {
            return Ok(None);
        };
        let Some(token) = github_token(ctx, fix).await else { return Ok(None) };
        let client = github::Client::new(&ctx.config.github_api, &token, ctx.clock.clone())?;
        let pull = client.pull_request(&repository, u64::from(number.unsigned_abs())).await?;
        Ok(Some(Self { client, repository, pull }))
    }

    /// Writes into the description how the platforms have built the branch, if it does not say so yet. The inner error
    /// is GitHub's.
    async fn tell_builds(
        &self,
        ctx: &FixContext,
        fix: &deployment::Model,
    ) -> Result<Result<(), GithubError>, DbError> {
        let Some(evidence) = Evidence::of(ctx, fix).await? else { return Ok(Ok(())) };
        let builds = evidence.builds();
        let story = evidence.story(&builds);
        let told = story.platforms();
        // GitHub gives descriptions back with its own line ends.
        if told.is_empty() || self.pull.body.replace("\r\n", "\n").contains(told.trim_end()) {
            return Ok(Ok(()));
        }
        let (number, title, body) = (self.pull.number, story.title(), story.body());
        Ok(self.client.update_pull_request(&self.repository, number, &title, &body).await.map(drop))
    }
}

async fn github_token(ctx: &FixContext, fix: &deployment::Model) -> Option<secrecy::SecretString> {
    let subscription = db::subscriptions::find(&ctx.db, &fix.subscription_id).await.ok()??;
    let account = db::accounts::github(&ctx.db, &subscription.user_id).await.ok()??;
    let token = ctx.keys.open(&db::accounts::token_identity(&account.id), &account.access_token).ok()?;
    audit::used(&ctx.db, &account, Purpose::Watch, ctx.clock.now()).await;
    Some(token)
}

/// A round, if it is this process's turn. Says whether it was.
pub async fn round_in_turn(ctx: &FixContext) -> Result<bool, DbError> {
    let ours = db::settings::take_turn(&ctx.db, TURN, EVERY, ctx.clock.now()).await?;
    if ours {
        round(ctx).await?;
    }
    Ok(ours)
}

/// Rounds until `stop` is cancelled.
pub async fn keep_watching(ctx: FixContext, stop: CancellationToken) {
    loop {
        if let Err(error) = round_in_turn(&ctx).await {
            tracing::error!(%error, "Open pull requests could not be read");
        }
        tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(LOOK) => {} }
    }
}
