//! The state machine of a fix. Each state is one file and one function; it ends by writing the next state and its
//! events in one transaction, so that a crash at any line is continued from the last one written.
//!
//! ```text
//! pending ─► analyzing ─► fixing ⇄ reviewing ─► pr_created ─► merged
//!                │           │         │
//!                └───────────┴─────────┴──► skipped, failed: always with a reason
//! ```
//!
//! Where something outside is out of order, the row stays in its state, says what it waits for, and is put off: [`wait`].

mod again;
mod analyze;
mod compare;
mod elsewhere;
mod evidence;
mod lease;
mod prepare;
mod repair;
mod review;
mod stop;
mod wait;

pub(super) use evidence::Evidence;
pub use stop::{DISK_FULL, Ending, GITHUB_ANSWER, GITHUB_UNAVAILABLE, Outage, Stop};

use super::FixContext;
use crate::{
    model::{EventKind, FixStatus},
    server::{
        db::{self, DbError, entity::deployment, fixes::FixChange},
        metrics,
        sandbox::Workspace,
        trace,
    },
};
use analyze::status_event;
use std::{sync::Arc, time::Instant};
use tracing::Instrument as _;

/// After so many restarts in one state of it, the fix itself is what brings the worker down. Many: workers that are
/// killed by others must not end it, and it waits between the later ones.
const MAX_CRASH_RESUMES: i32 = 20;

/// One fix being worked on by this process.
struct Run<'a> {
    ctx: &'a FixContext,
    fix: deployment::Model,
    lease: lease::Lease,
    /// Made when first needed and kept for all attempts.
    workspace: Option<Arc<dyn Workspace>>,
    /// An attempt has used the agent's copy of the repository in there.
    agent_was_here: bool,
    /// The page still says what the fix has waited for.
    says_waiting: bool,
}

/// Works on a fix until it has ended, somebody else holds it, or the database is gone.
///
/// Errors: only the database's; the fix's own failures are in its row.
pub async fn run(ctx: &FixContext, fix_id: &str) -> Result<(), DbError> {
    let Some((lease, fix)) = lease::Lease::take(ctx, fix_id).await? else {
        return Ok(());
    };
    // A fix of before there were traces gets one for this run.
    let trace_id = fix.trace_id.clone().unwrap_or_else(trace::new_id);
    let span = tracing::info_span!(parent: None, "fix", fix.id = %fix.id, trace_id);
    let mut run = Run { ctx, fix, lease, workspace: None, agent_was_here: false, says_waiting: false };
    let lost = run.lease.lost();
    let work = async {
        let outcome = tokio::select! {
            outcome = run.drive() => outcome,
            // Wherever it is: on a dead line to the database it would wait for ever.
            () = lost => Err(Stop::LeaseLost),
        };
        run.end(outcome).await
    };
    trace::within(trace_id, span, work).await
}

impl Run<'_> {
    async fn drive(&mut self) -> Result<(), Stop> {
        self.note_resume().await?;
        loop {
            self.lease.check()?;
            let (stage, begun) = (self.status(), Instant::now());
            let span = tracing::debug_span!("stage", stage = stage.as_str());
            let done = match stage {
                FixStatus::Pending | FixStatus::Analyzing => self.analyze().instrument(span).await,
                FixStatus::Fixing => self.repair().instrument(span).await,
                FixStatus::Reviewing => self.review().instrument(span).await,
                FixStatus::PrCreated | FixStatus::Merged | FixStatus::Failed | FixStatus::Skipped => {
                    return Ok(());
                }
            };
            metrics::stage(stage, begun.elapsed());
            done?;
        }
    }

    fn status(&self) -> FixStatus {
        FixStatus::parse(&self.fix.fix_status).unwrap_or(FixStatus::Failed)
    }

    /// A row that is past `pending` was left by a process that ended in the middle, unless a red build of the pull
    /// request has put it back to work.
    async fn note_resume(&mut self) -> Result<(), Stop> {
        let put_back = self.status() == FixStatus::Fixing
            && self.fix.last_failure.is_none()
            && self.was_handed_in().await?;
        if put_back || self.status() == FixStatus::Pending || self.has_waited().await? {
            return Ok(());
        }
        let resumes = self.fix.crash_resumes + 1;
        let change = FixChange { crash_resumes: Some(resumes), ..FixChange::default() };
        let text = format!("Continued after a restart while {}.", self.status().label().to_lowercase());
        self.record(change, vec![EventKind::Note { text, stage: None }]).await?;
        if resumes > MAX_CRASH_RESUMES {
            return Err(Stop::failed(
                "restarts",
                format!("The worker was restarted {MAX_CRASH_RESUMES} times in the middle of this fix."),
            ));
        }
        Ok(())
    }

    async fn record(&mut self, mut change: FixChange, mut events: Vec<EventKind>) -> Result<(), Stop> {
        self.lease.check()?;
        if change.status.is_some() {
            change.crash_resumes = Some(0);
            change.waits = Some(0);
        }
        if self.says_waiting && !events.is_empty() {
            events.insert(0, status_event(self.status(), None));
        }
        let told = !events.is_empty();
        self.ctx.record(&mut self.fix, change, events).await?;
        self.says_waiting &= !told;
        Ok(())
    }

    /// Removes the sandbox, writes how it ended, and gives the lease back.
    async fn end(mut self, outcome: Result<(), Stop>) -> Result<(), DbError> {
        if let Some(workspace) = self.workspace.take()
            && let Err(error) = workspace.destroy().await
        {
            tracing::error!(fix.id = %self.fix.id, %error, "A sandbox could not be removed");
        }
        prepare::remove_clone(self.ctx, &self.fix.id);
        match outcome {
            Ok(()) => {}
            Err(Stop::End(ending)) => self.write_ending(ending).await?,
            Err(Stop::Later(outage)) => return self.put_off(outage).await,
            Err(Stop::LeaseLost) => {
                tracing::warn!(fix.id = %self.fix.id, "Another worker has taken the fix over");
                return Ok(());
            }
            Err(Stop::Database(error)) => {
                tracing::error!(fix.id = %self.fix.id, %error, "A fix waits for the database");
                return Err(error);
            }
        }
        db::fixes::release(&self.ctx.db, &self.fix.id, &self.ctx.owner).await
    }

    /// A pull request that is open stays what it is, whatever became of a later attempt.
    async fn keep_pull_request(&mut self, ending: Ending) -> Result<(), DbError> {
        let events = db::events::since(&self.ctx.db, &self.fix.id, 0, u64::MAX).await?;
        let handed_in = |kind: &EventKind| matches!(kind, EventKind::PullRequest { .. });
        let until = events.iter().rposition(|event| handed_in(&event.kind)).unwrap_or(events.len());
        let patch = events[..until].iter().rev().find_map(|event| match &event.kind {
            EventKind::Patch { diff, summary } => Some((diff.clone(), summary.clone())),
            _ => None,
        });
        let mut change = FixChange {
            status: Some(FixStatus::PrCreated),
            completed_at: Some(Some(self.ctx.clock.now())),
            ..FixChange::default()
        };
        if let Some((diff, summary)) = patch {
            change.diff = Some(Some(diff));
            change.fix_summary = Some(summary);
        }
        let text = format!("The pull request stays as it was. {}", ending.reason);
        let status = FixStatus::PrCreated;
        let told = vec![
            EventKind::Note { text, stage: None },
            EventKind::Status { status, reason_code: None, reason: None, stage: None },
        ];
        match self.ctx.record(&mut self.fix, change, told).await {
            Err(DbError::Conflict) => Ok(()),
            other => other,
        }
    }

    async fn write_ending(&mut self, ending: Ending) -> Result<(), DbError> {
        tracing::info!(fix.id = %self.fix.id, status = ending.status.as_str(), reason = ending.code, "A fix ended");
        if self.fix.pr_number.is_some() {
            return self.keep_pull_request(ending).await;
        }
        let change = FixChange {
            status: Some(ending.status),
            reason_code: Some(Some(ending.code.to_owned())),
            reason: Some(Some(ending.reason.clone())),
            completed_at: Some(Some(self.ctx.clock.now())),
            ..FixChange::default()
        };
        let event = EventKind::Status {
            status: ending.status,
            reason_code: Some(ending.code.to_owned()),
            reason: Some(ending.reason),
            stage: None,
        };
        match self.ctx.record(&mut self.fix, change, vec![event]).await {
            // Whoever moved the row has the say.
            Err(DbError::Conflict) => Ok(()),
            other => other,
        }
    }
}
