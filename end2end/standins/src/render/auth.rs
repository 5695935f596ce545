//! Who calls, and how often: the bearer key, and the headers about its rate limit on every answer.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{AUTHORIZATION, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::error::ApiError;
use super::state::{Owner, Render, Service, User};
use crate::ids::now_ms;
use crate::world::World;

/// Requests of one key in a window, when nothing else is set.
const RATE_LIMIT: u64 = 400;
/// Length of a window in ms.
const WINDOW: i64 = 60_000;

/// An authenticated caller.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The key's user.
    pub user: User,
}

impl Caller {
    /// The workspace, if the caller belongs to it.
    pub fn owner<'a>(&self, render: &'a Render, id: &str) -> Result<&'a Owner, ApiError> {
        let found = render.owners.iter().find(|owner| owner.id == id && owner.has(&self.user.login));
        found.ok_or_else(|| ApiError::not_found(&format!("not found: {id}")))
    }

    /// The service, if the caller belongs to its workspace.
    pub fn service<'a>(&self, render: &'a Render, id: &str) -> Result<&'a Service, ApiError> {
        let found = render.services.iter().find(|service| service.id == id);
        found
            .filter(|service| self.owner(render, &service.owner_id).is_ok())
            .ok_or_else(|| ApiError::not_found(&format!("not found: {id}")))
    }
}

impl FromRequestParts<Arc<World>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, world: &Arc<World>) -> Result<Self, ApiError> {
        let value = bearer(&parts.headers).ok_or_else(ApiError::unauthorized)?;
        let state = world.state();
        let token = state.render.tokens.iter().find(|known| known.value == value && known.works());
        let user = token.and_then(|token| state.render.users.iter().find(|user| user.login == token.login));
        user.cloned().map(|user| Caller { user }).ok_or_else(ApiError::unauthorized)
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// Middleware: counts the request for its key, refuses too many, and says on every answer how many are left.
pub async fn count(State(world): State<Arc<World>>, request: Request, next: Next) -> Response {
    let key = bearer(request.headers()).unwrap_or_default().to_owned();
    let now = now_ms();
    let (limit, used, wait) = {
        let render = &mut world.state().render;
        let limit = render.rate_limit.unwrap_or(RATE_LIMIT);
        let window = render.windows.entry(key).or_insert((now, 0));
        if now - window.0 >= WINDOW {
            *window = (now, 0);
        }
        window.1 += 1;
        (limit, window.1, (window.0 + WINDOW - now).div_euclid(1000).max(1))
    };
    let mut response = if used > limit {
        let mut refused = ApiError::too_many_requests().into_response();
        refused.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait));
        refused
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert("ratelimit-limit", HeaderValue::from(limit));
    headers.insert("ratelimit-remaining", HeaderValue::from(limit.saturating_sub(used)));
    headers.insert("ratelimit-reset", HeaderValue::from(wait));
    response
}
