//! Settings and the time → what is removed: build logs, transcripts, deliveries, notifications, entries of the audit
//! log, ended sessions and jobs that are done. One server at a time, in bounded batches.

use super::{
    audit,
    clock::Clock,
    config::Config,
    db::{Db, DbError, retention, settings},
    metrics::REMOVED,
};
use crate::model::Timestamp;
use chrono::TimeDelta;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// How often a server asks whether it is its turn.
const LOOK: Duration = Duration::from_secs(600);
/// The turn comes once in this time, to one server.
const EVERY: TimeDelta = TimeDelta::hours(1);
/// The name of the turn.
const TURN: &str = "retention";

/// What is removed, by the names in the log and the metrics.
pub const KINDS: [&str; 8] =
    ["logs", "transcripts", "deliveries", "messages", "notifications", "audit", "sessions", "jobs"];

/// What was removed in a round, by its name.
pub type Removed = BTreeMap<&'static str, u64>;

/// Removes what is old enough, if it is this server's turn. Stops after the batch in which `stop` is cancelled.
///
/// # Errors
/// The database. What is left is removed next time.
pub async fn round(
    db: &Db,
    config: &Config,
    now: Timestamp,
    stop: &CancellationToken,
) -> Result<Option<Removed>, DbError> {
    if !settings::take_turn(db, TURN, EVERY, now).await? {
        return Ok(None);
    }
    // 0 days: for ever.
    let before = |days: u16| (days > 0).then(|| now - TimeDelta::days(days.into()));
    let mut removed = Removed::new();
    macro_rules! batches {
        ($name:literal, $batch:expr) => {
            while !stop.is_cancelled() {
                let count = $batch.await?;
                *removed.entry($name).or_default() += count;
                if count < retention::BATCH {
                    break;
                }
            }
        };
    }
    if let Some(before) = before(config.keep_logs_days) {
        batches!("logs", retention::logs(db, before, config.keep_logs_days.into()));
    }
    if let Some(before) = before(config.keep_transcripts_days) {
        batches!("transcripts", retention::transcripts(db, before));
    }
    if let Some(before) = before(config.keep_deliveries_days) {
        batches!("deliveries", retention::deliveries(db, before));
        batches!("messages", retention::messages(db, before));
    }
    if let Some(before) = before(config.keep_notifications_days) {
        batches!("notifications", retention::notifications(db, before));
    }
    if let Some(before) = before(config.keep_audit_days) {
        batches!("audit", retention::audit(db, before));
    }
    batches!("sessions", retention::sessions(db, now));
    if let Some(before) = before(config.keep_jobs_days) {
        batches!("jobs", retention::jobs(db, before));
    }
    removed.retain(|_, count| *count > 0);
    for (kind, count) in &removed {
        metrics::counter!(REMOVED, "kind" => *kind).increment(*count);
    }
    if !removed.is_empty() {
        let counts = removed.iter().map(|(name, count)| (*name, count.to_string()));
        audit::by_command(db, "retention.run", "server", counts, now).await?;
        tracing::info!(?removed, "What was old enough was removed");
    }
    Ok(Some(removed))
}

/// Rounds until `stop` is cancelled.
pub async fn keep_removing(db: Db, config: Arc<Config>, clock: Clock, stop: CancellationToken) {
    loop {
        if let Err(error) = round(&db, &config, clock.now(), &stop).await {
            tracing::error!(%error, "What is old could not be removed; trying again");
        }
        tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(LOOK) => {} }
    }
}
