//! Pull requests: create, list, show, change. Looks for duplicates exactly as GitHub does: an open
//! one with the same head and the same base.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::Repo;
use super::error::{Answer, ApiError};
use super::repos::commit_json;
use super::state::{Permission, Pull};
use super::{deliveries, wire};
use crate::git;
use crate::ids::now_ms;
use crate::world::World;

#[derive(Deserialize)]
struct NewPull {
    title: Option<String>,
    head: Option<String>,
    base: Option<String>,
    body: Option<String>,
    #[serde(default)]
    draft: bool,
}

#[derive(Deserialize)]
struct Change {
    title: Option<String>,
    body: Option<String>,
    state: Option<String>,
    base: Option<String>,
}

/// Path of one pull request.
pub type Numbered = Path<(String, String, u64)>;

/// `POST …/pulls`: 201; needs a token that may write, and a pushed head.
pub async fn create(State(world): State<Arc<World>>, repo: Repo, body: Bytes) -> Answer {
    let login = repo.needs(Permission::Push)?;
    let new: NewPull = serde_json::from_slice(&body)
        .map_err(|_| ApiError::new(StatusCode::BAD_REQUEST, "Problems parsing JSON"))?;
    let missing = |field: &str| {
        ApiError::validation(json!({"resource": "PullRequest", "field": field, "code": "missing_field"}))
    };
    let title = new.title.filter(|title| !title.trim().is_empty()).ok_or_else(|| missing("title"))?;
    let head = new.head.ok_or_else(|| missing("head"))?;
    let base = new.base.ok_or_else(|| missing("base"))?;
    let full_name = repo.full_name();
    let owner = repo.repository.owner.as_str();
    let invalid = |field: &str| {
        ApiError::validation(json!({"resource": "PullRequest", "field": field, "code": "invalid"}))
    };
    let head = match head.split_once(':') {
        Some((from, branch)) if from.eq_ignore_ascii_case(owner) => branch.to_owned(),
        Some(_) => return Err(invalid("head")),
        None => head,
    };
    let bare = world.bare(&full_name);
    let head_sha = git::resolve(&bare, &format!("refs/heads/{head}")).await.ok_or_else(|| invalid("head"))?;
    let base_sha = git::resolve(&bare, &format!("refs/heads/{base}")).await.ok_or_else(|| invalid("base"))?;
    let ahead = git::run(&bare, ["rev-list", "--count", &format!("{base_sha}..{head_sha}")]).await;
    if ahead.is_ok_and(|count| count == "0") {
        return Err(ApiError::validation(json!({"resource": "PullRequest", "code": "custom",
            "message": format!("No commits between {base} and {head}")})));
    }
    let (number, answer) = {
        let mut state = world.state();
        let id = state.github.next_id();
        let known = state.github.repository_mut(&full_name).ok_or_else(ApiError::not_found)?;
        if known.pulls.iter().any(|pull| pull.open && pull.head == head && pull.base == base) {
            return Err(ApiError::validation(json!({"resource": "PullRequest", "code": "custom",
                "message": format!("A pull request already exists for {owner}:{head}.")})));
        }
        let now = now_ms();
        let number = known.pulls.len() as u64 + 1;
        let pull = Pull {
            id,
            number,
            title,
            body: new.body,
            draft: new.draft,
            open: true,
            head,
            head_sha,
            base,
            base_sha,
            login,
            labels: Vec::new(),
            comments: Vec::new(),
            merged_at: None,
            merged_by: None,
            merge_commit_sha: None,
            closed_at: None,
            created_at: now,
            updated_at: now,
        };
        known.pulls.push(pull.clone());
        let known = known.clone();
        (number, wire::pull(&state.github, &world.github_url(), &known, &pull, true))
    };
    publish_ref(&world, &full_name, number).await;
    deliveries::pull_events(&world, &full_name, &[number], "opened");
    Ok(wire::answer(StatusCode::CREATED, answer))
}

/// `GET …/pulls?state=&head=owner:branch&base=`, newest first. A `head` without an owner filters
/// nothing.
pub async fn list(
    State(world): State<Arc<World>>,
    repo: Repo,
    Query(query): Query<Vec<(String, String)>>,
) -> Answer {
    let value = |key: &str| query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
    let wanted = value("state").unwrap_or("open");
    if !["open", "closed", "all"].contains(&wanted) {
        return Err(ApiError::unprocessable("Invalid request. `state` is not a possible value."));
    }
    let head = value("head").and_then(|head| head.split_once(':'));
    let keep = |pull: &&Pull| {
        (wanted == "all" || pull.open == (wanted == "open"))
            && head.is_none_or(|(owner, branch)| {
                owner.eq_ignore_ascii_case(&repo.repository.owner) && branch == pull.head
            })
            && value("base").is_none_or(|base| base == pull.base)
    };
    let state = world.state();
    let base = world.github_url();
    let items = repo.repository.pulls.iter().rev().filter(keep);
    let items = items.map(|pull| wire::pull(&state.github, &base, &repo.repository, pull, false)).collect();
    Ok(wire::paged(items, &format!("{base}/repos/{}/pulls", repo.full_name()), &query))
}

/// `GET …/pulls/{number}`; with `Accept: application/vnd.github.diff` the diff.
pub async fn one(
    State(world): State<Arc<World>>,
    repo: Repo,
    Path((_, _, number)): Numbered,
    headers: HeaderMap,
) -> Answer {
    let pull = find(&repo, number)?;
    let wants = |kind: &str| {
        headers
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|accept| accept.contains(kind))
    };
    let bare = world.bare(&repo.full_name());
    if wants("vnd.github.diff") || wants("vnd.github.v3.diff") {
        let diff =
            git::diff(&bare, &pull.base_sha, &pull.head_sha).await.map_err(|_| ApiError::internal())?;
        return Ok(([(header::CONTENT_TYPE, "application/vnd.github.diff; charset=utf-8")], diff + "\n")
            .into_response());
    }
    let range = format!("{}...{}", pull.base_sha, pull.head_sha);
    let numbers = git::run(&bare, ["diff", "--numstat", &range]).await.unwrap_or_default();
    let sum = |column: usize| -> u64 {
        let cells = numbers.lines().filter_map(|line| line.split('\t').nth(column)?.parse::<u64>().ok());
        cells.sum()
    };
    let commits =
        git::commits(&bare, &format!("{}..{}", pull.base_sha, pull.head_sha)).await.unwrap_or_default().len();
    let state = world.state();
    let mut body = wire::pull(&state.github, &world.github_url(), &repo.repository, pull, true);
    body["commits"] = json!(commits);
    body["additions"] = json!(sum(0));
    body["deletions"] = json!(sum(1));
    body["changed_files"] = json!(numbers.lines().count());
    Ok(wire::answer(StatusCode::OK, body))
}

/// `PATCH …/pulls/{number}`: title, body, base, `state` open or closed. `draft` cannot be changed here.
pub async fn update(
    State(world): State<Arc<World>>,
    repo: Repo,
    Path((_, _, number)): Numbered,
    body: Bytes,
) -> Answer {
    repo.needs(Permission::Push)?;
    let change: Change = serde_json::from_slice(&body)
        .map_err(|_| ApiError::new(StatusCode::BAD_REQUEST, "Problems parsing JSON"))?;
    let (answer, event) = {
        let mut state = world.state();
        let known = state.github.repository_mut(&repo.full_name()).ok_or_else(ApiError::not_found)?;
        let pull = known.pull_mut(number).ok_or_else(ApiError::not_found)?;
        let event = match change.state.as_deref() {
            None => "edited",
            Some("closed") if pull.open => {
                pull.open = false;
                pull.closed_at = Some(now_ms());
                "closed"
            }
            Some("open") if pull.merged_at.is_some() => {
                return Err(ApiError::validation(
                    json!({"resource": "PullRequest", "field": "state", "code": "invalid"}),
                ));
            }
            Some("open") if !pull.open => {
                pull.open = true;
                pull.closed_at = None;
                "reopened"
            }
            Some("open" | "closed") => "edited",
            Some(_) => {
                return Err(ApiError::validation(
                    json!({"resource": "PullRequest", "field": "state", "code": "invalid"}),
                ));
            }
        };
        pull.title = change.title.unwrap_or(std::mem::take(&mut pull.title));
        pull.body = change.body.or(pull.body.take());
        pull.base = change.base.unwrap_or(std::mem::take(&mut pull.base));
        pull.updated_at = now_ms();
        let pull = pull.clone();
        let known = known.clone();
        (wire::pull(&state.github, &world.github_url(), &known, &pull, true), event)
    };
    deliveries::pull_events(&world, &repo.full_name(), &[number], event);
    Ok(wire::answer(StatusCode::OK, answer))
}

/// `GET …/pulls/{number}/files`.
pub async fn files(
    State(world): State<Arc<World>>,
    repo: Repo,
    Path((_, _, number)): Numbered,
    Query(query): Query<Vec<(String, String)>>,
) -> Answer {
    let pull = find(&repo, number)?;
    let bare = world.bare(&repo.full_name());
    let range = format!("{}...{}", pull.base_sha, pull.head_sha);
    let numbers = git::run(&bare, ["diff", "--numstat", "--no-renames", &range])
        .await
        .map_err(|_| ApiError::internal())?;
    let kinds = git::run(&bare, ["diff", "--name-status", "--no-renames", &range]).await.unwrap_or_default();
    let items = numbers.lines().zip(kinds.lines()).filter_map(|(numbers, kind)| {
        let mut cells = numbers.split('\t');
        let (added, deleted): (u64, u64) =
            (cells.next()?.parse().unwrap_or(0), cells.next()?.parse().unwrap_or(0));
        let status = match kind.chars().next() {
            Some('A') => "added",
            Some('D') => "removed",
            _ => "modified",
        };
        Some(json!({"filename": cells.next()?, "status": status, "additions": added, "deletions": deleted,
            "changes": added + deleted, "sha": pull.head_sha}))
    });
    let url = format!("{}/repos/{}/pulls/{number}/files", world.github_url(), repo.full_name());
    Ok(wire::paged(items.collect(), &url, &query))
}

/// `GET …/pulls/{number}/commits`, oldest first.
pub async fn commits(
    State(world): State<Arc<World>>,
    repo: Repo,
    Path((_, _, number)): Numbered,
    Query(query): Query<Vec<(String, String)>>,
) -> Answer {
    let pull = find(&repo, number)?;
    let range = format!("{}..{}", pull.base_sha, pull.head_sha);
    let list =
        git::commits(&world.bare(&repo.full_name()), &range).await.map_err(|_| ApiError::internal())?;
    let base = world.github_url();
    let items: Vec<Value> = list
        .iter()
        .rev()
        .map(|commit| {
            json!({"sha": commit.sha, "commit": commit_json(&base, &repo.full_name(), commit), "parents": commit.parents})
        })
        .collect();
    Ok(wire::paged(items, &format!("{base}/repos/{}/pulls/{number}/commits", repo.full_name()), &query))
}

/// The pull request in the caller's copy of the repository.
pub fn find(repo: &Repo, number: u64) -> Result<&Pull, ApiError> {
    repo.repository.pulls.iter().find(|pull| pull.number == number).ok_or_else(ApiError::not_found)
}

/// After a push: open pull requests take their branch's new head. Returns the numbers of those moved.
pub async fn follow_heads(world: &Arc<World>, full_name: &str) -> Vec<u64> {
    let branches = git::branches(&world.bare(full_name)).await.unwrap_or_default();
    let mut moved = Vec::new();
    if let Some(repository) = world.state().github.repository_mut(full_name) {
        for pull in repository.pulls.iter_mut().filter(|pull| pull.open) {
            if let Some(tip) = branches.get(&pull.head).filter(|tip| **tip != pull.head_sha) {
                pull.head_sha.clone_from(tip);
                pull.updated_at = now_ms();
                moved.push(pull.number);
            }
        }
    }
    for number in &moved {
        publish_ref(world, full_name, *number).await;
    }
    moved
}

/// After a branch went: its open pull requests are closed. Returns their numbers.
pub async fn close_headless(world: &Arc<World>, full_name: &str) -> Vec<u64> {
    let branches = git::branches(&world.bare(full_name)).await.unwrap_or_default();
    let mut closed = Vec::new();
    if let Some(repository) = world.state().github.repository_mut(full_name) {
        for pull in repository.pulls.iter_mut().filter(|pull| pull.open && !branches.contains_key(&pull.head))
        {
            pull.open = false;
            pull.closed_at = Some(now_ms());
            closed.push(pull.number);
        }
    }
    closed
}

/// `refs/pull/N/head`, which anybody may fetch.
async fn publish_ref(world: &Arc<World>, full_name: &str, number: u64) {
    let head = world
        .state()
        .github
        .repository_mut(full_name)
        .and_then(|r| r.pull_mut(number).map(|p| p.head_sha.clone()));
    if let Some(head) = head {
        // The ref is a convenience for readers: the pull request stands without it.
        let _ = git::run(&world.bare(full_name), ["update-ref", &format!("refs/pull/{number}/head"), &head])
            .await;
    }
}
