//! Merging a pull request with a real merge in the bare repository.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::auth::Repo;
use super::error::{Answer, ApiError};
use super::pulls::Numbered;
use super::state::Permission;
use super::{deliveries, wire};
use crate::git::{self, Author};
use crate::ids::now_ms;
use crate::world::World;

#[derive(Default, Deserialize)]
struct Wanted {
    merge_method: Option<String>,
    sha: Option<String>,
    commit_title: Option<String>,
}

/// `PUT …/pulls/{number}/merge`: 200, 405 if it cannot be merged, 409 if the head has moved.
pub async fn merge(
    State(world): State<Arc<World>>,
    repo: Repo,
    Path((_, _, number)): Numbered,
    body: Bytes,
) -> Answer {
    let login = repo.needs(Permission::Push)?;
    let wanted: Wanted = if body.is_empty() {
        Wanted::default()
    } else {
        serde_json::from_slice(&body)
            .map_err(|_| ApiError::new(StatusCode::BAD_REQUEST, "Problems parsing JSON"))?
    };
    let pull = super::pulls::find(&repo, number)?;
    if wanted.sha.as_ref().is_some_and(|sha| *sha != pull.head_sha) {
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "Head branch was modified. Review and try the merge again.",
        ));
    }
    let squash = match wanted.merge_method.as_deref() {
        None | Some("merge") => false,
        Some("squash") => true,
        Some(_) => {
            let message = "Rebase merges are not allowed on this repository.";
            return Err(ApiError::new(StatusCode::METHOD_NOT_ALLOWED, message));
        }
    };
    let sha = carry_out(&world, &repo.full_name(), number, &login, squash, wanted.commit_title).await?;
    Ok(wire::answer(
        StatusCode::OK,
        json!({"sha": sha, "merged": true, "message": "Pull Request successfully merged"}),
    ))
}

/// Merges, moves the base branch, and tells the hooks. Returns the merge commit's id.
pub async fn carry_out(
    world: &Arc<World>,
    full_name: &str,
    number: u64,
    login: &str,
    squash: bool,
    title: Option<String>,
) -> Result<String, ApiError> {
    let not_mergeable = || ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "Pull Request is not mergeable");
    let (pull, author) = {
        let mut state = world.state();
        let person = state.github.user(login).cloned();
        let author = person.map_or_else(Author::default, |user| Author {
            name: user.name.unwrap_or_else(|| user.login.clone()),
            email: format!("{}+{}@users.noreply.github.com", user.id, user.login),
        });
        let repository = state.github.repository_mut(full_name).ok_or_else(ApiError::not_found)?;
        let pull = repository.pull_mut(number).ok_or_else(ApiError::not_found)?;
        if !pull.open || pull.draft {
            return Err(not_mergeable());
        }
        (pull.clone(), author)
    };
    let bare = world.bare(full_name);
    let base_ref = format!("refs/heads/{}", pull.base);
    let base = git::resolve(&bare, &base_ref).await.ok_or_else(not_mergeable)?;
    let tree = git::run(&bare, ["merge-tree", "--write-tree", &base, &pull.head_sha])
        .await
        .map_err(|_| not_mergeable())?;
    let tree = tree.lines().next().unwrap_or_default().to_owned();
    let message = title.unwrap_or_else(|| format!("Merge pull request #{number} from {}", pull.head));
    let parents = if squash { vec![base.as_str()] } else { vec![base.as_str(), pull.head_sha.as_str()] };
    let merged = git::commit_tree(&bare, &tree, parents.into_iter(), &author, &message)
        .await
        .map_err(|_| ApiError::internal())?;
    git::run(&bare, ["update-ref", &base_ref, &merged, &base]).await.map_err(|_| not_mergeable())?;
    {
        let mut state = world.state();
        let pull = state
            .github
            .repository_mut(full_name)
            .and_then(|r| r.pull_mut(number))
            .ok_or_else(ApiError::not_found)?;
        let now = now_ms();
        pull.open = false;
        pull.merged_at = Some(now);
        pull.closed_at = Some(now);
        pull.updated_at = now;
        pull.merged_by = Some(login.to_owned());
        pull.merge_commit_sha = Some(merged.clone());
    }
    deliveries::pull_events(world, full_name, &[number], "closed");
    Ok(merged)
}
