//! Cloudflare's REST API: turns the accounts, projects and deployments of the state into the answers that the platform
//! gives, and refuses what it refuses.

pub mod control;
pub mod deliveries;
pub mod state;

use std::sync::Arc;

use axum::Router;

use crate::world::World;

/// The routes of the API that the product may call.
pub fn router(world: Arc<World>) -> Router {
    Router::new().with_state(world)
}
