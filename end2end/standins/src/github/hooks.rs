//! Webhooks of a repository.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::Repo;
use super::error::{Answer, ApiError};
use super::state::{Hook, Permission};
use super::{deliveries, wire};
use crate::ids::{now_ms, rfc3339};
use crate::webhook::is_loopback_http;
use crate::world::World;

#[derive(Deserialize)]
struct NewHook {
    name: Option<String>,
    config: Option<Config>,
    events: Option<Vec<String>>,
    active: Option<bool>,
}

#[derive(Deserialize)]
struct Config {
    url: Option<String>,
    content_type: Option<String>,
    secret: Option<String>,
}

/// `POST …/hooks`: 201, then a `ping` delivery. The same address and events twice: 422.
pub async fn create(State(world): State<Arc<World>>, repo: Repo, body: Bytes) -> Answer {
    repo.needs(Permission::Admin)?;
    let invalid = |message: &str| {
        ApiError::validation(json!({"resource": "Hook", "code": "custom", "message": message}))
    };
    let new: NewHook =
        serde_json::from_slice(&body).map_err(|_| ApiError::unprocessable("Invalid request."))?;
    if new.name.as_deref().is_some_and(|name| name != "web") {
        return Err(invalid("The name of a hook must be web"));
    }
    let config = new.config.ok_or_else(|| invalid("Config must contain URL for webhooks"))?;
    let url = config.url.ok_or_else(|| invalid("Config must contain URL for webhooks"))?;
    let parsed = reqwest::Url::parse(&url).map_err(|_| invalid("url is not valid"))?;
    let local = matches!(parsed.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if local && !(world.options.allow_loopback_webhooks && is_loopback_http(&parsed)) {
        return Err(invalid(
            "url is not supported because it isn't reachable over the public Internet (localhost)",
        ));
    }
    if config.content_type.as_deref() != Some("json") {
        return Err(invalid("This server delivers content_type json only"));
    }
    let events = new.events.unwrap_or_else(|| vec!["push".to_owned()]);
    let (hook, answer) = {
        let mut state = world.state();
        let id = state.github.next_id();
        let known = state.github.repository_mut(&repo.full_name()).ok_or_else(ApiError::not_found)?;
        if known.hooks.iter().any(|hook| hook.url == url && hook.events == events) {
            return Err(invalid("Hook already exists on this repository"));
        }
        let active = new.active.unwrap_or(true);
        let hook = Hook { id, url, secret: config.secret, events, active, created_at: now_ms() };
        known.hooks.push(hook.clone());
        let answer = hook_json(&world.github_url(), &repo.full_name(), &hook);
        (hook, answer)
    };
    deliveries::ping(&world, &repo.full_name(), &hook);
    Ok(wire::answer(StatusCode::CREATED, answer))
}

/// `GET …/hooks`.
pub async fn list(
    State(world): State<Arc<World>>,
    repo: Repo,
    Query(query): Query<Vec<(String, String)>>,
) -> Answer {
    repo.needs(Permission::Admin)?;
    let base = world.github_url();
    let items = repo.repository.hooks.iter().map(|hook| hook_json(&base, &repo.full_name(), hook)).collect();
    Ok(wire::paged(items, &format!("{base}/repos/{}/hooks", repo.full_name()), &query))
}

/// `GET …/hooks/{id}`.
pub async fn one(
    State(world): State<Arc<World>>,
    repo: Repo,
    Path((_, _, id)): Path<(String, String, u64)>,
) -> Answer {
    repo.needs(Permission::Admin)?;
    let hook = repo.repository.hooks.iter().find(|hook| hook.id == id).ok_or_else(ApiError::not_found)?;
    Ok(wire::answer(StatusCode::OK, hook_json(&world.github_url(), &repo.full_name(), hook)))
}

/// `DELETE …/hooks/{id}`: 204.
pub async fn delete(
    State(world): State<Arc<World>>,
    repo: Repo,
    Path((_, _, id)): Path<(String, String, u64)>,
) -> Answer {
    repo.needs(Permission::Admin)?;
    let mut state = world.state();
    let known = state.github.repository_mut(&repo.full_name()).ok_or_else(ApiError::not_found)?;
    let before = known.hooks.len();
    known.hooks.retain(|hook| hook.id != id);
    if known.hooks.len() == before {
        Err(ApiError::not_found())
    } else {
        Ok(StatusCode::NO_CONTENT.into_response())
    }
}

/// A hook; its secret is shown as stars.
pub fn hook_json(base: &str, full_name: &str, hook: &Hook) -> Value {
    let url = format!("{base}/repos/{full_name}/hooks/{}", hook.id);
    let mut config = json!({"url": hook.url, "content_type": "json", "insecure_ssl": "0"});
    if hook.secret.is_some() {
        config["secret"] = json!("********");
    }
    json!({"type": "Repository", "id": hook.id, "name": "web", "active": hook.active, "events": hook.events,
        "config": config, "url": url, "test_url": format!("{url}/test"), "ping_url": format!("{url}/pings"),
        "deliveries_url": format!("{url}/deliveries"), "created_at": rfc3339(hook.created_at),
        "updated_at": rfc3339(hook.created_at), "last_response": {"code": null, "status": "unused", "message": null}})
}
