//! Changes what the Render stand-in knows from outside, in JSON, below `/_control/render`.

use std::sync::Arc;

use axum::Router;

use crate::world::World;

/// The control routes.
pub fn router() -> Router<Arc<World>> {
    Router::new()
}
