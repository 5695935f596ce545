//! Turns a Cloudflare notification into a [`WebhookEvent`], and tells whether Cloudflare sent it.
//!
//! A delivery carries the destination's secret in `cf-webhook-auth`. There is no signature and no id, and what it says
//! about the deployment is not documented: it is a hint that something happened.

use super::{notifications::ALERT, wire};
use crate::{
    model::Timestamp,
    server::integrations::{MalformedDelivery, WebhookEvent, WebhookKind, lenient::filled},
};
use axum::http::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The header with the destination's secret.
pub const SECRET_HEADER: &str = "cf-webhook-auth";

/// Whether the sender knows `secret`. It proves nothing about the body, which is not signed.
pub fn verify(headers: &HeaderMap, secret: &SecretString) -> bool {
    let secret = secret.expose_secret().as_bytes();
    let mut given = headers.get_all(SECRET_HEADER).iter();
    let (Some(given), None) = (given.next(), given.next()) else { return false };
    // Without a secret everybody would know it.
    !secret.is_empty() && bool::from(given.as_bytes().ct_eq(secret))
}

/// Reads a delivery: any JSON object. The dashboard's test has a text and nothing else.
pub fn parse(body: &[u8]) -> Result<WebhookEvent, MalformedDelivery> {
    let value: Value = serde_json::from_slice(body).map_err(|_| MalformedDelivery)?;
    if !value.is_object() {
        return Err(MalformedDelivery);
    }
    let delivery: wire::Delivery = serde_json::from_value(value).map_err(|_| MalformedDelivery)?;
    let seconds = delivery.ts.as_deref().and_then(|ts| ts.parse::<i64>().ok());
    let is_test = delivery.text.is_some()
        && delivery.alert_type.is_none()
        && delivery.account_id.is_none()
        && delivery.ts.is_none()
        && delivery.data.is_none();
    let delivery_id = match (filled(delivery.alert_correlation_id), seconds) {
        (Some(alert), Some(seconds)) => format!("{}-{seconds}", cut(&alert)),
        _ => format!("body-{}", hex::encode(Sha256::digest(body))),
    };
    Ok(WebhookEvent {
        delivery_id,
        kind: if is_test {
            WebhookKind::Other("test".to_owned())
        } else {
            WebhookKind::Hint(filled(delivery.alert_type).map_or_else(|| ALERT.to_owned(), |kind| cut(&kind)))
        },
        project_id: None,
        team_id: filled(delivery.account_id),
        sent_at: seconds.and_then(|seconds| Timestamp::from_timestamp(seconds, 0)),
        deployment: None,
    })
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    const SECRET: &str = "cf-test-secret-01";

    fn carrying(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(SECRET_HEADER.parse().unwrap(), value.parse().unwrap())])
    }

    #[rstest]
    #[case::the_secret(SECRET, SECRET, true)]
    #[case::another_secret("cf-test-secret-02", SECRET, false)]
    #[case::the_start("cf-test-secret-0", SECRET, false)]
    #[case::more("cf-test-secret-011", SECRET, false)]
    #[case::upper_case("CF-TEST-SECRET-01", SECRET, false)]
    #[case::empty("", SECRET, false)]
    #[case::no_secret("", "", false)]
    #[case::no_secret_but_something(SECRET, "", false)]
    fn the_known_vector(#[case] given: &str, #[case] secret: &str, #[case] expected: bool) {
        assert_eq!(verify(&carrying(given), &secret.into()), expected);
    }

    #[test]
    fn one_header_and_no_other_counts() {
        assert!(!verify(&HeaderMap::new(), &SECRET.into()));
        let mut two = carrying(SECRET);
        two.append(SECRET_HEADER, SECRET.parse().unwrap());
        assert!(!verify(&two, &SECRET.into()));
        let misnamed =
            HeaderMap::from_iter([("cf-webhook-signature".parse().unwrap(), SECRET.parse().unwrap())]);
        assert!(!verify(&misnamed, &SECRET.into()));
    }

    /// The reference's worked example; the keys of `data` are guesses.
    fn example() -> Value {
        json!({"name": "deploy-dashboard pages", "text": "Deployment failed for shop-web",
            "data": {"project_name": "shop-web", "environment": "ENVIRONMENT_PREVIEW", "event": "EVENT_DEPLOYMENT_FAILED",
            "deployment_id": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"}, "ts": 1_767_323_045,
            "account_id": "0123456789abcdef0123456789abcdef", "policy_id": "fedcba9876543210fedcba9876543210",
            "policy_name": "deploy-dashboard pages", "alert_type": "pages_event_alert",
            "alert_correlation_id": "22222222222222222222222222222222", "alert_event": "ALERT_STATE_EVENT_START"})
    }

    fn read(body: &Value) -> WebhookEvent {
        parse(body.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_notification_is_a_hint() {
        insta::assert_debug_snapshot!(read(&example()), @r#"
            WebhookEvent {
                delivery_id: "22222222222222222222222222222222-1767323045",
                kind: Hint(
                    "pages_event_alert",
                ),
                project_id: None,
                team_id: Some(
                    "0123456789abcdef0123456789abcdef",
                ),
                sent_at: Some(
                    2026-01-02T03:04:05Z,
                ),
                deployment: None,
            }
        "#);
    }

    #[test]
    fn what_is_missing_changes_nothing() {
        let mut body = example();
        for key in ["account_id", "alert_type", "policy_id", "data", "alert_correlation_id"] {
            body.as_object_mut().unwrap().remove(key);
        }
        let event = read(&body);
        assert_eq!((event.kind, event.team_id), (WebhookKind::Hint(ALERT.to_owned()), None));
        assert!(event.delivery_id.starts_with("body-"), "{}", event.delivery_id);
        body["alert_type"] = json!("x".repeat(1000));
        assert_eq!(read(&body).kind, WebhookKind::Hint("x".repeat(80)));
        assert_eq!(read(&json!({})).kind, WebhookKind::Hint(ALERT.to_owned()));
    }

    #[test]
    fn the_dashboards_test_is_none() {
        let event = read(&json!({"text": "Hello World! This is a test message."}));
        assert_eq!(event.kind, WebhookKind::Other("test".to_owned()));
    }

    #[test]
    fn a_repetition_has_the_same_id() {
        let mut later = example();
        later["ts"] = json!(1_767_323_046);
        assert_eq!(read(&example()).delivery_id, read(&example()).delivery_id);
        assert_ne!(read(&example()).delivery_id, read(&later).delivery_id);
        let (a, b) = (json!({"text": "a"}), json!({"text": "b"}));
        assert_eq!(read(&a).delivery_id, read(&a).delivery_id);
        assert_ne!(read(&a).delivery_id, read(&b).delivery_id);
    }

    #[rstest]
    #[case("")]
    #[case("[]")]
    #[case("7")]
    #[case("null")]
    #[case("{\"text\":\"x\"")]
    fn not_a_delivery(#[case] body: &str) {
        assert_eq!(parse(body.as_bytes()), Err(MalformedDelivery));
    }

    fn any_shape() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,10}".prop_map(Value::from),
            Just(json!([1])),
            Just(json!({"deployment_id": 7})),
        ]
    }

    proptest! {
        #[test]
        fn only_the_secret_passes(secret in "[!-~]{1,40}", at in any::<prop::sample::Index>(), forged in "[!-~]{0,40}") {
            prop_assert!(verify(&carrying(&secret), &secret.as_str().into()));
            prop_assert_eq!(verify(&carrying(&forged), &secret.as_str().into()), forged == secret);
            let shorter = &secret[..at.index(secret.len())];
            prop_assert!(!verify(&carrying(shorter), &secret.as_str().into()));
        }

        #[test]
        fn rubbish_never_panics(body in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&body);
        }

        #[test]
        fn any_object_is_read(text in any_shape(), ts in any_shape(), data in any_shape(), id in any_shape()) {
            let body = json!({"text": text, "ts": ts, "data": data, "alert_type": id, "account_id": text, "alert_correlation_id": id});
            prop_assert!(parse(body.to_string().as_bytes()).is_ok());
        }
    }
}
