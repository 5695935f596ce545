//! Something outside is out of order → a fix that says so, keeps its state, and is taken up again by itself: soon at
//! first, then less and less often, and after about a day no more.

use super::{Ending, Outage, Run, Stop};
use crate::{
    model::{EventKind, FixStatus},
    server::db::{self, DbError, fixes::FixChange},
};
use chrono::TimeDelta;
use std::time::Duration;

/// The first pause; doubled with each further one.
const PAUSE: Duration = Duration::from_secs(15);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);
/// With these pauses about a day. Counted rather than timed: a clock that is set must not end a fix.
const MOST_WAITS: i32 = 150;
/// However long somebody asks us to wait.
const MOST_ASKED: Duration = Duration::from_secs(3600);

impl Run<'_> {
    /// Whether the fix comes back from a pause. Then nothing has crashed, and until something happens its page goes on
    /// saying what it waits for.
    pub(super) async fn has_waited(&mut self) -> Result<bool, Stop> {
        if self.fix.waits == 0 || self.fix.reason_code.is_none() {
            return Ok(false);
        }
        self.says_waiting = true;
        let change = FixChange { reason_code: Some(None), reason: Some(None), ..FixChange::default() };
        self.record(change, vec![]).await?;
        Ok(true)
    }

    /// Writes what the fix waits for, and gives it back until then.
    pub(super) async fn put_off(mut self, outage: Outage) -> Result<(), DbError> {
        let Outage { code, reason, retry_after } = outage;
        let waits = self.fix.waits + 1;
        if waits > MOST_WAITS {
            let reason = format!("{reason} That did not pass in a day. Try again when it has.");
            self.write_ending(Ending { status: FixStatus::Failed, code, reason }).await?;
            return db::fixes::release(&self.ctx.db, &self.fix.id, &self.ctx.owner).await;
        }
        let reason = format!("{reason} The fix waits and goes on by itself.");
        let change = FixChange {
            waits: Some(waits),
            reason_code: Some(Some(code.to_owned())),
            reason: Some(Some(reason.clone())),
            ..FixChange::default()
        };
        let mut told = Vec::new();
        if !self.says_waiting {
            let (status, reason_code) = (self.status(), Some(code.to_owned()));
            told.push(EventKind::Status { status, reason_code, reason: Some(reason), stage: None });
        }
        match self.ctx.record(&mut self.fix, change, told).await {
            Ok(()) => {}
            // Whoever moved the row has the say.
            Err(DbError::Conflict) => return Ok(()),
            Err(error) => return Err(error),
        }
        let pause = pause(waits, retry_after);
        tracing::warn!(fix.id = %self.fix.id, reason = code, seconds = pause.as_secs(), "A fix waits");
        let until = self.ctx.clock.now() + TimeDelta::from_std(pause).unwrap_or_default();
        db::fixes::put_off(&self.ctx.db, &self.fix.id, &self.ctx.owner, until).await
    }
}

/// The pause after that many, this one included.
fn pause(waits: i32, asked: Option<Duration>) -> Duration {
    let doublings = waits.saturating_sub(1).clamp(0, 16).unsigned_abs();
    let grown = PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE);
    grown.max(asked.unwrap_or_default().min(MOST_ASKED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_ten_minutes_and_end_after_a_day() {
        let pauses: Vec<u64> = (1..=MOST_WAITS).map(|waits| pause(waits, None).as_secs()).collect();
        assert_eq!(pauses[..8], [15, 30, 60, 120, 240, 480, 600, 600]);
        assert_eq!(pauses.iter().sum::<u64>() / 3600, 24);
    }

    #[test]
    fn who_asks_for_patience_gets_it_up_to_an_hour() {
        let asked = |seconds| pause(1, Some(Duration::from_secs(seconds))).as_secs();
        assert_eq!([1, 90, u64::MAX].map(asked), [15, 90, 3600]);
    }
}
