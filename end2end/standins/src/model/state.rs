//! What the model does, and what it was asked.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How the model behaves. A model named `scripted-MODE` (with dashes for underscores) behaves like
/// that whatever the setting is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Works as a model should.
    #[default]
    Ok,
    /// Sends headers and then nothing.
    Hang,
    /// 401.
    Unauthorized,
    /// 429 with `Retry-After: 1`.
    RateLimited,
    /// 429 without `Retry-After`, code `insufficient_quota`.
    QuotaExceeded,
    /// 500.
    ServerError,
    /// 400 `context_length_exceeded`.
    ContextLength,
    /// Half an answer, then the stream ends in good order but without a finish reason; every time.
    Truncated,
    /// Half an answer, then the connection breaks; every time.
    Broken,
    /// A stream of data that is not JSON.
    Garbage,
    /// Says that it is done and has changed nothing.
    ChangesNothing,
    /// Makes the repair, and deletes a test before that.
    DeletesTest,
    /// Silences the error with a comment in place of a repair.
    Silences,
    /// Changes something that does not help.
    WrongFix,
    /// Kills the agent through its own `bash` tool.
    Crash,
    /// Calls tools for ever.
    Endless,
    /// Starts a background process that outlives its command, then makes the repair.
    StrayProcess,
    /// Does what any text that it sees asks of AI agents, then works.
    Obeys,
    /// Works, and claims to have used a hundred thousand tokens each time.
    Expensive,
}

impl Mode {
    /// The mode that a model's name asks for.
    #[must_use]
    pub fn of_model(name: &str) -> Option<Mode> {
        let wanted = name.rsplit('/').next()?.strip_prefix("scripted-")?.replace('-', "_");
        serde_json::from_value(serde_json::Value::String(wanted)).ok()
    }
}

/// Settings and counters.
#[derive(Debug, Default)]
pub struct Model {
    /// The key it wants.
    pub key: String,
    /// How it behaves.
    pub mode: Mode,
    /// How it behaves for the next requests, before `mode` counts again.
    pub next: Vec<Mode>,
    /// Wait before each answer.
    pub step_delay: Duration,
    /// Requests, oldest first.
    pub requests: Vec<ModelRequest>,
}

/// One request to the model.
#[derive(Debug, Clone, Serialize)]
pub struct ModelRequest {
    /// ms since 1970.
    pub at: i64,
    /// Model asked for.
    pub model: String,
    /// Mode in which it was answered.
    pub mode: Mode,
    /// Messages in the conversation.
    pub messages: usize,
    /// Tools offered.
    pub tools: Vec<String>,
    /// Headers that tell clients apart (`x-session-id`, `user-agent`).
    pub headers: BTreeMap<String, String>,
    /// What was answered, in short: a tool's name with its arguments, or the text.
    pub answer: String,
    /// Text of the last user message.
    pub prompt: String,
}
