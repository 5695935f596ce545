//! `/health` (the process answers), `/ready` (the database answers too), `/metrics` (for Prometheus).

use super::error::ApiFailure;
use crate::{
    model::{ApiError, ErrorCode},
    server::{db::Db, state::AppState},
};
use axum::{Router, extract::State, routing::get};
use metrics_exporter_prometheus::PrometheusHandle;

/// The probes.
pub fn router(metrics: Option<PrometheusHandle>) -> Router<AppState> {
    let router = Router::new().route("/health", get(|| async { "ok" })).route("/ready", get(ready));
    match metrics {
        Some(metrics) => router.route("/metrics", get(move || async move { metrics.render() })),
        None => router,
    }
}

async fn ready(State(db): State<Db>) -> Result<&'static str, ApiFailure> {
    db.ping().await.map_err(|_| {
        ApiFailure(ApiError::new(ErrorCode::PlatformUnavailable, "The database does not answer."))
    })?;
    Ok("ready")
}
