//! `/webhooks`: list, create, show, change, delete. The secret is in every answer.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query as Pairs, State};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::auth::Caller;
use super::error::ApiError;
use super::query::{Page, Query};
use super::state::{Owner, Plan, Render, Webhook};
use super::wire;
use crate::ids::random;
use crate::webhook::is_loopback_http;
use crate::world::World;

/// Events that the platform knows, as far as deploys and services go.
const EVENTS: [&str; 14] = [
    "build_started",
    "build_ended",
    "deploy_started",
    "deploy_ended",
    "pre_deploy_started",
    "pre_deploy_ended",
    "image_pull_failed",
    "server_available",
    "server_failed",
    "server_restarted",
    "service_suspended",
    "service_resumed",
    "cron_job_run_started",
    "cron_job_run_ended",
];
/// Webhooks of a workspace on the largest plan.
const MOST_WEBHOOKS: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wanted {
    owner_id: String,
    name: String,
    url: String,
    enabled: bool,
    event_filter: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Change {
    name: Option<String>,
    url: Option<String>,
    enabled: Option<bool>,
    event_filter: Option<Vec<String>>,
}

/// `GET /webhooks?ownerId=…`.
pub async fn list(
    State(world): State<Arc<World>>,
    caller: Caller,
    Pairs(pairs): Pairs<Vec<(String, String)>>,
) -> Result<Json<Value>, ApiError> {
    let mut query = Query::new(pairs);
    let owners = query.all("ownerId");
    let page = Page::of(&mut query, world.options.page_size)?;
    query.done()?;
    let state = world.state();
    for owner in &owners {
        administrated(&state.render, &caller, owner)?;
    }
    let mine = state.render.webhooks.iter().filter(|webhook| {
        caller.owner(&state.render, &webhook.owner_id).is_ok()
            && (owners.is_empty() || owners.contains(&webhook.owner_id))
    });
    let items = mine.map(|webhook| (webhook.id.as_str(), webhook)).collect();
    page.cut("webhook", items, wire::webhook).map(Json)
}

/// `POST /webhooks`: 201.
pub async fn create(
    State(world): State<Arc<World>>,
    caller: Caller,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let wanted: Wanted = parse(&body)?;
    check(&world, Some(&wanted.url), Some(&wanted.event_filter))?;
    let mut state = world.state();
    let owner = administrated(&state.render, &caller, &wanted.owner_id)?;
    let most = if owner.plan == Plan::Scale { MOST_WEBHOOKS } else { 1 };
    if state.render.webhooks.iter().filter(|webhook| webhook.owner_id == owner.id).count() >= most {
        return Err(ApiError::bad_request("the workspace has reached its limit of webhooks"));
    }
    let webhook = Webhook {
        id: format!("whk-{}", random(20).to_lowercase()),
        owner_id: wanted.owner_id,
        name: wanted.name,
        url: wanted.url,
        enabled: wanted.enabled,
        event_filter: wanted.event_filter,
        secret: format!("whsec_{}", STANDARD.encode(random(24))),
    };
    let answer = wire::webhook(&webhook);
    state.render.webhooks.push(webhook);
    Ok((StatusCode::CREATED, Json(answer)))
}

/// `GET /webhooks/{id}`.
pub async fn one(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let state = world.state();
    let at = position(&state.render, &caller, &id)?;
    Ok(Json(wire::webhook(&state.render.webhooks[at])))
}

/// `PATCH /webhooks/{id}`: what is not given stays.
pub async fn change(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let change: Change = parse(&body)?;
    check(&world, change.url.as_deref(), change.event_filter.as_deref())?;
    let mut state = world.state();
    let at = position(&state.render, &caller, &id)?;
    let webhook = &mut state.render.webhooks[at];
    webhook.enabled = change.enabled.unwrap_or(webhook.enabled);
    if let Some(name) = change.name {
        webhook.name = name;
    }
    if let Some(url) = change.url {
        webhook.url = url;
    }
    if let Some(filter) = change.event_filter {
        webhook.event_filter = filter;
    }
    Ok(Json(wire::webhook(webhook)))
}

/// `DELETE /webhooks/{id}`: 204.
pub async fn delete(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let mut state = world.state();
    let at = position(&state.render, &caller, &id)?;
    state.render.webhooks.remove(at);
    Ok(StatusCode::NO_CONTENT)
}

/// The workspace, if its plan has webhooks and the caller may manage them.
fn administrated<'a>(render: &'a Render, caller: &Caller, id: &str) -> Result<&'a Owner, ApiError> {
    let owner = caller.owner(render, id)?;
    if owner.plan == Plan::Hobby {
        return Err(ApiError::payment_required("webhooks need a Professional workspace or higher"));
    }
    if !owner.admins.contains(&caller.user.login) {
        return Err(ApiError::forbidden("only admins of the workspace manage webhooks"));
    }
    Ok(owner)
}

fn position(render: &Render, caller: &Caller, id: &str) -> Result<usize, ApiError> {
    let found = render.webhooks.iter().position(|webhook| webhook.id == id);
    let at = found.ok_or_else(|| ApiError::not_found(&format!("not found: {id}")))?;
    administrated(render, caller, &render.webhooks[at].owner_id)?;
    Ok(at)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::bad_request(&format!("invalid body: {error}")))
}

fn check(world: &World, url: Option<&str>, filter: Option<&[String]>) -> Result<(), ApiError> {
    let allow_loopback = world.options.allow_loopback_webhooks;
    let valid = url.is_none_or(|url| {
        reqwest::Url::parse(url)
            .is_ok_and(|url| url.scheme() == "https" || (allow_loopback && is_loopback_http(&url)))
    });
    if !valid {
        return Err(ApiError::bad_request("invalid url"));
    }
    if filter.unwrap_or_default().iter().any(|event| !EVENTS.contains(&event.as_str())) {
        return Err(ApiError::bad_request("invalid eventFilter"));
    }
    Ok(())
}
