//! Spoils the next answers of a path: 429, any other status, a cut body, a wait, a closed line, garbage.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::garbage::Garbage;
use crate::ids::now_ms;
use crate::record::Server;
use crate::world::World;

/// What happens in place of the proper answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// 429 in the platform's own words.
    RateLimited {
        /// Seconds for `Retry-After`; without it the header is missing.
        retry_after: Option<u64>,
    },
    /// This status with the platform's error body. The request has no effect.
    Status {
        /// Any HTTP status.
        status: u16,
    },
    /// The request is carried out, then answered with this status: the client cannot know.
    AfterEffect {
        /// Any HTTP status.
        status: u16,
    },
    /// The request is carried out; only half of the answer's body arrives, then the line is cut.
    Truncated,
    /// The proper answer, later.
    Slow {
        /// How much later, in ms.
        ms: u64,
    },
    /// Something that is no answer of the platform's.
    Garbage {
        /// What.
        garbage: Garbage,
    },
}

/// A rule for the next answers of a path.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fault {
    /// The server whose answers are spoilt.
    pub server: Server,
    /// Only this method.
    #[serde(default)]
    pub method: Option<String>,
    /// The path has to contain this; empty matches all.
    #[serde(default)]
    pub path: String,
    /// How many answers are left to spoil.
    #[serde(default = "once")]
    pub times: u32,
    /// What happens.
    #[serde(flatten)]
    pub kind: Kind,
}

fn once() -> u32 {
    1
}

/// Middleware: takes the first fault that fits.
pub async fn inject(
    State((world, server)): State<(Arc<World>, Server)>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    if path.starts_with("/_control") {
        return next.run(request).await;
    }
    match take(&world, server, request.method().as_str(), path) {
        None => next.run(request).await,
        Some(Kind::RateLimited { retry_after }) => rate_limited(server, retry_after),
        Some(Kind::Status { status }) => refused(server, status),
        Some(Kind::AfterEffect { status }) => {
            next.run(request).await;
            refused(server, status)
        }
        Some(Kind::Slow { ms }) => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            next.run(request).await
        }
        Some(Kind::Truncated) => cut(next.run(request).await).await,
        Some(Kind::Garbage { garbage }) => garbage.answer(server, request, next).await,
    }
}

fn take(world: &World, server: Server, method: &str, path: &str) -> Option<Kind> {
    let mut state = world.state();
    let fault = state.faults.iter_mut().find(|fault| {
        fault.times > 0
            && fault.server == server
            && fault.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && path.contains(&fault.path)
    })?;
    fault.times -= 1;
    let kind = fault.kind.clone();
    state.faults.retain(|fault| fault.times > 0);
    Some(kind)
}

fn rate_limited(server: Server, retry_after: Option<u64>) -> Response {
    let reset_ms = now_ms() + i64::try_from(retry_after.unwrap_or(1) * 1000).unwrap_or(1000);
    let body = match server {
        Server::Vercel => json!({"error": {"code": "rate_limited", "message": "Rate limit exceeded",
            "limit": {"remaining": 0, "reset": reset_ms / 1000, "resetMs": reset_ms, "total": 100}}}),
        Server::Cloudflare => json!({"success": false, "result": null, "messages": [],
            "errors": [{"code": 10429, "message": "Rate limited. Please wait and consider throttling your request speed"}]}),
        Server::Render => json!({"id": "", "message": "rate limit exceeded"}),
        Server::Github => {
            json!({"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
            "documentation_url": "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api", "status": "429"})
        }
        Server::Model => {
            json!({"error": {"message": "Rate limit reached", "type": "rate_limit_exceeded", "code": "rate_limit_exceeded"}})
        }
    };
    let mut response = (StatusCode::TOO_MANY_REQUESTS, axum::Json(body)).into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

pub(crate) fn refused(server: Server, status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let reason = status.canonical_reason().unwrap_or("Error");
    let body = match server {
        Server::Vercel => {
            let code = match status.as_u16() {
                400 => "bad_request",
                401 | 403 => "forbidden",
                404 => "not_found",
                410 => "gone",
                422 => "unprocessable_entity",
                _ => "internal_server_error",
            };
            json!({"error": {"code": code, "message": reason}})
        }
        Server::Cloudflare => {
            let code = match status.as_u16() {
                401 | 403 => 10000,
                404 => 7003,
                _ => 10001,
            };
            json!({"success": false, "result": null, "messages": [], "errors": [{"code": code, "message": reason}]})
        }
        Server::Render => json!({"id": "", "message": reason}),
        Server::Github => {
            json!({"message": reason, "documentation_url": "https://docs.github.com/rest", "status": status.as_str()})
        }
        Server::Model => {
            json!({"error": {"message": reason, "type": "server_error", "code": "server_error"}})
        }
    };
    (status, axum::Json(body)).into_response()
}

async fn cut(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(whole.len()));
    let half = whole.slice(..whole.len() / 2);
    Response::from_parts(parts, then_break(half))
}

/// A body that sends these bytes and then breaks the connection.
pub fn then_break(bytes: Bytes) -> Body {
    let first = futures::stream::once(async { Ok(bytes) });
    let end = futures::stream::once(async {
        // Else the server drops the bytes with the connection before it has written them.
        tokio::time::sleep(Duration::from_millis(30)).await;
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    });
    Body::from_stream(futures::StreamExt::chain(first, end))
}
