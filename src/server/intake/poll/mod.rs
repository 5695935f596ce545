//! Asks the platforms for failures whose delivery never came, and takes them through the same door.
//!
//! For plans without webhooks this is the only way; for the others it is the safety net, and what a delivery that says
//! little leads to. [`pace`] says when a connection is asked again, [`teams`] what is asked, [`hints`] what deliveries
//! left to be found out.

mod hints;
mod pace;
mod teams;

use super::IntakeContext;
use crate::{
    model::{Provider, Timestamp, Trouble},
    server::{
        audit::{self, Purpose},
        db::{
            DbError,
            entity::integration,
            fixes,
            integrations::{self, Polled},
            subscriptions,
        },
        integrations::{Access, PlatformError, RateBudget, TokenProvider, connection_manager},
        metrics,
    },
};
use chrono::TimeDelta;
use futures::{StreamExt as _, stream};
use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

/// Connections that are asked at the same time.
const AT_ONCE: usize = 4;
/// Due connections that are taken in one round.
const ROUND: u64 = 100;
/// A poll that takes longer is given up.
const LONGEST: Duration = Duration::from_secs(300);
/// After this a poll counts as left behind by a process that ended. Longer than [`LONGEST`].
const LEASE: TimeDelta = TimeDelta::seconds(360);

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Failed deployments that had no row yet.
    pub new: usize,
    /// The platform's ids of projects in which something goes on.
    pub busy: BTreeSet<String>,
}

/// Polls due connections until `stop`.
pub async fn keep_polling(ctx: IntakeContext, stop: CancellationToken) {
    let tick =
        (ctx.platforms.config.poll_interval / 4).clamp(Duration::from_millis(100), Duration::from_secs(1));
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
///
/// # Errors
/// The connections cannot be read.
pub async fn poll_due(ctx: &IntakeContext) -> Result<usize, DbError> {
    let due = integrations::due(&ctx.platforms.db, ctx.platforms.clock.now(), ROUND).await?;
    let asked = stream::iter(due).map(|row| poll_one(ctx.clone(), row)).buffer_unordered(AT_ONCE);
    Ok(asked.fold(0, |sum, asked| std::future::ready(sum + usize::from(asked))).await)
}

/// Whether the connection was ours to ask. What went wrong is in the log and on the connection.
async fn poll_one(ctx: IntakeContext, row: integration::Model) -> bool {
    let begun = Instant::now();
    let polled = poll_connection(&ctx, &row).await;
    let outcome = match &polled {
        // Another process does it.
        Ok(None) => return false,
        Ok(Some(Found { new: 0, .. })) => "nothing",
        Ok(Some(_)) => "found",
        Err(_) => "failed",
    };
    metrics::poll(&row.provider, outcome, begun.elapsed());
    match polled {
        Ok(_) => true,
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

/// Polls one connection. `None` when another process has taken it.
///
/// # Errors
/// The first trouble. A refused token marks the connection; "later" moves its next poll.
pub async fn poll_connection(
    ctx: &IntakeContext,
    row: &integration::Model,
) -> Result<Option<Found>, PollError> {
    let platforms = &ctx.platforms;
    let now = platforms.clock.now();
    if !integrations::take_poll(&platforms.db, row, now, now + LEASE).await? {
        return Ok(None);
    }
    let (outcome, budget) = match client(ctx, row) {
        Ok(Some(Asked { provider, access })) => {
            audit::used(&platforms.db, row, Purpose::Poll, now).await;
            let asked = tokio::time::timeout(LONGEST, ask(ctx, provider.as_ref(), &access, row, now)).await;
            let late = PlatformError::Transient { retry_after: None };
            (asked.unwrap_or(Err(late.into())), provider.budget(&access.token))
        }
        Ok(None) => (Ok(Found::default()), None),
        Err(error) => (Err(error.into()), None),
    };
    let mut pace = pace::Pace {
        interval: platforms.config.poll_interval,
        busy: false,
        failures: 0,
        patience: None,
        budget,
        seed: &row.id,
    };
    let (mut seen, mut trouble) = (None, None);
    match &outcome {
        Ok(found) => {
            pace.busy = !found.busy.is_empty();
            seen = Some((now, pace::write_busy(&found.busy)));
        }
        Err(PollError::Platform(error)) => {
            connection_manager::note_refusal(&platforms.db, &row.id, error).await?;
            trouble = error.trouble().map(Trouble::as_str);
            pace.failures = row.poll_failures.unsigned_abs().saturating_add(1);
            if let PlatformError::Transient { retry_after } = error {
                pace.patience = *retry_after;
            }
        }
        Err(PollError::Db(_)) => {}
    }
    let now = platforms.clock.now();
    let polled = Polled { next: pace.next(now), seen, rate: budget.and_then(stored), trouble };
    integrations::end_poll(&platforms.db, row, polled, now).await?;
    outcome.map(Some)
}

fn stored(budget: RateBudget) -> Option<(i32, i32, Timestamp)> {
    Some((budget.limit.try_into().ok()?, budget.remaining.try_into().ok()?, budget.reset_at))
}

/// Who is asked, with what.
struct Asked {
    provider: Arc<dyn TokenProvider>,
    access: Access,
}

fn client(ctx: &IntakeContext, row: &integration::Model) -> Result<Option<Asked>, PlatformError> {
    let provider = row.provider.parse::<Provider>().ok().and_then(|kind| ctx.platforms.registry.get(kind));
    let Some(provider) = provider else { return Ok(None) };
    let access = connection_manager::access(&ctx.platforms.keys, row).map_err(|error| {
        tracing::error!(integration_id = row.id, %error, "a stored token cannot be opened");
        PlatformError::TokenRefused
    })?;
    Ok(Some(Asked { provider, access }))
}

/// Everything about one connection: what its deliveries left open, then its teams.
async fn ask(
    ctx: &IntakeContext,
    provider: &dyn TokenProvider,
    access: &Access,
    row: &integration::Model,
    now: Timestamp,
) -> Result<Found, PollError> {
    let rows = subscriptions::of_integration(&ctx.platforms.db, &row.id).await?;
    let repositories = rows.iter().map(|watched| watched.github_repo_full_name.clone()).collect();
    let heads = fixes::built_heads(&ctx.platforms.db, &repositories, now - teams::BRANCH_BUILD).await?;
    let (last, busy) = (row.last_polled_at, pace::read_busy(row));
    let poll = teams::Poll { ctx, provider, now, last, busy, heads };
    let mut found = Found::default();
    let open = hints::follow(&poll, access, row, &rows, &mut found).await?;
    let mut trouble = None;
    for (team, rows) in teams::by_team(rows) {
        // One team's trouble is no reason to leave out the others.
        match poll.team(&access.for_team(team), &rows, &mut found).await {
            Ok(()) => {}
            Err(PollError::Platform(error)) => trouble = Some(error),
            Err(error) => return Err(error),
        }
    }
    if let Some(trouble) = trouble {
        return Err(trouble.into());
    }
    hints::looked(ctx, open).await?;
    Ok(found)
}
