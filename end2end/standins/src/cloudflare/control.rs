//! Changes what the Cloudflare stand-in knows from outside, in JSON, below `/_control/cloudflare`.

use std::sync::Arc;

use axum::Router;

use crate::world::World;

/// The control routes.
pub fn router() -> Router<Arc<World>> {
    Router::new()
}
