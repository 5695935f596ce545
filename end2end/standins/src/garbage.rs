//! What comes instead of a platform's answer when something before it, or it itself, is broken.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::faults::refused;
use crate::record::Server;

/// Between two bytes of an answer that drips.
const DRIP: Duration = Duration::from_millis(50);
/// A piece of an answer without an end.
const PIECE: usize = 64 << 10;

/// A broken answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Garbage {
    /// 200 with a page for people.
    Html,
    /// The first half of the proper answer, which says that this is all of it.
    Half,
    /// The proper answer's form, with values of other types.
    WrongTypes,
    /// 200 with the body of a refusal.
    ErrorBody,
    /// 200 with a body that never ends.
    Endless,
    /// A redirect to the same address.
    Redirect,
    /// The proper answer, byte by byte.
    Drip,
    /// The proper answer, said to be a picture.
    ContentType,
    /// The first page, again and again, always with one more to come.
    Pages,
}

impl Garbage {
    /// What is answered to that request.
    pub async fn answer(self, server: Server, request: Request, next: Next) -> Response {
        match self {
            Self::Html => {
                Html("<!DOCTYPE html><title>We are back soon</title><h1>Down for maintenance</h1>\n")
                    .into_response()
            }
            Self::ErrorBody => {
                let mut response = refused(server, 500);
                *response.status_mut() = StatusCode::OK;
                response
            }
            Self::Endless => {
                let piece = Bytes::from(vec![b'['; PIECE]);
                let endless = stream::repeat(piece).map(Ok::<_, Infallible>);
                ([(header::CONTENT_TYPE, "application/json")], Body::from_stream(endless)).into_response()
            }
            Self::Redirect => {
                let here = request.uri().to_string();
                (StatusCode::FOUND, [(header::LOCATION, here)]).into_response()
            }
            Self::Half => {
                let (head, body) = whole(next.run(request).await).await;
                with(head, body.slice(..body.len() / 2))
            }
            Self::WrongTypes => {
                let (head, body) = whole(next.run(request).await).await;
                match serde_json::from_slice(&body) {
                    Ok(proper) => with(head, other_types(proper).to_string().into()),
                    // No JSON: git's answers.
                    Err(_) => with(head, Bytes::from_static(b"null")),
                }
            }
            Self::Drip => {
                let (head, body) = whole(next.run(request).await).await;
                let bytes = stream::iter(body).then(|byte| async move {
                    tokio::time::sleep(DRIP).await;
                    Ok::<_, Infallible>(Bytes::from(vec![byte]))
                });
                Response::from_parts(head, Body::from_stream(bytes))
            }
            Self::ContentType => {
                let mut response = next.run(request).await;
                response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
                response
            }
            Self::Pages => {
                let (head, body) = whole(next.run(first_page(request)).await).await;
                match serde_json::from_slice(&body) {
                    Ok(page) => with(head, one_more(server, page).to_string().into()),
                    Err(_) => with(head, body),
                }
            }
        }
    }
}

async fn whole(response: Response) -> (axum::http::response::Parts, Bytes) {
    let (mut head, body) = response.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    (head, to_bytes(body, usize::MAX).await.unwrap_or_default())
}

fn with(head: axum::http::response::Parts, body: Bytes) -> Response {
    Response::from_parts(head, Body::from(body))
}

fn other_types(proper: Value) -> Value {
    match proper {
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, other_types(value))).collect(),
        Value::Array(_) => json!({"0": "one", "1": "two"}),
        Value::String(_) => json!(["a", "text"]),
        Value::Number(_) => json!({"number": true}),
        Value::Bool(_) | Value::Null => json!("perhaps"),
    }
}

/// The request without what leads to a later page.
fn first_page(mut request: Request) -> Request {
    const CURSORS: [&str; 5] = ["until", "from", "since", "page", "cursor"];
    let kept = |pair: &&str| !CURSORS.contains(&pair.split('=').next().unwrap_or_default());
    let query: Vec<&str> = request.uri().query().unwrap_or_default().split('&').filter(kept).collect();
    let address = format!("{}?{}", request.uri().path(), query.join("&"));
    if let Ok(address) = address.parse::<Uri>() {
        *request.uri_mut() = address;
    }
    request
}

/// The page with a way to one that was never seen before.
fn one_more(server: Server, mut page: Value) -> Value {
    static PAGES: AtomicU64 = AtomicU64::new(1);
    let next = PAGES.fetch_add(1, Ordering::Relaxed);
    match server {
        Server::Vercel if page.is_object() => page["pagination"] = json!({"count": 100, "next": next}),
        Server::Cloudflare if page["result"].is_array() => {
            page["result_info"] = json!({"page": next, "per_page": 1, "total_pages": u64::from(u32::MAX)});
        }
        Server::Render => {
            if let Some(last) = page.as_array_mut().and_then(|elements| elements.last_mut()) {
                last["cursor"] = json!(format!("cursor-{next}"));
            }
        }
        _ => {}
    }
    page
}
