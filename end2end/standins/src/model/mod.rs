//! The model server: turns an OpenAI-compatible chat request into a stream of chunks. What it says
//! next is decided from the conversation alone (see `brain`), unless a failure mode is on.

pub mod brain;
mod bundler;
pub mod conversation;
pub mod evidence;
mod misbehave;
pub mod problem;
mod prompt;
pub mod repairs;
mod serve;
pub mod source;
pub mod state;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::world::World;

/// The routes of the API that OpenCode calls.
pub fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(serve::chat))
        .route("/v1/models", get(serve::models))
        .layer(DefaultBodyLimit::max(64 * 1024 * 1024))
        .with_state(world)
}
