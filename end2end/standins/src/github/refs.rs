//! `git/ref` (get) and `git/refs` (create, move, delete): two names, as at GitHub.

use std::path::Path as FsPath;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::Repo;
use super::error::{Answer, ApiError};
use super::state::Permission;
use super::wire::answer;
use super::{deliveries, pulls};
use crate::git;
use crate::world::World;

#[derive(Deserialize)]
struct NewRef {
    r#ref: String,
    sha: String,
}

#[derive(Deserialize)]
struct Move {
    sha: String,
    #[serde(default)]
    force: bool,
}

/// `GET …/git/ref/heads/{branch}`.
pub async fn one(
    State(world): State<Arc<World>>,
    repo: Repo,
    Path((_, _, name)): Path<(String, String, String)>,
) -> Answer {
    let bare = world.bare(&repo.full_name());
    if git::branches(&bare).await.is_ok_and(|branches| branches.is_empty()) {
        return Err(ApiError::new(StatusCode::CONFLICT, "Git Repository is empty."));
    }
    let sha = git::resolve(&bare, &format!("refs/{name}")).await.ok_or_else(ApiError::not_found)?;
    Ok(answer(StatusCode::OK, ref_json(&world, &repo, &format!("refs/{name}"), &sha)))
}

/// `POST …/git/refs`.
pub async fn create(State(world): State<Arc<World>>, repo: Repo, body: Bytes) -> Answer {
    repo.needs(Permission::Push)?;
    let new: NewRef =
        serde_json::from_slice(&body).map_err(|_| ApiError::unprocessable("Invalid request."))?;
    let bare = world.bare(&repo.full_name());
    if !new.r#ref.starts_with("refs/") || new.r#ref.matches('/').count() < 2 {
        return Err(ApiError::unprocessable(
            "Reference name must start with 'refs/' and have at least two slashes.",
        ));
    }
    if git::resolve(&bare, &new.r#ref).await.is_some() {
        return Err(ApiError::unprocessable("Reference already exists"));
    }
    let sha = known(&bare, &new.sha).await?;
    git::run(&bare, ["update-ref", &new.r#ref, &sha])
        .await
        .map_err(|_| ApiError::unprocessable("Reference name is invalid"))?;
    Ok(answer(StatusCode::CREATED, ref_json(&world, &repo, &new.r#ref, &sha)))
}

/// `PATCH …/git/refs/heads/{branch}`.
pub async fn update(
    State(world): State<Arc<World>>,
    repo: Repo,
    Path((_, _, name)): Path<(String, String, String)>,
    body: Bytes,
) -> Answer {
    repo.needs(Permission::Push)?;
    let wanted: Move =
        serde_json::from_slice(&body).map_err(|_| ApiError::unprocessable("Invalid request."))?;
    let bare = world.bare(&repo.full_name());
    let name = format!("refs/{name}");
    let current = git::resolve(&bare, &name)
        .await
        .ok_or_else(|| ApiError::unprocessable("Reference does not exist"))?;
    let sha = known(&bare, &wanted.sha).await?;
    let forward = git::run(&bare, ["merge-base", "--is-ancestor", &current, &sha]).await.is_ok();
    if !forward && !wanted.force {
        return Err(ApiError::unprocessable("Update is not a fast forward"));
    }
    git::run(&bare, ["update-ref", &name, &sha]).await.map_err(|_| ApiError::internal())?;
    let moved = pulls::follow_heads(&world, &repo.full_name()).await;
    deliveries::pull_events(&world, &repo.full_name(), &moved, "synchronize");
    Ok(answer(StatusCode::OK, ref_json(&world, &repo, &name, &sha)))
}

/// `DELETE …/git/refs/heads/{branch}`; an open pull request of it is closed.
pub async fn delete(
    State(world): State<Arc<World>>,
    repo: Repo,
    Path((_, _, name)): Path<(String, String, String)>,
) -> Answer {
    repo.needs(Permission::Push)?;
    let bare = world.bare(&repo.full_name());
    let name = format!("refs/{name}");
    if git::resolve(&bare, &name).await.is_none() {
        return Err(ApiError::unprocessable("Reference does not exist"));
    }
    git::run(&bare, ["update-ref", "-d", &name]).await.map_err(|_| ApiError::internal())?;
    let closed = pulls::close_headless(&world, &repo.full_name()).await;
    deliveries::pull_events(&world, &repo.full_name(), &closed, "closed");
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn known(bare: &FsPath, sha: &str) -> Result<String, ApiError> {
    let full = sha.len() == 40 && sha.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !full {
        return Err(ApiError::unprocessable(
            "The sha parameter must be exactly 40 characters and contain only [0-9a-f].",
        ));
    }
    git::resolve(bare, sha).await.ok_or_else(|| ApiError::unprocessable("Object does not exist"))
}

fn ref_json(world: &World, repo: &Repo, name: &str, sha: &str) -> Value {
    let url = format!("{}/repos/{}/git", world.github_url(), repo.full_name());
    json!({"ref": name, "node_id": format!("REF_{name}"), "url": format!("{url}/{name}"),
        "object": {"type": "commit", "sha": sha, "url": format!("{url}/commits/{sha}")}})
}
