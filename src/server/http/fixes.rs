//! Fixes over HTTP: JSON for programs, forms for pages without scripts, and the live streams.

use super::error::{ApiFailure, ApiQuery};
use crate::{
    model::{ApiError, DeploymentList, ErrorCode, FixDetail, FixSummary, ListQuery},
    server::{
        auth::CurrentUser,
        db::{self, entity::deployment},
        fix::actions,
        live,
        state::AppState,
        views::{self, Views},
    },
};
use axum::{
    Extension, Json, Router,
    extract::{Path, Query, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// JSON and forms.
pub fn router(views: Views) -> Router<AppState> {
    Router::new()
        .route("/api/deployments", get(list).layer(Extension(views)))
        .route("/api/deployments/{id}", get(detail))
        .route("/api/deployments/{id}/retry", post(retry))
        .route("/api/deployments/{id}/cancel", post(cancel))
        .route("/deployments/{id}/retry", post(retry_form))
        .route("/deployments/{id}/cancel", post(cancel_form))
}

/// The live streams: they stay open, so no time limit may stand around them.
pub fn streams() -> Router<AppState> {
    Router::new()
        .route("/api/deployments/events", get(list_events))
        .route("/api/deployments/{id}/events", get(fix_events))
}

async fn find(state: &AppState, user: &CurrentUser, id: &str) -> Result<deployment::Model, ApiError> {
    db::fixes::find_for_user(&state.db, &user.id, id).await?.ok_or_else(ApiError::not_found)
}

/// The parameters are those of the address of `/deployments`, and `repository`.
async fn list(
    user: CurrentUser,
    Extension(views): Extension<Views>,
    ApiQuery(parameters): ApiQuery<BTreeMap<String, String>>,
) -> Result<Json<DeploymentList>, ApiFailure> {
    let (query, refused) = ListQuery::read(&|name| parameters.get(name).cloned());
    if !refused.is_empty() {
        let message = format!("These parameters are not understood: {}.", refused.join(", "));
        return Err(ApiFailure(ApiError::new(ErrorCode::BadRequest, message)));
    }
    Ok(Json(views::deployment_list(&views, &user.id, &query).await?))
}

async fn detail(
    user: CurrentUser,
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<FixDetail>, ApiFailure> {
    let fix = find(&state, &user, &id).await?;
    Ok(Json(db::fixes::detail(&state.db, &fix).await.map_err(ApiError::from)?))
}

async fn retry(
    user: CurrentUser,
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<FixSummary>, ApiFailure> {
    let fix = find(&state, &user, &id).await?;
    actions::retry(&state.fixes, &state.queue, fix).await?;
    Ok(Json(db::fixes::summary(&find(&state, &user, &id).await?)))
}

async fn cancel(
    user: CurrentUser,
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<FixSummary>, ApiFailure> {
    let fix = find(&state, &user, &id).await?;
    actions::cancel(&state.fixes, fix).await?;
    Ok(Json(db::fixes::summary(&find(&state, &user, &id).await?)))
}

async fn retry_form(
    user: CurrentUser,
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> impl IntoResponse {
    let fix = match find(&state, &user, &id).await {
        Ok(fix) => fix,
        Err(error) => return ApiFailure(error).into_response(),
    };
    back(&id, actions::retry(&state.fixes, &state.queue, fix).await).into_response()
}

async fn cancel_form(
    user: CurrentUser,
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> impl IntoResponse {
    let fix = match find(&state, &user, &id).await {
        Ok(fix) => fix,
        Err(error) => return ApiFailure(error).into_response(),
    };
    back(&id, actions::cancel(&state.fixes, fix).await).into_response()
}

/// To the page that the form stands on, with what went wrong in the address.
fn back(id: &str, outcome: Result<(), ApiError>) -> Redirect {
    match outcome {
        Ok(()) => Redirect::to(&format!("/deployments/{id}")),
        Err(error) => Redirect::to(&format!("/deployments/{id}?error={}", error.code.as_str())),
    }
}

#[derive(Deserialize)]
struct Cursor {
    after: Option<i64>,
}

/// A browser that comes back says what it saw last; the page says it the first time.
fn cursor(headers: &HeaderMap, query: &Cursor) -> i64 {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    last.or(query.after).unwrap_or(0)
}

async fn fix_events(
    user: CurrentUser,
    State(state): State<AppState>,
    Path(id): Path<String>,
    Query(query): Query<Cursor>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiFailure> {
    let fix = find(&state, &user, &id).await?;
    let pass = state.auth.pass(&user);
    Ok(live::fix_stream(state.db, &state.bus, state.stop, pass, fix.id, cursor(&headers, &query)))
}

async fn list_events(user: CurrentUser, State(state): State<AppState>) -> impl IntoResponse {
    let pass = state.auth.pass(&user);
    live::list_stream(state.db, &state.bus, state.stop, pass, user.id)
}
