//! The rate limit: so many requests per token and window, told in headers on every answer.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HeaderName, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::envelope::ApiError;
use crate::ids::now_ms;
use crate::world::World;

/// Requests in a window.
const LIMIT: u64 = 1200;
/// Length of a window in seconds.
const WINDOW: u64 = 300;

/// Middleware: counts the request, refuses it beyond the limit, and tells what is left.
pub async fn count(State(world): State<Arc<World>>, request: Request, next: Next) -> Response {
    let token = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (spent, seconds) = spend(&world, token.unwrap_or_default());
    let mut response = if spent > LIMIT {
        let message = "Rate limited. Please wait and consider throttling your request speed";
        let mut refusal = ApiError::new(StatusCode::TOO_MANY_REQUESTS, 10429, message).into_response();
        refusal.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        refusal
    } else {
        next.run(request).await
    };
    let told = [
        ("ratelimit", format!("\"default\";r={};t={seconds}", LIMIT.saturating_sub(spent))),
        ("ratelimit-policy", format!("\"default\";q={LIMIT};w={WINDOW}")),
    ];
    for (name, value) in told {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// Requests of this window with this one, and the seconds that it still lasts.
fn spend(world: &World, token: &str) -> (u64, u64) {
    let now = now_ms();
    let mut state = world.state();
    let (start, spent) = state.cloudflare.spent.entry(token.to_owned()).or_insert((now, 0));
    let passed = u64::try_from(now - *start).unwrap_or_default() / 1000;
    if passed >= WINDOW {
        (*start, *spent) = (now, 0);
    }
    *spent += 1;
    (*spent, WINDOW - passed.min(WINDOW - 1))
}
