//! `/v7/deployments` (and `/v6`) and `/v13/deployments/{idOrUrl}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::Caller;
use super::error::ApiError;
use super::state::{Deployment, Vercel};
use super::wire::{self, Window};
use crate::ids::{now_ms, random};
use crate::world::World;

/// States that the list may be filtered by.
const STATES: [&str; 7] = ["BUILDING", "ERROR", "INITIALIZING", "QUEUED", "READY", "CANCELED", "BLOCKED"];

#[derive(Default)]
struct Filter {
    app: Option<String>,
    projects: Vec<String>,
    state: Option<String>,
    target: Option<String>,
    branch: Option<String>,
    sha: Option<String>,
    users: Vec<String>,
    window: Window,
}

/// `GET /v7/deployments`, newest first.
pub async fn list(
    State(world): State<Arc<World>>,
    caller: Caller,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<Value>, ApiError> {
    let account = caller.in_scope()?;
    let filter = parse(pairs)?;
    let state = world.state();
    let vercel = &state.vercel;
    let mine: Vec<&Deployment> =
        vercel.deployments.iter().filter(|d| owned(vercel, d, account) && fits(vercel, d, &filter)).collect();
    let (page, pagination) = wire::page(mine, |d| d.created_at, &filter.window, world.options.page_size)?;
    let deployments: Vec<Value> = page.into_iter().map(|d| wire::list_item(vercel, d)).collect();
    Ok(Json(json!({"deployments": deployments, "pagination": pagination})))
}

/// What `POST /v13/deployments` is asked for: an older deployment once more.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewDeployment {
    name: String,
    deployment_id: String,
    target: Option<String>,
}

/// `POST /v13/deployments` with a `deploymentId`: the same commit again, queued.
pub async fn create(
    State(world): State<Arc<World>>,
    caller: Caller,
    body: Result<Json<NewDeployment>, JsonRejection>,
) -> Result<Json<Value>, ApiError> {
    let Json(wanted) = body.map_err(|_| ApiError::bad_request("Invalid request: body is malformed."))?;
    let mut state = world.state();
    let before = visible(&state.vercel, &caller, &wanted.deployment_id)?;
    let project = state.vercel.project(&before.project_id);
    if project.is_none_or(|project| project.name != wanted.name) {
        return Err(ApiError::bad_request("Invalid request: `name` is not the name of the project."));
    }
    if !matches!(wanted.target.as_deref(), None | Some("production" | "staging")) {
        return Err(ApiError::bad_request("Invalid request: `target` is not an environment."));
    }
    let made = Deployment {
        id: format!("dpl_{}", random(28)),
        url: format!("{}-{}.vercel.app", wanted.name, random(9).to_lowercase()),
        state: "QUEUED".to_owned(),
        target: wanted.target,
        creator_id: caller.user.id,
        error_code: None,
        error_message: None,
        log: Vec::new(),
        created_at: now_ms(),
        finished_at: None,
        ..before.clone()
    };
    let shown = wire::detail(&state.vercel, &made, false);
    state.vercel.deployments.push(made);
    Ok(Json(shown))
}

/// `GET /v13/deployments/{idOrUrl}`.
pub async fn one(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<Value>, ApiError> {
    let with_git = pairs.iter().any(|(key, value)| key == "withGitRepoInfo" && value == "true");
    let state = world.state();
    let deployment = visible(&state.vercel, &caller, &id)?;
    Ok(Json(wire::detail(&state.vercel, deployment, with_git)))
}

/// The deployment if the caller's account owns it.
pub fn visible<'a>(vercel: &'a Vercel, caller: &Caller, id: &str) -> Result<&'a Deployment, ApiError> {
    let account = caller.in_scope()?;
    vercel
        .deployment(id)
        .filter(|deployment| owned(vercel, deployment, account))
        .ok_or_else(|| ApiError::not_found("The deployment could not be found."))
}

fn owned(vercel: &Vercel, deployment: &Deployment, account: &str) -> bool {
    vercel.project(&deployment.project_id).is_some_and(|project| project.account_id == account)
}

fn parse(pairs: Vec<(String, String)>) -> Result<Filter, ApiError> {
    let mut filter = Filter::default();
    let (mut single, mut several) = (false, false);
    for (key, value) in pairs {
        let number = || {
            value
                .parse::<i64>()
                .map_err(|_| ApiError::bad_request(&format!("Invalid request: `{key}` should be a number.")))
        };
        match key.as_str() {
            "app" => filter.app = Some(value),
            "projectId" => (single, _) = (true, filter.projects.push(value)),
            "projectIds" | "projectIds[]" => (several, _) = (true, filter.projects.push(value)),
            "state" if STATES.contains(&value.as_str()) => filter.state = Some(value),
            "state" => return Err(ApiError::bad_request("Invalid request: `state` is not a known state.")),
            "target" => filter.target = Some(value),
            "branch" => filter.branch = Some(value),
            "sha" => filter.sha = Some(value),
            "users" => filter.users = value.split(',').map(str::to_owned).collect(),
            "limit" => filter.window.limit = Some(number()?),
            "since" | "from" => filter.window.since = Some(number()?),
            "until" | "to" => filter.window.until = Some(number()?),
            "teamId" | "slug" | "rollbackCandidate" => {}
            _ => {
                return Err(ApiError::bad_request(&format!(
                    "Invalid request: should NOT have additional property `{key}`."
                )));
            }
        }
    }
    if single && several {
        return Err(ApiError::bad_request("Invalid request: `projectIds` cannot be used with `projectId`."));
    }
    Ok(filter)
}

fn fits(vercel: &Vercel, deployment: &Deployment, filter: &Filter) -> bool {
    let project = vercel.project(&deployment.project_id);
    let named = |name: &String| {
        *name == deployment.project_id || project.is_some_and(|project| project.name == *name)
    };
    let meta = |key: &str| deployment.meta.get(key).and_then(Value::as_str);
    let target = match filter.target.as_deref() {
        None => true,
        Some("preview") => deployment.target.is_none(),
        Some(target) => deployment.target.as_deref() == Some(target),
    };
    target
        && (filter.projects.is_empty() || filter.projects.iter().any(named))
        && filter.app.as_ref().is_none_or(named)
        && filter.state.as_ref().is_none_or(|state| *state == deployment.state)
        && filter.branch.as_deref().is_none_or(|branch| meta("githubCommitRef") == Some(branch))
        && filter.sha.as_deref().is_none_or(|sha| meta("githubCommitSha") == Some(sha))
        && (filter.users.is_empty() || filter.users.contains(&deployment.creator_id))
}
