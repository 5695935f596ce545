//! The jobs of messages: one wakes a worker for a message, whose row decides whether it is sent.
//!
//! The committed row is the outbox. [`reconcile`] pushes a job for every row whose time has come: for new ones, for
//! those to be tried again, and for those whose sender was killed.

use super::{NotifyContext, send};
use crate::server::{
    clock::Clock,
    db::{Db, DbError, outgoing},
    fix::crash_point,
    queue::{Job, Queue, QueueError},
    trace,
};
use async_trait::async_trait;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Messages that this process sends at the same time.
pub const WORKERS: usize = 2;
/// How often the outbox is looked at.
const RECONCILE: Duration = Duration::from_secs(1);
/// How many messages are pushed at once.
const RECONCILE_BATCH: u64 = 100;
/// A job whose worker could not even claim the message leaves its key behind, so keys get a new suffix this often.
const KEY_EPOCH_SECONDS: i64 = 600;
/// Longer than a try can take: a message that is still claimed then has lost its sender.
const CLAIM: TimeDelta = TimeDelta::seconds(20);

/// Wakes a worker for one message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeliveryJob {
    /// Our id of the message.
    pub delivery_id: String,
}

#[async_trait]
impl Job for DeliveryJob {
    const QUEUE: &'static str = "delivery";
    type Context = NotifyContext;

    async fn run(self, ctx: &NotifyContext) -> Result<(), DbError> {
        let now = ctx.clock.now();
        let Some(claimed) = outgoing::claim(&ctx.db, &self.delivery_id, now, now + CLAIM).await? else {
            return Ok(());
        };
        crash_point!("before_delivery");
        let (trace_id, span) = (trace::new_id(), tracing::debug_span!(parent: None, "message"));
        let outcome = trace::within(trace_id, span, send::send(ctx, &claimed)).await;
        let (id, attempt) = (&claimed.delivery.id, claimed.delivery.attempts);
        tracing::info!(delivery.id = %id, attempt, status = outcome.status(), "A message was sent to a webhook");
        outgoing::finish(&ctx.db, &claimed, &outcome, ctx.clock.now()).await
    }
}

/// The queue of messages.
pub type DeliveryQueue = Queue<DeliveryJob>;

/// Pushes a job for each message whose time has come. Returns how many there were.
pub async fn reconcile(queue: &DeliveryQueue, db: &Db, clock: &Clock) -> Result<usize, QueueError> {
    let now = clock.now();
    let epoch = now.timestamp() / KEY_EPOCH_SECONDS;
    let due = outgoing::due(db, now, RECONCILE_BATCH).await?;
    for (id, attempts) in &due {
        let job = DeliveryJob { delivery_id: id.clone() };
        queue.store(&format!("delivery:{id}:{attempts}:{epoch}"), job).await?;
    }
    Ok(due.len())
}

/// Reconciles at start and every second until `stop` is cancelled.
pub async fn keep_reconciling(queue: DeliveryQueue, db: Db, clock: Clock, stop: CancellationToken) {
    loop {
        if let Err(error) = reconcile(&queue, &db, &clock).await {
            tracing::error!(%error, "Messages to webhooks could not be queued; trying again");
        }
        tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(RECONCILE) => {} }
    }
}
