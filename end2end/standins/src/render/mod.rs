//! Render's REST API: turns the workspaces, services, deploys and logs of the state into the answers that
//! api.render.com gives, and refuses what it refuses.

pub mod actions;
pub mod auth;
pub mod control;
pub mod deliveries;
mod deploys;
mod error;
mod events;
mod logs;
mod query;
pub mod scenario;
mod services;
pub mod state;
mod users;
mod webhooks;
mod wire;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;

use crate::world::World;
use error::ApiError;

/// The routes of the API that the product may call.
pub fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/v1/users", get(users::user))
        .route("/v1/owners", get(users::owners))
        .route("/v1/services", get(services::list))
        .route("/v1/services/{id}", get(services::one))
        .route("/v1/services/{id}/deploys", get(deploys::list).post(deploys::trigger))
        .route("/v1/services/{id}/deploys/{deploy}", get(deploys::one))
        .route("/v1/logs", get(logs::list))
        .route("/v1/events/{id}", get(events::one))
        .route("/v1/webhooks", get(webhooks::list).post(webhooks::create))
        .route("/v1/webhooks/{id}", get(webhooks::one).patch(webhooks::change).delete(webhooks::delete))
        .fallback(async || ApiError::not_found("not found"))
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        .layer(from_fn_with_state(world.clone(), auth::count))
        .with_state(world)
}
