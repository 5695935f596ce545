//! `/accounts/{account}/alerting/v3/…`: webhook destinations and notification policies.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::Caller;
use super::envelope::{self, Answer, ApiError};
use super::state::{Cloudflare, Destination, Policy};
use crate::ids::{guid, now_ms, rfc3339};
use crate::webhook::is_loopback_http;
use crate::world::World;

const READ: &str = "notifications.read";
const EDIT: &str = "notifications.edit";
const ALERT: &str = "pages_event_alert";
const EVENTS: [&str; 3] = ["EVENT_DEPLOYMENT_STARTED", "EVENT_DEPLOYMENT_FAILED", "EVENT_DEPLOYMENT_SUCCESS"];
const ENVIRONMENTS: [&str; 2] = ["ENVIRONMENT_PRODUCTION", "ENVIRONMENT_PREVIEW"];

/// A new id: 32 hex digits.
pub fn new_id() -> String {
    guid().replace('-', "")
}

/// `GET …/destinations/webhooks`: all at once, no secrets.
pub async fn destinations(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path(account): Path<String>,
) -> Answer {
    let state = world.state();
    let account = caller.account(&state.cloudflare, &account, READ)?;
    let mine = state.cloudflare.destinations.iter().filter(|it| it.account_id == account.id);
    let shown = |it: &Destination| {
        let made = rfc3339(it.created_at);
        json!({"id": it.id, "name": it.name, "url": it.url, "type": "generic", "created_at": made})
    };
    Ok(envelope::one(mine.map(shown).collect()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewDestination {
    name: String,
    url: String,
    secret: Option<String>,
}

/// `POST …/destinations/webhooks`.
pub async fn create_destination(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path(account): Path<String>,
    body: Bytes,
) -> Answer {
    let mut state = world.state();
    let account = caller.account(&state.cloudflare, &account, EDIT)?.clone();
    if !account.webhooks_allowed {
        let message = "webhooks are not available for this account";
        return Err(ApiError::new(StatusCode::FORBIDDEN, 17_004, message));
    }
    let new: NewDestination = read(&body)?;
    let is_reachable = |url: &reqwest::Url| {
        let is_usual = matches!(url.port_or_known_default(), Some(80 | 443)) && !is_loopback_http(url);
        is_usual || (world.options.allow_loopback_webhooks && is_loopback_http(url))
    };
    if new.name.is_empty() || !reqwest::Url::parse(&new.url).is_ok_and(|url| is_reachable(&url)) {
        return Err(invalid("webhook url must be publicly reachable on port 80 or 443"));
    }
    let id = new_id();
    state.cloudflare.destinations.push(Destination {
        id: id.clone(),
        account_id: account.id,
        name: new.name,
        url: new.url,
        secret: new.secret,
        created_at: now_ms(),
    });
    Ok(envelope::one(json!({"id": id})))
}

/// `DELETE …/destinations/webhooks/{id}`.
pub async fn delete_destination(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((account, id)): Path<(String, String)>,
) -> Answer {
    let mut state = world.state();
    let account = caller.account(&state.cloudflare, &account, EDIT)?.id.clone();
    let destinations = &mut state.cloudflare.destinations;
    let before = destinations.len();
    destinations.retain(|it| !(it.id == id && it.account_id == account));
    if destinations.len() == before { Err(not_found()) } else { Ok(envelope::one(json!({"id": id}))) }
}

/// `GET …/policies`: all at once.
pub async fn policies(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path(account): Path<String>,
) -> Answer {
    let state = world.state();
    let account = caller.account(&state.cloudflare, &account, READ)?;
    let mine = state.cloudflare.policies.iter().filter(|policy| policy.account_id == account.id);
    Ok(envelope::one(mine.map(shown).collect()))
}

fn shown(policy: &Policy) -> Value {
    let mechanisms: BTreeMap<&String, Vec<Value>> = policy
        .mechanisms
        .iter()
        .map(|(kind, ids)| (kind, ids.iter().map(|id| json!({"id": id})).collect()))
        .collect();
    json!({"id": policy.id, "name": policy.name, "description": "", "enabled": policy.enabled,
        "alert_type": policy.alert_type, "mechanisms": mechanisms, "filters": policy.filters,
        "created": rfc3339(policy.created_at), "modified": rfc3339(policy.created_at)})
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPolicy {
    name: String,
    enabled: bool,
    alert_type: String,
    #[serde(rename = "description")]
    _description: Option<String>,
    mechanisms: BTreeMap<String, Vec<Mechanism>>,
    #[serde(default)]
    filters: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mechanism {
    id: String,
}

/// `POST …/policies`.
pub async fn create_policy(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path(account): Path<String>,
    body: Bytes,
) -> Answer {
    let mut state = world.state();
    let account = caller.account(&state.cloudflare, &account, EDIT)?.id.clone();
    let new: NewPolicy = read(&body)?;
    if new.alert_type != ALERT {
        return Err(invalid("alert_type is not available"));
    }
    check_filters(&state.cloudflare, &account, &new.filters)?;
    let mechanisms: BTreeMap<String, Vec<String>> = new
        .mechanisms
        .into_iter()
        .map(|(kind, list)| (kind, list.into_iter().map(|it| it.id.replace('-', "")).collect()))
        .collect();
    let known =
        |id: &String| state.cloudflare.destinations.iter().any(|it| it.id == *id && it.account_id == account);
    let webhooks = mechanisms.get("webhooks").map_or(&[][..], Vec::as_slice);
    let is_known_kind =
        mechanisms.keys().all(|kind| ["webhooks", "email", "pagerduty"].contains(&kind.as_str()));
    if !is_known_kind || mechanisms.values().all(Vec::is_empty) || !webhooks.iter().all(known) {
        return Err(invalid("mechanisms must name destinations of the account"));
    }
    let id = new_id();
    state.cloudflare.policies.push(Policy {
        id: id.clone(),
        account_id: account,
        name: new.name,
        enabled: new.enabled,
        alert_type: new.alert_type,
        mechanisms,
        filters: new.filters,
        created_at: now_ms(),
    });
    Ok(envelope::one(json!({"id": id})))
}

/// Values are taken in exactly their own casing, and projects by their ids.
fn check_filters(
    cloudflare: &Cloudflare,
    account: &str,
    filters: &BTreeMap<String, Vec<String>>,
) -> Result<(), ApiError> {
    for (key, values) in filters {
        let is_valid = |value: &String| match key.as_str() {
            "event" => EVENTS.contains(&value.as_str()),
            "environment" => ENVIRONMENTS.contains(&value.as_str()),
            "project_id" => cloudflare
                .projects
                .iter()
                .any(|project| project.id == *value && project.account_id == account),
            _ => false,
        };
        if values.is_empty() || !values.iter().all(is_valid) {
            return Err(invalid(&format!("invalid filter {key}")));
        }
    }
    Ok(())
}

/// `DELETE …/policies/{id}`.
pub async fn delete_policy(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path((account, id)): Path<(String, String)>,
) -> Answer {
    let mut state = world.state();
    let account = caller.account(&state.cloudflare, &account, EDIT)?.id.clone();
    let policies = &mut state.cloudflare.policies;
    let before = policies.len();
    policies.retain(|policy| !(policy.id == id && policy.account_id == account));
    if policies.len() == before { Err(not_found()) } else { Ok(envelope::one(json!({"id": id}))) }
}

fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| invalid(&format!("malformed body: {error}")))
}

fn invalid(message: &str) -> ApiError {
    ApiError::bad_request(17_000, message)
}

fn not_found() -> ApiError {
    ApiError::not_found(17_002, "not found")
}
