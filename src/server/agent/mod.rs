//! Turns a prompt and a workspace into an [`AgentRun`]: OpenCode is run inside the sandbox, its model behind a
//! gateway that keeps the key outside.
//!
//! What the agent says about itself decides nothing here: whether it did its work is read off the patch.

mod config;
mod events;
pub mod gateway;
mod opencode;
mod outcome;

pub use opencode::run;
pub use outcome::AgentOutcome;

use crate::{model::AgentStep, server::sandbox::SandboxError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The limits of one attempt. Those on requests and tokens are the gateway's.
#[derive(Clone, Debug)]
pub struct AgentLimits {
    /// Wall-clock time allowed.
    pub timeout: Duration,
    /// Time without output of the agent and without bytes from the model allowed.
    pub silence: Duration,
    /// Ends the attempt from outside.
    pub cancel: CancellationToken,
}

/// What came of one attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentRun {
    /// How it ended.
    pub outcome: AgentOutcome,
    /// The model's name.
    pub model: String,
    /// Tokens read by the model, cached ones too.
    pub input_tokens: u64,
    /// Tokens written by the model.
    pub output_tokens: u64,
    /// US dollars, from the configured prices.
    pub cost_usd: f64,
    /// What it did, in order. The first few hundred; texts are cut and redacted.
    pub steps: Vec<AgentStep>,
    /// Its last words: what it says it did. Cut and redacted.
    pub summary: Option<String>,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// OpenCode's exit code; `None` when a limit ended it.
    pub exit_code: Option<i32>,
}

impl AgentRun {
    /// A run that did nothing.
    fn ended(outcome: AgentOutcome, model: String) -> Self {
        Self {
            outcome,
            model,
            input_tokens: 0,
            output_tokens: 0,
            cost_usd: 0.0,
            steps: Vec::new(),
            summary: None,
            seconds: 0.0,
            exit_code: None,
        }
    }
}

/// Why an attempt could not be made at all.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The sandbox failed.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}
