//! Forms of the settings: sessions, API tokens, GitHub, invitations. Each ends in a redirect back to the page.
//!
//! They are pages' forms, so that no API token reaches them. What is new and secret travels on in a sealed cookie.

use crate::{
    model::{ApiError, ErrorCode},
    server::{
        auth::{self, Credential, CurrentUser, reveal::Reveal},
        db,
        http::error::{ApiForm, ApiPath},
        state::AppState,
    },
};
use axum::{
    Router,
    extract::State,
    http::header::SET_COOKIE,
    response::{IntoResponse as _, Redirect, Response},
    routing::post,
};
use secrecy::SecretString;
use serde::Deserialize;

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/settings/sessions/end-others", post(end_other_sessions))
        .route("/settings/sessions/{id}/end", post(end_session))
        .route("/settings/tokens", post(make_token))
        .route("/settings/tokens/{id}/revoke", post(revoke_token))
        .route("/settings/github/unlink", post(unlink_github))
        .route("/settings/invitations", post(invite))
        .route("/settings/invitations/{id}/revoke", post(revoke_invitation))
}

pub(super) fn back(outcome: Result<&'static str, ApiError>) -> Redirect {
    match outcome {
        Ok(done) => Redirect::to(&format!("/settings?ok={done}")),
        Err(error) => Redirect::to(&format!("/settings?error={}", error.code.as_str())),
    }
}

/// `done` when something was there to be done with.
fn found(there: bool, done: &'static str) -> Result<&'static str, ApiError> {
    if there { Ok(done) } else { Err(ApiError::not_found()) }
}

/// Back to the page, which shows the new secret once.
pub(super) fn reveal(
    state: &AppState,
    user: &CurrentUser,
    what: Reveal,
    made: Result<SecretString, ApiError>,
) -> Response {
    let handed = made.and_then(|secret| {
        what.hand_over(&state.keys, &user.id, &secret, state.auth.is_https()).map_err(|error| {
            tracing::error!(%error, "A new secret could not be sealed");
            ApiError::internal()
        })
    });
    match handed {
        Ok(cookie) => ([(SET_COOKIE, cookie)], Redirect::to("/settings")).into_response(),
        Err(error) => back(Err(error)).into_response(),
    }
}

async fn end_session(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<String>,
) -> Redirect {
    let ended = db::sessions::end(&state.db, &user.id, &id).await.map_err(ApiError::from);
    back(ended.and_then(|there| found(there, "session_ended")))
}

async fn end_other_sessions(user: CurrentUser, State(state): State<AppState>) -> Redirect {
    let Credential::Session(kept) = &user.credential else { return back(Err(ApiError::unauthorized())) };
    let ended = db::sessions::end_others(&state.db, &user.id, kept).await;
    back(ended.map(|()| "sessions_ended").map_err(ApiError::from))
}

/// `days` is empty for a token without an end.
#[derive(Deserialize)]
struct TokenForm {
    name: String,
    #[serde(default)]
    days: String,
}

async fn make_token(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiForm(form): ApiForm<TokenForm>,
) -> Response {
    let made = async {
        let days = Some(form.days.trim()).filter(|days| !days.is_empty()).map(str::parse).transpose();
        let days = days.map_err(|_| ApiError::new(ErrorCode::Invalid, "The days are no number."))?;
        auth::make_token(&state.auth, &user.id, &form.name, days).await
    };
    let made = made.await;
    reveal(&state, &user, Reveal::Token, made)
}

async fn revoke_token(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<String>,
) -> Redirect {
    let revoked = db::tokens::revoke(&state.db, &user.id, &id).await.map_err(ApiError::from);
    back(revoked.and_then(|there| found(there, "token_revoked")))
}

async fn unlink_github(user: CurrentUser, State(state): State<AppState>) -> Redirect {
    let now = state.clock.now();
    let unlinked = db::accounts::set_signs_in(&state.db, &user.id, false, now).await;
    back(unlinked.map(|_| "github_unlinked").map_err(ApiError::from))
}

async fn invite(user: CurrentUser, State(state): State<AppState>) -> Response {
    let made = auth::invite(&state.auth, &user.id).await;
    reveal(&state, &user, Reveal::Invitation, made)
}

async fn revoke_invitation(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<String>,
) -> Redirect {
    let revoked = db::invitations::revoke(&state.db, &user.id, &id).await.map_err(ApiError::from);
    back(revoked.and_then(|there| found(there, "invitation_revoked")))
}
