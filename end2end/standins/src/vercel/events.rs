//! `/v3/deployments/{idOrUrl}/events`: the build log in all shapes that the platform uses.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::Caller;
use super::deployments::visible;
use super::error::ApiError;
use super::state::Deployment;
use crate::world::World;

/// Events without a `limit`.
const DEFAULT_LIMIT: usize = 100;

#[derive(Deserialize)]
pub struct EventsQuery {
    direction: Option<String>,
    follow: Option<u8>,
    limit: Option<i64>,
    since: Option<i64>,
    until: Option<i64>,
    delimiter: Option<u8>,
}

/// `GET …/events`: a JSON array for `Accept: application/json`, else one JSON value per line; with
/// `follow=1` lines keep coming until the build has ended.
pub async fn list(
    State(world): State<Arc<World>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let backward = match query.direction.as_deref() {
        None | Some("forward") => false,
        Some("backward") => true,
        Some(_) => return Err(ApiError::bad_request("Invalid request: `direction` is invalid.")),
    };
    let limit = match query.limit {
        None => DEFAULT_LIMIT,
        Some(-1) => usize::MAX,
        Some(limit) => usize::try_from(limit)
            .ok()
            .filter(|limit| *limit > 0)
            .ok_or_else(|| ApiError::bad_request("Invalid request: `limit` should be -1 or positive."))?,
    };
    let (mut events, id) = {
        let state = world.state();
        let deployment = visible(&state.vercel, &caller, &id)?;
        (all(deployment, query.delimiter == Some(1)), deployment.id.clone())
    };
    let date = |event: &Value| event["date"].as_i64().or_else(|| event["payload"]["date"].as_i64());
    // An item without a date goes with the one before it.
    let mut at = None;
    events.retain(|event| {
        at = date(event).or(at);
        query.since.is_none_or(|since| at.is_none_or(|at| at > since))
            && query.until.is_none_or(|until| at.is_none_or(|at| at < until))
    });
    if query.follow == Some(1) {
        return Ok(follow(world, id, events));
    }
    if backward {
        events.reverse();
    }
    events.truncate(limit);
    let wants_json = headers
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("application/json"));
    if wants_json {
        return Ok(Json(events).into_response());
    }
    Ok(lines(Body::from(events.iter().map(line).collect::<String>())))
}

fn line(event: &Value) -> String {
    format!("{event}\n")
}

fn lines(body: Body) -> Response {
    ([(CONTENT_TYPE, "application/stream+json; charset=utf-8")], body).into_response()
}

fn follow(world: Arc<World>, id: String, first: Vec<Value>) -> Response {
    let start = (world, id, Some(first), 0_usize);
    let stream = futures::stream::unfold(start, async |(world, id, first, sent)| {
        let events = match first {
            Some(events) if !events.is_empty() => events,
            _ => grown(&world, &id, sent).await?,
        };
        let text: String = events.iter().skip(sent).map(line).collect();
        Some((Ok::<_, std::io::Error>(text), (world, id, None, events.len())))
    });
    lines(Body::from_stream(stream))
}

/// Waits until there are more than `sent` events; none when the build has ended without more.
async fn grown(world: &World, id: &str, sent: usize) -> Option<Vec<Value>> {
    loop {
        let mut changed = std::pin::pin!(world.changed.notified());
        changed.as_mut().enable();
        let (events, over) = {
            let state = world.state();
            let deployment = state.vercel.deployment(id)?;
            (all(deployment, false), deployment.finished_at.is_some())
        };
        if events.len() > sent {
            return Some(events);
        }
        if over {
            return None;
        }
        changed.await;
    }
}

/// The log as events, oldest first: flat and wrapped items in turn, null items between them, and the
/// platform's own events around them.
fn all(deployment: &Deployment, delimiters: bool) -> Vec<Value> {
    let build = format!("bld_{}", deployment.id.trim_start_matches("dpl_"));
    let mut events = Vec::with_capacity(deployment.log.len() + 4);
    let info = json!({"type": "build", "name": build, "entrypoint": "."});
    if delimiters {
        events.push(json!({"type": "delimiter", "created": deployment.created_at, "date": deployment.created_at,
            "deploymentId": deployment.id, "id": format!("{}000000000", deployment.created_at),
            "serial": "0", "text": "", "info": {"type": "build", "name": build, "step": "build", "readyState": "BUILDING"}}));
    }
    for (index, entry) in deployment.log.iter().enumerate() {
        let id = format!("{}{index:09}", entry.date);
        let serial = (index + 1).to_string();
        if index % 2 == 0 {
            let mut event = json!({"type": entry.kind, "created": entry.date, "date": entry.date,
                "deploymentId": deployment.id, "id": id, "serial": serial, "text": entry.text, "info": info});
            if entry.kind == "stderr" {
                event["level"] = json!("error");
            }
            events.push(event);
        } else {
            events.push(json!({"type": entry.kind, "created": entry.date, "payload": {
                "deploymentId": deployment.id, "id": id, "date": entry.date, "serial": serial,
                "created": entry.date, "text": entry.text, "info": info}}));
        }
        if index % 7 == 3 {
            events.push(Value::Null);
        }
    }
    if let Some(end) = deployment.finished_at {
        events.push(json!({"type": "deployment-state", "created": end, "payload": {
            "deploymentId": deployment.id, "id": format!("{end}999999998"), "date": end,
            "serial": (deployment.log.len() + 1).to_string(),
            "info": {"type": "build", "name": build, "readyState": deployment.state}}}));
        if deployment.state == "READY" {
            events.push(json!({"type": "alias-assigned", "date": end, "deploymentId": deployment.id,
                "alias": [deployment.url], "aliasError": null, "aliasWarning": null}));
        }
    }
    events
}
