//! Spans → a collector, by OTLP over HTTP: requests, deliveries, fixes with their stages, and commands in sandboxes.
//!
//! Only our own spans go out, with the fields that their makers gave them; log lines stay here. A span that belongs to a
//! story has the story's trace id, whichever process made it.

use crate::server::{config::Config, integrations, trace};
use async_trait::async_trait;
use axum::{
    body::Bytes,
    http::{Request, Response},
};
use http_body_util::{BodyExt as _, Limited};
use opentelemetry::{
    KeyValue,
    trace::{SpanId, TraceId, TracerProvider as _},
};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    trace::{IdGenerator, RandomIdGenerator, SdkTracerProvider},
};
use std::time::Duration;
use tokio::runtime::Handle;
use tracing::{Metadata, Subscriber, subscriber::Interest};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, dynamic_filter_fn},
    registry::LookupSpan,
};
use url::Url;

/// Of one batch, with the answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A collector says in a few bytes what it did not take.
const MAX_ANSWER: usize = 64 * 1024;
/// How long the process waits at its end for the last batch to be taken.
const LAST_BATCH: Duration = Duration::from_secs(3);

/// The spans cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The TLS stack of the machine cannot be set up.
    #[error(transparent)]
    Client(#[from] reqwest::Error),
    /// The settings of the exporter (`OTEL_…`) are not what they should be.
    #[error(transparent)]
    Exporter(#[from] ExporterBuildError),
}

/// The way to the collector.
pub struct Export {
    provider: SdkTracerProvider,
}

impl Export {
    /// The way to the collector that the settings name; `None` where they name none. Must be called in a Tokio runtime.
    ///
    /// # Errors
    /// When there can be no such way.
    pub fn new(config: &Config) -> Result<Option<Self>, ExportError> {
        let Some(endpoint) = &config.otlp_endpoint else { return Ok(None) };
        let client = integrations::http::client()?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Transport { client, runtime: Handle::current() })
            .with_endpoint(traces(endpoint))
            .with_timeout(TIMEOUT)
            .build()?;
        let resource = Resource::builder()
            .with_service_name("deploymend")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_id_generator(StoryIds::default())
            .with_batch_exporter(exporter)
            .build();
        Ok(Some(Self { provider }))
    }

    /// What takes the spans of this process.
    pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("deploymend"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false)
            .with_filter(
                dynamic_filter_fn(|of, _| is_ours(of))
                    // Asked anew for each span: where nobody is asked, what was found out about another crate's log
                    // line on the same thread would count for the span (sqlx asks without writing the line).
                    .with_callsite_filter(
                        |of| if is_ours(of) { Interest::sometimes() } else { Interest::never() },
                    )
                    .with_max_level_hint(LevelFilter::DEBUG),
            )
    }

    /// Sends what has not been sent yet, unless that takes too long.
    pub async fn finish(self) {
        // The sender needs this runtime while it is waited for.
        let sent = tokio::task::spawn_blocking(move || self.provider.shutdown_with_timeout(LAST_BATCH));
        if let Ok(Err(error)) = sent.await {
            tracing::warn!(%error, "The last spans could not be sent");
        }
    }
}

/// Other crates' spans may hold anything, and so may log lines.
fn is_ours(of: &Metadata<'_>) -> bool {
    of.is_span() && of.target().split("::").next() == Some(env!("CARGO_CRATE_NAME"))
}

/// Where a collector takes spans, below its base.
fn traces(base: &Url) -> String {
    format!("{}/v1/traces", base.as_str().trim_end_matches('/'))
}

/// A new trace has the id of the story that goes on, if one does.
#[derive(Debug, Default)]
struct StoryIds(RandomIdGenerator);

impl IdGenerator for StoryIds {
    fn new_trace_id(&self) -> TraceId {
        let of_story = trace::current().and_then(|id| TraceId::from_hex(&id).ok());
        of_story.filter(|id| *id != TraceId::INVALID).unwrap_or_else(|| self.0.new_trace_id())
    }

    fn new_span_id(&self) -> SpanId {
        self.0.new_span_id()
    }
}

/// Sends batches with our client. The exporter has a thread of its own, which knows no runtime.
#[derive(Debug)]
struct Transport {
    client: reqwest::Client,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Transport {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (client, mut request) = (self.client.clone(), reqwest::Request::try_from(request)?);
        *request.timeout_mut() = Some(TIMEOUT);
        let sent = self.runtime.spawn(async move {
            let (head, body) = Response::<reqwest::Body>::from(client.execute(request).await?).into_parts();
            let body = Limited::new(body, MAX_ANSWER).collect().await?.to_bytes();
            Ok::<_, HttpError>(Response::from_parts(head, body))
        });
        sent.await?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Settled {
        #[command(flatten)]
        config: Config,
    }

    fn settled(arguments: &[&str]) -> Config {
        Settled::parse_from([&["test"][..], arguments].concat()).config
    }

    #[tokio::test]
    async fn nothing_is_made_without_a_collector() {
        assert!(matches!(Export::new(&settled(&[])), Ok(None)));
        assert!(matches!(Export::new(&settled(&["--otlp-endpoint", "http://127.0.0.1:9"])), Ok(Some(_))));
    }

    #[test]
    fn spans_go_below_the_base() {
        for base in ["http://127.0.0.1:4318", "http://127.0.0.1:4318/"] {
            assert_eq!(
                base.parse().map(|base| traces(&base)).as_deref(),
                Ok("http://127.0.0.1:4318/v1/traces")
            );
        }
        let below = "https://otel.example.test/tenant/".parse().map(|base| traces(&base));
        assert_eq!(below.as_deref(), Ok("https://otel.example.test/tenant/v1/traces"));
    }

    #[tokio::test]
    async fn a_trace_has_the_id_of_its_story() {
        let ids = StoryIds::default();
        let story = trace::new_id();
        let made = trace::within(story.clone(), tracing::Span::none(), async { ids.new_trace_id() }).await;
        assert_eq!(made.to_string(), story);
        assert_ne!(ids.new_trace_id(), ids.new_trace_id());
        for broken in ["", "abc", &"0".repeat(32)] {
            let made =
                trace::within(broken.to_owned(), tracing::Span::none(), async { ids.new_trace_id() }).await;
            assert_ne!(made, TraceId::INVALID);
        }
    }
}
