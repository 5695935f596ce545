//! The jobs of fixes: one wakes a worker for a fix, whose row decides what is done.
//!
//! The committed row is the outbox. [`JobQueue::push`] is tried right after the commit, and [`reconcile`] pushes
//! again for every unfinished row that nobody holds: what a crash lost between the two comes back by itself.

use super::{FixContext, run};
use crate::server::{
    clock::Clock,
    db::{self, Db, DbError, fixes::Unheld},
    intake::Wake,
    live::Bus,
    queue::{Job, Queue, QueueError},
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often unfinished fixes without a holder are looked for.
const RECONCILE: Duration = Duration::from_secs(3);
/// A job whose worker could not even claim the fix leaves its key behind, so keys get a new suffix this often.
const KEY_EPOCH_SECONDS: i64 = 600;
/// How many of them are pushed at once.
const RECONCILE_BATCH: u64 = 100;

/// Wakes a worker for one fix.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FixJob {
    /// Our id of the fix.
    pub fix_id: String,
}

#[async_trait]
impl Job for FixJob {
    const QUEUE: &'static str = "fix";
    type Context = FixContext;

    fn has_room(context: &FixContext) -> Result<(), String> {
        context.capacity.has_room().map_err(|shortage| shortage.to_string())
    }

    async fn run(self, context: &FixContext) -> Result<(), DbError> {
        run::run(context, &self.fix_id).await
    }
}

/// The queue of fixes.
pub type JobQueue = Queue<FixJob>;

impl JobQueue {
    /// Stores a job for a fix under an idempotency key.
    pub async fn push(&self, key: &str, fix_id: &str) -> Result<(), QueueError> {
        self.store(key, FixJob { fix_id: fix_id.to_owned() }).await
    }
}

/// What the intake wakes: the workers, and the open pages.
#[derive(Clone)]
pub struct Waker {
    /// Takes new fixes.
    pub queue: JobQueue,
    /// Tells pages.
    pub bus: Bus,
}

#[async_trait]
impl Wake for Waker {
    async fn wake(&self, key: String, fix_id: String) {
        if let Err(error) = self.queue.push(&key, &fix_id).await {
            tracing::warn!(fix.id = %fix_id, %error, "A fix waits for the reconciler");
        }
    }

    fn changed(&self, fix_id: &str) {
        self.bus.notify(fix_id);
    }
}

/// Pushes a job for each unfinished fix that no worker holds; one that lost its worker does not wait behind those that
/// nobody has begun with. Returns how many there were.
pub async fn reconcile(queue: &JobQueue, db: &Db, clock: &Clock) -> Result<usize, QueueError> {
    let now = clock.now();
    let epoch = now.timestamp() / KEY_EPOCH_SECONDS;
    let waiting = db::fixes::unfinished_without_lease(db, now, RECONCILE_BATCH).await?;
    for Unheld { id, version, begun } in &waiting {
        let (key, job) = (format!("{id}:{version}:{epoch}"), FixJob { fix_id: id.clone() });
        if *begun { queue.store_ahead(&key, job).await? } else { queue.store(&key, job).await? }
    }
    Ok(waiting.len())
}

/// Reconciles at start and every few seconds until `stop` is cancelled.
pub async fn keep_reconciling(queue: JobQueue, db: Db, clock: Clock, stop: CancellationToken) {
    loop {
        if let Err(error) = reconcile(&queue, &db, &clock).await {
            tracing::error!(%error, "Unfinished fixes could not be queued; trying again");
        }
        tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(RECONCILE) => {} }
    }
}
