//! Decides the next step from the conversation.

use super::conversation::{Call, Conversation};
use super::state::Mode;

/// What the model does next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Calls a tool.
    Call {
        /// The call.
        call: Call,
        /// What it says before.
        say: String,
    },
    /// Ends with this text.
    Final(String),
}

/// The next step.
#[must_use]
pub fn next(_conversation: &Conversation, _mode: Mode) -> Step {
    Step::Final("I looked at the log and have nothing to change.".to_owned())
}
