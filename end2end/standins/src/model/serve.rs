//! The HTTP side: key, failure modes, and the stream of chunks with usage in the last one.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::brain::{self, Step};
use super::conversation::Conversation;
use super::state::{Mode, ModelRequest};
use crate::faults::then_break;
use crate::ids::{now_ms, random};
use crate::world::World;

/// `GET /v1/models`.
pub async fn models(State(world): State<Arc<World>>, headers: HeaderMap) -> Response {
    if !has_key(&world, &headers) {
        return refusal(StatusCode::UNAUTHORIZED, "Incorrect API key provided", "invalid_api_key");
    }
    Json(json!({"object": "list", "data": [{"id": "scripted", "object": "model", "owned_by": "standins"}]}))
        .into_response()
}

/// `POST /v1/chat/completions`, streamed or whole.
pub async fn chat(State(world): State<Arc<World>>, headers: HeaderMap, body: Bytes) -> Response {
    if !has_key(&world, &headers) {
        return refusal(StatusCode::UNAUTHORIZED, "Incorrect API key provided", "invalid_api_key");
    }
    let Ok(request) = serde_json::from_slice::<Value>(&body) else {
        return refusal(
            StatusCode::BAD_REQUEST,
            "We could not parse the JSON body of your request.",
            "invalid_request_error",
        );
    };
    let Some(model) = request["model"].as_str().filter(|_| request["messages"].is_array()) else {
        return refusal(
            StatusCode::BAD_REQUEST,
            "you must provide a model and messages",
            "invalid_request_error",
        );
    };
    let tools: Vec<String> = request["tools"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|tool| tool["function"]["name"].as_str().map(str::to_owned))
        .collect();
    let conversation = Conversation::of(&request);
    let (mode, delay) = settings(&world, model);
    let step = if tools.is_empty() {
        // Titles and summaries come without tools.
        Step::Final("Repair the build".to_owned())
    } else {
        brain::next(&conversation, mode)
    };
    remember(&world, &headers, &request, mode, tools, &step);
    tokio::time::sleep(delay).await;
    match mode {
        Mode::Unauthorized => {
            refusal(StatusCode::UNAUTHORIZED, "Incorrect API key provided", "invalid_api_key")
        }
        Mode::QuotaExceeded => {
            refusal(StatusCode::TOO_MANY_REQUESTS, "You exceeded your current quota", "insufficient_quota")
        }
        Mode::ServerError => {
            refusal(StatusCode::INTERNAL_SERVER_ERROR, "The server had an error", "server_error")
        }
        Mode::ContextLength => {
            let message = "This model's maximum context length is 8192 tokens.";
            refusal(StatusCode::BAD_REQUEST, message, "context_length_exceeded")
        }
        Mode::RateLimited => {
            let mut response =
                refusal(StatusCode::TOO_MANY_REQUESTS, "Rate limit reached", "rate_limit_exceeded");
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            response
        }
        Mode::Hang => events(Body::from_stream(futures::stream::pending::<Result<Bytes, Infallible>>())),
        Mode::Garbage => {
            events(Body::from("data: {\"choices\":[{\"delta\"\n\ndata: <html>\n\n\u{fffd}\u{0}\n\n"))
        }
        Mode::Truncated | Mode::Broken => cut(model, mode == Mode::Broken),
        _ => answer(&request, model, &step, mode),
    }
}

fn has_key(world: &World, headers: &HeaderMap) -> bool {
    let wanted = format!("Bearer {}", world.state().model.key);
    headers.get(header::AUTHORIZATION).is_some_and(|given| given.as_bytes() == wanted.as_bytes())
}

fn settings(world: &World, model: &str) -> (Mode, std::time::Duration) {
    let mut state = world.state();
    let queued = if state.model.next.is_empty() { None } else { Some(state.model.next.remove(0)) };
    (Mode::of_model(model).or(queued).unwrap_or(state.model.mode), state.model.step_delay)
}

fn remember(
    world: &World,
    headers: &HeaderMap,
    request: &Value,
    mode: Mode,
    tools: Vec<String>,
    step: &Step,
) {
    let header = |name: &str| Some((name.to_owned(), headers.get(name)?.to_str().ok()?.to_owned()));
    let kept = ["user-agent", "x-session-id", "authorization"];
    let messages = request["messages"].as_array().map_or(0, Vec::len);
    let entry = ModelRequest {
        at: now_ms(),
        model: request["model"].as_str().unwrap_or_default().to_owned(),
        mode,
        messages,
        tools,
        headers: kept.into_iter().filter_map(header).collect::<BTreeMap<_, _>>(),
        answer: match step {
            Step::Call { call, .. } => format!("{} {}", call.tool, call.arguments),
            Step::Final(text) => text.clone(),
        },
        prompt: Conversation::of(request).prompt,
    };
    world.state().model.requests.push(entry);
}

fn refusal(status: StatusCode, message: &str, code: &str) -> Response {
    (status, Json(json!({"error": {"message": message, "type": code, "param": null, "code": code}})))
        .into_response()
}

fn events(body: Body) -> Response {
    ([(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")], body).into_response()
}

fn cut(model: &str, broken: bool) -> Response {
    let id = format!("chatcmpl-{}", random(24));
    let start = data(&chunk(&id, model, json!({"role": "assistant", "content": "I will start by"}), None));
    events(if broken { then_break(Bytes::from(start)) } else { Body::from(start) })
}

fn answer(request: &Value, model: &str, step: &Step, mode: Mode) -> Response {
    let id = format!("chatcmpl-{}", random(24));
    let usage = usage(request, step, mode);
    let (say, call) = match step {
        Step::Final(text) => (text.as_str(), None),
        Step::Call { call, say } => (say.as_str(), Some(call)),
    };
    let reason = if call.is_some() { "tool_calls" } else { "stop" };
    let call_id = format!("call_{}", random(20));
    if request["stream"] != json!(true) {
        let calls = call.map(|call| {
            json!([{"id": call_id, "type": "function",
            "function": {"name": call.tool, "arguments": call.arguments.to_string()}}])
        });
        let message = json!({"role": "assistant", "content": say, "tool_calls": calls});
        return Json(
            json!({"id": id, "object": "chat.completion", "created": now_ms() / 1000, "model": model,
            "choices": [{"index": 0, "message": message, "finish_reason": reason}], "usage": usage}),
        )
        .into_response();
    }
    let mut chunks = vec![chunk(&id, model, json!({"role": "assistant", "content": ""}), None)];
    for piece in pieces(say, 24) {
        chunks.push(chunk(&id, model, json!({"content": piece}), None));
    }
    if let Some(call) = call {
        let start = json!({"index": 0, "id": call_id, "type": "function", "function": {"name": call.tool, "arguments": ""}});
        chunks.push(chunk(&id, model, json!({"tool_calls": [start]}), None));
        for piece in pieces(&call.arguments.to_string(), 40) {
            let more = json!({"index": 0, "function": {"arguments": piece}});
            chunks.push(chunk(&id, model, json!({"tool_calls": [more]}), None));
        }
    }
    chunks.push(chunk(&id, model, json!({}), Some(reason)));
    if request["stream_options"]["include_usage"] == json!(true) {
        let mut last = chunk(&id, model, json!({}), None);
        last["choices"] = json!([]);
        last["usage"] = usage;
        chunks.push(last);
    }
    let mut text: Vec<String> = chunks.iter().map(data).collect();
    text.push("data: [DONE]\n\n".to_owned());
    let stream = futures::stream::iter(text.into_iter().map(Ok::<_, Infallible>));
    events(Body::from_stream(stream))
}

fn chunk(id: &str, model: &str, delta: Value, finish: Option<&str>) -> Value {
    json!({"id": id, "object": "chat.completion.chunk", "created": now_ms() / 1000, "model": model,
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
}

fn data(chunk: &Value) -> String {
    format!("data: {chunk}\n\n")
}

fn pieces(text: &str, length: usize) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(length).map(|piece| piece.iter().collect()).collect()
}

/// About four bytes to a token, as a real model would count.
fn usage(request: &Value, step: &Step, mode: Mode) -> Value {
    let size = |value: &Value| value.to_string().len() / 4;
    let prompt = size(&request["messages"]) + size(&request["tools"]);
    let completion = match step {
        Step::Final(text) => text.len() / 4 + 1,
        Step::Call { call, say } => (say.len() + call.arguments.to_string().len()) / 4 + 8,
    };
    let prompt = if mode == Mode::Expensive { 100_000 } else { prompt };
    json!({"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0}})
}
