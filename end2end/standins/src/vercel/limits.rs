//! The headers about the rate limit that Vercel puts on every answer. Nothing is refused: faults do that.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderValue;
use axum::response::Response;

use crate::ids::now_ms;
use crate::record::Server;
use crate::world::World;

/// Requests in a window.
const LIMIT: usize = 500;
/// Length of a window in ms.
const WINDOW: i64 = 60_000;

/// Adds `X-RateLimit-Limit`, `-Remaining` and `-Reset` (seconds since 1970).
pub async fn tell(State(world): State<Arc<World>>, mut response: Response) -> Response {
    let start = now_ms() / WINDOW * WINDOW;
    let used = {
        let state = world.state();
        let newest = state.requests.iter().rev().take_while(|request| request.at >= start);
        newest.filter(|request| request.server == Server::Vercel).count() + 1
    };
    let numbers = [
        ("x-ratelimit-limit", i64::try_from(LIMIT).unwrap_or(i64::MAX)),
        ("x-ratelimit-remaining", i64::try_from(LIMIT.saturating_sub(used)).unwrap_or_default()),
        ("x-ratelimit-reset", (start + WINDOW) / 1000),
    ];
    for (name, number) in numbers {
        response.headers_mut().insert(name, HeaderValue::from(number));
    }
    response
}
