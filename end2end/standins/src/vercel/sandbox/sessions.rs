//! `/v2/sandboxes/sessions/{id}`: show, change the network policy, extend, stop.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::asked::{Asked, Strict, invalid};
use super::policy::Policy;
use super::sandboxes::longest;
use super::state::{Sandbox, Sandboxes, Status};
use super::vm::{self, Vm};
use super::wire;
use crate::vercel::error::ApiError;
use crate::vercel::state::Team;
use crate::world::World;

/// The team's session, whatever it is doing.
fn known<'a>(
    sandboxes: &'a mut Sandboxes,
    team: &Team,
    id: &str,
) -> Result<(&'a mut Sandbox, usize), ApiError> {
    let found = sandboxes.session(id).filter(|(sandbox, _)| sandbox.team_id == team.id);
    found.ok_or_else(|| ApiError::not_found("The session could not be found."))
}

/// The team's session if it runs.
pub(super) fn running<'a>(
    sandboxes: &'a mut Sandboxes,
    team: &Team,
    id: &str,
) -> Result<(&'a mut Sandbox, usize), ApiError> {
    let (sandbox, index) = known(sandboxes, team, id)?;
    match sandbox.sessions[index].status {
        Status::Running => Ok((sandbox, index)),
        Status::Pending => Err(ApiError::unprocessable("sandbox_pending", "The sandbox is starting.")),
        Status::Stopping => Err(ApiError::unprocessable("sandbox_stopping", "The sandbox is stopping.")),
        Status::Stopped | Status::Failed | Status::Aborted => Err(gone()),
    }
}

/// Its machine.
pub(super) fn machine(sandbox: &Sandbox, index: usize) -> Result<&Vm, ApiError> {
    sandbox.sessions[index].vm.as_ref().ok_or_else(gone)
}

/// The session has ended.
pub(super) fn gone() -> ApiError {
    ApiError::gone("sandbox_stopped", "The sandbox has stopped.")
}

/// `GET …/{id}`.
pub async fn one(
    State(world): State<Arc<World>>,
    asked: Asked,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    asked.only(&[])?;
    let mut state = world.state();
    let (sandbox, index) = known(&mut state.vercel.sandboxes, &asked.team, &id)?;
    let session = wire::session(sandbox, &sandbox.sessions[index]);
    Ok(Json(json!({"session": session, "routes": sandbox.routes})))
}

/// `POST …/{id}/network-policy`: counts for this session only.
pub async fn network_policy(
    State(world): State<Arc<World>>,
    asked: Asked,
    Path(id): Path<String>,
    Strict(policy): Strict<Value>,
) -> Result<Json<Value>, ApiError> {
    asked.only(&[])?;
    let policy = Policy::parse(&policy)?;
    let mut state = world.state();
    let (sandbox, index) = running(&mut state.vercel.sandboxes, &asked.team, &id)?;
    machine(sandbox, index)?.set_policy(policy.clone());
    sandbox.sessions[index].policies.push(policy);
    Ok(Json(json!({"session": wire::session(sandbox, &sandbox.sessions[index])})))
}

/// Body of an extension.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// In ms.
    duration: u64,
}

/// `POST …/{id}/extend-timeout`.
pub async fn extend_timeout(
    State(world): State<Arc<World>>,
    asked: Asked,
    Path(id): Path<String>,
    Strict(extension): Strict<Extension>,
) -> Result<Json<Value>, ApiError> {
    asked.only(&[])?;
    let mut state = world.state();
    let (sandbox, index) = running(&mut state.vercel.sandboxes, &asked.team, &id)?;
    let timeout = sandbox.sessions[index].timeout.saturating_add(extension.duration);
    if extension.duration == 0 || timeout > longest(&asked.team) {
        return Err(invalid(&format!(
            "`duration` should be positive, and all of the timeout up to {} ms.",
            longest(&asked.team)
        )));
    }
    machine(sandbox, index)?.set_timeout(timeout);
    sandbox.sessions[index].timeout = timeout;
    Ok(Json(json!({"session": wire::session(sandbox, &sandbox.sessions[index])})))
}

/// `POST …/{id}/stop`: answered when all of its processes have gone.
pub async fn stop(
    State(world): State<Arc<World>>,
    asked: Asked,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    asked.only(&[])?;
    let ending = {
        let mut state = world.state();
        let (sandbox, index) = running(&mut state.vercel.sandboxes, &asked.team, &id)?;
        machine(sandbox, index)?.end(Status::Stopped)
    };
    vm::ended(ending).await;
    let mut state = world.state();
    let (sandbox, index) = known(&mut state.vercel.sandboxes, &asked.team, &id)?;
    let session = wire::session(sandbox, &sandbox.sessions[index]);
    Ok(Json(json!({"session": session, "sandbox": wire::sandbox(sandbox)})))
}
