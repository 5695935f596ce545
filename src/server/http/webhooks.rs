//! `POST /api/integrations/{provider}/webhooks`: platforms call here. No session, no origin check: the signature
//! over the raw body decides.

use super::error::{ApiFailure, ApiPath, body_failure, method_not_allowed};
use crate::{
    model::Provider,
    server::intake::{
        IntakeContext, Receipt,
        receive::{MAX_DELIVERY_BYTES, receive},
    },
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRef, State, rejection::BytesRejection},
    http::HeaderMap,
    routing::post,
};

/// The route, for any state that has the parts of the intake.
pub fn router<S>() -> Router<S>
where
    IntakeContext: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    Router::new()
        .route("/api/integrations/{provider}/webhooks", post(deliver).fallback(method_not_allowed))
        .layer(DefaultBodyLimit::max(MAX_DELIVERY_BYTES))
}

async fn deliver(
    State(ctx): State<IntakeContext>,
    ApiPath(provider): ApiPath<Provider>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Receipt>, ApiFailure> {
    let body = body.map_err(|rejection| body_failure(&rejection))?;
    let receipt = receive(&ctx, provider, &headers, body).await?;
    let labels = [("provider", provider.as_str()), ("action", receipt.action.as_str())];
    metrics::counter!("deploymend_webhook_deliveries_total", &labels).increment(1);
    Ok(Json(receipt))
}
