//! Asks the platforms for failures whose delivery never came, and takes them through the same door.
//!
//! For plans without webhooks this is the only way; for the others it is the safety net.

use super::{Action, Failure, IntakeContext, admit, own_branch};
use crate::{
    model::{DeploymentState, Provider, Timestamp},
    server::{
        db::{
            DbError,
            entity::{integration, subscription},
            fixes, integrations, subscriptions,
        },
        integrations::{
            Access, DeploymentsQuery, PlatformError, ProjectRef, TokenProvider, connection_manager,
        },
    },
};
use chrono::TimeDelta;
use futures::{StreamExt as _, stream};
use std::{collections::BTreeMap, time::Duration};
use tokio_util::sync::CancellationToken;

/// A failure that is older was missed for good: nobody waits for its fix any more.
const LOOK_BACK: TimeDelta = TimeDelta::days(7);
/// Connections that are asked at the same time.
const AT_ONCE: usize = 4;
/// Due connections that are taken in one round.
const ROUND: u64 = 100;
/// Open pull requests whose branch is looked at in one poll.
const MAX_BRANCHES: u64 = 20;

/// What ended a poll early.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// The platform did not answer as hoped; what to do about it is noted on the connection.
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// The database did not do its part.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What a poll found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Failed deployments that had no row yet.
    pub new: usize,
}

/// Polls due connections until `stop`.
pub async fn keep_polling(ctx: IntakeContext, stop: CancellationToken) {
    let tick =
        (ctx.platforms.config.poll_interval / 4).clamp(Duration::from_millis(100), Duration::from_secs(5));
    let mut ticks = tokio::time::interval(tick);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        tokio::select! {
            // A poll that is cut short is made again: it stores row by row.
            () = stop.cancelled() => return,
            outcome = poll_due(&ctx) => if let Err(error) = outcome {
                tracing::error!(%error, "connections to poll could not be read");
            }
        }
    }
}

/// Polls every connection that is due. Returns how many were asked.
pub async fn poll_due(ctx: &IntakeContext) -> Result<usize, DbError> {
    let due = integrations::due(&ctx.platforms.db, ctx.platforms.clock.now(), ROUND).await?;
    let asked = stream::iter(due).map(|row| poll_one(ctx.clone(), row)).buffer_unordered(AT_ONCE);
    Ok(asked.fold(0, |sum, asked| std::future::ready(sum + usize::from(asked))).await)
}

/// Whether the connection was ours to ask. What went wrong is in the log and on the connection.
async fn poll_one(ctx: IntakeContext, row: integration::Model) -> bool {
    match poll_connection(&ctx, &row).await {
        Ok(found) => found.is_some(),
        Err(PollError::Platform(error)) => {
            tracing::warn!(integration_id = row.id, %error, "a poll failed");
            true
        }
        Err(PollError::Db(error)) => {
            tracing::error!(integration_id = row.id, %error, "a poll could not be stored");
            true
        }
    }
}

/// Polls one connection. `None` when another process took it.
///
/// # Errors
/// The first trouble. A refused token marks the connection; "later" moves its next poll.
pub async fn poll_connection(
    ctx: &IntakeContext,
    row: &integration::Model,
) -> Result<Option<Found>, PollError> {
    let platforms = &ctx.platforms;
    let now = platforms.clock.now();
    let next = now + in_delta(platforms.config.poll_interval);
    if !integrations::take_poll(&platforms.db, row, now, next).await? {
        return Ok(None);
    }
    let outcome = ask(ctx, row, now).await;
    if let Err(PollError::Platform(error)) = &outcome {
        connection_manager::note_refusal(&platforms.db, &row.id, error).await?;
        if let PlatformError::Transient { retry_after: Some(wait) } = error {
            let after = (now + in_delta(*wait)).max(next);
            integrations::postpone(&platforms.db, &row.id, after).await?;
        }
    }
    outcome.map(Some)
}

fn in_delta(wait: Duration) -> TimeDelta {
    TimeDelta::from_std(wait).unwrap_or(TimeDelta::days(1))
}

async fn ask(ctx: &IntakeContext, row: &integration::Model, now: Timestamp) -> Result<Found, PollError> {
    let provider = row.provider.parse::<Provider>().ok().and_then(|kind| ctx.platforms.registry.get(kind));
    let Some(provider) = provider else { return Ok(Found::default()) };
    let access = connection_manager::access(&ctx.platforms.keys, row).map_err(|error| {
        tracing::error!(integration_id = row.id, %error, "a stored token cannot be opened");
        PlatformError::TokenRefused
    })?;
    let rows = subscriptions::of_integration(&ctx.platforms.db, &row.id).await?;
    let mut teams: BTreeMap<Option<String>, Vec<subscription::Model>> = BTreeMap::new();
    for watched in rows {
        teams.entry(watched.team_id.clone()).or_default().push(watched);
    }
    let mut found = Found::default();
    let mut trouble = None;
    for (team, rows) in teams {
        let access = access.for_team(team);
        // One team's trouble is no reason to leave out the others.
        match ask_team(ctx, provider.as_ref(), &access, &rows, now).await {
            Ok(new) => found.new += new,
            Err(PollError::Platform(error)) => trouble = Some(error),
            Err(error) => return Err(error),
        }
    }
    trouble.map_or(Ok(found), |error| Err(error.into()))
}

async fn ask_team(
    ctx: &IntakeContext,
    provider: &dyn TokenProvider,
    access: &Access,
    rows: &[subscription::Model],
    now: Timestamp,
) -> Result<usize, PollError> {
    let Some(oldest) = rows.iter().map(|watched| watched.created_at).min() else { return Ok(0) };
    let query = DeploymentsQuery {
        projects: rows.iter().map(ProjectRef::from).collect(),
        since: Some(oldest.max(now - LOOK_BACK)),
        state: Some(DeploymentState::Failed),
        ..DeploymentsQuery::default()
    };
    let failed = provider.deployments(access, query).await?;
    let ids: Vec<String> = failed.iter().map(|deployment| deployment.platform_id.clone()).collect();
    let known = fixes::known(&ctx.platforms.db, provider.provider(), &ids).await?;
    let mut new = 0;
    // Oldest first, as deliveries would have come.
    for deployment in failed.into_iter().rev().filter(|deployment| !known.contains(&deployment.platform_id)) {
        let mut watchers =
            subscriptions::watching(&ctx.platforms.db, provider.provider(), &deployment.project_id).await?;
        let Some(mine) = rows.iter().find(|watched| watched.platform_project_id == deployment.project_id)
        else {
            continue;
        };
        if deployment.created_at < mine.created_at {
            continue;
        }
        watchers.sort_by_key(|watched| watched.id != mine.id);
        let receipt = admit(ctx, &watchers, Failure::from(deployment), None).await?;
        new += usize::from(matches!(receipt.action, Action::Queued | Action::Skipped));
    }
    look_at_branches(ctx, provider, access, rows).await?;
    Ok(new)
}

/// Notes on fixes with an open pull request how the platform's own build of their branch went.
async fn look_at_branches(
    ctx: &IntakeContext,
    provider: &dyn TokenProvider,
    access: &Access,
    rows: &[subscription::Model],
) -> Result<(), PollError> {
    let ids: Vec<String> = rows.iter().map(|watched| watched.id.clone()).collect();
    for fix in fixes::open_pull_requests_of(&ctx.platforms.db, &ids, MAX_BRANCHES).await? {
        let watched = rows.iter().find(|watched| watched.id == fix.subscription_id);
        let (Some(watched), Some(branch)) = (watched, fix.fix_branch_name.clone()) else { continue };
        if own_branch::is_green(&ctx.platforms.db, &fix.id).await? {
            continue;
        }
        let query = DeploymentsQuery {
            projects: vec![ProjectRef::from(watched)],
            branch: Some(branch),
            limit: Some(1),
            ..DeploymentsQuery::default()
        };
        let newest = provider.deployments(access, query).await?.into_iter().next();
        let name = provider.provider().display_name();
        match newest.filter(|deployment| !deployment.from_fork) {
            Some(deployment) if deployment.state == DeploymentState::Ready => {
                own_branch::built(ctx, &fix, name).await?;
            }
            Some(deployment) if deployment.state == DeploymentState::Failed => {
                own_branch::failed(ctx, &fix, name, &deployment.platform_id).await?;
            }
            _ => {}
        }
    }
    Ok(())
}
