//! A model's endpoint that follows a script: streams like the real ones, fails like the real ones.

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use futures::stream;
use serde_json::{Value, json};
use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};
use url::Url;

/// What the endpoint does with every request.
#[derive(Clone, Copy)]
pub enum Mode {
    /// The steps in turn: a tool with its arguments, or words.
    Script(fn() -> Vec<(&'static str, Value)>),
    /// Says nothing, for ever.
    Hang,
    /// A status with an error code.
    Status(u16, &'static str),
    /// Breaks off after a few words.
    Truncate,
}

#[derive(Clone)]
struct Endpoint {
    mode: Mode,
    asked: Arc<Mutex<Vec<Value>>>,
}

/// The endpoint, and every request that it was sent.
pub struct Model {
    pub url: Url,
    pub asked: Arc<Mutex<Vec<Value>>>,
}

/// The key that the endpoint wants.
pub const KEY: &str = "the-real-model-key";

impl Model {
    pub async fn new(mode: Mode) -> Self {
        let asked = Arc::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap()).parse().unwrap();
        let app = Router::new().fallback(answer).with_state(Endpoint { mode, asked: Arc::clone(&asked) });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, asked }
    }

    pub fn requests(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

async fn answer(State(endpoint): State<Endpoint>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap();
    let said = if body["messages"].is_array() { &body["messages"] } else { &body["contents"] };
    let of_model = |message: &&Value| message["role"] == "assistant" || message["role"] == "model";
    let said = said.as_array().unwrap().iter().filter(of_model).count();
    endpoint.asked.lock().unwrap().push(body);
    let refused = |status: u16, code: &str| {
        let error = json!({"error": {"message": "It does not work.", "type": code, "code": code}});
        (StatusCode::from_u16(status).unwrap(), [("retry-after", "1")], error.to_string()).into_response()
    };
    let anthropic = headers.contains_key("anthropic-version");
    let google = uri.path().ends_with("/models/test-model:streamGenerateContent");
    let sent = match (anthropic, google) {
        (true, _) => headers["x-api-key"].to_str(),
        (_, true) => headers["x-goog-api-key"].to_str(),
        _ => headers["authorization"].to_str(),
    };
    if sent.unwrap().trim_start_matches("Bearer ") != KEY {
        return refused(401, "invalid_api_key");
    }
    let chunks = match endpoint.mode {
        Mode::Status(status, code) => return refused(status, code),
        Mode::Hang => {
            let nothing = stream::pending::<Result<Bytes, Infallible>>();
            return ([("content-type", "text/event-stream")], Body::from_stream(nothing)).into_response();
        }
        Mode::Truncate => vec![chunk(&json!({"role": "assistant", "content": "I am about"}), None)],
        Mode::Script(script) if anthropic => return anthropic_words(script()[0].1.as_str().unwrap()),
        Mode::Script(script) if google => {
            let script = script();
            let (tool, arguments) = &script[said.min(script.len() - 1)];
            google_step(tool, arguments)
        }
        Mode::Script(script) => {
            let script = script();
            let (tool, arguments) = &script[said.min(script.len() - 1)];
            match *tool {
                "" => words(arguments.as_str().unwrap()),
                tool => call(said, tool, &arguments.to_string()),
            }
        }
    };
    let chunks = stream::iter(chunks.into_iter().map(Ok::<_, Infallible>));
    ([("content-type", "text/event-stream")], Body::from_stream(chunks)).into_response()
}

fn chunk(delta: &Value, finish: Option<&str>) -> String {
    let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
    let mut event = json!({"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]});
    if finish.is_some() {
        event["usage"] = json!({"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050});
    }
    format!("data: {event}\n\n")
}

fn words(text: &str) -> Vec<String> {
    vec![
        chunk(&json!({"role": "assistant", "content": text}), None),
        chunk(&json!({}), Some("stop")),
        "data: [DONE]\n\n".to_owned(),
    ]
}

fn call(number: usize, tool: &str, arguments: &str) -> Vec<String> {
    let function = json!({"name": tool, "arguments": arguments});
    let call =
        json!([{"index": 0, "id": format!("call_{number}"), "type": "function", "function": function}]);
    vec![
        chunk(&json!({"role": "assistant", "content": ""}), None),
        chunk(&json!({"tool_calls": call}), None),
        chunk(&json!({}), Some("tool_calls")),
        "data: [DONE]\n\n".to_owned(),
    ]
}

fn google_step(tool: &str, arguments: &Value) -> Vec<String> {
    let part = match tool {
        "" => json!({"text": arguments}),
        tool => json!({"functionCall": {"name": tool, "args": arguments}}),
    };
    let usage = json!({"promptTokenCount": 1000, "candidatesTokenCount": 40, "thoughtsTokenCount": 10, "totalTokenCount": 1050});
    let event = json!({"candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": usage, "modelVersion": "test-model"});
    vec![format!("data: {event}\r\n\r\n")]
}

fn anthropic_words(text: &str) -> Response {
    let events = [
        json!({"type": "message_start", "message": {"id": "m", "type": "message", "role": "assistant", "model": "m",
            "content": [], "stop_reason": null, "stop_sequence": null, "usage": {"input_tokens": 70, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null}, "usage": {"output_tokens": 9}}),
        json!({"type": "message_stop"}),
    ];
    let body: String = events
        .iter()
        .map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap()))
        .collect();
    ([("content-type", "text/event-stream")], body).into_response()
}
