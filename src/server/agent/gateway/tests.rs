#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::sync::Mutex;
use tempfile::TempDir;

type Seen = Arc<Mutex<Vec<(String, HeaderMap, Value)>>>;

/// An endpoint that remembers what it was asked and answers with what the key says.
#[derive(Clone)]
struct Endpoint {
    seen: Seen,
    status: StatusCode,
    reply: &'static str,
}

async fn answer(State(endpoint): State<Endpoint>, uri: Uri, headers: HeaderMap, body: String) -> Response {
    let body = serde_json::from_str(&body).unwrap();
    endpoint.seen.lock().unwrap().push((uri.path().to_owned(), headers, body));
    (
        endpoint.status,
        [("content-type", "text/event-stream"), ("retry-after", "7")],
        Body::from(endpoint.reply),
    )
        .into_response()
}

struct Bench {
    folder: TempDir,
    session: Session,
    client: reqwest::Client,
    seen: Seen,
}

const MINUTE: Duration = Duration::from_secs(60);
const WHOLE: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\n\
                     data: {\"choices\":[],\"usage\":{\"prompt_tokens\":30,\"completion_tokens\":12}}\n\ndata: [DONE]\n\n";
const BROKEN: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"},\"finish_reason\":null}]}\n\n";

impl Bench {
    async fn new(protocol: ModelProtocol, status: u16, reply: &'static str) -> Self {
        let seen = Seen::default();
        let endpoint =
            Endpoint { seen: Arc::clone(&seen), status: StatusCode::from_u16(status).unwrap(), reply };
        let upstream = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = upstream.local_addr().unwrap();
        let app = Router::new().fallback(answer).with_state(endpoint);
        tokio::spawn(async move { axum::serve(upstream, app).await });
        let gateway = Gateway::new(ModelSettings {
            protocol,
            url: format!("http://{address}/api/v1/").parse().unwrap(),
            ..test_settings()
        });
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("model.sock");
        let session =
            gateway.unwrap().open(UnixListener::bind(&socket).unwrap(), Activity::default(), MINUTE);
        let client = reqwest::Client::builder().unix_socket(socket).build().unwrap();
        Self { folder, session, client, seen }
    }

    fn request(&self, path: &str, body: &Value) -> reqwest::RequestBuilder {
        let token = self.session.token();
        self.client.post(format!("http://gateway{path}")).bearer_auth(token).body(body.to_string())
    }

    /// Asks once as the agent does; `None` when the answer broke off.
    async fn ask(&self) -> Option<(u16, String)> {
        let body = json!({"model": "the-model", "stream": true, "messages": []});
        // An answer that breaks off early may take its head along.
        let answer = self.request("/v1/chat/completions", &body).send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.text().await.ok()?))
    }

    fn asked(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

#[tokio::test]
async fn the_key_is_put_in_outside_and_the_answer_comes_back_as_it_was() {
    let bench = Bench::new(ModelProtocol::Openai, 200, WHOLE).await;
    assert_eq!(bench.ask().await, Some((200, WHOLE.to_owned())));
    {
        let seen = bench.seen.lock().unwrap();
        let (path, headers, body) = &seen[0];
        assert_eq!((path.as_str(), &body["model"]), ("/api/v1/chat/completions", &json!("the-model")));
        assert_eq!(headers["authorization"], "Bearer the-real-key");
    }
    let taken = bench.session.taken();
    assert_eq!(taken, Taken { requests: 1, input_tokens: 30, output_tokens: 12 });
    assert_eq!(bench.session.fault(), None);
}

#[tokio::test]
async fn anthropic_gets_its_own_header_and_path() {
    let bench = Bench::new(ModelProtocol::Anthropic, 200, "data: {\"type\":\"message_stop\"}\n\n").await;
    let body = json!({"model": "the-model", "stream": true, "messages": [], "max_tokens": 5});
    let request = bench.client.post("http://gateway/v1/messages").header("x-api-key", bench.session.token());
    assert_eq!(request.body(body.to_string()).send().await.unwrap().status(), 200);
    let seen = bench.seen.lock().unwrap();
    let (path, headers, _) = &seen[0];
    assert_eq!(
        (path.as_str(), &headers["x-api-key"]),
        ("/api/v1/messages", &"the-real-key".parse().unwrap())
    );
    assert!(!headers.contains_key("authorization"));
}

#[tokio::test]
async fn nothing_but_the_attempts_own_requests_gets_through() {
    let bench = Bench::new(ModelProtocol::Openai, 200, WHOLE).await;
    let body = json!({"model": "the-model", "stream": true, "messages": []});
    let path = "/v1/chat/completions";
    let url = format!("http://gateway{path}");
    for (request, status) in [
        (bench.client.post(&url).bearer_auth("the-real-key").body(body.to_string()), 401),
        (bench.client.post(&url).body(body.to_string()), 401),
        (bench.client.get(&url).bearer_auth(bench.session.token()), 404),
        (bench.request("/v1/models", &body), 404),
        (bench.request("/v1/chat/completions/../files", &body), 404),
        (bench.request("/v1/models/dearer:streamGenerateContent", &body), 404),
        (bench.request(path, &json!({"model": "the-model", "stream": false})), 400),
        (bench.request(path, &json!({"model": "dearer", "stream": true, "messages": []})), 400),
    ] {
        assert_eq!(request.send().await.unwrap().status(), status);
    }
    assert_eq!((bench.asked(), bench.session.taken().requests), (0, 0));
}

#[tokio::test]
async fn a_token_opens_its_own_attempt_and_only_while_it_runs() {
    let one = Bench::new(ModelProtocol::Openai, 200, WHOLE).await;
    let mut other = Bench::new(ModelProtocol::Openai, 200, WHOLE).await;
    let body = json!({"model": "the-model", "stream": true, "messages": []});
    let url = "http://gateway/v1/chat/completions";
    let ask = async |bench: &Bench, token: &str| {
        let answer = bench.client.post(url).bearer_auth(token).body(body.to_string()).send().await;
        answer.map(|answer| answer.status().as_u16()).ok()
    };
    let token = one.session.token().to_owned();
    assert_eq!(ask(&one, &token).await, Some(200));
    assert_eq!(ask(&other, &token).await, Some(401));
    // Its connection, which the client keeps open, ends with it.
    let client = one.client.clone();
    drop(one.session);
    let after = client.post(url).bearer_auth(&token).body(body.to_string()).send().await;
    assert!(after.is_err(), "{after:?}");

    let socket = other.folder.path().join("next.sock");
    let gateway = Gateway::new(test_settings()).unwrap();
    other.session =
        gateway.open(UnixListener::bind(&socket).unwrap(), Activity::default(), Duration::from_millis(1));
    other.session.stopped().cancelled().await;
    assert_eq!(other.session.fault(), Some(Fault::Budget { what: "time" }));
    other.client = reqwest::Client::builder().unix_socket(socket).build().unwrap();
    let token = other.session.token().to_owned();
    assert_eq!(ask(&other, &token).await, None);
}

#[tokio::test]
async fn a_refused_key_stops_the_attempt_and_stays_secret() {
    let bench = Bench::new(ModelProtocol::Openai, 401, "Incorrect API key provided: the-real-key").await;
    let (status, text) = bench.ask().await.unwrap();
    assert!(status == 401 && !text.contains("the-real-key"));
    assert!(bench.session.stopped().is_cancelled());
    assert_eq!(bench.session.fault(), Some(Fault::Refused { status: 401 }));
    assert_eq!(bench.ask().await.unwrap().0, 503);
    assert_eq!(bench.asked(), 1);

    let rejected = Bench::new(ModelProtocol::Openai, 400, "context_length_exceeded at the-real-key").await;
    assert_eq!(rejected.ask().await, Some((400, "context_length_exceeded at ***".to_owned())));
    assert!(!rejected.session.stopped().is_cancelled());
}

/// Log lines as JSON.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Alone in a process: whether a line is logged at all is decided once for all threads, so that a test beside it
/// that logs nowhere could decide it for this one.
#[test]
fn what_it_logs_belongs_to_the_story_of_its_attempt() {
    let (_, inside) = concat!(module_path!(), "::story").split_once("::").unwrap();
    let own = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", inside])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&own.stdout);
    assert!(own.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
#[ignore = "started by what_it_logs_belongs_to_the_story_of_its_attempt"]
async fn story() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().json().flatten_event(true).with_writer(move || writer.clone());
    let _logged = tracing::subscriber::set_default(subscriber.finish());
    let id = trace::new_id();
    let span = tracing::info_span!("fix", trace_id = id);
    let bench = trace::within(id.clone(), span, Bench::new(ModelProtocol::Openai, 401, "")).await;
    bench.ask().await.unwrap();
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let refused = lines.iter().find(|line| line["message"] == "the model's endpoint refused a request");
    assert_eq!(refused.unwrap()["span"]["trace_id"], id.as_str(), "{text}");
}

#[tokio::test]
async fn a_broken_off_answer_is_an_error_inside_and_three_are_enough() {
    let bench = Bench::new(ModelProtocol::Openai, 200, BROKEN).await;
    for _ in 0..3 {
        assert!(!bench.session.stopped().is_cancelled());
        assert_eq!(bench.ask().await, None);
    }
    assert!(bench.session.stopped().is_cancelled());
    assert_eq!(bench.session.fault(), Some(Fault::Truncated));
}

#[tokio::test]
async fn budgets_end_it() {
    let bench = Bench::new(ModelProtocol::Openai, 200, WHOLE).await;
    for _ in 0..3 {
        bench.ask().await.unwrap();
    }
    assert_eq!(bench.session.fault(), Some(Fault::Budget { what: "tokens" }));
    let limited = Bench::new(ModelProtocol::Openai, 429, "").await;
    for _ in 0..4 {
        assert_eq!(limited.ask().await.unwrap().0, 429);
    }
    assert_eq!(limited.session.fault(), Some(Fault::RateLimited));
    assert_eq!(limited.ask().await.unwrap().0, 503);
    assert_eq!((limited.session.fault(), limited.asked()), (Some(Fault::Budget { what: "requests" }), 4));
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_is_named() {
    let mut bench = Bench::new(ModelProtocol::Openai, 200, WHOLE).await;
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", free.local_addr().unwrap()).parse().unwrap();
    drop(free);
    let settings = ModelSettings { url, ..test_settings() };
    let socket = bench.folder.path().join("other.sock");
    let gateway = Gateway::new(settings).unwrap();
    bench.session = gateway.open(UnixListener::bind(&socket).unwrap(), Activity::default(), MINUTE);
    bench.client = reqwest::Client::builder().unix_socket(socket).build().unwrap();
    assert_eq!(bench.ask().await.unwrap().0, 502);
    assert_eq!(bench.session.fault(), Some(Fault::Unavailable { status: None }));
}

fn test_settings() -> ModelSettings {
    ModelSettings {
        protocol: ModelProtocol::Openai,
        url: "http://127.0.0.1:9".parse().unwrap(),
        model: "the-model".to_owned(),
        key: Some("the-real-key".to_owned().into()),
        max_requests: 4,
        max_tokens: 100,
        max_cost: 1.0,
        prices: (1.0, 2.0),
    }
}

#[test]
fn costs_are_per_million() {
    let taken = Taken { requests: 1, input_tokens: 1_000_000, output_tokens: 500_000 };
    assert!((test_settings().cost(taken) - 2.0).abs() < 1e-9);
}
