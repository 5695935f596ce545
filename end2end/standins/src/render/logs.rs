//! `/logs`: lines of services of one workspace in a window of time, page by page.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query as Pairs, State};
use serde_json::{Value, json};

use super::auth::Caller;
use super::error::ApiError;
use super::query::{Query, invalid};
use super::state::LogLine;
use super::wire::{iso, log_line};
use crate::ids::now_ms;
use crate::world::World;

/// Without a start: the last hour.
const HOUR: i64 = 3_600_000;

/// `GET /logs`. The window of the next page begins (or ends) with the last line of this one, so that line comes twice.
pub async fn list(
    State(world): State<Arc<World>>,
    caller: Caller,
    Pairs(pairs): Pairs<Vec<(String, String)>>,
) -> Result<Json<Value>, ApiError> {
    let mut query = Query::new(pairs);
    let owner = query.one("ownerId")?.ok_or_else(|| invalid("ownerId"))?;
    let resources = query.all("resource");
    let types = query.words("type", &["app", "request", "build"])?;
    let forward = match query.one("direction")?.as_deref() {
        None | Some("backward") => false,
        Some("forward") => true,
        Some(_) => return Err(invalid("direction")),
    };
    let end = query.time("endTime")?.unwrap_or_else(now_ms);
    let start = query.time("startTime")?.unwrap_or(end - HOUR);
    let limit = query.limit()?;
    query.done()?;
    if resources.is_empty() {
        return Err(invalid("resource"));
    }
    let state = world.state();
    let owner = caller.owner(&state.render, &owner)?;
    for resource in &resources {
        let service = caller.service(&state.render, resource)?;
        if service.owner_id != owner.id {
            return Err(ApiError::not_found(&format!("not found: {resource}")));
        }
    }
    let fits = |line: &&LogLine| {
        (start..=end).contains(&line.at)
            && resources.contains(&line.service_id)
            && (types.is_empty() || types.iter().any(|kind| kind == line.kind))
    };
    let mut lines: Vec<&LogLine> = state.render.logs.iter().filter(fits).collect();
    lines.sort_by_key(|line| line.at);
    if !forward {
        lines.reverse();
    }
    let has_more = lines.len() > limit;
    lines.truncate(limit);
    let border = lines.last().map(|line| line.at).filter(|_| has_more);
    let (start, end) = if forward { (border.unwrap_or(start), end) } else { (start, border.unwrap_or(end)) };
    let logs: Vec<Value> = lines.into_iter().map(log_line).collect();
    Ok(Json(json!({"hasMore": has_more, "nextStartTime": iso(start), "nextEndTime": iso(end), "logs": logs})))
}
