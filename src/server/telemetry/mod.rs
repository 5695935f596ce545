//! Logs to standard error, metrics for Prometheus, and spans for a collector.

pub mod export;

use super::{
    config::Config,
    metrics::{self, DOLLARS, LONG, QUICK},
};
use export::{Export, ExportError};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::{io::IsTerminal as _, time::Duration};
use tokio_util::sync::CancellationToken;
use tracing::Subscriber;
use tracing_subscriber::{EnvFilter, Layer, fmt, prelude::*, registry::LookupSpan};

/// What is logged without `RUST_LOG`.
const DEFAULT_FILTER: &str =
    "info,sea_orm_migration=warn,sqlx=warn,apalis=warn,apalis_core=warn,hyper=warn,tower_http=warn";

/// Starts logging, and sending spans where the settings name a collector. Call it once, in a Tokio runtime; wait at the end
/// for what it returns.
///
/// # Errors
/// When spans are to be sent and cannot be.
pub fn start(config: &Config) -> Result<Option<Export>, ExportError> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let export = Export::new(config)?;
    match &export {
        // Spans go out that nobody wants to see in the log.
        Some(export) => {
            tracing_subscriber::registry().with(export.layer()).with(lines().with_filter(filter)).init();
        }
        None => tracing_subscriber::registry().with(filter).with(lines()).init(),
    }
    Ok(export)
}

/// Lines for people on a terminal, JSON otherwise.
fn lines<S: Subscriber + for<'a> LookupSpan<'a>>() -> Box<dyn Layer<S> + Send + Sync> {
    if std::io::stderr().is_terminal() {
        fmt::layer().with_writer(std::io::stderr).with_target(false).boxed()
    } else {
        fmt::layer().json().with_writer(std::io::stderr).flatten_event(true).boxed()
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
