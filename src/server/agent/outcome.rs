//! How an attempt of the agent ended, as a code for the database and a sentence for people.

use crate::server::sandbox::EndedBy;

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentOutcome {
    /// It ran to its end. Whether it changed anything is another question.
    Done,
    /// OpenCode ended before it asked the model anything.
    DidNotStart {
        /// The last thing it printed, cut short.
        detail: String,
    },
    /// No sign of life for too long.
    Hung,
    /// It took longer than allowed.
    TimedOut,
    /// It ended with an exit code that means failure, or by a signal.
    Crashed {
        /// The exit code; above 128 it is 128 plus the number of a signal.
        exit_code: i32,
        /// The error it reported, if any, cut short.
        detail: Option<String>,
    },
    /// It ran into a limit of the sandbox.
    LimitReached(EndedBy),
    /// The model's endpoint does not accept the key: 401 or 403.
    ModelRefused {
        /// The status.
        status: u16,
    },
    /// The account at the model's endpoint has no quota left.
    ModelQuotaExhausted,
    /// The model's endpoint kept answering 429.
    ModelRateLimited,
    /// The model's endpoint could not be reached, or kept answering with server errors.
    ModelUnavailable {
        /// The last status, if it answered.
        status: Option<u16>,
    },
    /// The model's endpoint does not accept the request, for instance because it does not know the model.
    ModelRejected {
        /// The status.
        status: u16,
    },
    /// The model's answers kept breaking off in the middle.
    ModelTruncated,
    /// It used up what an attempt may use.
    BudgetExceeded {
        /// `requests`, `tokens` or `cost`.
        what: &'static str,
    },
    /// It was canceled.
    Cancelled,
}

impl AgentOutcome {
    /// Stable code, stored and shown by [`crate::model::Attempt`].
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Done => "ok",
            Self::DidNotStart { .. } => "agent_did_not_start",
            Self::Hung => "agent_hung",
            Self::TimedOut => "timeout",
            Self::Crashed { .. } => "agent_crashed",
            Self::LimitReached(EndedBy::Memory) => "sandbox_memory",
            Self::LimitReached(EndedBy::Processes) => "sandbox_processes",
            Self::LimitReached(EndedBy::Disk) => "sandbox_disk",
            Self::LimitReached(_) => "sandbox_limit",
            Self::ModelRefused { .. } => "model_refused",
            Self::ModelQuotaExhausted => "model_quota",
            Self::ModelRateLimited => "model_rate_limited",
            Self::ModelUnavailable { .. } => "model_unavailable",
            Self::ModelRejected { .. } => "model_rejected",
            Self::ModelTruncated => "model_truncated",
            Self::BudgetExceeded { .. } => "budget_exceeded",
            Self::Cancelled => "canceled",
        }
    }

    /// What happened and, where it helps, what to do, for people.
    pub fn sentence(&self) -> String {
        match self {
            Self::Done => "The agent finished.".to_owned(),
            Self::DidNotStart { detail } if detail.is_empty() => "The agent did not start.".to_owned(),
            Self::DidNotStart { detail } => format!("The agent did not start: {detail}"),
            Self::Hung => "The agent hung: it gave no sign of life for too long.".to_owned(),
            Self::TimedOut => "The agent took longer than an attempt may take.".to_owned(),
            Self::Crashed { exit_code, detail } => {
                let how = match exit_code {
                    129..=192 => format!("The agent was ended by signal {}", exit_code - 128),
                    code => format!("The agent crashed with exit code {code}"),
                };
                detail.as_ref().map_or_else(|| format!("{how}."), |detail| format!("{how}: {detail}"))
            }
            Self::LimitReached(limit) => {
                format!("A limit of the sandbox ended the agent. {}", limit.sentence())
            }
            Self::ModelRefused { status } => {
                format!("The model refused the key ({status}). Check DEPLOYMEND_MODEL_KEY.")
            }
            Self::ModelQuotaExhausted => {
                "The model's account has no quota left. Check its billing.".to_owned()
            }
            Self::ModelRateLimited => {
                "The model kept answering that the rate limit is reached (429).".to_owned()
            }
            Self::ModelUnavailable { status: Some(status) } => {
                format!("The model was unavailable: it kept answering {status}.")
            }
            Self::ModelUnavailable { status: None } => {
                "The model was unavailable: it could not be reached. Check DEPLOYMEND_MODEL_URL.".to_owned()
            }
            Self::ModelRejected { status } => format!(
                "The model rejected the request ({status}). Check DEPLOYMEND_MODEL and DEPLOYMEND_MODEL_URL."
            ),
            Self::ModelTruncated => "The model's answers kept breaking off in the middle.".to_owned(),
            Self::BudgetExceeded { what } => format!("The attempt used up its budget of model {what}."),
            Self::Cancelled => "The attempt was canceled.".to_owned(),
        }
    }
}
