//! `/health` (the process answers), `/ready` (the database answers and takes something in, too), and, where only
//! monitoring reaches them, `/metrics` (for Prometheus).

use super::error::ApiFailure;
use crate::{
    model::{ApiError, ErrorCode},
    server::{clock::Clock, db::Db, metrics, state::AppState},
};
use axum::{Router, extract::State, routing::get};
use metrics_exporter_prometheus::PrometheusHandle;

/// The probes, for everybody who reaches the pages.
pub fn router() -> Router<AppState> {
    Router::new().route("/health", get(|| async { "ok" })).route("/ready", get(ready))
}

/// The probes and the metrics, for an address of their own: metrics say how much goes on here, and of what kind.
pub fn monitoring(handle: PrometheusHandle) -> Router<AppState> {
    let metrics = async move |State(db): State<Db>, State(clock): State<Clock>| {
        metrics::look(&db, clock.now()).await;
        handle.render()
    };
    router().route("/metrics", get(metrics))
}

async fn ready(State(db): State<Db>, State(clock): State<Clock>) -> Result<&'static str, ApiFailure> {
    let looked = db.ready(clock.now()).await;
    looked.map_err(|disorder| ApiFailure(ApiError::new(ErrorCode::Unavailable, disorder.to_string())))?;
    Ok("ready")
}
