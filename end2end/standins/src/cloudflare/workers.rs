//! `/accounts/{account}/workers/scripts` and Workers Builds below `/accounts/{account}/builds`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use serde_json::{Map, Value, json};

use super::auth::Caller;
use super::envelope::{self, Answer, ApiError, Paging};
use super::state::{Account, Build, Cloudflare, Commit, Worker};
use super::wire;
use crate::git;
use crate::ids::{guid, now_ms};
use crate::world::World;

const READ: &str = "workers_builds.read";
const EDIT: &str = "workers_builds.edit";
const BUILDS: Paging = Paging { usual: 50, most: 200, code: 12_001 };
/// Tags of one question.
const MOST_TAGS: usize = 20;

/// `GET …/workers/scripts`: all at once.
pub async fn scripts(State(world): State<Arc<World>>, caller: Caller, Path(account): Path<String>) -> Answer {
    let state = world.state();
    let account = caller.account(&state.cloudflare, &account, "workers_scripts.read")?;
    let mine = state.cloudflare.workers.iter().filter(|worker| worker.account_id == account.id);
    Ok(envelope::one(mine.map(wire::script).collect()))
}

/// `GET …/builds/workers/{tag}/triggers`: all at once.
pub async fn triggers(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((account, tag)): Path<(String, String)>,
) -> Answer {
    let state = world.state();
    let account = caller.builder(&state.cloudflare, &account, READ)?;
    let worker = tagged(&state.cloudflare, account, &tag)?;
    Ok(envelope::one(worker.triggers.iter().map(|trigger| wire::trigger(worker, trigger)).collect()))
}

/// `GET …/builds/workers/{tag}/builds`, newest first.
pub async fn builds(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((account, tag)): Path<(String, String)>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let state = world.state();
    let account = caller.builder(&state.cloudflare, &account, READ)?;
    let window = BUILDS.window(&pairs, &[])?;
    let worker = tagged(&state.cloudflare, account, &tag)?;
    let all = state.cloudflare.builds_of(&worker.tag);
    let shown = |build| wire::build(worker, build);
    Ok(envelope::page(all, shown, window, world.options.page_size))
}

/// `GET …/builds/builds/latest?external_script_ids=a,b`.
pub async fn latest(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path(account): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let state = world.state();
    let cloudflare = &state.cloudflare;
    let account = caller.builder(cloudflare, &account, READ)?;
    let tags: Vec<&str> = match &pairs[..] {
        [(key, tags)] if key == "external_script_ids" => tags.split(',').collect(),
        _ => Vec::new(),
    };
    if !(1..=MOST_TAGS).contains(&tags.len()) {
        return Err(ApiError::bad_request(12_001, "external_script_ids must hold 1 to 20 ids"));
    }
    let newest = |worker: &Worker| {
        let newest = *cloudflare.builds_of(&worker.tag).first()?;
        Some((worker.tag.clone(), wire::build(worker, newest)))
    };
    let asked = tags.into_iter().filter_map(|tag| tagged(cloudflare, account, tag).ok());
    let builds: Map<String, Value> = asked.filter_map(newest).collect();
    Ok(envelope::one(json!({"builds": builds})))
}

/// `GET …/builds/builds/{uuid}`.
pub async fn build(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((account, uuid)): Path<(String, String)>,
) -> Answer {
    let state = world.state();
    let account = caller.builder(&state.cloudflare, &account, READ)?;
    let (worker, build) = found(&state.cloudflare, account, &uuid)?;
    Ok(envelope::one(wire::build(worker, build)))
}

/// `GET …/builds/builds/{uuid}/logs?cursor=`: pairs of a time and a text. The cursor is where the next page begins.
pub async fn logs(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((account, uuid)): Path<(String, String)>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let bad_cursor = || ApiError::bad_request(12_001, "invalid cursor");
    let start = match &pairs[..] {
        [] => 0,
        [(key, cursor)] if key == "cursor" => {
            cursor.strip_prefix("c-").and_then(|at| at.parse::<usize>().ok()).ok_or_else(bad_cursor)?
        }
        _ => return Err(bad_cursor()),
    };
    let state = world.state();
    let account = caller.builder(&state.cloudflare, &account, READ)?;
    let (_, build) = found(&state.cloudflare, account, &uuid)?;
    // Ten lines for each element that other lists may have.
    let length = world.options.page_size.max(1) * 10;
    let lines: Vec<Value> =
        build.log.iter().skip(start).take(length).map(|line| json!([line.at, line.text])).collect();
    let end = start + lines.len();
    Ok(envelope::one(
        json!({"cursor": format!("c-{end}"), "truncated": end < build.log.len(), "lines": lines}),
    ))
}

/// `POST …/builds/triggers/{uuid}/builds` with `{"branch"}` or `{"commit_hash"}`.
pub async fn rerun(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((account, uuid)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let bad_body = || ApiError::bad_request(12_002, "branch or commit_hash is required");
    let (account, worker) = {
        let state = world.state();
        let account = caller.builder(&state.cloudflare, &account, EDIT)?.clone();
        let mine = state.cloudflare.workers.iter().filter(|worker| worker.account_id == account.id);
        let worker =
            mine.into_iter().find(|worker| worker.triggers.iter().any(|it| it.uuid == uuid)).cloned();
        (account, worker.ok_or_else(not_found)?)
    };
    let body: Value = serde_json::from_slice(&body).map_err(|_| bad_body())?;
    let (branch, sha) = (body["branch"].as_str(), body["commit_hash"].as_str());
    let commit = match (branch, sha) {
        (Some(branch), None) => head(&world, &worker, &uuid, branch).await.ok_or_else(not_found)?,
        (None, Some(sha)) => known(&world, &account, sha).ok_or_else(not_found)?,
        _ => return Err(bad_body()),
    };
    let now = now_ms();
    let again = Build {
        uuid: guid(),
        tag: worker.tag.clone(),
        trigger: uuid,
        status: "queued".to_owned(),
        outcome: None,
        source: "api".to_owned(),
        commit,
        log: Vec::new(),
        created_at: now,
        modified_at: now,
    };
    let shown = json!({"build_uuid": again.uuid, "created_on": wire::time(now)});
    world.state().cloudflare.builds.push(again);
    Ok(envelope::one(shown))
}

async fn head(world: &World, worker: &Worker, trigger: &str, branch: &str) -> Option<Commit> {
    let trigger = worker.triggers.iter().find(|it| it.uuid == trigger)?;
    let sha = git::resolve(&world.bare(&trigger.repository), &format!("refs/heads/{branch}")).await?;
    Some(Commit { branch: branch.to_owned(), sha, ..Commit::default() })
}

/// The commit, if it was built before.
fn known(world: &World, account: &Account, sha: &str) -> Option<Commit> {
    let state = world.state();
    let cloudflare = &state.cloudflare;
    let is_mine =
        |build: &&Build| cloudflare.worker(&build.tag).is_some_and(|worker| worker.account_id == account.id);
    let before = cloudflare.builds.iter().filter(is_mine).find(|build| build.commit.sha == sha)?;
    Some(before.commit.clone())
}

fn not_found() -> ApiError {
    ApiError::not_found(12_000, "Not found")
}

fn tagged<'a>(cloudflare: &'a Cloudflare, account: &Account, tag: &str) -> Result<&'a Worker, ApiError> {
    let mut mine = cloudflare.workers.iter().filter(|worker| worker.account_id == account.id);
    mine.find(|worker| worker.tag == tag).ok_or_else(not_found)
}

fn found<'a>(
    cloudflare: &'a Cloudflare,
    account: &Account,
    uuid: &str,
) -> Result<(&'a Worker, &'a Build), ApiError> {
    let build = cloudflare.builds.iter().find(|build| build.uuid == uuid).ok_or_else(not_found)?;
    Ok((tagged(cloudflare, account, &build.tag)?, build))
}
