//! Fixes over HTTP: JSON for programs, and the live streams.

use super::error::{ApiFailure, ApiJson, ApiPath, ApiQuery, ErrorBody};
use crate::{
    model::{ApiError, DeploymentList, ErrorCode, FixDetail, FixSummary, ListQuery, Provider, Tab},
    server::{
        audit,
        auth::CurrentUser,
        db::{self, entity::deployment},
        diagnosis::clean::clean,
        fix::actions,
        intake::{IntakeContext, by_hand},
        live,
        state::AppState,
        views::{self, Views},
    },
};
use axum::{
    Extension, Json,
    extract::{FromRef as _, State},
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Everything that answers once.
pub fn router(views: Views) -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(fix))
        .routes(routes!(detail))
        .routes(routes!(retry))
        .routes(routes!(cancel))
        .routes(routes!(redeploy))
        .routes(routes!(dispute, take_back))
        .layer(Extension(views))
}

/// The live streams: they stay open, so no time limit may stand around them.
pub fn streams() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_events)).routes(routes!(fix_events))
}

/// The user's fix with our id, or with `{provider}:{platform's id}`.
pub(super) async fn find(
    state: &AppState,
    user: &CurrentUser,
    id: &str,
) -> Result<deployment::Model, ApiError> {
    db::fixes::find_for_user(&state.db, &user.id, id).await?.ok_or_else(ApiError::not_found)
}

/// The list of `/deployments`: fixes, and what the platforms list.
///
/// The parameters are those of the address of that page, and `repository`. Without any it is the newest of
/// everything. Pages have up to 50 rows; `next` of one is `after` of the following one.
#[utoipa::path(
    get,
    path = "/api/deployments",
    operation_id = "listDeployments",
    tag = "Deployments",
    params(
        ("tab" = Option<Tab>, Query),
        ("platform" = Option<Provider>, Query),
        ("project" = Option<String>, Query, max_length = 200, description = "Only projects of this name"),
        ("repository" = Option<String>, Query, max_length = 200, description = "Only this repository, `owner/name`"),
        ("branch" = Option<String>, Query, max_length = 200),
        ("q" = Option<String>, Query, max_length = 200, description = "Only rows with this text in them"),
        ("from" = Option<String>, Query, format = Date, description = "Only from this day on, in UTC"),
        ("to" = Option<String>, Query, format = Date, description = "Only up to this day, in UTC"),
        ("after" = Option<String>, Query, max_length = 200, description = "`next` of the page before"),
    ),
    responses((status = 200, body = DeploymentList)),
)]
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

/// Which failed deployment to repair.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub enum FixRequest {
    /// One that has a fix, by our id.
    Ours {
        /// Our id of the fix.
        id: String,
    },
    /// Any other, by its platform's id.
    #[serde(rename_all = "camelCase")]
    Platform {
        /// The platform's id of the deployment.
        deployment_id: String,
        /// The platform.
        provider: Provider,
    },
}

impl FixRequest {
    fn id(self) -> String {
        match self {
            Self::Ours { id } => id,
            Self::Platform { deployment_id, provider } => format!("{provider}:{deployment_id}"),
        }
    }
}

/// Starts the fix of a failed deployment: a new one, or again one that has ended without a pull request.
///
/// # Errors
/// `Conflict` where there is nothing to start; `NotFound` for what the user does not watch.
pub(super) async fn start(
    state: &AppState,
    views: &Views,
    user: &CurrentUser,
    request: FixRequest,
) -> Result<deployment::Model, ApiError> {
    let id = request.id();
    audit::add("deployment", &id);
    let fix_id = match db::fixes::find_for_user(&state.db, &user.id, &id).await? {
        Some(fix) => {
            let fix_id = fix.id.clone();
            actions::retry(&state.fixes, &state.queue, fix).await?;
            fix_id
        }
        None => {
            let (watched, deployment) = views::unfixed(views, &user.id, &id).await?;
            by_hand::start(&IntakeContext::from_ref(state), &watched, deployment).await?
        }
    };
    find(state, user, &fix_id).await
}

/// Starts the fix of a failed deployment, whatever the brakes say.
#[utoipa::path(
    post,
    path = "/api/deployments/fix",
    operation_id = "fixDeployment",
    tag = "Deployments",
    request_body = FixRequest,
    responses(
        (status = 200, body = FixSummary),
        (status = 404, body = ErrorBody, description = "No such deployment of a watched project"),
        (status = 409, body = ErrorBody, description = "There is nothing to start"),
        (status = 502, body = ErrorBody, description = "The platform did not answer as documented"),
    ),
)]
async fn fix(
    user: CurrentUser,
    State(state): State<AppState>,
    Extension(views): Extension<Views>,
    ApiJson(request): ApiJson<FixRequest>,
) -> Result<Json<FixSummary>, ApiFailure> {
    Ok(Json(db::fixes::summary(&start(&state, &views, &user, request).await?)?))
}

/// The whole story of a fix.
#[utoipa::path(
    get,
    path = "/api/deployments/{id}",
    operation_id = "getDeployment",
    tag = "Deployments",
    params(("id" = String, Path, description = "Our id of the fix, or `{provider}:{platform's id}`")),
    responses((status = 200, body = FixDetail)),
)]
async fn detail(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<String>,
) -> Result<Json<FixDetail>, ApiFailure> {
    let fix = find(&state, &user, &id).await?;
    let mut detail = db::fixes::detail_for_user(&state.db, &fix, &user.id).await?;
    // Colours are for people.
    detail.log = detail.log.map(|log| log.lines().map(clean).collect::<Vec<_>>().join("\n"));
    Ok(Json(detail))
}

/// Starts a failed or skipped fix again.
#[utoipa::path(
    post,
    path = "/api/deployments/{id}/retry",
    operation_id = "retryFix",
    tag = "Deployments",
    params(("id" = String, Path, description = "Our id of the fix, or `{provider}:{platform's id}`")),
    responses(
        (status = 200, body = FixSummary),
        (status = 409, body = ErrorBody, description = "It runs, or it has a pull request"),
    ),
)]
async fn retry(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<String>,
) -> Result<Json<FixSummary>, ApiFailure> {
    let fix = find(&state, &user, &id).await?;
    actions::retry(&state.fixes, &state.queue, fix).await?;
    Ok(Json(db::fixes::summary(&find(&state, &user, &id).await?)?))
}

/// Ends a fix that waits or runs.
#[utoipa::path(
    post,
    path = "/api/deployments/{id}/cancel",
    operation_id = "cancelFix",
    tag = "Deployments",
    params(("id" = String, Path, description = "Our id of the fix, or `{provider}:{platform's id}`")),
    responses(
        (status = 200, body = FixSummary),
        (status = 409, body = ErrorBody, description = "It has ended already"),
    ),
)]
async fn cancel(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<String>,
) -> Result<Json<FixSummary>, ApiFailure> {
    let fix = find(&state, &user, &id).await?;
    actions::cancel(&state.fixes, fix).await?;
    Ok(Json(db::fixes::summary(&find(&state, &user, &id).await?)?))
}

/// Makes the platform build a deployment's commit once more: for failures that code cannot repair.
#[utoipa::path(
    post,
    path = "/api/deployments/{id}/redeploy",
    operation_id = "redeployDeployment",
    tag = "Deployments",
    params(("id" = String, Path, description = "Our id of the fix, or `{provider}:{platform's id}`")),
    responses(
        (status = 202, description = "The platform has accepted it"),
        (status = 404, body = ErrorBody, description = "No such deployment of a watched project"),
        (status = 502, body = ErrorBody, description = "The platform did not answer as documented"),
    ),
)]
async fn redeploy(
    user: CurrentUser,
    Extension(views): Extension<Views>,
    ApiPath(id): ApiPath<String>,
) -> Result<StatusCode, ApiFailure> {
    views::redeploy(&views, &user.id, &id).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Says that the diagnosis of a fix was wrong. It is kept for later, until the fix is started again.
#[utoipa::path(
    post,
    path = "/api/deployments/{id}/dispute",
    operation_id = "disputeDiagnosis",
    tag = "Deployments",
    params(("id" = String, Path, description = "Our id of the fix, or `{provider}:{platform's id}`")),
    responses(
        (status = 204, description = "It is kept"),
        (status = 404, body = ErrorBody, description = "No such fix of a watched project"),
        (status = 409, body = ErrorBody, description = "There is no diagnosis"),
    ),
)]
async fn dispute(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<String>,
) -> Result<StatusCode, ApiFailure> {
    actions::dispute(&state.fixes, &find(&state, &user, &id).await?, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes it back.
#[utoipa::path(
    delete,
    path = "/api/deployments/{id}/dispute",
    operation_id = "undisputeDiagnosis",
    tag = "Deployments",
    params(("id" = String, Path, description = "Our id of the fix, or `{provider}:{platform's id}`")),
    responses(
        (status = 204, description = "It is taken back"),
        (status = 404, body = ErrorBody, description = "No such fix of a watched project"),
        (status = 409, body = ErrorBody, description = "There is no diagnosis"),
    ),
)]
async fn take_back(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<String>,
) -> Result<StatusCode, ApiFailure> {
    actions::dispute(&state.fixes, &find(&state, &user, &id).await?, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Cursor {
    /// Only events after this number. `Last-Event-ID` wins.
    after: Option<i64>,
}

/// A browser that comes back says what it saw last; the page says it the first time.
fn cursor(headers: &HeaderMap, query: &Cursor) -> i64 {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    last.or(query.after).unwrap_or(0)
}

/// The events of a fix as they happen (server-sent events).
///
/// Each has the name `fix`, its number as `id`, and a `FixEvent` as `data`. The stream goes on until the client
/// ends it or the server stops; `Last-Event-ID` continues it.
#[utoipa::path(
    get,
    path = "/api/deployments/{id}/events",
    operation_id = "streamFix",
    tag = "Deployments",
    params(("id" = String, Path, description = "Our id of the fix, or `{provider}:{platform's id}`"), Cursor),
    responses((status = 200, body = String, content_type = "text/event-stream")),
)]
async fn fix_events(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<String>,
    ApiQuery(query): ApiQuery<Cursor>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiFailure> {
    let fix = find(&state, &user, &id).await?;
    let pass = state.auth.pass(&user);
    Ok(live::fix_stream(state.db, &state.bus, state.stop, pass, fix.id, cursor(&headers, &query)))
}

/// Changes of any fix as they happen (server-sent events).
///
/// Each has the name `fix` and a `FixSummary` as `data`.
#[utoipa::path(
    get,
    path = "/api/deployments/events",
    operation_id = "streamDeployments",
    tag = "Deployments",
    responses((status = 200, body = String, content_type = "text/event-stream")),
)]
async fn list_events(user: CurrentUser, State(state): State<AppState>) -> impl IntoResponse {
    let pass = state.auth.pass(&user);
    live::list_stream(state.db, &state.bus, state.stop, pass, user.id)
}
