//! `/v3/sandboxes`, `/v2/sandboxes` and `/v2/sandboxes/{name}`: create, list, show, resume, delete.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::asked::{Asked, Strict, invalid};
use super::policy::Policy;
use super::state::{Route, Sandbox, Session, Status};
use super::vm::{self, Machine, Vm};
use super::wire;
use crate::ids::{now_ms, random};
use crate::vercel::error::ApiError;
use crate::vercel::state::{Plan, Team};
use crate::world::World;

const RUNTIMES: [&str; 4] = ["node26", "node24", "node22", "python3.13"];
const IMAGES: [&str; 7] = ["universal", "node:22", "node:24", "node:26", "python:3.14", "ubuntu", "arch"];
const REGIONS: [&str; 19] = [
    "iad1", "sfo1", "cle1", "cdg1", "fra1", "arn1", "sin1", "pdx1", "lhr1", "icn1", "bom1", "cpt1", "dub1",
    "gru1", "hkg1", "syd1", "yul1", "hnd1", "kix1",
];
/// Words of the paths beside those of sandboxes.
const TAKEN: [&str; 3] = ["sessions", "snapshots", "drives"];
const MOST_PORTS: usize = 15;
const MOST_TAGS: usize = 5;
const MOST_VCPUS: u64 = 8;
const DEFAULT_TIMEOUT: u64 = 5 * 60 * 1000;
const MOST_LISTED: usize = 50;

/// Body of a creation.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Create {
    project_id: String,
    name: Option<String>,
    runtime: Option<String>,
    image: Option<String>,
    timeout: Option<u64>,
    resources: Option<Resources>,
    ports: Option<Vec<u16>>,
    env: Option<BTreeMap<String, String>>,
    persistent: Option<bool>,
    network_policy: Option<Value>,
    region: Option<String>,
    tags: Option<BTreeMap<String, String>>,
    // The platform's, but not played here.
    source: Option<Value>,
    mounts: Option<Value>,
    network_id: Option<Value>,
    failover_regions: Option<Value>,
    snapshot_expiration: Option<Value>,
    keep_last_snapshots: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resources {
    vcpus: u64,
}

/// `POST /v3/sandboxes`: from an image.
pub async fn create_from_image(
    State(world): State<Arc<World>>,
    asked: Asked,
    Strict(mut wanted): Strict<Create>,
) -> Result<Json<Value>, ApiError> {
    if wanted.runtime.is_some() {
        return Err(invalid("should NOT have additional property `runtime`."));
    }
    let image = wanted.image.take().unwrap_or_else(|| "vercel/sandbox/universal:latest".to_owned());
    wanted.image = Some(pinned(&image)?);
    create(world, asked, wanted).await
}

/// `POST /v2/sandboxes`: with a runtime.
pub async fn create_with_runtime(
    State(world): State<Arc<World>>,
    asked: Asked,
    Strict(wanted): Strict<Create>,
) -> Result<Json<Value>, ApiError> {
    if wanted.image.is_some() {
        return Err(invalid("should NOT have additional property `image`."));
    }
    let runtime = wanted.runtime.as_deref().ok_or_else(|| invalid("missing required property `runtime`."))?;
    if !RUNTIMES.contains(&runtime) {
        return Err(invalid("`runtime` is not a known runtime."));
    }
    create(world, asked, wanted).await
}

async fn create(world: Arc<World>, asked: Asked, wanted: Create) -> Result<Json<Value>, ApiError> {
    asked.only(&[])?;
    let made = checked(wanted, &asked.team)?;
    let session = made.session().id.clone();
    {
        let mut state = world.state();
        project(&state.vercel.projects, &asked.team, &made.project_id)?;
        let sandboxes = &mut state.vercel.sandboxes;
        if sandboxes.find(&made.team_id, &made.project_id, &made.name).is_some() {
            return Err(ApiError::conflict(&format!("A sandbox named `{}` already exists.", made.name)));
        }
        if !sandboxes.has_room(&asked.team) {
            return Err(too_many());
        }
        sandboxes.list.push(made);
    }
    finish(world, session, true).await.map(Json)
}

/// Starts a session's machine, even if the client does not wait for it: the platform does not either.
async fn finish(world: Arc<World>, session: String, new: bool) -> Result<Value, ApiError> {
    let launched = tokio::spawn(async move { launch(&world, &session, new).await });
    launched.await.unwrap_or_else(|error| Err(ApiError::internal(&error.to_string())))
}

async fn launch(world: &Arc<World>, id: &str, new: bool) -> Result<Value, ApiError> {
    let missing = || ApiError::not_found("The sandbox could not be found.");
    let machine = {
        let mut state = world.state();
        let (sandbox, index) = state.vercel.sandboxes.session(id).ok_or_else(missing)?;
        let session = &sandbox.sessions[index];
        Machine {
            folder: sandbox.folder.clone(),
            session: session.id.clone(),
            keep_root: sandbox.persistent,
            policy: session.policy().clone(),
            timeout: session.timeout,
        }
    };
    let started = Vm::start(world, machine).await;
    let mut state = world.state();
    let sandboxes = &mut state.vercel.sandboxes;
    let (sandbox, index) = sandboxes.session(id).ok_or_else(missing)?;
    match started {
        Ok(vm) => {
            sandbox.sessions[index].becomes(Status::Running);
            sandbox.sessions[index].vm = Some(vm);
            let mut shown = wire::both(sandbox);
            if !new {
                shown["resumed"] = json!(true);
            }
            Ok(shown)
        }
        Err(error) => {
            sandbox.sessions[index].becomes(Status::Failed);
            if new {
                sandboxes.list.retain(|sandbox| sandbox.session().id != id);
            }
            Err(ApiError::internal(&format!("{error:#}")))
        }
    }
}

/// `GET /v2/sandboxes/{name}`, with `resume=true` in a new session if there is none.
pub async fn one(
    State(world): State<Arc<World>>,
    asked: Asked,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    asked.only(&["projectId", "resume"])?;
    let (project, resume) = (asked.need("projectId")?, asked.flag("resume")?);
    let session = {
        let mut state = world.state();
        let sandboxes = &mut state.vercel.sandboxes;
        let room = sandboxes.has_room(&asked.team);
        let sandbox = sandboxes.find(&asked.team.id, project, &name).ok_or_else(no_sandbox)?;
        if !resume || sandbox.session().status.is_live() {
            return Ok(Json(wire::both(sandbox)));
        }
        if !room {
            return Err(too_many());
        }
        let session = session(sandbox.timeout, sandbox.policy.clone());
        let id = session.id.clone();
        sandbox.sessions.push(session);
        id
    };
    finish(world, session, false).await.map(Json)
}

/// `GET /v2/sandboxes`: the team's, newest first.
pub async fn list(State(world): State<Arc<World>>, asked: Asked) -> Result<Json<Value>, ApiError> {
    asked.only(&["project", "limit", "cursor", "namePrefix"])?;
    let limit = asked.get("limit").map_or(Ok(MOST_LISTED), |limit| {
        let limit = limit.parse().ok().filter(|limit| (1..=MOST_LISTED).contains(limit));
        limit.ok_or_else(|| invalid("`limit` should be 1 to 50."))
    })?;
    let state = world.state();
    let fits = |sandbox: &&Sandbox| {
        sandbox.team_id == asked.team.id
            && asked.get("project").is_none_or(|project| project == sandbox.project_id)
            && asked.get("namePrefix").is_none_or(|prefix| sandbox.name.starts_with(prefix))
    };
    let mine: Vec<&Sandbox> = state.vercel.sandboxes.list.iter().rev().filter(fits).collect();
    let from = match asked.get("cursor") {
        None => 0,
        Some(cursor) => {
            let before = mine.iter().position(|sandbox| sandbox.session().id == cursor);
            before.ok_or_else(|| invalid("`cursor` is unknown."))? + 1
        }
    };
    let page = &mine[from..mine.len().min(from + limit)];
    let next = page.last().filter(|_| from + page.len() < mine.len()).map(|sandbox| &sandbox.session().id);
    let sandboxes: Vec<Value> = page.iter().copied().map(wire::sandbox).collect();
    Ok(Json(json!({"sandboxes": sandboxes, "pagination": {"count": page.len(), "next": next}})))
}

/// `DELETE /v2/sandboxes/{name}`, with the session that runs.
pub async fn delete(
    State(world): State<Arc<World>>,
    asked: Asked,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    asked.only(&["projectId", "deleteOrphanSnapshots"])?;
    asked.flag("deleteOrphanSnapshots")?;
    let project = asked.need("projectId")?;
    let mut removed = {
        let mut state = world.state();
        state.vercel.sandboxes.remove(&asked.team.id, project, &name).ok_or_else(no_sandbox)?
    };
    let ending = removed.session().vm.as_ref().map(|vm| vm.end(Status::Stopped));
    if let Some(ending) = ending {
        vm::ended(ending).await;
        removed.session_mut().becomes(Status::Stopped);
    }
    let shown = json!({"sandbox": wire::sandbox(&removed)});
    // There may be many files.
    tokio::task::spawn_blocking(move || drop(removed));
    Ok(Json(shown))
}

fn no_sandbox() -> ApiError {
    ApiError::not_found("The sandbox could not be found.")
}

fn too_many() -> ApiError {
    ApiError::rate_limited("The team has reached the limit of concurrent sandboxes.")
}

/// Refuses projects that do not exist or are another account's.
fn project(projects: &[crate::vercel::state::Project], team: &Team, id: &str) -> Result<(), ApiError> {
    match projects.iter().find(|project| project.id == id) {
        None => Err(ApiError::not_found("The project could not be found.")),
        Some(project) if project.account_id != team.id => Err(ApiError::not_authorized()),
        Some(_) => Ok(()),
    }
}

/// The longest time that a session of this team may run, in ms.
pub(super) fn longest(team: &Team) -> u64 {
    let minutes = match team.plan {
        Plan::Hobby => 45,
        Plan::Pro | Plan::Enterprise => 5 * 60,
    };
    minutes * 60 * 1000
}

fn session(timeout: u64, policy: Policy) -> Session {
    let now = now_ms();
    Session {
        id: format!("sbx_{}", random(28)),
        status: Status::Pending,
        timeout,
        created_at: now,
        started_at: None,
        stop_requested_at: None,
        ended_at: None,
        updated_at: now,
        policies: vec![policy],
        commands: Vec::new(),
        vm: None,
    }
}

/// The image as answers name it.
fn pinned(image: &str) -> Result<String, ApiError> {
    let known = image.strip_prefix("vercel/sandbox/").and_then(|rest| {
        let plain = rest.strip_suffix(":latest").unwrap_or(rest);
        IMAGES.contains(&plain).then(|| plain.split(':').next().unwrap_or(plain))
    });
    let name = known.ok_or_else(|| ApiError::not_found("The image could not be found."))?;
    Ok(format!("vercel/sandbox/{name}@sha256:{}", crate::webhook::sha256_hex("image", image.as_bytes())))
}

/// The sandbox that was asked for, if all of it is as it should be.
fn checked(wanted: Create, team: &Team) -> Result<Sandbox, ApiError> {
    let unplayed = [
        ("source", wanted.source),
        ("mounts", wanted.mounts),
        ("networkId", wanted.network_id),
        ("failoverRegions", wanted.failover_regions),
        ("snapshotExpiration", wanted.snapshot_expiration),
        ("keepLastSnapshots", wanted.keep_last_snapshots),
    ];
    if let Some((key, _)) = unplayed.iter().find(|(_, value)| value.is_some()) {
        return Err(invalid(&format!("the stand-in does not play `{key}`.")));
    }
    let name = wanted.name.unwrap_or_else(|| format!("sandbox-{}", random(12).to_lowercase()));
    let in_name = |one: char| one.is_ascii_alphanumeric() || one == '-' || one == '_';
    let begins = name.starts_with(|one: char| one.is_ascii_alphanumeric());
    if !begins || name.len() > 100 || !name.chars().all(in_name) || TAKEN.contains(&name.as_str()) {
        return Err(invalid("`name` should be 1 to 100 letters, digits, `-` and `_`."));
    }
    let timeout = wanted.timeout.unwrap_or(DEFAULT_TIMEOUT);
    if !(1..=longest(team)).contains(&timeout) {
        return Err(invalid(&format!("`timeout` should be 1 to {} ms.", longest(team))));
    }
    let vcpus = wanted.resources.map_or(2, |resources| resources.vcpus);
    if vcpus == 0 || vcpus > MOST_VCPUS || (vcpus > 1 && vcpus % 2 == 1) {
        return Err(invalid("`resources.vcpus` should be 1 or an even number up to 8."));
    }
    let ports = wanted.ports.unwrap_or_default();
    let distinct: BTreeSet<u16> = ports.iter().copied().collect();
    if ports.len() > MOST_PORTS || distinct.len() != ports.len() || distinct.contains(&0) {
        return Err(invalid("`ports` should be up to 15 different ports."));
    }
    if wanted.tags.as_ref().is_some_and(|tags| tags.len() > MOST_TAGS) {
        return Err(invalid("`tags` should be up to 5."));
    }
    let env = wanted.env.unwrap_or_default();
    variables(&env)?;
    let region = wanted.region.unwrap_or_else(|| "iad1".to_owned());
    if !REGIONS.contains(&region.as_str()) {
        return Err(invalid("`region` is not a known region."));
    }
    let policy = wanted.network_policy.as_ref().map(Policy::parse).transpose()?.unwrap_or_default();
    let route = |port: &u16| {
        let subdomain = format!("sb-{}", random(12).to_lowercase());
        Route { url: format!("https://{subdomain}.vercel.run"), subdomain, port: *port }
    };
    let folder = tempfile::Builder::new().prefix("standins-sandbox-").tempdir();
    let now = now_ms();
    Ok(Sandbox {
        name,
        project_id: wanted.project_id,
        team_id: team.id.clone(),
        persistent: wanted.persistent.unwrap_or(true),
        runtime: wanted.runtime,
        image: wanted.image,
        timeout,
        vcpus,
        region,
        env,
        tags: wanted.tags,
        policy: policy.clone(),
        routes: ports.iter().map(route).collect(),
        created_at: now,
        updated_at: now,
        sessions: vec![session(timeout, policy)],
        folder: Arc::new(folder.map_err(|error| ApiError::internal(&error.to_string()))?),
    })
}

/// Refuses names that no environment can have.
pub(super) fn variables(env: &BTreeMap<String, String>) -> Result<(), ApiError> {
    match env.keys().find(|name| name.is_empty() || name.contains('=')) {
        Some(name) => Err(invalid(&format!("`env` has `{name}`, which is no name of a variable."))),
        None => Ok(()),
    }
}
