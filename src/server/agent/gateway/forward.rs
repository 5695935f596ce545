//! One request through the gateway: checked, sent on with the real key, and streamed back as it comes.

use super::{
    Shared,
    answer::Answer,
    meter::{Fault, Meter},
    request,
};
use crate::server::{config::ModelProtocol, sandbox::Activity};
use futures::{StreamExt, stream};
use http_body_util::{BodyExt, Full, Limited, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::{Bytes, Frame, Incoming},
    header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER},
};
use secrecy::{ExposeSecret, SecretString};
use std::{borrow::Cow, io, pin::Pin, sync::Arc};
use subtle::ConstantTimeEq;

const MAX_REQUEST: usize = 16 * 1024 * 1024;
const MAX_ERROR: usize = 16 * 1024;

pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;
type Bytestream = Pin<Box<dyn futures::Stream<Item = reqwest::Result<Bytes>> + Send>>;

/// One attempt's side of the gateway.
pub(super) struct Attempt {
    pub shared: Arc<Shared>,
    pub token: SecretString,
    pub meter: Arc<Meter>,
    pub activity: Activity,
}

impl Attempt {
    pub(super) async fn handle(self: Arc<Self>, request: Request<Incoming>) -> Response<Body> {
        if request.method() != Method::POST || request.uri().path() != self.shared.path() {
            return error(StatusCode::NOT_FOUND, "not_found", "There is nothing but the model here.");
        }
        if !self.is_ours(request.headers()) {
            return error(StatusCode::UNAUTHORIZED, "invalid_api_key", "This is not the attempt's token.");
        }
        let Ok(body) = Limited::new(request.into_body(), MAX_REQUEST).collect().await else {
            return error(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                "The request is too large or broke off.",
            );
        };
        let settings = &self.shared.settings;
        let body =
            request::rewrite(&body.to_bytes(), settings.protocol, &settings.model, self.shared.is_openai());
        match body {
            Ok(body) => self.forward(body).await,
            Err(reason) => error(StatusCode::BAD_REQUEST, "invalid_request", reason),
        }
    }

    fn is_ours(&self, headers: &HeaderMap) -> bool {
        let bearer = headers.get(AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        let plain = headers.get("x-api-key").or_else(|| headers.get("x-goog-api-key"));
        let plain = plain.map(|value| value.as_bytes());
        let token = self.token.expose_secret().as_bytes();
        bearer.or(plain).is_some_and(|given| given.ct_eq(token).into())
    }

    async fn forward(self: Arc<Self>, body: Vec<u8>) -> Response<Body> {
        if self.meter.admit().is_err() {
            return error(StatusCode::SERVICE_UNAVAILABLE, "stopped", "The attempt is over.");
        }
        self.activity.touch();
        let request_bytes = body.len() as u64;
        let sent = self.shared.post(body).send();
        let answer = tokio::select! {
            answer = sent => answer,
            () = self.meter.stopped().cancelled() => return error(StatusCode::SERVICE_UNAVAILABLE, "stopped", "The attempt is over."),
        };
        let Ok(answer) = answer else {
            self.meter.failed(Fault::Unavailable { status: None });
            return error(StatusCode::BAD_GATEWAY, "unreachable", "The model could not be reached.");
        };
        self.activity.touch();
        if !answer.status().is_success() {
            return self.refused(answer).await;
        }
        let content_type = answer.headers().get(CONTENT_TYPE).cloned();
        let passage = Passage {
            tally: Tally {
                meter: Arc::clone(&self.meter),
                request_bytes,
                answer: Answer::new(self.shared.settings.protocol),
            },
            activity: self.activity.clone(),
            source: answer.bytes_stream().boxed(),
            over: false,
        };
        let mut response =
            Response::new(StreamBody::new(stream::unfold(passage, Passage::next)).boxed_unsync());
        response.headers_mut().extend(content_type.map(|value| (CONTENT_TYPE, value)));
        response
    }

    /// Remembers why, and tells the agent as little as it needs.
    async fn refused(&self, answer: reqwest::Response) -> Response<Body> {
        let status = answer.status();
        let retry_after = answer.headers().get(RETRY_AFTER).cloned();
        let body = Limited::new(reqwest::Body::from(answer), MAX_ERROR).collect().await;
        let body = body.map(|body| body.to_bytes()).unwrap_or_default();
        let fault = fault(status.as_u16(), &body);
        tracing::warn!(status = status.as_u16(), ?fault, "the model's endpoint refused a request");
        self.meter.failed(fault.clone());
        let mut response = match fault {
            // The agent shortens a conversation that is too long, and knows by the endpoint's own words that it is.
            Fault::Rejected { .. } => {
                let mut response = Response::new(full(self.shared.without_key(&body)));
                *response.status_mut() = status;
                response
                    .headers_mut()
                    .insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
                response
            }
            _ => error(status, "model_error", "The model's endpoint refused the request."),
        };
        response.headers_mut().extend(retry_after.map(|value| (RETRY_AFTER, value)));
        response
    }
}

/// What a refusal means.
fn fault(status: u16, body: &[u8]) -> Fault {
    let text = String::from_utf8_lossy(body);
    let quota = ["insufficient_quota", "billing_hard_limit", "credit balance is too low", "billing_error"];
    match status {
        402 => Fault::QuotaExhausted,
        400 | 403 | 429 if quota.iter().any(|sign| text.contains(sign)) => Fault::QuotaExhausted,
        401 | 403 => Fault::Refused { status },
        // Google's word for a wrong key.
        400 if text.contains("API_KEY_INVALID") => Fault::Refused { status },
        429 => Fault::RateLimited,
        // 529 is Anthropic's "overloaded".
        408 | 409 | 500.. => Fault::Unavailable { status: Some(status) },
        _ => Fault::Rejected { status },
    }
}

/// Settles what an answer cost, also when the agent hangs up half-way.
struct Tally {
    meter: Arc<Meter>,
    request_bytes: u64,
    answer: Answer,
}

impl Drop for Tally {
    fn drop(&mut self) {
        let (input, output) = self.answer.tokens(self.request_bytes);
        self.meter.count(input, output);
    }
}

/// An answer on its way in.
struct Passage {
    tally: Tally,
    activity: Activity,
    source: Bytestream,
    over: bool,
}

impl Passage {
    async fn next(mut self) -> Option<(io::Result<Frame<Bytes>>, Self)> {
        if self.over {
            return None;
        }
        let meter = Arc::clone(&self.tally.meter);
        let chunk = tokio::select! {
            biased;
            () = meter.stopped().cancelled() => Err(io::ErrorKind::ConnectionAborted),
            chunk = self.source.next() => Ok(chunk),
        };
        let error = match chunk {
            Ok(Some(Ok(bytes))) => {
                self.activity.touch();
                let was_complete = self.tally.answer.is_complete();
                self.tally.answer.push(&bytes);
                if self.tally.answer.is_complete() && !was_complete {
                    meter.succeeded();
                }
                return Some((Ok(Frame::data(bytes)), self));
            }
            Ok(Some(Err(_)) | None) if self.tally.answer.is_complete() => return None,
            Ok(Some(Err(_)) | None) => {
                // Passed on as it is, the agent would take it for an empty answer and ask again, for ever.
                meter.failed(Fault::Truncated);
                io::ErrorKind::UnexpectedEof
            }
            Err(error) => error,
        };
        self.over = true;
        Some((Err(error.into()), self))
    }
}

fn full(bytes: Vec<u8>) -> Body {
    Full::new(Bytes::from(bytes)).map_err(|never| match never {}).boxed_unsync()
}

/// An error in the form that both protocols' clients read.
pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    let error = serde_json::json!({
        "type": "error",
        "error": { "message": message, "type": code, "code": code },
    });
    let mut response = Response::new(full(error.to_string().into_bytes()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
    response
}

impl Shared {
    /// The one path that is served.
    fn path(&self) -> String {
        format!("/v1/{}", self.endpoint())
    }

    /// The endpoint below the base of the model's API.
    fn endpoint(&self) -> Cow<'static, str> {
        match self.settings.protocol {
            ModelProtocol::Openai => "chat/completions".into(),
            ModelProtocol::Anthropic => "messages".into(),
            ModelProtocol::Google => format!("models/{}:streamGenerateContent", self.settings.model).into(),
        }
    }

    /// It is OpenAI's own endpoint, not one that is compatible with it.
    fn is_openai(&self) -> bool {
        self.settings.url.host_str() == Some("api.openai.com")
    }

    fn post(&self, body: Vec<u8>) -> reqwest::RequestBuilder {
        let base = self.settings.url.as_str().trim_end_matches('/');
        let request = self.client.post(format!("{base}/{}", self.endpoint()));
        let key = self.settings.key.as_ref().map(ExposeSecret::expose_secret);
        let request = match (self.settings.protocol, key) {
            (ModelProtocol::Openai, Some(key)) => request.bearer_auth(key),
            (ModelProtocol::Openai, None) => request,
            (ModelProtocol::Anthropic, key) => {
                let request = request.header("anthropic-version", "2023-06-01");
                if let Some(key) = key { request.header("x-api-key", key) } else { request }
            }
            (ModelProtocol::Google, key) => {
                let request = request.query(&[("alt", "sse")]);
                if let Some(key) = key { request.header("x-goog-api-key", key) } else { request }
            }
        };
        request.header(CONTENT_TYPE, "application/json").header("accept", "text/event-stream").body(body)
    }

    /// An endpoint may quote what it was sent.
    fn without_key(&self, body: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(body);
        match &self.settings.key {
            Some(key) if !key.expose_secret().is_empty() => {
                text.replace(key.expose_secret(), "***").into_bytes()
            }
            _ => text.into_owned().into_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart() {
        let table: &[(u16, &str, Fault)] = &[
            (401, "", Fault::Refused { status: 401 }),
            (403, "", Fault::Refused { status: 403 }),
            (402, "", Fault::QuotaExhausted),
            (429, r#"{"error":{"code":"insufficient_quota"}}"#, Fault::QuotaExhausted),
            (400, r#"{"error":{"message":"Your credit balance is too low"}}"#, Fault::QuotaExhausted),
            (429, r#"{"error":{"code":"rate_limit_exceeded"}}"#, Fault::RateLimited),
            (500, "", Fault::Unavailable { status: Some(500) }),
            (529, "", Fault::Unavailable { status: Some(529) }),
            (400, r#"{"error":{"code":"context_length_exceeded"}}"#, Fault::Rejected { status: 400 }),
            (400, r#"{"error":{"details":[{"reason":"API_KEY_INVALID"}]}}"#, Fault::Refused { status: 400 }),
            (404, "", Fault::Rejected { status: 404 }),
            (302, "", Fault::Rejected { status: 302 }),
        ];
        for (status, body, expected) in table {
            assert_eq!(fault(*status, body.as_bytes()), *expected, "{status} {body}");
        }
    }
}
