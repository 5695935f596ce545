//! `/v10/projects` and `/v9/projects/{idOrName}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::Caller;
use super::error::ApiError;
use super::state::{Project, Vercel};
use super::wire;
use crate::world::World;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectsQuery {
    from: Option<String>,
    limit: Option<String>,
    search: Option<String>,
    repo: Option<String>,
    repo_id: Option<String>,
    repo_url: Option<String>,
}

/// `GET /v10/projects`, newest first. `next` is an opaque text to be passed on as `from`.
pub async fn list(
    State(world): State<Arc<World>>,
    caller: Caller,
    Query(query): Query<ProjectsQuery>,
) -> Result<Json<Value>, ApiError> {
    let account = caller.in_scope()?;
    let bad_limit = || ApiError::bad_request("Invalid request: `limit` should be a number.");
    let limit = query.limit.as_deref().map(str::parse::<i64>).transpose().map_err(|_| bad_limit())?;
    let length = wire::page_length(limit, world.options.page_size)?;
    let state = world.state();
    let mut mine: Vec<&Project> = state
        .vercel
        .projects
        .iter()
        .filter(|project| project.account_id == account && fits(project, &query))
        .collect();
    mine.sort_by_key(|project| std::cmp::Reverse(project.created_at));
    if let Some(from) = &query.from {
        let from =
            decode(from).ok_or_else(|| ApiError::bad_request("Invalid request: `from` is invalid."))?;
        mine.retain(|project| project.created_at < from);
    }
    let more = mine.len() > length;
    mine.truncate(length);
    let next = if more { mine.last().map(|project| encode(project.created_at)) } else { None };
    let projects: Vec<Value> = mine.iter().map(|project| project_json(&state.vercel, project)).collect();
    Ok(Json(json!({"pagination": {"count": projects.len(), "next": next}, "projects": projects})))
}

/// `GET /v9/projects/{idOrName}`.
pub async fn one(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let account = caller.in_scope()?;
    let state = world.state();
    state
        .vercel
        .projects
        .iter()
        .find(|project| project.account_id == account && (project.id == id || project.name == id))
        .map(|project| Json(project_json(&state.vercel, project)))
        .ok_or_else(|| ApiError::not_found("Project not found."))
}

/// The token is text on purpose: a client that reads `next` as a number fails here.
fn encode(created_at: i64) -> String {
    format!("c{created_at:x}")
}

fn decode(token: &str) -> Option<i64> {
    i64::from_str_radix(token.strip_prefix('c')?, 16).ok()
}

fn fits(project: &Project, query: &ProjectsQuery) -> bool {
    let link = |key: &str| {
        project.link.as_ref().and_then(|link| link.get(key)).map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    };
    let path = link("org").zip(link("repo")).map(|(org, repo)| format!("{org}/{repo}"));
    query.search.as_ref().is_none_or(|text| project.name.contains(text.as_str()))
        && query
            .repo
            .as_ref()
            .is_none_or(|repo| link("repo").as_ref() == Some(repo) || path.as_ref() == Some(repo))
        && query.repo_id.as_ref().is_none_or(|id| link("repoId").as_ref() == Some(id))
        && query.repo_url.as_ref().is_none_or(|url| {
            path.as_ref().is_some_and(|path| url.trim_end_matches(".git").ends_with(path.as_str()))
        })
}

fn project_json(vercel: &Vercel, project: &Project) -> Value {
    let latest: Vec<Value> = vercel
        .deployments
        .iter()
        .rev()
        .filter(|deployment| deployment.project_id == project.id)
        .take(1)
        .map(|deployment| wire::latest(vercel, deployment))
        .collect();
    let mut body = json!({
        "id": project.id, "name": project.name, "accountId": project.account_id,
        "framework": null, "rootDirectory": null, "buildCommand": null, "installCommand": null,
        "outputDirectory": null, "nodeVersion": "22.x", "directoryListing": false,
        "createdAt": project.created_at, "updatedAt": project.updated_at, "latestDeployments": latest,
        "alias": [], "deploymentExpiration": {}, "resourceConfig": {"functionDefaultRegions": ["iad1"]},
        "defaultResourceConfig": {"functionDefaultRegions": ["iad1"]},
    });
    if let Some(object) = body.as_object_mut() {
        object.extend(project.settings.clone());
        if let Some(link) = &project.link {
            object.insert("link".to_owned(), link.clone());
        }
    }
    body
}
