//! Logs to standard error and metrics for Prometheus.

use super::metrics::{self, DOLLARS, LONG, QUICK};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::{io::IsTerminal as _, time::Duration};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// What is logged without `RUST_LOG`.
const DEFAULT_FILTER: &str = "info,sqlx=warn,apalis=warn,apalis_core=warn,hyper=warn,tower_http=warn";

/// Starts logging: lines for people on a terminal, JSON otherwise. Call it once.
pub fn start_logs() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let registry = tracing_subscriber::registry().with(filter);
    if std::io::stderr().is_terminal() {
        registry.with(fmt::layer().with_writer(std::io::stderr).with_target(false)).init();
    } else {
        registry.with(fmt::layer().json().with_writer(std::io::stderr).flatten_event(true)).init();
    }
}

/// How often measurements are folded into their buckets.
const FOLD: Duration = Duration::from_secs(5);

/// Folds measurements that nobody has asked for into their buckets, so that they do not fill the memory.
pub async fn keep_folding(handle: PrometheusHandle, stop: CancellationToken) {
    loop {
        handle.run_upkeep();
        tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(FOLD) => {} }
    }
}

/// Starts counting. The handle writes what `/metrics` answers.
///
/// Errors: a recorder is installed already.
pub fn start_metrics() -> Result<PrometheusHandle, metrics_exporter_prometheus::BuildError> {
    let named = |name: &str| Matcher::Full(name.to_owned());
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &LONG)?
        .set_buckets_for_metric(named(metrics::HTTP_SECONDS), &QUICK)?
        .set_buckets_for_metric(named(metrics::AGENT_COST), &DOLLARS)?
        .install_recorder()?;
    metrics::describe();
    Ok(handle)
}
