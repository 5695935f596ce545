//! `POST /api/github/webhooks`: GitHub says that a pull request was merged or closed.

use super::error::{ApiFailure, ErrorBody, body_failure};
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
    Json,
    body::Bytes,
    extract::{DefaultBodyLimit, State, rejection::BytesRejection},
    http::HeaderMap,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// GitHub cuts payloads at 25 MB; those about pull requests are far smaller.
pub(super) const BODY_LIMIT: usize = 2 << 20;

/// The endpoint.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(deliver)).layer(DefaultBodyLimit::max(BODY_LIMIT))
}

/// What was done with a delivery.
#[derive(Serialize, ToSchema)]
#[schema(as = GithubReceipt)]
struct Receipt {
    /// Always true: a delivery that is refused gets an error instead.
    received: bool,
    /// `recorded` on a fix, or `ignored`.
    action: &'static str,
}

/// GitHub tells about a pull request. The body is GitHub's own, signed with the secret of its webhook.
#[utoipa::path(
    post,
    path = "/api/github/webhooks",
    operation_id = "deliverGithub",
    tag = "Deliveries",
    security(()),
    request_body(content = String, content_type = "application/json"),
    responses(
        (status = 200, body = Receipt),
        (status = 401, body = ErrorBody, description = "The signature does not match the body"),
        (status = 429, body = ErrorBody, description = "Too many forged deliveries came from there: deliver it again"),
        (status = 503, body = ErrorBody, description = "The server has too much to do: deliver it again"),
    ),
)]

async fn deliver(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Receipt>, ApiFailure> {
    let body = body.map_err(|rejection| body_failure(&rejection))?;
    let unsigned = || ApiError::new(ErrorCode::BadSignature, "The signature does not match the body.");
    let secret = state.config.github_webhook_secret.as_ref().ok_or_else(unsigned)?;
    if !webhooks::verify(&headers, &body, secret) {
        return Err(unsigned().into());
    }
    let malformed = |_| ApiError::new(ErrorCode::BadRequest, "The body of the delivery is not understood.");
    let action = match webhooks::parse(&headers, &body).map_err(malformed)? {
        GithubEvent::PullRequestClosed { repository, merged, merge_sha, head_branch, .. } => {
            let end = if merged { PullRequestEnd::Merged { sha: merge_sha } } else { PullRequestEnd::Closed };
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
    Ok(Json(Receipt { received: true, action }))
}
