//! `/accounts/{account}/pages/projects…`: projects, deployments, logs, retry.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use serde_json::{Value, json};

use super::auth::Caller;
use super::envelope::{self, Answer, ApiError, Paging};
use super::state::{Account, Cloudflare, Deployment, Project};
use super::wire;
use crate::ids::{guid, now_ms};
use crate::world::World;

const READ: &str = "pages.read";
const EDIT: &str = "pages.edit";
const PROJECTS: Paging = Paging { usual: 10, most: 10, code: 8_000_024 };
const DEPLOYMENTS: Paging = Paging { usual: 25, most: 25, code: 8_000_024 };

/// `GET …/pages/projects`.
pub async fn projects(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path(account): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let state = world.state();
    let cloudflare = &state.cloudflare;
    let account = caller.account(cloudflare, &account, READ)?;
    let window = PROJECTS.window(&pairs, &[])?;
    let mine = cloudflare.projects.iter().filter(|project| project.account_id == account.id);
    let shown = |project| wire::project(cloudflare, project);
    Ok(envelope::page(mine.collect(), shown, window, world.options.page_size))
}

/// `GET …/pages/projects/{name}`.
pub async fn project(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((account, name)): Path<(String, String)>,
) -> Answer {
    let state = world.state();
    let cloudflare = &state.cloudflare;
    let account = caller.account(cloudflare, &account, READ)?;
    Ok(envelope::one(wire::project(cloudflare, named(cloudflare, account, &name)?)))
}

/// `GET …/deployments`, newest first.
pub async fn deployments(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((account, name)): Path<(String, String)>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let state = world.state();
    let cloudflare = &state.cloudflare;
    let account = caller.account(cloudflare, &account, READ)?;
    let window = DEPLOYMENTS.window(&pairs, &["env"])?;
    let env = pairs.iter().find(|(key, _)| key == "env").map(|(_, value)| value.as_str());
    if env.is_some_and(|env| !["production", "preview"].contains(&env)) {
        return Err(ApiError::bad_request(
            8_000_024,
            "Invalid list options provided. Review the `env` parameter.",
        ));
    }
    let project = named(cloudflare, account, &name)?;
    let all = cloudflare.deployments_of(&project.id);
    let fits = |deployment: &&Deployment| env.is_none_or(|env| env == deployment.environment);
    let shown = |deployment| wire::deployment(project, deployment);
    Ok(envelope::page(all.into_iter().filter(fits).collect(), shown, window, world.options.page_size))
}

/// `GET …/deployments/{id}`.
pub async fn deployment(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((account, name, id)): Path<(String, String, String)>,
) -> Answer {
    let state = world.state();
    let cloudflare = &state.cloudflare;
    let account = caller.account(cloudflare, &account, READ)?;
    let (project, deployment) = found(cloudflare, account, &name, &id)?;
    Ok(envelope::one(wire::deployment(project, deployment)))
}

/// `GET …/deployments/{id}/history/logs`: the whole log at once.
pub async fn logs(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((account, name, id)): Path<(String, String, String)>,
) -> Answer {
    let state = world.state();
    let cloudflare = &state.cloudflare;
    let account = caller.account(cloudflare, &account, READ)?;
    let (_, deployment) = found(cloudflare, account, &name, &id)?;
    let data: Vec<Value> =
        deployment.log.iter().map(|line| json!({"ts": wire::time(line.at), "line": line.text})).collect();
    Ok(envelope::one(json!({"total": data.len(), "includes_container_logs": true, "data": data})))
}

/// `POST …/deployments/{id}/retry`: a new deployment of the same commit.
pub async fn retry(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((account, name, id)): Path<(String, String, String)>,
) -> Answer {
    let mut state = world.state();
    let cloudflare = &mut state.cloudflare;
    let account = caller.account(cloudflare, &account, EDIT)?;
    let (project, before) = found(cloudflare, account, &name, &id)?;
    let now = now_ms();
    let again = Deployment {
        id: guid(),
        stage: "queued".to_owned(),
        status: "active".to_owned(),
        is_skipped: false,
        log: Vec::new(),
        created_at: now,
        modified_at: now,
        ..before.clone()
    };
    let shown = wire::deployment(project, &again);
    cloudflare.deployments.push(again);
    Ok(envelope::one(shown))
}

fn named<'a>(cloudflare: &'a Cloudflare, account: &Account, name: &str) -> Result<&'a Project, ApiError> {
    let mut mine = cloudflare.projects.iter().filter(|project| project.account_id == account.id);
    mine.find(|project| project.name == name).ok_or_else(|| {
        let message =
            "Project not found. The specified project name does not match any of your existing projects.";
        ApiError::not_found(8_000_007, message)
    })
}

fn found<'a>(
    cloudflare: &'a Cloudflare,
    account: &Account,
    name: &str,
    id: &str,
) -> Result<(&'a Project, &'a Deployment), ApiError> {
    let project = named(cloudflare, account, name)?;
    let deployment = cloudflare.deployments.iter().find(|it| it.id == id && it.project_id == project.id);
    let deployment = deployment.ok_or_else(|| {
        ApiError::not_found(8_000_009, "The deployment ID you have specified does not exist.")
    })?;
    Ok((project, deployment))
}
