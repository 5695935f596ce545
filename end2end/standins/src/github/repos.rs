//! Repositories, branches and commits.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::auth::{Caller, Repo};
use super::error::{Answer, ApiError};
use super::wire::{answer, paged, repository};
use crate::git;
use crate::world::World;

/// `GET /repos/{owner}/{repo}` with the caller's permissions.
pub async fn one(State(world): State<Arc<World>>, repo: Repo) -> Answer {
    let permission = repo.token.as_ref().map(|_| repo.permission);
    let state = world.state();
    Ok(answer(StatusCode::OK, repository(&state.github, &world.github_url(), &repo.repository, permission)))
}

/// `GET /user/repos`.
pub async fn mine(
    State(world): State<Arc<World>>,
    caller: Caller,
    Query(query): Query<Vec<(String, String)>>,
) -> Answer {
    let state = world.state();
    let base = world.github_url();
    let repositories =
        state.github.repositories.iter().filter(|repo| repo.collaborators.contains_key(&caller.user.login));
    let items = repositories
        .filter_map(|repo| Some((repo, repo.permission(Some(&caller.token))?)))
        .map(|(repo, permission)| repository(&state.github, &base, repo, Some(permission)))
        .collect();
    Ok(paged(items, &format!("{base}/user/repos"), &query))
}

/// `GET …/branches/{branch}`.
pub async fn branch(
    State(world): State<Arc<World>>,
    repo: Repo,
    Path((_, _, name)): Path<(String, String, String)>,
) -> Answer {
    let bare = world.bare(&repo.full_name());
    let sha = git::resolve(&bare, &format!("refs/heads/{name}"))
        .await
        .ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "Branch not found"))?;
    let url = format!("{}/repos/{}/commits/{sha}", world.github_url(), repo.full_name());
    Ok(answer(StatusCode::OK, json!({"name": name, "commit": {"sha": sha, "url": url}, "protected": false})))
}

/// `GET …/git/commits/{sha}`.
pub async fn git_commit(
    State(world): State<Arc<World>>,
    repo: Repo,
    Path((_, _, sha)): Path<(String, String, String)>,
) -> Answer {
    let bare = world.bare(&repo.full_name());
    let sha = git::resolve(&bare, &sha).await.ok_or_else(ApiError::not_found)?;
    let list = git::commits(&bare, &format!("{sha}^!")).await.map_err(|_| ApiError::internal())?;
    let commit = list.first().ok_or_else(ApiError::not_found)?;
    Ok(answer(StatusCode::OK, commit_json(&world.github_url(), &repo.full_name(), commit)))
}

/// A commit in the git database's form.
pub fn commit_json(base: &str, full_name: &str, commit: &git::Commit) -> Value {
    let url = |kind: &str, sha: &str| format!("{base}/repos/{full_name}/git/{kind}/{sha}");
    let parents: Vec<Value> = commit
        .parents
        .iter()
        .map(|sha| json!({"sha": sha, "url": url("commits", sha), "html_url": format!("{base}/{full_name}/commit/{sha}")}))
        .collect();
    json!({"sha": commit.sha, "node_id": format!("C_{}", commit.sha), "url": url("commits", &commit.sha),
        "html_url": format!("{base}/{full_name}/commit/{}", commit.sha), "message": commit.message,
        "author": {"name": commit.author.name, "email": commit.author.email, "date": commit.date},
        "committer": {"name": commit.committer.name, "email": commit.committer.email, "date": commit.date},
        "tree": {"sha": commit.tree, "url": url("trees", &commit.tree)}, "parents": parents,
        "verification": {"verified": false, "reason": "unsigned", "signature": null, "payload": null}})
}
