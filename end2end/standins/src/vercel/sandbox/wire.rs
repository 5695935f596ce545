//! How sandboxes, sessions and commands are shown. What is not known is left out: the client takes no null for it.

use serde_json::{Value, json};

use super::output::End;
use super::state::{Command, Sandbox, Session, Status};
use super::vm::WORK;

/// Memory that comes with each virtual processor, in MB.
const MEMORY: u64 = 2048;

/// `{"sandbox","session","routes"}`.
pub(super) fn both(sandbox: &Sandbox) -> Value {
    json!({"sandbox": self::sandbox(sandbox), "session": newest(sandbox), "routes": sandbox.routes})
}

/// A sandbox.
pub(super) fn sandbox(sandbox: &Sandbox) -> Value {
    let session = sandbox.session();
    let mut shown = json!({
        "name": sandbox.name, "persistent": sandbox.persistent, "region": sandbox.region, "failoverRegions": [],
        "vcpus": sandbox.vcpus, "memory": sandbox.vcpus * MEMORY, "timeout": sandbox.timeout,
        "networkPolicy": sandbox.policy, "createdAt": sandbox.created_at, "updatedAt": sandbox.updated_at,
        "currentSessionId": session.id, "status": session.status, "statusUpdatedAt": session.updated_at,
        "cwd": WORK,
    });
    if let Some(runtime) = &sandbox.runtime {
        shown["runtime"] = json!(runtime);
    }
    if let Some(image) = &sandbox.image {
        shown["image"] = json!(image);
    }
    if let Some(tags) = &sandbox.tags {
        shown["tags"] = json!(tags);
    }
    shown
}

/// The sandbox's newest session.
pub(super) fn newest(sandbox: &Sandbox) -> Value {
    session(sandbox, sandbox.session())
}

/// A session.
pub(super) fn session(sandbox: &Sandbox, session: &Session) -> Value {
    let mut shown = json!({
        "id": session.id, "memory": sandbox.vcpus * MEMORY, "vcpus": sandbox.vcpus, "region": sandbox.region,
        "timeout": session.timeout, "status": session.status, "requestedAt": session.created_at,
        "createdAt": session.created_at, "updatedAt": session.updated_at, "cwd": WORK,
        "networkPolicy": session.policy(),
    });
    let end = if session.status == Status::Aborted { "abortedAt" } else { "stoppedAt" };
    let times = [
        ("startedAt", session.started_at),
        ("requestedStopAt", session.stop_requested_at),
        (end, session.ended_at),
        ("duration", session.started_at.zip(session.ended_at).map(|(start, end)| end - start)),
    ];
    for (key, time) in times {
        if let Some(time) = time {
            shown[key] = json!(time);
        }
    }
    if let Some(runtime) = &sandbox.runtime {
        shown["runtime"] = json!(runtime);
    }
    shown
}

/// `{"command"}` as it is now.
pub(super) fn command(session: &str, command: &Command) -> Value {
    let mut shown = started(session, command);
    if let Some(end) = command.output.end() {
        finish(&mut shown, end);
    }
    shown
}

/// `{"command"}` as it was when it was started.
pub(super) fn started(session: &str, command: &Command) -> Value {
    json!({"command": {
        "id": command.id, "name": command.name, "args": command.args, "cwd": command.cwd, "sessionId": session,
        "exitCode": null, "startedAt": command.started_at,
    }})
}

/// Adds to a [`started`] how it ended.
pub(super) fn finish(shown: &mut Value, end: End) {
    if let End::Exit { code, ms } = end {
        shown["command"]["exitCode"] = json!(code);
        shown["command"]["durationMs"] = json!(ms);
    }
}
