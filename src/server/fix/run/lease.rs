//! The lease of a fix: taken by compare-and-set, renewed while the run lives, and the way in which a cancellation
//! or a lost race reaches the run. What is stored is a time on the clock, for others; the holder goes by a clock that
//! nobody sets.

use super::Stop;
use crate::{
    model::Timestamp,
    server::{
        db::{self, DbError, entity::deployment},
        fix::{FixContext, at_work::Place},
    },
};
use chrono::TimeDelta;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};

/// A dead worker's fix waits this long.
const LEASE: Duration = Duration::from_secs(10);
const RENEW: Duration = Duration::from_secs(2);

/// Held while a run lives. Dropping it ends the renewal, not the lease.
pub(super) struct Lease {
    /// Cancelled when the fix must stop: by a person, or since another worker holds it.
    interrupt: CancellationToken,
    /// Cancelled, before the other, when another worker may hold the fix.
    lost: CancellationToken,
    _renewal: DropGuard,
    _place: Place,
}

impl Lease {
    /// The lease and the fix, or `None` when the fix is over or held by somebody.
    pub async fn take(ctx: &FixContext, fix_id: &str) -> Result<Option<(Self, deployment::Model)>, DbError> {
        let Some(place) = ctx.at_work.enter(fix_id) else { return Ok(None) };
        let (now, begun) = (ctx.clock.now(), Instant::now());
        let Some(fix) = db::fixes::claim(&ctx.db, fix_id, &ctx.owner, now, until(now)).await? else {
            return Ok(None);
        };
        let interrupt = CancellationToken::new();
        let lost = CancellationToken::new();
        let ended = CancellationToken::new();
        let renewal = Renewal {
            ctx: ctx.clone(),
            fix_id: fix.id.clone(),
            interrupt: interrupt.clone(),
            lost: lost.clone(),
            ended: ended.clone(),
        };
        tokio::spawn(renewal.keep(begun + LEASE));
        Ok(Some((Self { interrupt, lost, _renewal: ended.drop_guard(), _place: place }, fix)))
    }

    /// Stops a run that may not go on.
    pub fn check(&self) -> Result<(), Stop> {
        if !self.interrupt.is_cancelled() {
            Ok(())
        } else if self.lost.is_cancelled() {
            Err(Stop::LeaseLost)
        } else {
            Err(Stop::failed("cancelled", "Cancelled on the deployment page."))
        }
    }

    /// Until another worker may hold the fix.
    pub fn lost(&self) -> impl Future<Output = ()> + use<> {
        self.lost.clone().cancelled_owned()
    }

    /// Runs `work`, unless the run is interrupted first.
    pub async fn guard<T>(&self, work: impl Future<Output = T>) -> Result<T, Stop> {
        tokio::select! {
            biased;
            () = self.interrupt.cancelled() => match self.check() {
                Err(stop) => Err(stop),
                Ok(()) => Err(Stop::LeaseLost),
            },
            done = work => Ok(done),
        }
    }
}

fn until(now: Timestamp) -> Timestamp {
    now + TimeDelta::from_std(LEASE).unwrap_or_default()
}

/// What renews a lease.
struct Renewal {
    ctx: FixContext,
    fix_id: String,
    interrupt: CancellationToken,
    lost: CancellationToken,
    ended: CancellationToken,
}

impl Renewal {
    async fn keep(self, mut held_until: Instant) {
        let Self { ctx, fix_id, interrupt, lost, ended } = self;
        loop {
            tokio::select! { () = ended.cancelled() => return, () = tokio::time::sleep(RENEW) => {} }
            // Without an answer the lease is ours until it runs out, and not a moment longer. Where the line to the
            // database is dead there is not even an error.
            let begun = Instant::now();
            let question = async {
                let until = until(ctx.clock.now());
                let renewed = db::fixes::renew(&ctx.db, &fix_id, &ctx.owner, until).await?;
                Ok::<_, DbError>((renewed, db::fixes::cancel_requested(&ctx.db, &fix_id).await?))
            };
            match timeout_at(held_until, question).await {
                Ok(Ok((true, cancelled))) => {
                    held_until = begun + LEASE;
                    if cancelled {
                        return interrupt.cancel();
                    }
                }
                Ok(Err(error)) if Instant::now() < held_until => {
                    tracing::warn!(fix.id = %fix_id, %error, "A lease could not be renewed yet");
                }
                answer => {
                    if !matches!(answer, Ok(Ok(_))) {
                        tracing::error!(fix.id = %fix_id, ?answer, "A lease could not be renewed in time");
                    }
                    lost.cancel();
                    return interrupt.cancel();
                }
            }
        }
    }
}
