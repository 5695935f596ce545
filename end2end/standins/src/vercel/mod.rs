//! Vercel's REST API: turns the users, teams, projects and deployments of the state into the
//! answers that api.vercel.com gives, and refuses what it refuses.

pub mod actions;
pub mod auth;
pub mod deliveries;
mod deployments;
mod error;
mod events;
mod limits;
mod projects;
pub mod sandbox;
pub mod state;
mod users;
mod webhooks;
mod wire;

use std::sync::Arc;

use axum::Router;
use axum::middleware::map_response_with_state;
use axum::routing::{get, post};

use crate::world::World;
use error::ApiError;

/// The routes of the API that the product may call.
pub fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/v2/user", get(users::user))
        .route("/v5/user/tokens/current", get(users::current_token))
        .route("/v2/teams", get(users::teams))
        .route("/v10/projects", get(projects::list))
        .route("/v9/projects/{id}", get(projects::one))
        .route("/v6/deployments", get(deployments::list))
        .route("/v7/deployments", get(deployments::list))
        .route("/v13/deployments", post(deployments::create))
        .route("/v13/deployments/{id}", get(deployments::one))
        .route("/v3/deployments/{id}/events", get(events::list))
        .route("/v1/webhooks", get(webhooks::list).post(webhooks::create))
        .route("/v1/webhooks/{id}", get(webhooks::one).delete(webhooks::delete))
        .merge(sandbox::router())
        .fallback(async || ApiError::not_found("The requested API endpoint was not found."))
        .method_not_allowed_fallback(async || ApiError::method_unknown())
        .layer(map_response_with_state(world.clone(), limits::tell))
        .with_state(world)
}
