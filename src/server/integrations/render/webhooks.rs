//! Turns a Render delivery into a [`WebhookEvent`], and tells whether Render sent it.
//!
//! Deliveries are signed as Standard Webhooks are: `webhook-signature` has the base64 HMAC-SHA256 of
//! `{webhook-id}.{webhook-timestamp}.{body}`. They name the event and the service, neither deploy nor commit.

use super::wire;
use crate::{
    model::Timestamp,
    server::integrations::{MalformedDelivery, WebhookEvent, WebhookKind, lenient::filled},
};
use axum::http::HeaderMap;
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// Names the delivery; the same for every repetition, and the id of the event.
pub const ID_HEADER: &str = "webhook-id";
/// When it was sent, in seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// Signatures with their version, separated by blanks.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// The events that we subscribe to. `deploy_ended` names its deploy; `build_ended` comes earlier.
pub const EVENTS: [&str; 2] = ["deploy_ended", "build_ended"];

/// How far the sender's clock may be from ours, in seconds: an old delivery cannot be played again.
const TOLERANCE: u64 = 300;

/// Base64, whether its end is padded or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Whether the holder of `secret` sent exactly `body`, not long before or after `now`.
pub fn verify(headers: &HeaderMap, body: &[u8], secret: &SecretString, now: Timestamp) -> bool {
    let (Some(id), Some(sent), Some(signatures)) =
        (only(headers, ID_HEADER), only(headers, TIMESTAMP_HEADER), only(headers, SIGNATURE_HEADER))
    else {
        return false;
    };
    let in_time = sent.parse::<i64>().is_ok_and(|at| now.timestamp().abs_diff(at) <= TOLERANCE);
    let key = key(secret);
    // Without a key everybody could sign.
    if !in_time || key.is_empty() {
        return false;
    }
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(&key) else { return false };
    let mac = mac.chain_update(id).chain_update(".").chain_update(sent).chain_update(".").chain_update(body);
    signatures
        .split(' ')
        .filter_map(|signature| BASE64.decode(signature.strip_prefix("v1,")?).ok())
        .any(|digest| mac.clone().verify_slice(&digest).is_ok())
}

/// The value of a header that is there exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok().map(str::trim).filter(|value| !value.is_empty()),
        _ => None,
    }
}

/// The bytes that sign: the secret is their base64, with or without `whsec_` in front; any other text is them itself.
fn key(secret: &SecretString) -> Vec<u8> {
    let secret = secret.expose_secret().trim();
    let secret = secret.strip_prefix("whsec_").unwrap_or(secret);
    BASE64.decode(secret).unwrap_or_else(|_| secret.as_bytes().to_vec())
}

/// Reads a delivery leniently: missing parts, unknown kinds.
pub fn parse(headers: &HeaderMap, body: &[u8]) -> Result<WebhookEvent, MalformedDelivery> {
    let delivery: wire::Delivery = serde_json::from_slice(body).map_err(|_| MalformedDelivery)?;
    let id = only(headers, ID_HEADER).map(str::to_owned).or_else(|| filled(delivery.data.id));
    Ok(WebhookEvent {
        // A delivery without an id is still the same when it comes again.
        delivery_id: id.unwrap_or_else(|| format!("body-{}", hex::encode(Sha256::digest(body)))),
        kind: kind(&delivery.kind),
        project_id: filled(delivery.data.service_id),
        team_id: None,
        sent_at: delivery.timestamp,
        deployment: None,
    })
}

/// Whatever the end of a deploy was, the deploy itself says it better than the delivery.
fn kind(name: &str) -> WebhookKind {
    match name {
        "deploy_ended" | "build_ended" => WebhookKind::Hint(name.to_owned()),
        other => WebhookKind::Other(other.chars().take(80).collect()),
    }
}

#[cfg(test)]
#[path = "webhooks_tests.rs"]
mod tests;
