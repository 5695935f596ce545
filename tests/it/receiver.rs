//! Where a user's webhook leads: keeps each message and answers as told. Checks signatures as a receiver would, from
//! the specification and without the product's code.

use crate::app::until;
use anyhow::Context as _;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// The tolerance that the specification recommends.
const TOLERANCE: i64 = 300;

/// A message as it came in.
#[derive(Clone, Debug)]
pub struct Received {
    pub path: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn id(&self) -> &str {
        self.header("webhook-id")
    }

    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body of a message that is signed with `secret`, just now.
    pub fn verified(&self, secret: &str) -> anyhow::Result<Value> {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").context("no secret")?)?;
        let timestamp = self.header("webhook-timestamp");
        let age = chrono::Utc::now().timestamp() - timestamp.parse::<i64>()?;
        anyhow::ensure!(age.abs() <= TOLERANCE, "it was sent {age} s ago");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key)?;
        mac.update(format!("{}.{timestamp}.", self.id()).as_bytes());
        mac.update(&self.body);
        let signature = self.header("webhook-signature").strip_prefix("v1,").context("no signature")?;
        mac.verify_slice(&STANDARD.decode(signature)?)?;
        anyhow::ensure!(self.header("content-type") == "application/json");
        Ok(serde_json::from_slice(&self.body)?)
    }
}

/// An answer to one message.
type Answer = (u16, Option<(&'static str, String)>);

#[derive(Clone, Default)]
struct Shared {
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
}

/// A server on loopback. It ends with the test.
pub struct Receiver {
    pub url: String,
    shared: Shared,
}

impl Receiver {
    pub async fn start() -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/hook", listener.local_addr()?);
        let shared = Shared::default();
        let routes = Router::new().fallback(take).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { url, shared })
    }

    /// How the next message is answered that no earlier call is about; 200 without one.
    pub fn answer(&self, status: u16, header: Option<(&'static str, &str)>) {
        let header = header.map(|(name, value)| (name, value.to_owned()));
        self.shared.answers.lock().unwrap_or_else(PoisonError::into_inner).push_back((status, header));
    }

    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for so many messages, and gives them all.
    pub async fn wait_for(&self, count: usize, within: Duration) -> anyhow::Result<Vec<Received>> {
        let look = async || {
            let received = self.received();
            let all = received.len() >= count;
            Ok(if all { Ok(received) } else { Err(format!("{} of {count} messages came", received.len())) })
        };
        until(within, look).await
    }
}

async fn take(State(shared): State<Shared>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let message = Received { path: uri.path().to_owned(), headers, body };
    shared.received.lock().unwrap_or_else(PoisonError::into_inner).push(message);
    let next = shared.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let (status, header) = next.unwrap_or((200, None));
    let mut answer = StatusCode::from_u16(status).unwrap_or(StatusCode::IM_A_TEAPOT).into_response();
    if let Some((name, value)) = header
        && let Ok(value) = value.parse()
    {
        answer.headers_mut().insert(name, value);
    }
    answer
}
