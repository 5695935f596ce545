//! Who is asking: a cookie → a stored session, or a header → a stored API token → [`CurrentUser`].
//!
//! The first account is the owner's, made with a set-up token from the server's log. The forms are plain HTML posts
//! that answer with a redirect, so that signing in needs no script: `?error=CODE` says what went wrong, with the
//! codes of `model::ErrorCode`.

mod browser;
mod context;
mod current_user;
mod form;
pub mod github;
mod identify;
mod invited;
mod password;
pub mod reveal;
mod routes;
mod same_origin;
mod session;
mod throttle;
mod tokens;

#[cfg(test)]
mod tests;

pub use context::{AuthContext, SetUp};
pub use current_user::{CurrentUser, SignedOut};
pub use identify::{Credential, Pass};
pub use invited::invite;
pub use routes::router;
pub use same_origin::same_origin;
pub use session::{DbSessionStore, browser_of, session_layer};
pub use tokens::make as make_token;

use crate::model::ApiError;
use axum::{
    Extension, Json,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};

/// What stops a sign-in on our side.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] super::db::DbError),
    /// The session could not be read or written.
    #[error(transparent)]
    Session(#[from] tower_sessions::session::Error),
    /// The password could not be hashed.
    #[error("the password could not be hashed")]
    Hash,
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        tracing::error!(%error, "A session, a token or a sign-in could not be looked up or stored");
        Self::internal()
    }
}

/// `{"error":{"code","message"}}` with the status of the code.
fn problem(error: &ApiError) -> Response {
    let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Extension(error.code), Json(serde_json::json!({ "error": error }))).into_response()
}
