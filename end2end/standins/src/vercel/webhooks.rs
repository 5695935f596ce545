//! `/v1/webhooks`: create, list, show, delete. There is no update, and the secret is shown once.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::Caller;
use super::error::ApiError;
use super::state::{Plan, Team, Webhook};
use crate::ids::{now_ms, random};
use crate::webhook::is_loopback_http;
use crate::world::World;

/// Events that the platform knows, as far as deployments and projects go, with the legacy names.
const EVENTS: [&str; 26] = [
    "deployment.created",
    "deployment.build-requested",
    "deployment.cleanup",
    "deployment.error",
    "deployment.blocked",
    "deployment.canceled",
    "deployment.succeeded",
    "deployment.ready",
    "deployment.check-rerequested",
    "deployment.promoted",
    "deployment.rollback",
    "deployment.checkrun.start",
    "deployment.checkrun.cancel",
    "project.created",
    "project.removed",
    "project.renamed",
    "project.domain.created",
    "project.domain.deleted",
    "project.domain.updated",
    "deployment",
    "deployment-ready",
    "deployment-error",
    "deployment-canceled",
    "deployment-prepared",
    "deployment-check-rerequested",
    "test-webhook",
];
/// Webhooks of one team.
const MOST_WEBHOOKS: usize = 20;
/// Projects of one webhook.
const MOST_PROJECTS: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListQuery {
    project_id: Option<String>,
}

/// `POST /v1/webhooks?teamId=…`: 200 with the secret.
pub async fn create(
    State(world): State<Arc<World>>,
    caller: Caller,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let team = team_of(&caller)?;
    if team.plan == Plan::Hobby {
        return Err(ApiError::forbidden("Webhooks are available on the Pro and Enterprise plans."));
    }
    let wanted = parse(&body, world.options.allow_loopback_webhooks)?;
    let mut state = world.state();
    let vercel = &mut state.vercel;
    let foreign = wanted.projects.iter().flatten().find(|id| {
        !vercel.projects.iter().any(|project| project.id == **id && project.account_id == team.id)
    });
    if let Some(id) = foreign {
        return Err(ApiError::bad_request(&format!("Project {id} does not belong to the team.")));
    }
    if vercel.webhooks.iter().filter(|webhook| webhook.owner_id == team.id).count() >= MOST_WEBHOOKS {
        return Err(ApiError::bad_request("The team has reached the limit of 20 webhooks."));
    }
    let webhook = Webhook {
        id: format!("hook_{}", random(24)),
        owner_id: team.id.clone(),
        url: wanted.url,
        events: wanted.events,
        project_ids: wanted.projects,
        secret: random(32),
        created_at: now_ms(),
    };
    let mut answer = shown(&webhook);
    answer["secret"] = json!(webhook.secret);
    vercel.webhooks.push(webhook);
    Ok(Json(answer))
}

/// `GET /v1/webhooks`: a bare array, no secrets.
pub async fn list(
    State(world): State<Arc<World>>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    let account = caller.in_scope()?;
    let state = world.state();
    let covers = |webhook: &&Webhook| {
        query.project_id.as_ref().is_none_or(|project| {
            webhook.project_ids.as_ref().is_none_or(|projects| projects.contains(project))
        })
    };
    let mine = state.vercel.webhooks.iter().filter(|webhook| webhook.owner_id == account).filter(covers);
    Ok(Json(mine.map(shown).collect()))
}

/// `GET /v1/webhooks/{id}`: without the secret.
pub async fn one(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let account = caller.in_scope()?;
    let state = world.state();
    let found = state.vercel.webhooks.iter().find(|webhook| webhook.id == id && webhook.owner_id == account);
    found.map(|webhook| Json(shown(webhook))).ok_or_else(no_webhook)
}

/// `DELETE /v1/webhooks/{id}`: 204.
pub async fn delete(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let account = caller.in_scope()?;
    let mut state = world.state();
    let webhooks = &mut state.vercel.webhooks;
    let before = webhooks.len();
    webhooks.retain(|webhook| !(webhook.id == id && webhook.owner_id == account));
    if webhooks.len() == before { Err(no_webhook()) } else { Ok(StatusCode::NO_CONTENT) }
}

fn no_webhook() -> ApiError {
    ApiError::not_found("Webhook not found.")
}

fn team_of(caller: &Caller) -> Result<&Team, ApiError> {
    caller.in_scope()?;
    caller.team.as_ref().ok_or_else(|| ApiError::forbidden("Webhooks can only be created for a team."))
}

fn shown(webhook: &Webhook) -> Value {
    let mut body = json!({
        "id": webhook.id, "url": webhook.url, "events": webhook.events, "ownerId": webhook.owner_id,
        "createdAt": webhook.created_at, "updatedAt": webhook.created_at,
    });
    if let Some(projects) = &webhook.project_ids {
        body["projectIds"] = json!(projects);
    }
    body
}

struct Wanted {
    url: String,
    events: Vec<String>,
    projects: Option<Vec<String>>,
}

fn parse(body: &[u8], allow_loopback: bool) -> Result<Wanted, ApiError> {
    let invalid = |message: &str| ApiError::bad_request(&format!("Invalid request: {message}"));
    let body: Value = serde_json::from_slice(body).map_err(|_| invalid("body is not JSON."))?;
    let object = body.as_object().ok_or_else(|| invalid("body should be an object."))?;
    if let Some(key) = object.keys().find(|key| !["url", "events", "projectIds"].contains(&key.as_str())) {
        return Err(invalid(&format!("should NOT have additional property `{key}`.")));
    }
    let texts = |key: &str| -> Result<Option<Vec<String>>, ApiError> {
        let Some(value) = object.get(key) else { return Ok(None) };
        let items = value.as_array().ok_or_else(|| invalid(&format!("`{key}` should be an array.")))?;
        let texts: Option<Vec<String>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
        texts.map(Some).ok_or_else(|| invalid(&format!("`{key}` should hold strings.")))
    };
    let url = object
        .get("url")
        .and_then(Value::as_str)
        .ok_or_else(|| invalid("missing required property `url`."))?;
    let valid = reqwest::Url::parse(url)
        .is_ok_and(|url| url.scheme() == "https" || (allow_loopback && is_loopback_http(&url)));
    if !valid {
        return Err(ApiError::invalid("invalid_url", "The webhook's URL must be a valid https URL."));
    }
    let events = texts("events")?
        .filter(|events| !events.is_empty())
        .ok_or_else(|| invalid("missing required property `events`."))?;
    if let Some(event) = events.iter().find(|event| !EVENTS.contains(&event.as_str())) {
        return Err(ApiError::invalid("invalid_event", &format!("The event `{event}` is not supported.")));
    }
    let projects = texts("projectIds")?;
    if projects.as_ref().is_some_and(|projects| !(1..=MOST_PROJECTS).contains(&projects.len())) {
        return Err(invalid("`projectIds` should have 1 to 50 items."));
    }
    Ok(Wanted { url: url.to_owned(), events, projects })
}
