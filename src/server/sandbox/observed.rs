//! A sandbox → the same sandbox, counted, whose commands are spans and know the trace that they belong to.

use super::{Exec, ExecOutcome, OutputLine, Sandbox, SandboxError, Slot, Workspace};
use crate::server::{metrics as names, trace};
use async_trait::async_trait;
use std::{path::Path, sync::Arc, time::Instant};
use tokio::net::UnixListener;
use tracing::Instrument as _;

/// Counts what the sandbox inside does.
#[derive(Debug)]
pub struct Observed<S>(pub S);

struct ObservedWorkspace {
    inner: Arc<dyn Workspace>,
    trace_id: Option<String>,
}

#[async_trait]
impl<S: Sandbox> Sandbox for Observed<S> {
    async fn ready(&self) -> Result<(), SandboxError> {
        self.0.ready().await
    }

    async fn create(&self, fix_id: &str, marker: &str) -> Result<Arc<dyn Workspace>, SandboxError> {
        let made = self.0.create(fix_id, marker).await;
        let outcome = if made.is_ok() { "started" } else { "failed" };
        metrics::counter!(names::SANDBOX_STARTS, "outcome" => outcome).increment(1);
        Ok(Arc::new(ObservedWorkspace { inner: made?, trace_id: trace::current() }))
    }

    async fn sweep(&self, folder: &Path) -> Result<usize, SandboxError> {
        self.0.sweep(folder).await
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
        // Neither what is run nor what it prints: both are other people's.
        let span = tracing::debug_span!(
            "command",
            slot = slot.as_str(),
            exit_code = tracing::field::Empty,
            ended_by = tracing::field::Empty
        );
        let ended = self.inner.exec(slot, command, output).instrument(span.clone()).await;
        if let Ok(outcome) = &ended {
            span.record("exit_code", outcome.exit_code);
            span.record("ended_by", outcome.ended_by.map(|limit| limit.code()));
        }
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

    fn model_url(&self) -> String {
        self.inner.model_url()
    }

    fn node(&self) -> Option<&'static str> {
        self.inner.node()
    }

    async fn destroy(&self) -> Result<(), SandboxError> {
        self.inner.destroy().await
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;
    use crate::server::sandbox::EndedBy;
    use metrics_exporter_prometheus::PrometheusBuilder;
    use std::{
        sync::{Mutex, PoisonError},
        time::Duration,
    };

    /// Remembers the environments of its commands, which run into a limit.
    #[derive(Default)]
    struct Fake(Mutex<Vec<Vec<(String, String)>>>);

    #[async_trait]
    impl Workspace for Fake {
        async fn load(&self, _: Slot, _: &Path) -> Result<(), SandboxError> {
            Ok(())
        }

        async fn exec(
            &self,
            _: Slot,
            command: Exec,
            _: &mut (dyn FnMut(OutputLine) + Send),
        ) -> Result<ExecOutcome, SandboxError> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(command.env);
            let ended_by = Some(EndedBy::Memory);
            Ok(ExecOutcome { exit_code: None, ended_by, seconds: 1.0, tail: String::new() })
        }

        async fn patch(&self, _: Slot) -> Result<Vec<u8>, SandboxError> {
            Ok(Vec::new())
        }

        async fn model_listener(&self) -> Result<UnixListener, SandboxError> {
            Err(SandboxError::Destroyed)
        }

        async fn destroy(&self) -> Result<(), SandboxError> {
            Ok(())
        }
    }

    struct Makes(Arc<Fake>);

    #[async_trait]
    impl Sandbox for Makes {
        async fn ready(&self) -> Result<(), SandboxError> {
            Ok(())
        }

        async fn create(&self, fix_id: &str, _: &str) -> Result<Arc<dyn Workspace>, SandboxError> {
            if fix_id == "bad" { Err(SandboxError::Destroyed) } else { Ok(self.0.clone()) }
        }

        async fn sweep(&self, _: &Path) -> Result<usize, SandboxError> {
            Ok(0)
        }
    }

    #[tokio::test]
    async fn commands_know_their_trace_and_everything_is_counted() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        let _counted = metrics::set_default_local_recorder(&recorder);
        let fake = Arc::new(Fake::default());
        let sandbox = Observed(Makes(fake.clone()));
        let made = trace::within("abc".to_owned(), tracing::Span::none(), sandbox.create("fix", "m"));
        let workspace = made.await.unwrap();
        // Whatever task runs it.
        let command = Exec::shell("true", Duration::from_secs(1));
        workspace.exec(Slot::Verify, command, &mut |_| {}).await.unwrap();
        let untraced = sandbox.create("fix", "m").await.unwrap();
        untraced.exec(Slot::Verify, Exec::shell("true", Duration::from_secs(1)), &mut |_| {}).await.unwrap();
        assert!(sandbox.create("bad", "m").await.is_err());
        let seen = fake.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        assert_eq!(seen, [vec![("DEPLOYMEND_TRACE_ID".to_owned(), "abc".to_owned())], vec![]]);
        let text = handle.render();
        for line in [
            r#"deploymend_sandbox_starts_total{outcome="started"} 2"#,
            r#"deploymend_sandbox_starts_total{outcome="failed"} 1"#,
            r#"deploymend_sandbox_kills_total{reason="memory"} 2"#,
            r#"deploymend_sandbox_command_duration_seconds_count{slot="verify"} 2"#,
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
