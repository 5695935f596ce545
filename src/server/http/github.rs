//! `POST /api/github/webhooks`: GitHub says that a pull request was merged or closed.

use super::error::{ApiFailure, body_failure};
use crate::{
    model::{ApiError, ErrorCode},
    server::{
        db,
        fix::watch::{self, PullRequestEnd},
        github::webhooks::{self, GithubEvent},
        state::AppState,
    },
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State, rejection::BytesRejection},
    http::HeaderMap,
    routing::post,
};
use serde_json::{Value, json};

/// GitHub cuts payloads at 25 MB; those about pull requests are far smaller.
const BODY_LIMIT: usize = 2 << 20;

/// The endpoint.
pub fn router() -> Router<AppState> {
    Router::new().route("/api/github/webhooks", post(deliver)).layer(DefaultBodyLimit::max(BODY_LIMIT))
}

async fn deliver(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, ApiFailure> {
    let body = body.map_err(|rejection| body_failure(&rejection))?;
    let unsigned = || ApiError::new(ErrorCode::BadSignature, "The signature does not match the body.");
    let secret = state.config.github_webhook_secret.as_ref().ok_or_else(unsigned)?;
    if !webhooks::verify(&headers, &body, secret) {
        return Err(unsigned().into());
    }
    let malformed = |_| ApiError::new(ErrorCode::BadRequest, "The body of the delivery is not understood.");
    let action = match webhooks::parse(&headers, &body).map_err(malformed)? {
        GithubEvent::PullRequestClosed { repository, merged, head_branch, .. } => {
            let end = if merged { PullRequestEnd::Merged } else { PullRequestEnd::Closed };
            match db::fixes::by_fix_branch(&state.db, &repository.to_string(), &head_branch).await? {
                Some(mut fix) => {
                    watch::close(&state.fixes, &mut fix, end).await?;
                    "recorded"
                }
                None => "ignored",
            }
        }
        GithubEvent::Ping | GithubEvent::PullRequestReopened { .. } | GithubEvent::Ignored => "ignored",
    };
    Ok(Json(json!({ "received": true, "action": action })))
}
