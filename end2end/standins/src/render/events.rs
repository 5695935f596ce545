//! `/events/{id}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::Value;

use super::auth::Caller;
use super::error::ApiError;
use super::wire;
use crate::world::World;

/// `GET /events/{id}`: an event of a service that the caller may see.
pub async fn one(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    if !id.starts_with("evt-") {
        return Err(ApiError::bad_request("invalid event id"));
    }
    let state = world.state();
    let found = state.render.events.iter().find(|event| event.id == id);
    found
        .filter(|event| caller.service(&state.render, &event.service_id).is_ok())
        .map(|event| Json(wire::event(event)))
        .ok_or_else(|| ApiError::not_found(&format!("not found: {id}")))
}
