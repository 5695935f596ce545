//! `/services/{id}/deploys`: list, show, trigger.

use std::cmp::Reverse;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query as Pairs, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;

use super::actions::{self, NewDeployment};
use super::auth::Caller;
use super::error::ApiError;
use super::query::{Page, Query};
use super::state::Deploy;
use super::wire;
use crate::world::World;

const STATUSES: [&str; 11] = [
    "created",
    "queued",
    "build_in_progress",
    "pre_deploy_in_progress",
    "update_in_progress",
    "live",
    "deactivated",
    "build_failed",
    "pre_deploy_failed",
    "update_failed",
    "canceled",
];

/// Bounds on one of a deploy's times, both left out.
type Bounds = (Option<i64>, Option<i64>);

fn bounds(query: &mut Query, name: &str) -> Result<Bounds, ApiError> {
    Ok((query.time(&format!("{name}After"))?, query.time(&format!("{name}Before"))?))
}

fn within(at: Option<i64>, (after, before): Bounds) -> bool {
    let inside = |at: i64| after.is_none_or(|after| at > after) && before.is_none_or(|before| at < before);
    at.map_or(after.is_none() && before.is_none(), inside)
}

/// `GET …/deploys`, newest first.
pub async fn list(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path(id): Path<String>,
    Pairs(pairs): Pairs<Vec<(String, String)>>,
) -> Result<Json<Value>, ApiError> {
    let mut query = Query::new(pairs);
    let statuses = query.words("status", &STATUSES)?;
    let created = bounds(&mut query, "created")?;
    let updated = bounds(&mut query, "updated")?;
    let finished = bounds(&mut query, "finished")?;
    let page = Page::of(&mut query, world.options.page_size)?;
    query.done()?;
    let state = world.state();
    let service = caller.service(&state.render, &id)?;
    let fits = |deploy: &&Deploy| {
        deploy.service_id == service.id
            && (statuses.is_empty() || statuses.contains(&deploy.status))
            && within(Some(deploy.created_at), created)
            && within(Some(deploy.updated_at), updated)
            && within(deploy.finished_at, finished)
    };
    let mut found: Vec<&Deploy> = state.render.deploys.iter().filter(fits).collect();
    found.sort_by_key(|deploy| Reverse(deploy.created_at));
    let items = found.into_iter().map(|deploy| (deploy.id.as_str(), deploy)).collect();
    page.cut("deploy", items, wire::deploy).map(Json)
}

/// `GET …/deploys/{id}`.
pub async fn one(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((id, deploy)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let state = world.state();
    let service = caller.service(&state.render, &id)?;
    let found = state.render.deploy(&deploy).filter(|found| found.service_id == service.id);
    found
        .map(|found| Json(wire::deploy(found)))
        .ok_or_else(|| ApiError::not_found(&format!("not found: {deploy}")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Trigger {
    clear_cache: Option<String>,
    commit_id: Option<String>,
    image_url: Option<String>,
    deploy_mode: Option<String>,
}

fn is_one_of(value: Option<&String>, known: [&str; 2]) -> bool {
    value.is_none_or(|value| known.contains(&value.as_str()))
}

/// `POST …/deploys`: 201 with the deploy, or 202 without a body when another one is not done.
pub async fn trigger(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let (service, busy) = {
        let state = world.state();
        let service = caller.service(&state.render, &id)?.clone();
        let unfinished = |deploy: &Deploy| deploy.service_id == service.id && deploy.finished_at.is_none();
        let busy = state.render.deploys.iter().any(unfinished);
        (service, busy)
    };
    let body = if body.is_empty() { &b"{}"[..] } else { &body };
    let wanted: Trigger =
        serde_json::from_slice(body).map_err(|_| ApiError::bad_request("invalid JSON body"))?;
    if !is_one_of(wanted.clear_cache.as_ref(), ["clear", "do_not_clear"])
        || !is_one_of(wanted.deploy_mode.as_ref(), ["deploy_only", "build_and_deploy"])
    {
        return Err(ApiError::bad_request("invalid clearCache or deployMode"));
    }
    if service.settings.suspended {
        return Err(ApiError::bad_request("service is suspended"));
    }
    if service.image.is_some() && wanted.commit_id.is_some()
        || service.image.is_none() && wanted.image_url.is_some()
    {
        return Err(ApiError::bad_request("commitId is for repositories, imageUrl for images"));
    }
    let new = NewDeployment {
        project: service.id,
        sha: wanted.commit_id,
        image: wanted.image_url,
        status: Some(if busy { "queued" } else { "build_in_progress" }.to_owned()),
        trigger: Some("api".to_owned()),
        ..NewDeployment::default()
    };
    let made = actions::add_deployment(&world, new).await;
    let made = made.map_err(|_| ApiError::bad_request("commit not found"))?;
    if busy {
        return Ok(StatusCode::ACCEPTED.into_response());
    }
    Ok((StatusCode::CREATED, Json(wire::deploy(&made))).into_response())
}
