//! Cloudflare's REST API: turns the accounts, projects and deployments of the state into the answers that the platform
//! gives, and refuses what it refuses.

pub mod actions;
mod alerting;
mod auth;
pub mod builds;
pub mod control;
pub mod deliveries;
mod envelope;
mod limits;
mod pages;
pub mod scenario;
pub mod state;
mod users;
mod wire;
mod workers;

use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post};

use crate::world::World;
use envelope::ApiError;

/// The routes of the API that the product may call, below `/client/v4`.
pub fn router(world: Arc<World>) -> Router {
    let pages = Router::new()
        .route("/", get(pages::projects))
        .route("/{name}", get(pages::project))
        .route("/{name}/deployments", get(pages::deployments))
        .route("/{name}/deployments/{id}", get(pages::deployment))
        .route("/{name}/deployments/{id}/history/logs", get(pages::logs))
        .route("/{name}/deployments/{id}/retry", post(pages::retry));
    // The segment comes twice: `/accounts/{account}/builds/builds/…`.
    let builds = Router::new()
        .route("/workers/{tag}/triggers", get(workers::triggers))
        .route("/workers/{tag}/builds", get(workers::builds))
        .route("/builds/latest", get(workers::latest))
        .route("/builds/{uuid}", get(workers::build))
        .route("/builds/{uuid}/logs", get(workers::logs))
        .route("/triggers/{uuid}/builds", post(workers::rerun));
    let alerting = Router::new()
        .route("/destinations/webhooks", get(alerting::destinations).post(alerting::create_destination))
        .route("/destinations/webhooks/{id}", delete(alerting::delete_destination))
        .route("/policies", get(alerting::policies).post(alerting::create_policy))
        .route("/policies/{id}", delete(alerting::delete_policy));
    let api = Router::new()
        .route("/user", get(users::user))
        .route("/user/tokens/verify", get(users::verify))
        .route("/accounts", get(users::accounts))
        .route("/accounts/{account}/tokens/verify", get(users::verify_for_account))
        .route("/accounts/{account}/workers/scripts", get(workers::scripts))
        .nest("/accounts/{account}/pages/projects", pages)
        .nest("/accounts/{account}/builds", builds)
        .nest("/accounts/{account}/alerting/v3", alerting);
    Router::new()
        .nest("/client/v4", api)
        .fallback(async |uri: Uri| ApiError::no_route(uri.path()))
        .method_not_allowed_fallback(async || {
            ApiError::new(
                StatusCode::METHOD_NOT_ALLOWED,
                10405,
                "Method not allowed for this authentication scheme",
            )
        })
        .layer(from_fn_with_state(world.clone(), limits::count))
        .with_state(world)
}
