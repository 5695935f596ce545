//! Notifications over HTTP, and the number of unread ones as it changes.

use super::error::{ApiFailure, ApiJson, ApiQuery};
use crate::{
    model::NotificationsPage,
    server::{
        auth::CurrentUser,
        db::notifications::{self, Which},
        http::integrations::Done,
        live,
        state::AppState,
        views,
    },
};
use axum::{Json, extract::State, response::IntoResponse};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Everything that answers once.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(read))
}

/// The live stream: it stays open, so no time limit may stand around it.
pub fn streams() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(events))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Page {
    /// `next` of the page before.
    #[param(max_length = 200)]
    after: Option<String>,
}

/// What you were told about fixes, newest first.
///
/// The last 500 are kept. Pages have up to 50; `next` of one is `after` of the following one.
#[utoipa::path(
    get,
    path = "/api/notifications",
    operation_id = "listNotifications",
    tag = "Notifications",
    params(Page),
    responses((status = 200, body = NotificationsPage)),
)]
async fn list(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiQuery(page): ApiQuery<Page>,
) -> Result<Json<NotificationsPage>, ApiFailure> {
    Ok(Json(views::notifications(&state.db, &user.id, page.after.as_deref()).await?))
}

/// Which to mark as read: those named in `ids`, those up to `upTo`, or, with neither, every one.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ReadRequest {
    /// These.
    #[schema(max_items = 500)]
    ids: Option<Vec<String>>,
    /// This one and older ones.
    up_to: Option<String>,
}

impl ReadRequest {
    fn which(self) -> Which {
        match (self.ids, self.up_to) {
            (Some(ids), _) => Which::Ids(ids.into_iter().take(500).collect()),
            (None, Some(id)) => Which::UpTo(id),
            (None, None) => Which::All,
        }
    }
}

/// Marks notifications as read.
#[utoipa::path(
    post,
    path = "/api/notifications/read",
    operation_id = "readNotifications",
    tag = "Notifications",
    request_body = ReadRequest,
    responses((status = 200, body = Done)),
)]
async fn read(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiJson(request): ApiJson<ReadRequest>,
) -> Result<Json<Done>, ApiFailure> {
    notifications::mark_read(&state.db, &user.id, request.which(), state.clock.now()).await?;
    state.bus.notify(&user.id);
    Ok(Json(Done::YES))
}

/// The number of unread notifications, at once and whenever it changes (server-sent events).
///
/// Each has the name `unread` and the number as `data`.
#[utoipa::path(
    get,
    path = "/api/notifications/events",
    operation_id = "streamNotifications",
    tag = "Notifications",
    responses((status = 200, body = String, content_type = "text/event-stream")),
)]
async fn events(user: CurrentUser, State(state): State<AppState>) -> impl IntoResponse {
    let pass = state.auth.pass(&user);
    live::unread_stream(state.db, &state.bus, state.stop, pass, user.id)
}
