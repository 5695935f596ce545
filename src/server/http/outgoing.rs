//! A user's outgoing webhook over HTTP.

use super::error::{ApiFailure, ApiJson, ErrorBody};
use crate::{
    model::{ApiError, OutgoingDelivery, OutgoingWebhook},
    server::{
        auth::CurrentUser,
        http::integrations::Done,
        notify::{NotifyContext, webhook},
        state::AppState,
    },
};
use axum::{
    Json,
    extract::{FromRef as _, State},
};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// `/api/webhook` and below it.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show, put, remove)).routes(routes!(test))
}

/// Your webhook with its last ten messages.
#[utoipa::path(
    get,
    path = "/api/webhook",
    operation_id = "getWebhook",
    tag = "Notifications",
    responses(
        (status = 200, body = OutgoingWebhook),
        (status = 404, body = ErrorBody, description = "You have none"),
    ),
)]
async fn show(user: CurrentUser, State(state): State<AppState>) -> Result<Json<OutgoingWebhook>, ApiFailure> {
    Ok(Json(webhook::view(&state.db, &user.id).await?.ok_or_else(ApiError::not_found)?))
}

/// Where messages go.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookInput {
    /// An https address on the public Internet.
    #[schema(max_length = 2000)]
    url: String,
    /// Messages are sent.
    #[serde(default = "yes")]
    enabled: bool,
}

const fn yes() -> bool {
    true
}

/// A webhook that was set.
#[derive(Serialize, ToSchema)]
pub struct WebhookSet {
    /// The key of its signatures (`whsec_…`), where the webhook is new. It is not shown again.
    secret: Option<String>,
    /// The webhook.
    webhook: OutgoingWebhook,
}

/// Sets your webhook: a new one, or another address for the one that is there, which keeps its secret.
///
/// News of fixes are sent there as `POST` with a JSON body (`type`, `timestamp`, `data`) and signed after Standard
/// Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`. What is not answered with 2xx within 10 seconds
/// is sent again, eight times within about a day, with the same `webhook-id`. 410 switches the webhook off.
#[utoipa::path(
    put,
    path = "/api/webhook",
    operation_id = "setWebhook",
    tag = "Notifications",
    request_body = WebhookInput,
    responses((status = 200, body = WebhookSet)),
)]
async fn put(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiJson(input): ApiJson<WebhookInput>,
) -> Result<Json<WebhookSet>, ApiFailure> {
    let ctx = NotifyContext::from_ref(&state);
    let secret = webhook::put(&ctx, &user.id, &input.url, input.enabled).await?;
    let secret = secret.map(|secret| secret.expose_secret().to_owned());
    let webhook = webhook::view(&state.db, &user.id).await?.ok_or_else(ApiError::not_found)?;
    Ok(Json(WebhookSet { secret, webhook }))
}

/// Removes your webhook with its messages.
#[utoipa::path(
    delete,
    path = "/api/webhook",
    operation_id = "removeWebhook",
    tag = "Notifications",
    responses(
        (status = 200, body = Done),
        (status = 404, body = ErrorBody, description = "You have none"),
    ),
)]
async fn remove(user: CurrentUser, State(state): State<AppState>) -> Result<Json<Done>, ApiFailure> {
    webhook::remove(&NotifyContext::from_ref(&state), &user.id).await?;
    Ok(Json(Done::YES))
}

/// Sends a test message. It is on its way with the answer; `GET /api/webhook` says what came of it.
#[utoipa::path(
    post,
    path = "/api/webhook/test",
    operation_id = "testWebhook",
    tag = "Notifications",
    responses(
        (status = 200, body = OutgoingDelivery),
        (status = 404, body = ErrorBody, description = "You have no webhook"),
        (status = 409, body = ErrorBody, description = "It is off, or a test is on its way already"),
    ),
)]
async fn test(
    user: CurrentUser,
    State(state): State<AppState>,
) -> Result<Json<OutgoingDelivery>, ApiFailure> {
    Ok(Json(webhook::test(&NotifyContext::from_ref(&state), &user.id).await?))
}
