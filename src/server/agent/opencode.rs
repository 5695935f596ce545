//! One run of OpenCode in the sandbox, and what it came to.

use super::{
    AgentError, AgentLimits, AgentOutcome, AgentRun, config,
    events::{self, Event},
    gateway::{Fault, Gateway},
};
use crate::{
    model::AgentStep,
    server::{
        diagnosis::{clean::clean, redact::redact},
        sandbox::{
            Activity, EndedBy, Exec, ExecOutcome, Network, OutputLine, SandboxError, Slot, Stream, Workspace,
        },
    },
};
use std::{collections::VecDeque, time::Duration};

/// More steps are told as they come, but not kept.
const MAX_STEPS: usize = 500;
const MAX_COMPLAINTS: usize = 5;

/// What OpenCode printed.
#[derive(Default)]
struct Seen {
    steps: Vec<AgentStep>,
    summary: Option<String>,
    answers: u32,
    error: Option<String>,
    complaints: VecDeque<String>,
}

impl Seen {
    fn line(&mut self, line: &OutputLine, on_step: &mut (dyn FnMut(&AgentStep) + Send)) {
        if line.stream == Stream::Stderr {
            if self.complaints.len() == MAX_COMPLAINTS {
                self.complaints.pop_front();
            }
            let text: String = clean(&line.text).chars().take(200).collect();
            self.complaints.extend((!text.trim().is_empty()).then_some(text));
            return;
        }
        match events::parse(&line.text) {
            Some(Event::Step(step)) => {
                if step.tool == "text" {
                    self.summary = Some(step.detail.clone());
                }
                on_step(&step);
                if self.steps.len() < MAX_STEPS {
                    self.steps.push(step);
                }
            }
            Some(Event::Answered) => self.answers += 1,
            Some(Event::Error(error)) => self.error = Some(error),
            None => {}
        }
    }

    /// The most telling of its last words.
    fn detail(&self) -> String {
        let complaints = || Vec::from(self.complaints.clone()).join(" ");
        redact(&self.error.clone().unwrap_or_else(complaints)).into_owned()
    }
}

/// Lets the agent work in the [`Slot::Agent`] of a workspace, which must be loaded. `on_step` is told every step
/// as it happens.
pub async fn run(
    workspace: &dyn Workspace,
    gateway: &Gateway,
    prompt: &str,
    limits: &AgentLimits,
    on_step: &mut (dyn FnMut(&AgentStep) + Send),
) -> Result<AgentRun, AgentError> {
    let model = gateway.settings();
    let search = has_search(workspace).await?;
    let activity = Activity::default();
    let session = gateway.open(workspace.model_listener().await?, activity.clone(), limits.timeout);
    let exec = Exec {
        env: config::environment(),
        stdin: Some(prompt.as_bytes().to_vec()),
        files: config::files(model, &workspace.model_url(), session.token(), search),
        silence: Some(limits.silence),
        activity,
        network: Network::Both,
        cancel: limits.cancel.child_token(),
        ..Exec::new(config::command(&model.model), limits.timeout)
    };
    let mut seen = Seen::default();
    let cancel = exec.cancel.clone();
    let ended = {
        let mut output = |line: OutputLine| seen.line(&without_token(line, session.token()), on_step);
        let mut ended = workspace.exec(Slot::Agent, exec, &mut output);
        tokio::select! {
            ended = &mut ended => ended,
            () = session.stopped().cancelled() => {
                cancel.cancel();
                ended.await
            }
        }
    };
    let ended = match ended {
        Ok(ended) => ended,
        Err(SandboxError::NotStarted { detail }) => {
            let outcome = AgentOutcome::DidNotStart { detail };
            return Ok(AgentRun::ended(outcome, model.model.clone()));
        }
        Err(error) => return Err(error.into()),
    };
    let taken = session.taken();
    let fault = session.fault();
    let outcome = classify(&ended, &seen, fault, taken.requests, session.stopped().is_cancelled());
    Ok(AgentRun {
        input_tokens: taken.input_tokens,
        output_tokens: taken.output_tokens,
        cost_usd: model.cost(taken),
        steps: seen.steps,
        summary: seen.summary,
        seconds: ended.seconds,
        exit_code: ended.exit_code,
        ..AgentRun::ended(outcome, model.model.clone())
    })
}

/// The agent may read its own token, and its steps are shown to people.
fn without_token(mut line: OutputLine, token: &str) -> OutputLine {
    if line.text.contains(token) {
        line.text = line.text.replace(token, "***");
    }
    line
}

/// The program that two of OpenCode's tools need is there.
async fn has_search(workspace: &dyn Workspace) -> Result<bool, SandboxError> {
    let exec = Exec::new(["rg", "--version"], Duration::from_secs(20));
    match workspace.exec(Slot::Agent, exec, &mut |_| {}).await {
        Ok(outcome) => Ok(outcome.succeeded()),
        Err(SandboxError::NotStarted { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Names how it ended. The model's own failure goes before what OpenCode made of it, and exit code 0 alone proves
/// nothing.
fn classify(
    ended: &ExecOutcome,
    seen: &Seen,
    fault: Option<Fault>,
    requests: u32,
    stopped: bool,
) -> AgentOutcome {
    let not_started = || AgentOutcome::DidNotStart { detail: seen.detail() };
    match (ended.ended_by, fault) {
        (Some(EndedBy::Cancelled), Some(fault)) if stopped => from_fault(&fault),
        (Some(EndedBy::Cancelled), _) => AgentOutcome::Cancelled,
        (Some(EndedBy::Timeout), _) => AgentOutcome::TimedOut,
        (Some(EndedBy::Silence), _) => AgentOutcome::Hung,
        (Some(limit), _) => AgentOutcome::LimitReached(limit),
        (None, Some(fault)) => from_fault(&fault),
        (None, None) => match ended.exit_code {
            Some(0) if seen.answers > 0 => AgentOutcome::Done,
            _ if requests == 0 => not_started(),
            code => AgentOutcome::Crashed {
                exit_code: code.unwrap_or(-1),
                detail: Some(seen.detail()).filter(|detail| !detail.is_empty()),
            },
        },
    }
}

fn from_fault(fault: &Fault) -> AgentOutcome {
    match *fault {
        Fault::Refused { status } => AgentOutcome::ModelRefused { status },
        Fault::QuotaExhausted => AgentOutcome::ModelQuotaExhausted,
        Fault::RateLimited => AgentOutcome::ModelRateLimited,
        Fault::Unavailable { status } => AgentOutcome::ModelUnavailable { status },
        Fault::Rejected { status } => AgentOutcome::ModelRejected { status },
        Fault::Truncated => AgentOutcome::ModelTruncated,
        Fault::Budget { what: "time" } => AgentOutcome::TimedOut,
        Fault::Budget { what } => AgentOutcome::BudgetExceeded { what },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(exit_code: Option<i32>, ended_by: Option<EndedBy>) -> ExecOutcome {
        ExecOutcome { exit_code, ended_by, seconds: 1.0, tail: String::new() }
    }

    #[test]
    fn the_token_of_the_gateway_is_in_no_step() {
        let line = OutputLine {
            stream: Stream::Stdout,
            text: r#"{"type":"text","part":{"text":"the key is 0123abcd"}}"#.to_owned(),
        };
        let mut seen = Seen::default();
        let mut told = Vec::new();
        seen.line(&without_token(line, "0123abcd"), &mut |step| told.push(step.detail.clone()));
        assert_eq!(told, ["the key is ***"]);
        assert_eq!(seen.summary.as_deref(), Some("the key is ***"));
    }

    #[test]
    fn every_end_has_its_own_name() {
        let limited = |fault| Some(fault);
        let refused = Fault::Refused { status: 401 };
        for (end, answers, fault, requests, stopped, code) in [
            (ended(Some(0), None), 3, None, 3, false, "ok"),
            (ended(Some(0), None), 0, None, 0, false, "agent_did_not_start"),
            (ended(Some(1), None), 0, None, 0, false, "agent_did_not_start"),
            (ended(Some(1), None), 2, None, 2, false, "agent_crashed"),
            (ended(Some(139), None), 2, None, 2, false, "agent_crashed"),
            (ended(Some(0), None), 0, None, 1, false, "agent_crashed"),
            (ended(None, Some(EndedBy::Silence)), 0, None, 1, false, "agent_hung"),
            (ended(None, Some(EndedBy::Timeout)), 9, None, 9, false, "timeout"),
            (ended(None, Some(EndedBy::Memory)), 9, None, 9, false, "sandbox_memory"),
            (ended(None, Some(EndedBy::Cancelled)), 1, None, 1, false, "canceled"),
            (ended(None, Some(EndedBy::Cancelled)), 0, limited(refused.clone()), 1, true, "model_refused"),
            (ended(Some(1), None), 0, limited(refused), 1, true, "model_refused"),
            (ended(None, Some(EndedBy::Cancelled)), 1, limited(Fault::RateLimited), 1, false, "canceled"),
            (ended(Some(1), None), 0, limited(Fault::RateLimited), 6, false, "model_rate_limited"),
            (
                ended(Some(1), None),
                0,
                limited(Fault::Unavailable { status: None }),
                6,
                false,
                "model_unavailable",
            ),
            (ended(Some(0), None), 1, limited(Fault::Truncated), 3, true, "model_truncated"),
            (
                ended(None, Some(EndedBy::Cancelled)),
                9,
                limited(Fault::Budget { what: "tokens" }),
                9,
                true,
                "budget_exceeded",
            ),
            (
                ended(None, Some(EndedBy::Cancelled)),
                9,
                limited(Fault::Budget { what: "time" }),
                9,
                true,
                "timeout",
            ),
        ] {
            let seen = Seen { answers, ..Seen::default() };
            let outcome = classify(&end, &seen, fault, requests, stopped);
            assert_eq!(outcome.code(), code, "{end:?}");
            assert!(
                outcome.sentence().ends_with('.') || code == "agent_did_not_start",
                "{}",
                outcome.sentence()
            );
        }
    }
}
