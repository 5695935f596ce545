//! Vercel's JSON about sandboxes as it travels. Source: `@vercel/sandbox` 3.5.0. Only what is needed is required.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `POST …/sandboxes`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewSandbox<'a> {
    pub name: &'a str,
    pub project_id: &'a str,
    pub runtime: &'a str,
    /// Milliseconds.
    pub timeout: u64,
    pub resources: Resources,
    /// Whether what is written outlives the session.
    pub persistent: bool,
    pub network_policy: &'a Value,
    pub env: Map<String, Value>,
}

/// What a machine is given.
#[derive(Debug, Serialize)]
pub(super) struct Resources {
    pub vcpus: u64,
}

/// A sandbox with the machine that runs it now.
#[derive(Debug, Deserialize)]
pub(super) struct Made {
    pub session: Session,
}

/// A machine.
#[derive(Debug, Deserialize)]
pub(super) struct Session {
    pub id: String,
    pub status: String,
}

/// `POST …/cmd`.
#[derive(Debug, Serialize)]
pub(super) struct NewCommand<'a> {
    pub command: &'a str,
    pub args: &'a [String],
    pub cwd: &'a str,
    pub env: Map<String, Value>,
    pub sudo: bool,
    pub wait: bool,
    pub logs: bool,
}

/// A command as it is now.
#[derive(Debug, Deserialize)]
pub(super) struct CommandAnswer {
    pub command: Command,
}

/// A command that has an exit code has ended.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Command {
    pub id: String,
    pub exit_code: Option<i32>,
}

/// A line of a command's stream.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Line {
    /// First, and last with the exit code.
    Command { command: Command },
    /// What happens in between.
    Event(Event),
}

/// What a command prints, or what ends its stream.
#[derive(Debug, Deserialize)]
#[serde(tag = "stream", content = "data", rename_all = "lowercase")]
pub(super) enum Event {
    Stdout(String),
    Stderr(String),
    /// The machine's trouble, not the command's.
    Error(Reason),
}

/// Why a stream ends.
#[derive(Debug, Deserialize)]
pub(super) struct Reason {
    #[serde(default)]
    pub code: String,
}
