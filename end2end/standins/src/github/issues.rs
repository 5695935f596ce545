//! Labels and comments of a pull request, which live under `/issues/{number}`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::auth::Repo;
use super::error::{Answer, ApiError};
use super::pulls::{Numbered, find};
use super::state::{Comment, Permission};
use super::wire;
use crate::ids::now_ms;
use crate::world::World;

#[derive(Deserialize)]
#[serde(untagged)]
enum NewLabels {
    Object { labels: Vec<String> },
    Array(Vec<String>),
}

#[derive(Deserialize)]
struct NewComment {
    body: String,
}

/// `GET …/issues/{number}/labels`.
pub async fn labels(State(world): State<Arc<World>>, repo: Repo, Path((_, _, number)): Numbered) -> Answer {
    let base = world.github_url();
    let labels: Vec<Value> =
        find(&repo, number)?.labels.iter().map(|name| wire::label(&base, &repo.full_name(), name)).collect();
    Ok(wire::answer(StatusCode::OK, Value::Array(labels)))
}

/// `POST …/issues/{number}/labels`: adds, and answers with all of them.
pub async fn add_labels(
    State(world): State<Arc<World>>,
    repo: Repo,
    Path((_, _, number)): Numbered,
    body: Bytes,
) -> Answer {
    repo.needs(Permission::Push)?;
    let new: NewLabels =
        serde_json::from_slice(&body).map_err(|_| ApiError::unprocessable("Invalid request."))?;
    let (NewLabels::Object { labels } | NewLabels::Array(labels)) = new;
    let mut state = world.state();
    let known = state.github.repository_mut(&repo.full_name()).ok_or_else(ApiError::not_found)?;
    let pull = known.pull_mut(number).ok_or_else(ApiError::not_found)?;
    for label in labels {
        if !pull.labels.contains(&label) {
            pull.labels.push(label);
        }
    }
    let base = world.github_url();
    let all = pull.labels.iter().map(|name| wire::label(&base, &repo.full_name(), name)).collect();
    Ok(wire::answer(StatusCode::OK, Value::Array(all)))
}

/// `GET …/issues/{number}/comments`.
pub async fn comments(
    State(world): State<Arc<World>>,
    repo: Repo,
    Path((_, _, number)): Numbered,
    Query(query): Query<Vec<(String, String)>>,
) -> Answer {
    let state = world.state();
    let base = world.github_url();
    let full_name = repo.full_name();
    let items = find(&repo, number)?
        .comments
        .iter()
        .map(|comment| wire::comment(&state.github, &base, &full_name, number, comment))
        .collect();
    Ok(wire::paged(items, &format!("{base}/repos/{full_name}/issues/{number}/comments"), &query))
}

/// `POST …/issues/{number}/comments`: 201, each time a new one.
pub async fn comment(
    State(world): State<Arc<World>>,
    repo: Repo,
    Path((_, _, number)): Numbered,
    body: Bytes,
) -> Answer {
    let login = repo.needs(Permission::Pull)?;
    let new: NewComment =
        serde_json::from_slice(&body).map_err(|_| ApiError::unprocessable("Invalid request."))?;
    let mut state = world.state();
    let id = state.github.next_id();
    let comment = Comment { id, login, body: new.body, created_at: now_ms() };
    let known = state.github.repository_mut(&repo.full_name()).ok_or_else(ApiError::not_found)?;
    known.pull_mut(number).ok_or_else(ApiError::not_found)?.comments.push(comment.clone());
    let body = wire::comment(&state.github, &world.github_url(), &repo.full_name(), number, &comment);
    Ok(wire::answer(StatusCode::CREATED, body))
}
