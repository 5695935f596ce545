//! A claimed message → one signed request, and what came of it.

use super::{NotifyContext, address, schedule, signature};
use crate::{
    model::Timestamp,
    server::db::outgoing::{Claimed, Outcome, secret_identity},
};
use reqwest::{Response, StatusCode, header::CONTENT_TYPE, redirect::Policy};
use std::time::Duration;

/// For all of it: the connection, the request, the answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Of an answer. More of it is nobody's business.
const MAX_ANSWER_BYTES: usize = 1024;

/// Why a request was not taken.
struct Refusal {
    status: Option<StatusCode>,
    error: String,
    asked: Option<Duration>,
}

impl Refusal {
    fn unanswered(error: impl Into<String>) -> Self {
        Self { status: None, error: error.into(), asked: None }
    }
}

/// Sends a message once.
pub async fn send(ctx: &NotifyContext, claimed: &Claimed) -> Outcome {
    if !claimed.webhook.enabled {
        let error = "The webhook was switched off.".to_owned();
        return Outcome::Refused { status: None, error, again: None };
    }
    let sent_at = ctx.clock.now();
    match request(ctx, claimed, sent_at).await {
        Ok(status) => Outcome::Delivered(status.as_u16().into()),
        Err(Refusal { status: Some(StatusCode::GONE), .. }) => Outcome::Gone,
        Err(Refusal { status, error, asked }) => {
            let now = ctx.clock.now();
            let again = schedule::again(claimed.delivery.attempts, ctx.config.webhook_retry, asked, now);
            Outcome::Refused { status: status.map(|status| status.as_u16().into()), error, again }
        }
    }
}

async fn request(ctx: &NotifyContext, claimed: &Claimed, sent_at: Timestamp) -> Result<StatusCode, Refusal> {
    let Claimed { delivery, webhook } = claimed;
    let loopback = ctx.config.allow_loopback_webhooks;
    let refused = |refused: address::Refused| Refusal::unanswered(refused.to_string());
    let url = address::read(&webhook.url, loopback).map_err(refused)?;
    let addresses = address::resolve(&url, loopback).await.map_err(refused)?;
    let broken =
        || Refusal::unanswered("The webhook's secret cannot be used. Remove the webhook and add it again.");
    let secret = ctx.keys.open(&secret_identity(&webhook.id), &webhook.secret).map_err(|_| broken())?;
    let timestamp = sent_at.timestamp();
    let signature = signature::sign(&secret, &delivery.id, timestamp, &delivery.body).ok_or_else(broken)?;
    let client = client(url.host_str().unwrap_or_default(), &addresses)
        .map_err(|_| Refusal::unanswered("The request could not be made."))?;
    let request = client
        .post(url)
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", &delivery.id)
        .header("webhook-timestamp", timestamp.to_string())
        .header("webhook-signature", signature)
        .body(delivery.body.clone());
    let answer = request.send().await.map_err(|error| Refusal::unanswered(unanswered(&error)))?;
    judge(answer, ctx.clock.now()).await
}

/// A client that calls these addresses and no others: no proxy, no redirect, no second look at the name.
fn client(host: &str, addresses: &[std::net::SocketAddr]) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .user_agent(concat!("deploymend/", env!("CARGO_PKG_VERSION")))
        .timeout(TIMEOUT)
        .redirect(Policy::none())
        .no_proxy()
        .resolve_to_addrs(host, addresses)
        .build()
}

fn unanswered(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "The receiver did not answer within 10 seconds."
    } else if error.is_connect() {
        "The receiver could not be reached."
    } else {
        "The connection broke off before the answer."
    }
}

async fn judge(mut answer: Response, now: Timestamp) -> Result<StatusCode, Refusal> {
    let status = answer.status();
    let asked = schedule::retry_after(answer.headers(), now);
    // So that a receiver does not see its answer broken off; what is in it is not kept.
    let mut read = 0;
    while read < MAX_ANSWER_BYTES
        && let Ok(Some(chunk)) = answer.chunk().await
    {
        read += chunk.len();
    }
    if status.is_success() {
        return Ok(status);
    }
    let error = if status.is_redirection() {
        format!("The receiver answered {} and points elsewhere. Redirects are not followed.", status.as_u16())
    } else {
        format!("The receiver answered {}.", status.as_u16())
    };
    Err(Refusal { status: Some(status), error, asked })
}
