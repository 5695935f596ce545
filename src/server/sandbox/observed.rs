//! A sandbox → the same sandbox, counted, whose commands know the trace that they belong to.

use super::{Exec, ExecOutcome, OutputLine, Sandbox, SandboxError, Slot, Workspace};
use crate::server::{metrics as names, trace};
use async_trait::async_trait;
use std::{path::Path, sync::Arc, time::Instant};
use tokio::net::UnixListener;

/// Counts what the sandbox inside does.
#[derive(Debug)]
pub struct Observed<S>(pub S);

struct ObservedWorkspace {
    inner: Arc<dyn Workspace>,
    trace_id: Option<String>,
}

#[async_trait]
impl<S: Sandbox> Sandbox for Observed<S> {
    async fn create(&self, fix_id: &str, marker: &str) -> Result<Arc<dyn Workspace>, SandboxError> {
        let made = self.0.create(fix_id, marker).await;
        let outcome = if made.is_ok() { "started" } else { "failed" };
        metrics::counter!(names::SANDBOX_STARTS, "outcome" => outcome).increment(1);
        Ok(Arc::new(ObservedWorkspace { inner: made?, trace_id: trace::current() }))
    }

    async fn sweep(&self, keep: &[String]) -> Result<usize, SandboxError> {
        self.0.sweep(keep).await
    }
}

#[async_trait]
impl Workspace for ObservedWorkspace {
    async fn load(&self, slot: Slot, clean_clone: &Path) -> Result<(), SandboxError> {
        self.inner.load(slot, clean_clone).await
    }

    async fn exec(
        &self,
        slot: Slot,
        mut command: Exec,
        output: &mut (dyn FnMut(OutputLine) + Send),
    ) -> Result<ExecOutcome, SandboxError> {
        if let Some(trace_id) = &self.trace_id {
            command.env.push((trace::VARIABLE.to_owned(), trace_id.clone()));
        }
        let begun = Instant::now();
        let ended = self.inner.exec(slot, command, output).await;
        metrics::histogram!(names::SANDBOX_COMMAND_SECONDS, "slot" => slot.as_str()).record(begun.elapsed());
        if let Ok(ExecOutcome { ended_by: Some(limit), .. }) = &ended {
            metrics::counter!(names::SANDBOX_KILLS, "reason" => limit.code()).increment(1);
        }
        ended
    }

    async fn patch(&self, slot: Slot) -> Result<Vec<u8>, SandboxError> {
        self.inner.patch(slot).await
    }

    async fn model_listener(&self) -> Result<UnixListener, SandboxError> {
        self.inner.model_listener().await
    }

    async fn destroy(&self) -> Result<(), SandboxError> {
        self.inner.destroy().await
    }
}
