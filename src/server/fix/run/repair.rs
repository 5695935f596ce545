//! One attempt of the agent: from a reproduced failure to a patch that the guard lets through.

use super::{Run, Stop, analyze::status_event, elsewhere::plans, prepare::Subject};
use crate::{
    model::{AgentStep, Attempt, ContextLine, EventKind, Finding, FixStatus},
    server::{
        agent::{self, AgentError, AgentLimits, AgentOutcome, AgentRun},
        db::{self, fixes::FixChange},
        diagnosis::{self, Hints},
        fix::{
            crash_point,
            guard::{self, Bounds, Report},
            plan::BuildPlan,
            prompt::{Commands, PreviousAttempt, Prompt},
        },
        github::git::Checkout,
        metrics,
        sandbox::Slot,
    },
};
use tokio_util::sync::CancellationToken;

impl Run<'_> {
    /// Runs the agent once and goes on to `reviewing`, to the next attempt, or to the end.
    pub(super) async fn repair(&mut self) -> Result<(), Stop> {
        let subject = self.subject().await?;
        let clone = self.clean_clone(&subject).await?;
        let plan = self.plan(&subject, &clone)?;
        let red = self.red_builds(&subject.subscription.user_id).await?;
        self.hear_of(&red).await?;
        self.ready_for_agent(&clone, &plan).await?;
        crash_point!("fixing");

        let finding = self.finding()?;
        let elsewhere = plans(&red, &clone, &plan)?;
        let run = self.run_agent(&subject, &finding, &plan, &elsewhere).await?;
        if run.outcome != AgentOutcome::Done && self.ctx.capacity.is_disk_short() {
            return Err(Stop::disk_full());
        }
        if let Some(stop) = fatal(&run.outcome) {
            return Err(stop);
        }
        if run.outcome != AgentOutcome::Done {
            return self.next_attempt(&subject, run.outcome.code(), run.outcome.sentence()).await;
        }
        let workspace = self.workspace().await?;
        let patch = self.lease.guard(workspace.patch(Slot::Agent)).await??;
        if patch.is_empty() {
            return self
                .next_attempt(
                    &subject,
                    "no_change",
                    "The agent said that it was done without changing a file.".into(),
                )
                .await;
        }
        self.judge(&subject, &clone, &finding, &plan, patch, run.summary).await
    }

    /// The first attempt finds the copy that reproduced the failure. A later one, or one after a restart, gets a
    /// fresh copy: what an earlier attempt did was not good enough to build on.
    async fn ready_for_agent(&mut self, clone: &Checkout, plan: &BuildPlan) -> Result<(), Stop> {
        let used = std::mem::replace(&mut self.agent_was_here, true);
        if self.workspace.is_some() && !used {
            return Ok(());
        }
        let workspace = self.workspace().await?;
        workspace.load(Slot::Agent, clone.dir()).await?;
        // What fails here failed before; the agent is told by the finding.
        self.build(Slot::Agent, plan, "install", "reproduce", None).await?;
        Ok(())
    }

    /// What the agent sees of the log. Where an earlier version of this program has found another cause, that one's
    /// surroundings.
    fn excerpt(&self, finding: &Finding) -> Vec<ContextLine> {
        let log: Vec<&str> = self.fix.logs.as_deref().unwrap_or_default().lines().collect();
        let diagnosis = diagnosis::analyze(&log, &Hints::default());
        if diagnosis.finding.line_number == finding.line_number {
            diagnosis.excerpt
        } else {
            finding.context.clone()
        }
    }

    async fn run_agent(
        &mut self,
        subject: &Subject,
        finding: &Finding,
        plan: &BuildPlan,
        elsewhere: &[BuildPlan],
    ) -> Result<AgentRun, Stop> {
        let attempt = self.fix.fix_attempt_number;
        let of = subject.subscription.max_fix_attempts;
        let model = self.ctx.config.model.clone();
        let task_id =
            db::tasks::start(&self.ctx.db, &self.fix.id, attempt, &model, self.ctx.clock.now()).await?;
        let change = FixChange { task_id: Some(Some(task_id.clone())), ..FixChange::default() };
        self.record(change, vec![EventKind::AttemptStarted { number: attempt, of, model: model.clone() }])
            .await?;

        let custom = match &self.fix.matched_rule_id {
            Some(id) => db::rules::find(&self.ctx.db, id).await?.and_then(|rule| rule.custom_prompt),
            None => None,
        };
        let handed_in = self.was_handed_in().await?;
        let builds: Vec<&str> = [plan].into_iter().chain(elsewhere).map(|plan| plan.build.as_str()).collect();
        let builds = builds.join(" && ");
        let excerpt = self.excerpt(finding);
        let prompt = Prompt {
            finding,
            excerpt: &excerpt,
            commands: Commands {
                directory: plan.root.to_str().filter(|root| !root.is_empty()),
                install: plan.install.as_deref(),
                build: Some(&builds),
            },
            custom: custom.as_deref(),
            previous: self.fix.last_failure.as_deref().map(|failure| PreviousAttempt {
                number: attempt - 1,
                reason: failure.lines().next().unwrap_or_default(),
                output: failure,
                handed_in,
            }),
        };
        let prompt = prompt.text();
        let workspace = self.workspace().await?;
        let (steps, mut arrived) = tokio::sync::mpsc::unbounded_channel::<AgentStep>();
        let limits = AgentLimits {
            timeout: self.ctx.config.agent_timeout,
            silence: self.ctx.config.agent_silence,
            // Dropping the run ends it, and that is what an interrupted lease does.
            cancel: CancellationToken::new(),
        };
        // Nobody listening means that the run is being dropped.
        let mut tell = move |step: &AgentStep| drop(steps.send(step.clone()));
        let work = agent::run(workspace.as_ref(), &self.ctx.gateway, &prompt, &limits, &mut tell);
        tokio::pin!(work);
        let run = loop {
            tokio::select! {
                biased;
                Some(step) = arrived.recv() => {
                    let mut batch = vec![EventKind::Agent { step }];
                    while let Ok(step) = arrived.try_recv() {
                        batch.push(EventKind::Agent { step });
                    }
                    self.record(FixChange::default(), batch).await?;
                }
                run = self.lease.guard(&mut work) => break run?.map_err(|AgentError::Sandbox(error)| Stop::from(error))?,
            }
        };
        let mut events: Vec<EventKind> = Vec::new();
        while let Ok(step) = arrived.try_recv() {
            events.push(EventKind::Agent { step });
        }
        let attempt = Attempt {
            number: attempt,
            model,
            input_tokens: i64::try_from(run.input_tokens).unwrap_or(i64::MAX),
            output_tokens: i64::try_from(run.output_tokens).unwrap_or(i64::MAX),
            cost_usd: run.cost_usd,
            outcome: run.outcome.code().to_owned(),
            seconds: run.seconds,
        };
        db::tasks::finish(&self.ctx.db, &task_id, &attempt, &run.steps, run.exit_code, self.ctx.clock.now())
            .await?;
        metrics::agent(&attempt);
        events.push(EventKind::AttemptEnded { attempt });
        self.record(FixChange::default(), events).await?;
        Ok(run)
    }

    async fn judge(
        &mut self,
        subject: &Subject,
        clone: &Checkout,
        finding: &Finding,
        plan: &BuildPlan,
        patch: Vec<u8>,
        summary: Option<String>,
    ) -> Result<(), Stop> {
        let bounds = Bounds {
            root_directory: plan.root.to_str().filter(|root| !root.is_empty()).map(str::to_owned),
            ..Bounds::default()
        };
        let report = self.lease.guard(guard::check_patch(clone, &patch, finding, &bounds)).await?;
        let (report, _) = report.map_err(|error| {
            if error.is_disk_full() {
                return Stop::disk_full();
            }
            tracing::error!(fix.id = %self.fix.id, %error, "A patch could not be judged");
            Stop::failed("guard", "The patch could not be judged. The server's log says why.")
        })?;
        let checks = report.checks.clone();
        // The guard lets text through only, and what is stored must be what was judged.
        let Some(diff) = String::from_utf8(patch).ok().filter(|_| report.passed()) else {
            self.record(FixChange::default(), vec![EventKind::Guard { checks }]).await?;
            return self.next_attempt(subject, "guard", refusal(&report)).await;
        };
        let change = FixChange {
            status: Some(FixStatus::Reviewing),
            diff: Some(Some(diff.clone())),
            fix_summary: Some(summary.clone()),
            head_sha: Some(None),
            ..FixChange::default()
        };
        let events = vec![
            EventKind::Guard { checks },
            EventKind::Patch { diff, summary },
            status_event(FixStatus::Reviewing, None),
        ];
        self.record(change, events).await
    }

    /// Tries again with what went wrong as input, or ends when all attempts are used.
    pub(super) async fn next_attempt(
        &mut self,
        subject: &Subject,
        code: &'static str,
        what: String,
    ) -> Result<(), Stop> {
        let done = self.fix.fix_attempt_number;
        let most = subject.subscription.max_fix_attempts;
        if done >= most {
            let tries = if most == 1 { "the only attempt".to_owned() } else { format!("{most} attempts") };
            return Err(Stop::failed(code, format!("No verified repair after {tries}. {what}")));
        }
        let change = FixChange {
            status: Some(FixStatus::Fixing),
            fix_attempt_number: Some(done + 1),
            last_failure: Some(Some(what.clone())),
            diff: Some(None),
            head_sha: Some(None),
            ..FixChange::default()
        };
        let mut events =
            vec![EventKind::Note { text: format!("Attempt {done} did not do it. {what}"), stage: None }];
        if self.status() != FixStatus::Fixing {
            events.push(status_event(FixStatus::Fixing, None));
        }
        self.record(change, events).await
    }

    pub(super) fn finding(&self) -> Result<Finding, Stop> {
        self.fix
            .finding
            .as_deref()
            .and_then(|json| serde_json::from_str(json).ok())
            .ok_or_else(|| Stop::failed("no_finding", "The stored diagnosis is missing. Try again."))
    }
}

/// Outcomes that another attempt cannot change.
fn fatal(outcome: &AgentOutcome) -> Option<Stop> {
    match outcome {
        AgentOutcome::DidNotStart { .. }
        | AgentOutcome::ModelRefused { .. }
        | AgentOutcome::ModelRejected { .. }
        | AgentOutcome::ModelQuotaExhausted => Some(Stop::failed(outcome.code(), outcome.sentence())),
        _ => None,
    }
}

fn refusal(report: &Report) -> String {
    format!("The guard refused the patch. {}", report.objections())
}
