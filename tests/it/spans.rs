//! Spans of the real program, as a collector on loopback decodes them: one trace from the delivery to the commands in the
//! sandbox, and nothing in it that is anybody's secret.

use crate::{
    app::{App, PASSWORD, until},
    world::World,
};
use anyhow::Context as _;
use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use deploymend::model::FixStatus;
use opentelemetry_proto::tonic::{
    collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse},
    common::v1::{KeyValue, any_value::Value},
    trace::v1::Span,
};
use prost::Message as _;
use reqwest::Method;
use standins::scenario::Build;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

const STORY: Duration = Duration::from_secs(300);
const SOON: Duration = Duration::from_secs(30);

/// All fields that spans may have.
const FIELDS: [&str; 10] = [
    "http.request.method",
    "http.route",
    "http.response.status_code",
    "trace_id",
    "provider",
    "fix.id",
    "stage",
    "slot",
    "exit_code",
    "ended_by",
];

/// A collector that keeps what it is sent.
#[derive(Clone, Default)]
struct Collector {
    requests: Arc<Mutex<Vec<(HeaderMap, ExportTraceServiceRequest)>>>,
    /// Everything that came over the line.
    bytes: Arc<Mutex<Vec<u8>>>,
}

async fn take(State(collector): State<Collector>, headers: HeaderMap, body: Bytes) -> Vec<u8> {
    if let Ok(request) = ExportTraceServiceRequest::decode(body.clone()) {
        collector.requests.lock().unwrap_or_else(PoisonError::into_inner).push((headers, request));
        collector.bytes.lock().unwrap_or_else(PoisonError::into_inner).extend(body);
    }
    ExportTraceServiceResponse::default().encode_to_vec()
}

impl Collector {
    /// Starts it. Returns its base.
    async fn start(&self) -> anyhow::Result<String> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://{}/tenant", listener.local_addr()?);
        let router = Router::new().route("/tenant/v1/traces", post(take)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(base)
    }

    fn requests(&self) -> Vec<(HeaderMap, ExportTraceServiceRequest)> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn spans(&self) -> Vec<Span> {
        let resources = self.requests().into_iter().flat_map(|(_, request)| request.resource_spans);
        resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
    }

    /// Everything that came over the line, as text where it is text.
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

fn fields(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |value: &Value| match value {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    };
    let of = |pair: &KeyValue| Some((pair.key.clone(), text(pair.value.as_ref()?.value.as_ref()?)));
    attributes.iter().filter_map(of).collect()
}

/// Ends the program in order.
async fn stop(app: &mut App) -> anyhow::Result<()> {
    let pid = rustix::process::Pid::from_child(&app.child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
    app.wait_for_end(SOON).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_sees_one_trace_from_the_delivery_to_the_sandbox_and_no_secret() -> anyhow::Result<()> {
    let collector = Collector::default();
    let mut world = World::new("healthy").await?;
    world.settings = world
        .settings
        // A fix has ended before its sandbox is gone, and its span ends after that.
        .set("DEPLOYMEND_STOP_GRACE", SOON.as_secs())
        .set("OTEL_EXPORTER_OTLP_ENDPOINT", collector.start().await?)
        .set("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20of-the-collector");
    let mut app = world.start().await?;
    // Its build passes in the sandbox: no agent runs, and the story is short.
    let failed = Build {
        project: world.seeded.project_id.clone(),
        state: Some("ERROR".into()),
        log: "src/hours.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'.".into(),
        ..Build::default()
    };
    world.standins.build(failed).await?;
    let fix = app.ended_fix(STORY).await?;
    assert_eq!(fix.summary.status, FixStatus::Skipped, "{:?}", fix.summary.reason);
    assert_eq!(fix.attempts.len(), 0, "an agent ran");
    app.request(Method::GET, &format!("/deployments/{}?private=in-the-query", fix.summary.id)).send().await?;
    let (cookie, set_up) = (app.cookie.clone(), app.set_up_token.clone());
    stop(&mut app).await?;
    assert_eq!(app.errors(), Vec::<String>::new());

    let trace_id = fix.trace_id.context("no trace")?;
    let spans = collector.spans();
    let parent = |span: &Span| spans.iter().find(|other| other.span_id == span.parent_span_id);
    let of_story: Vec<_> = spans.iter().filter(|span| hex::encode(&span.trace_id) == trace_id).collect();
    let named =
        |name: &str| of_story.iter().copied().filter(|span| span.name == name).collect::<Vec<&Span>>();
    for (name, below) in [
        ("request", None),
        ("delivery", Some("request")),
        ("fix", None),
        ("stage", Some("fix")),
        ("command", Some("stage")),
    ] {
        let found = named(name);
        assert!(!found.is_empty(), "no span {name} in {spans:#?}");
        for span in found {
            assert_eq!(parent(span).map(|above| above.name.as_str()), below, "{span:?}");
        }
    }
    let delivered = fields(&named("request")[0].attributes);
    assert_eq!(delivered["http.route"], "/api/integrations/{provider}/webhooks");
    assert_eq!(
        (delivered["http.request.method"].as_str(), delivered["http.response.status_code"].as_str()),
        ("POST", "200")
    );
    assert_eq!(fields(&named("fix")[0].attributes)["fix.id"], fix.summary.id);
    assert!(named("stage").iter().any(|span| fields(&span.attributes)["stage"] == "pending"));
    let commands: Vec<_> = named("command").iter().map(|span| fields(&span.attributes)).collect();
    assert!(
        commands.iter().all(|command| command.contains_key("slot") && command["exit_code"] == "0"),
        "{commands:?}"
    );
    // Other requests are traces of their own.
    let pages = spans.iter().filter(|span| {
        fields(&span.attributes).get("http.route").is_some_and(|route| route.starts_with("/deployments/"))
    });
    assert!(pages.clone().count() > 0 && pages.clone().all(|span| hex::encode(&span.trace_id) != trace_id));

    // Known fields alone, no log lines, and nothing that anybody would have to keep to themselves.
    let known = BTreeSet::from(FIELDS);
    for span in &spans {
        let fields = fields(&span.attributes);
        assert!(fields.keys().all(|key| known.contains(key.as_str())), "{span:?}");
        assert!(span.events.is_empty(), "{span:?}");
    }
    let text = collector.text();
    let secrets =
        [world.seeded.vercel_token.clone(), world.seeded.github_token.clone(), world.standins.model_key()];
    let session = cookie.as_deref().and_then(|pair| pair.split_once('=')).context("no session")?.1.to_owned();
    let session =
        [session, set_up.context("no set-up token")?, PASSWORD.to_owned(), crate::app::EMAIL.to_owned()];
    let others = ["in-the-query", "npm", "acme", "of-the-collector"].map(str::to_owned);
    for secret in secrets.iter().chain(&session).chain(&others) {
        assert!(!text.contains(secret.as_str()), "{secret} is in a span");
    }
    let (headers, request) = collector.requests().into_iter().next().context("nothing came")?;
    assert_eq!(headers["authorization"], "Bearer of-the-collector");
    let resource = request.resource_spans[0].resource.clone().context("no resource")?;
    assert_eq!(fields(&resource.attributes)["service.name"], "deploymend");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_disturbs_nobody() -> anyhow::Result<()> {
    let free = crate::ports::port()?;
    let mut world = World::new("healthy").await?;
    world.settings = world
        .settings
        .set("DEPLOYMEND_PAUSED", "true")
        .set("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://127.0.0.1:{free}"))
        .set("OTEL_BSP_SCHEDULE_DELAY", "100");
    let mut app = world.start().await?;
    let answered = async || {
        let answer = app.request(Method::GET, "/api/deployments").send().await?;
        let log = app.log.lock().map(|log| log.join("\n")).unwrap_or_default();
        assert_eq!(answer.status(), 200);
        Ok(if log.contains("BatchSpanProcessor") { Ok(()) } else { Err(format!("nothing was said: {log}")) })
    };
    until(SOON, answered).await?;
    stop(&mut app).await
}
