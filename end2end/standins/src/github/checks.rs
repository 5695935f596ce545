//! Commit statuses and check runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::Repo;
use super::error::{Answer, ApiError};
use super::state::{CheckRun, Permission, Status};
use super::wire;
use crate::git;
use crate::ids::{now_ms, rfc3339};
use crate::world::World;

#[derive(Deserialize)]
struct NewStatus {
    state: String,
    target_url: Option<String>,
    description: Option<String>,
    context: Option<String>,
}

type AtCommit = Path<(String, String, String)>;

/// `GET …/commits/{ref}/status`: the latest of each context; `pending` also when there are none.
pub async fn combined(State(world): State<Arc<World>>, repo: Repo, Path((_, _, name)): AtCommit) -> Answer {
    let sha = commit(&world, &repo, &name).await?;
    let mut latest: BTreeMap<&str, &Status> = BTreeMap::new();
    for status in repo.repository.statuses.iter().filter(|status| status.sha == sha) {
        latest.insert(&status.context, status);
    }
    let any = |states: &[&str]| latest.values().any(|status| states.contains(&status.state.as_str()));
    let overall = if any(&["error", "failure"]) {
        "failure"
    } else if latest.is_empty() || any(&["pending"]) {
        "pending"
    } else {
        "success"
    };
    let state = world.state();
    let base = world.github_url();
    let statuses: Vec<Value> =
        latest.values().map(|status| wire::status(&state.github, &base, &repo.repository, status)).collect();
    let repository = wire::repository(&state.github, &base, &repo.repository, None);
    let url = format!("{base}/repos/{}/commits/{sha}", repo.full_name());
    Ok(wire::answer(
        StatusCode::OK,
        json!({"state": overall, "statuses": statuses, "sha": sha,
        "total_count": latest.len(), "repository": repository, "commit_url": url, "url": format!("{url}/status")}),
    ))
}

/// `POST …/statuses/{sha}`: 201.
pub async fn create_status(
    State(world): State<Arc<World>>,
    repo: Repo,
    Path((_, _, sha)): AtCommit,
    body: Bytes,
) -> Answer {
    repo.needs(Permission::Push)?;
    let new: NewStatus =
        serde_json::from_slice(&body).map_err(|_| ApiError::unprocessable("Invalid request."))?;
    if !["error", "failure", "pending", "success"].contains(&new.state.as_str()) {
        return Err(ApiError::validation(json!({"resource": "Status", "field": "state", "code": "invalid"})));
    }
    let bare = world.bare(&repo.full_name());
    let found = git::resolve(&bare, &sha).await.filter(|found| *found == sha);
    let sha = found.ok_or_else(|| ApiError::unprocessable(&format!("No commit found for SHA: {sha}")))?;
    let mut state = world.state();
    let status = Status {
        id: state.github.next_id(),
        sha,
        state: new.state,
        context: new.context.unwrap_or_else(|| "default".to_owned()),
        description: new.description,
        target_url: new.target_url,
        created_at: now_ms(),
    };
    let known = state.github.repository_mut(&repo.full_name()).ok_or_else(ApiError::not_found)?;
    known.statuses.push(status.clone());
    let body = wire::status(&state.github, &world.github_url(), &repo.repository, &status);
    Ok(wire::answer(StatusCode::CREATED, body))
}

/// `GET …/commits/{ref}/check-runs`.
pub async fn check_runs(
    State(world): State<Arc<World>>,
    repo: Repo,
    Path((_, _, name)): AtCommit,
    Query(query): Query<Vec<(String, String)>>,
) -> Answer {
    let sha = commit(&world, &repo, &name).await?;
    let value = |key: &str| query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
    let keep = |run: &&CheckRun| {
        run.sha == sha
            && value("check_name").is_none_or(|name| name == run.name)
            && value("status").is_none_or(|status| status == run.status)
    };
    let base = world.github_url();
    let runs: Vec<Value> =
        repo.repository.check_runs.iter().filter(keep).map(|run| run_json(&base, &repo, run)).collect();
    Ok(wire::answer(StatusCode::OK, json!({"total_count": runs.len(), "check_runs": runs})))
}

/// `POST …/check-runs` is for GitHub Apps: any personal token gets 403.
pub async fn create_check_run(repo: Repo) -> ApiError {
    match repo.needs(Permission::Push) {
        Err(error) => error,
        Ok(_) => ApiError::new(StatusCode::FORBIDDEN, "You must authenticate via a GitHub App."),
    }
}

async fn commit(world: &World, repo: &Repo, name: &str) -> Result<String, ApiError> {
    let found = git::resolve(&world.bare(&repo.full_name()), name).await;
    found.ok_or_else(|| ApiError::unprocessable(&format!("No commit found for SHA: {name}")))
}

fn run_json(base: &str, repo: &Repo, run: &CheckRun) -> Value {
    json!({"id": run.id, "node_id": format!("CR_{}", run.id), "name": run.name, "head_sha": run.sha,
        "status": run.status, "conclusion": run.conclusion, "external_id": "", "started_at": rfc3339(run.created_at),
        "completed_at": run.conclusion.as_ref().map(|_| rfc3339(run.created_at)),
        "url": format!("{base}/repos/{}/check-runs/{}", repo.full_name(), run.id),
        "html_url": format!("{base}/{}/runs/{}", repo.full_name(), run.id), "details_url": null,
        "output": {"title": null, "summary": null, "text": null, "annotations_count": 0, "annotations_url": ""},
        "app": {"slug": "github-actions"}, "pull_requests": []})
}
