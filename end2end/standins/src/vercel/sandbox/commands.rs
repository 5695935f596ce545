//! `…/{id}/cmd`: start a command, look at it, read what it writes, send it a signal.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::Deserialize;
use serde_json::Value;

use super::asked::{Asked, Strict, invalid};
use super::channel::{self, Refused, Start};
use super::output::{self, End, Output};
use super::sandboxes::variables;
use super::sessions::{gone, machine, running};
use super::state::{Command, Sandboxes};
use super::vm::{self, WORK};
use super::wire;
use crate::ids::{now_ms, random};
use crate::vercel::error::ApiError;
use crate::vercel::state::Team;
use crate::world::World;

/// Body of a start.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    command: String,
    args: Vec<String>,
    cwd: Option<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    sudo: bool,
    #[serde(default)]
    wait: bool,
    #[serde(default)]
    logs: bool,
    /// In ms.
    timeout: Option<u64>,
}

/// `POST …/cmd`: `{"command"}` at once, or with `wait` lines of JSON: the command, with `logs` what it writes, and
/// the command again when it has ended.
pub async fn run(
    State(world): State<Arc<World>>,
    asked: Asked,
    Path(session): Path<String>,
    Strict(wanted): Strict<Wanted>,
) -> Result<Response, ApiError> {
    asked.only(&[])?;
    if wanted.command.is_empty() {
        return Err(invalid("`command` should NOT be empty."));
    }
    if wanted.logs && !wanted.wait {
        return Err(invalid("`logs` should only be given with `wait`."));
    }
    if wanted.timeout == Some(0) {
        return Err(invalid("`timeout` should be positive."));
    }
    variables(&wanted.env)?;
    let (wait, logs) = (wanted.wait, wanted.logs);
    // A command that was started is in the list, even if the client has gone away meanwhile.
    let starting = tokio::spawn(start(world.clone(), asked.team, session, wanted));
    let started = starting.await.unwrap_or_else(|error| Err(ApiError::internal(&error.to_string())));
    let (shown, output) = started?;
    if !wait {
        return Ok(Json(shown).into_response());
    }
    let first = shown.clone();
    let last = move |end: End| match end {
        End::Lost => output::lost(),
        End::Exit { .. } => {
            let mut last = shown;
            wire::finish(&mut last, end);
            last
        }
    };
    if logs {
        let breaks = breaks(&world);
        return Ok(lines(output.stream(Some(first), |end| Some(last(end)), breaks)));
    }
    let line = |value: Value| Ok::<_, std::convert::Infallible>(format!("{value}\n"));
    let first = stream::once(async move { line(first) });
    let last = stream::once(async move { line(last(output.ended().await)) });
    Ok(lines(Body::from_stream(futures::StreamExt::chain(first, last))))
}

async fn start(
    world: Arc<World>,
    team: Team,
    session: String,
    wanted: Wanted,
) -> Result<(Value, Output), ApiError> {
    let (channel, env, folder) = {
        let mut state = world.state();
        let (sandbox, index) = running(&mut state.vercel.sandboxes, &team, &session)?;
        let env = vm::environment(&sandbox.env, &wanted.env, wanted.sudo);
        (machine(sandbox, index)?.channel.clone(), env, sandbox.folder.clone())
    };
    let id = format!("cmd_{}", random(28));
    let cwd = absolute(wanted.cwd.as_deref().unwrap_or(WORK), None);
    let opened = output::open(&folder.path().join(format!("{id}.ndjson"))).await;
    let (writer, output) = opened.map_err(|error| ApiError::internal(&error.to_string()))?;
    let start = Start {
        id: &id,
        command: &wanted.command,
        args: &wanted.args,
        cwd: &cwd,
        env: &env,
        timeout: wanted.timeout,
    };
    let said = channel.run(&start).await.map_err(|refused| match refused {
        Refused::Gone => gone(),
        Refused::Inside(reason) if reason == "cwd" => invalid(&format!("`{cwd}` is not a directory.")),
        Refused::Inside(reason) => invalid(&format!("`{}` cannot be executed: {reason}.", wanted.command)),
    })?;
    tokio::spawn(channel::follow(said, writer));
    let command = Command {
        id,
        name: wanted.command,
        args: wanted.args,
        cwd,
        env: wanted.env,
        sudo: wanted.sudo,
        started_at: now_ms(),
        output: output.clone(),
    };
    let shown = wire::started(&session, &command);
    let mut state = world.state();
    let (sandbox, index) = running(&mut state.vercel.sandboxes, &team, &session)?;
    sandbox.sessions[index].commands.push(command);
    Ok((shown, output))
}

/// `GET …/cmd/{id}`, with `wait=true` when it has ended.
pub async fn one(
    State(world): State<Arc<World>>,
    asked: Asked,
    Path((session, id)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    asked.only(&["wait"])?;
    let (mut shown, output) = {
        let mut state = world.state();
        let command = find(&mut state.vercel.sandboxes, &asked.team, &session, &id)?;
        (wire::command(&session, command), command.output.clone())
    };
    if asked.flag("wait")? {
        match output.ended().await {
            End::Lost => return Err(gone()),
            end @ End::Exit { .. } => wire::finish(&mut shown, end),
        }
    }
    Ok(Json(shown))
}

/// `GET …/cmd/{id}/logs`: all that it has written and will write, as lines of JSON.
pub async fn logs(
    State(world): State<Arc<World>>,
    asked: Asked,
    Path((session, id)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    asked.only(&[])?;
    let output = {
        let mut state = world.state();
        find(&mut state.vercel.sandboxes, &asked.team, &session, &id)?.output.clone()
    };
    let breaks = breaks(&world);
    Ok(lines(output.stream(None, |end| (end == End::Lost).then(output::lost), breaks)))
}

/// Body of a signal.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kill {
    signal: i32,
}

/// `POST …/cmd/{id}/kill`: for the command and all that it has started.
pub async fn kill(
    State(world): State<Arc<World>>,
    asked: Asked,
    Path((session, id)): Path<(String, String)>,
    Strict(Kill { signal }): Strict<Kill>,
) -> Result<Json<Value>, ApiError> {
    asked.only(&[])?;
    if !(1..=64).contains(&signal) {
        return Err(invalid("`signal` should be 1 to 64."));
    }
    let channel = {
        let mut state = world.state();
        find(&mut state.vercel.sandboxes, &asked.team, &session, &id)?;
        let (sandbox, index) = running(&mut state.vercel.sandboxes, &asked.team, &session)?;
        machine(sandbox, index)?.channel.clone()
    };
    channel.kill(&id, signal).await.map_err(|_| gone())?;
    let mut state = world.state();
    let command = find(&mut state.vercel.sandboxes, &asked.team, &session, &id)?;
    Ok(Json(wire::command(&session, command)))
}

fn find<'a>(
    sandboxes: &'a mut Sandboxes,
    team: &Team,
    session: &str,
    id: &str,
) -> Result<&'a Command, ApiError> {
    let (sandbox, index) = running(sandboxes, team, session)?;
    let found = sandbox.sessions[index].commands.iter().find(|command| command.id == id);
    found.ok_or_else(|| ApiError::not_found("The command could not be found."))
}

/// Whether this stream is one of those that are to break off.
fn breaks(world: &World) -> bool {
    let left = &mut world.state().vercel.sandboxes.breaking_streams;
    let breaks = *left > 0;
    *left = left.saturating_sub(1);
    breaks
}

fn lines(body: Body) -> Response {
    ([(CONTENT_TYPE, "application/x-ndjson")], body).into_response()
}

/// A path inside, seen from a folder, which is the default one if there is none.
pub(super) fn absolute(path: &str, cwd: Option<&str>) -> String {
    match (path.starts_with('/'), cwd) {
        (true, _) => path.to_owned(),
        (false, None) => format!("{WORK}/{path}"),
        (false, Some(cwd)) => format!("{}/{path}", absolute(cwd, None)),
    }
}
