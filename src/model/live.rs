//! What the live stream sends: the append-only story of a fix.

use super::{AgentStep, Attempt, BranchBuild, Finding, FixStatus, GuardCheck, Stage, Timestamp};
use serde::{Deserialize, Serialize};

/// One event of a fix, stored in `fix_events` before anybody sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FixEvent {
    /// Our id of the fix.
    pub fix_id: String,
    /// From 1 without gaps within the fix; the live stream's cursor.
    pub seq: i64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The stored status changed.
    Status {
        /// The new status.
        status: FixStatus,
        /// Stable code, when it was skipped or failed.
        reason_code: Option<String>,
        /// The sentence that goes with it.
        reason: Option<String>,
        /// The station reached by this change.
        stage: Option<Stage>,
    },
    /// The cause was found.
    Diagnosed {
        /// The cause with its evidence.
        finding: Box<Finding>,
    },
    /// A command was run in the sandbox.
    Command {
        /// `install`, `reproduce`, `verify_install` or `verify`.
        purpose: String,
        /// The command line.
        command: String,
        /// Its exit code; `None` when it was ended by a limit or a signal.
        exit_code: Option<i32>,
        /// Wall-clock seconds.
        seconds: f64,
        /// The last lines of its output, redacted.
        tail: String,
        /// The station reached by this outcome.
        stage: Option<Stage>,
    },
    /// An attempt began.
    AttemptStarted {
        /// From 1.
        number: i32,
        /// At most this many.
        of: i32,
        /// The model.
        model: String,
    },
    /// The agent did something.
    Agent {
        /// What.
        step: AgentStep,
    },
    /// An attempt ended.
    AttemptEnded {
        /// Its figures.
        attempt: Attempt,
    },
    /// The agent's patch was read out of the sandbox.
    Patch {
        /// Unified diff.
        diff: String,
        /// What the agent says it did.
        summary: Option<String>,
    },
    /// The guard looked at the patch.
    Guard {
        /// Every check with its result.
        checks: Vec<GuardCheck>,
    },
    /// A pull request is open.
    PullRequest {
        /// Its number.
        number: i32,
        /// Its page.
        url: String,
    },
    /// A platform has built the fix branch by itself.
    Built {
        /// Which build, and how it went.
        build: BranchBuild,
        /// The station reached, if this makes the branch green everywhere.
        stage: Option<Stage>,
    },
    /// A decision worth a sentence: resumed after a restart, superseded, ….
    Note {
        /// The sentence.
        text: String,
        /// The station reached, if any.
        stage: Option<Stage>,
    },
}

impl EventKind {
    /// The station on the rail that this event reaches.
    pub fn stage(&self) -> Option<Stage> {
        match self {
            Self::Status { stage, .. }
            | Self::Command { stage, .. }
            | Self::Built { stage, .. }
            | Self::Note { stage, .. } => *stage,
            Self::Diagnosed { .. } => Some(Stage::Diagnosed),
            Self::Patch { .. } => Some(Stage::Fixed),
            Self::PullRequest { .. } => Some(Stage::PullRequest),
            Self::AttemptStarted { .. }
            | Self::Agent { .. }
            | Self::AttemptEnded { .. }
            | Self::Guard { .. } => None,
        }
    }
}
