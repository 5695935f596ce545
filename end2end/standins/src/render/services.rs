//! `/services` and `/services/{id}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query as Pairs, State};
use serde_json::Value;

use super::auth::Caller;
use super::error::ApiError;
use super::query::{Page, Query};
use super::state::Service;
use super::wire;
use crate::world::World;

const TYPES: [&str; 5] = ["static_site", "web_service", "private_service", "background_worker", "cron_job"];

/// `GET /services`: those of all the caller's workspaces, or of some; newest first.
pub async fn list(
    State(world): State<Arc<World>>,
    caller: Caller,
    Pairs(pairs): Pairs<Vec<(String, String)>>,
) -> Result<Json<Value>, ApiError> {
    let mut query = Query::new(pairs);
    let (names, owners) = (query.all("name"), query.all("ownerId"));
    let types = query.words("type", &TYPES)?;
    let suspended = query.words("suspended", &["suspended", "not_suspended"])?;
    let previews = query.flag("includePreviews")?.unwrap_or(true);
    let (after, before) = (query.time("createdAfter")?, query.time("createdBefore")?);
    let page = Page::of(&mut query, world.options.page_size)?;
    query.done()?;
    let state = world.state();
    let render = &state.render;
    for owner in &owners {
        caller.owner(render, owner)?;
    }
    let fits = |service: &&Service| {
        let word = if service.settings.suspended { "suspended" } else { "not_suspended" };
        caller.owner(render, &service.owner_id).is_ok()
            && (names.is_empty() || names.contains(&service.name))
            && (owners.is_empty() || owners.contains(&service.owner_id))
            && (types.is_empty() || types.iter().any(|kind| kind == service.settings.kind.word()))
            && (suspended.is_empty() || suspended.iter().any(|wanted| wanted == word))
            && (previews || service.preview_of.is_none())
            && after.is_none_or(|after| service.created_at > after)
            && before.is_none_or(|before| service.created_at < before)
    };
    let mine = render.services.iter().rev().filter(fits);
    let items = mine.map(|service| (service.id.as_str(), service)).collect();
    page.cut("service", items, |service| wire::service(render, service)).map(Json)
}

/// `GET /services/{id}`.
pub async fn one(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let state = world.state();
    let service = caller.service(&state.render, &id)?;
    Ok(Json(wire::service(&state.render, service)))
}
