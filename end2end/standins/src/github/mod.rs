//! GitHub: turns bare repositories and the state's pull requests into the REST answers that
//! api.github.com gives, and serves the same repositories over git's smart HTTP.

pub mod actions;
mod auth;
mod checks;
pub mod deliveries;
mod error;
mod hooks;
mod issues;
mod merge;
mod oauth;
mod pages;
mod pulls;
mod refs;
mod repos;
mod smart_http;
pub mod state;
mod users;
mod wire;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post, put};

use crate::world::World;

/// Largest push.
const MAX_BODY: usize = 256 * 1024 * 1024;

/// REST routes, with git and the pages that people open as the fallback.
pub fn router(world: Arc<World>) -> Router {
    let repo = Router::new()
        .route("/", get(repos::one))
        .route("/branches/{*branch}", get(repos::branch))
        .route("/git/ref/{*name}", get(refs::one))
        .route("/git/refs", post(refs::create))
        .route("/git/refs/{*name}", axum::routing::patch(refs::update).delete(refs::delete))
        .route("/git/commits/{sha}", get(repos::git_commit))
        .route("/commits/{sha}/status", get(checks::combined))
        .route("/commits/{sha}/check-runs", get(checks::check_runs))
        .route("/check-runs", post(checks::create_check_run))
        .route("/statuses/{sha}", post(checks::create_status))
        .route("/pulls", get(pulls::list).post(pulls::create))
        .route("/pulls/{number}", get(pulls::one).patch(pulls::update))
        .route("/pulls/{number}/files", get(pulls::files))
        .route("/pulls/{number}/commits", get(pulls::commits))
        .route("/pulls/{number}/merge", put(merge::merge))
        .route("/issues/{number}/labels", get(issues::labels).post(issues::add_labels))
        .route("/issues/{number}/comments", get(issues::comments).post(issues::comment))
        .route("/hooks", get(hooks::list).post(hooks::create))
        .route("/hooks/{id}", get(hooks::one).delete(hooks::delete));
    Router::new()
        .route("/user", get(users::me))
        .route("/user/emails", get(users::emails))
        .route("/user/repos", get(repos::mine))
        .route("/users/{login}", get(users::one))
        .route("/login/oauth/authorize", get(oauth::authorize).post(oauth::decide))
        .route("/login/oauth/access_token", post(oauth::exchange))
        .route("/rate_limit", get(users::rate_limit))
        .nest("/repos/{owner}/{repo}", repo)
        .fallback(smart_http::fallback)
        .layer(axum::middleware::from_fn(auth::manners))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(world)
}
