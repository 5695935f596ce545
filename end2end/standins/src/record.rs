//! Writes down each request that a client made and how it was answered, for the snapshot.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Request as HttpRequest, State};
use axum::http::HeaderName;
use axum::http::header::{AUTHORIZATION, USER_AGENT};
use axum::middleware::Next;
use axum::response::Response;
use serde::Serialize;

use crate::ids::now_ms;
use crate::world::World;

/// More are forgotten, oldest first.
const KEPT: usize = 20_000;

/// Which of the servers was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Server {
    /// Vercel's API.
    Vercel,
    /// Cloudflare's API.
    Cloudflare,
    /// Render's API.
    Render,
    /// GitHub's API and git.
    Github,
    /// The model.
    Model,
}

/// One request of a client. Control calls are not recorded.
#[derive(Debug, Clone, Serialize)]
pub struct Request {
    /// The server asked.
    pub server: Server,
    /// `GET`, `POST`, …
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// Query without the `?`, empty if there was none.
    pub query: String,
    /// The whole `Authorization` header; the stand-ins' tokens are worth nothing.
    pub authorization: Option<String>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// Status of the answer.
    pub status: u16,
    /// Arrival in ms since 1970.
    pub at: i64,
}

/// How often something was asked to be created at one address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Creates {
    /// Requests.
    pub calls: usize,
    /// Requests answered with 2xx.
    pub succeeded: usize,
}

/// Middleware: one [`Request`] per request of a client.
pub async fn record(
    State((world, server)): State<(Arc<World>, Server)>,
    request: HttpRequest,
    next: Next,
) -> Response {
    if request.uri().path().starts_with("/_control") {
        return next.run(request).await;
    }
    let mut seen = note(server, &request);
    let response = next.run(request).await;
    seen.status = response.status().as_u16();
    let mut state = world.state();
    if state.requests.len() >= KEPT {
        state.requests.drain(..KEPT / 2);
    }
    state.requests.push(seen);
    drop(state);
    response
}

fn note(server: Server, request: &HttpRequest) -> Request {
    let header = |name: HeaderName| Some(request.headers().get(name)?.to_str().ok()?.to_owned());
    Request {
        server,
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        authorization: header(AUTHORIZATION),
        user_agent: header(USER_AGENT),
        status: 0,
        at: now_ms(),
    }
}

/// POST requests by `POST path`, with how many of them succeeded.
#[must_use]
pub fn creates(requests: &[Request]) -> BTreeMap<String, Creates> {
    let mut counts: BTreeMap<String, Creates> = BTreeMap::new();
    for request in requests.iter().filter(|request| request.method == "POST") {
        let entry = counts.entry(format!("POST {}", request.path)).or_default();
        entry.calls += 1;
        entry.succeeded += usize::from((200..300).contains(&request.status));
    }
    counts
}

/// Each `Authorization` header seen by a server, once, in order of first use.
#[must_use]
pub fn authorizations(requests: &[Request], server: Server) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for value in requests.iter().filter(|r| r.server == server).filter_map(|r| r.authorization.as_ref()) {
        if !seen.contains(value) {
            seen.push(value.clone());
        }
    }
    seen
}
