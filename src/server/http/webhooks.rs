//! `POST /api/integrations/{provider}/webhooks`: platforms call here. No session, no origin check: the signature
//! over the raw body decides.

use super::error::{ApiFailure, ApiPath, ErrorBody, body_failure};
use crate::{
    model::Provider,
    server::{
        intake::{
            IntakeContext, Receipt,
            receive::{MAX_DELIVERY_BYTES, receive},
        },
        metrics::DELIVERIES,
        trace,
    },
};
use axum::{
    Json,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRef, State, rejection::BytesRejection},
    http::HeaderMap,
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The route, for any state that has the parts of the intake.
pub fn router<S>() -> OpenApiRouter<S>
where
    IntakeContext: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new().routes(routes!(deliver)).layer(DefaultBodyLimit::max(MAX_DELIVERY_BYTES))
}

/// A platform tells about a deployment. The body is the platform's own, signed with the secret of its webhook.
#[utoipa::path(
    post,
    path = "/api/integrations/{provider}/webhooks",
    operation_id = "deliver",
    tag = "Deliveries",
    security(()),
    params(("provider" = Provider, Path)),
    request_body(content = String, content_type = "application/json"),
    responses(
        (status = 200, body = Receipt),
        (status = 401, body = ErrorBody, description = "The signature does not match the body"),
        (status = 429, body = ErrorBody, description = "Too many forged deliveries came from there: deliver it again"),
        (status = 503, body = ErrorBody, description = "The server has too much to do: deliver it again"),
    ),
)]

async fn deliver(
    State(ctx): State<IntakeContext>,
    ApiPath(provider): ApiPath<Provider>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Receipt>, ApiFailure> {
    let body = body.map_err(|rejection| body_failure(&rejection))?;
    // The request's.
    let trace_id = trace::current().unwrap_or_else(trace::new_id);
    let span = tracing::info_span!("delivery", trace_id, %provider);
    let received = trace::within(trace_id, span, receive(&ctx, provider, &headers, body)).await;
    let action = received.as_ref().map_or("refused", |receipt| receipt.action.as_str());
    metrics::counter!(DELIVERIES, "provider" => provider.as_str(), "action" => action).increment(1);
    Ok(Json(received?))
}
