//! Which deliveries are believed, and how they are read.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use chrono::TimeDelta;
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

/// The vector of the reference: key bytes 00 to 17, computed with another implementation.
const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
const ID: &str = "evt-test000000000000001";
const SENT: &str = "1767323045";
const BODY: &[u8] = br#"{"type":"build_ended","timestamp":"2026-01-02T03:04:05.000000Z","data":{"id":"evt-test000000000000001","serviceId":"srv-test000000000000001","serviceName":"api","status":"failed"}}"#;
const SIGNATURE: &str = "v1,yuEjiCwF9M7aqxaFcfvcFG+zICPMZlBeMZFY2GDzjzw=";

fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

fn headers(id: &str, sent: &str, signature: &str) -> HeaderMap {
    let pairs = [(ID_HEADER, id), (TIMESTAMP_HEADER, sent), (SIGNATURE_HEADER, signature)];
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

#[rstest]
#[case::as_given(ID, SENT, SIGNATURE, SECRET, true)]
#[case::without_prefix(ID, SENT, SIGNATURE, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", true)]
#[case::one_of_several(
    ID,
    SENT,
    "v1a,x v1,AAAA v1,yuEjiCwF9M7aqxaFcfvcFG+zICPMZlBeMZFY2GDzjzw=",
    SECRET,
    true
)]
#[case::unpadded(ID, SENT, "v1,yuEjiCwF9M7aqxaFcfvcFG+zICPMZlBeMZFY2GDzjzw", SECRET, true)]
#[case::another_version(ID, SENT, "v2,yuEjiCwF9M7aqxaFcfvcFG+zICPMZlBeMZFY2GDzjzw=", SECRET, false)]
#[case::no_version(ID, SENT, "yuEjiCwF9M7aqxaFcfvcFG+zICPMZlBeMZFY2GDzjzw=", SECRET, false)]
#[case::another_secret(ID, SENT, SIGNATURE, "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYY", false)]
#[case::no_secret(ID, SENT, SIGNATURE, "", false)]
#[case::only_the_prefix(ID, SENT, SIGNATURE, "whsec_", false)]
#[case::another_id("evt-test000000000000002", SENT, SIGNATURE, SECRET, false)]
#[case::another_time(ID, "1767323046", SIGNATURE, SECRET, false)]
#[case::no_time(ID, "soon", SIGNATURE, SECRET, false)]
#[case::short(ID, SENT, "v1,yuEjiA==", SECRET, false)]
#[case::empty(ID, SENT, "v1,", SECRET, false)]
fn the_known_vector(
    #[case] id: &str,
    #[case] sent: &str,
    #[case] signature: &str,
    #[case] secret: &str,
    #[case] expected: bool,
) {
    assert_eq!(verify(&headers(id, sent, signature), BODY, &secret.into(), now()), expected);
}

#[rstest]
#[case(-300, true)]
#[case(300, true)]
#[case(-301, false)]
#[case(301, false)]
fn clocks_may_differ_by_five_minutes(#[case] seconds: i64, #[case] expected: bool) {
    let later = now() + TimeDelta::seconds(seconds);
    assert_eq!(verify(&headers(ID, SENT, SIGNATURE), BODY, &SECRET.into(), later), expected);
}

#[rstest]
#[case(ID_HEADER)]
#[case(TIMESTAMP_HEADER)]
#[case(SIGNATURE_HEADER)]
fn each_header_is_there_once(#[case] name: &'static str) {
    let mut two = headers(ID, SENT, SIGNATURE);
    two.append(name, two[name].clone());
    assert!(!verify(&two, BODY, &SECRET.into(), now()));
    let mut none = headers(ID, SENT, SIGNATURE);
    none.remove(name);
    assert!(!verify(&none, BODY, &SECRET.into(), now()));
}

fn sign(body: &[u8], key: &[u8]) -> String {
    let content = [ID.as_bytes(), b".", SENT.as_bytes(), b".", body].concat();
    let mac = Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(content);
    format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
}

#[test]
fn a_secret_that_is_no_base64_signs_as_it_is() {
    let signature = sign(BODY, b"not base64!");
    assert!(verify(&headers(ID, SENT, &signature), BODY, &"not base64!".into(), now()));
}

proptest! {
    #[test]
    fn only_the_signed_bytes_pass(
        body in prop::collection::vec(any::<u8>(), 1..200),
        key in prop::collection::vec(any::<u8>(), 1..40),
        at in any::<prop::sample::Index>(),
        flip in 1u8..,
    ) {
        let secret = SecretString::from(format!("whsec_{}", BASE64.encode(&key)));
        let headers = headers(ID, SENT, &sign(&body, &key));
        prop_assert!(verify(&headers, &body, &secret, now()));
        let mut forged = body.clone();
        forged[at.index(body.len())] ^= flip;
        prop_assert!(!verify(&headers, &forged, &secret, now()));
    }

    #[test]
    fn rubbish_never_panics(
        body in prop::collection::vec(any::<u8>(), 0..300),
        sent in "-?[0-9]{0,20}",
        signature in "[ -~]{0,60}",
    ) {
        let headers = headers(ID, &sent, &signature);
        let _ = parse(&headers, &body);
        prop_assert!(!verify(&headers, &body, &SECRET.into(), now()));
    }

    #[test]
    fn anything_with_a_type_is_read(kind in "[a-z_]{0,30}", data in any_shape(), time in any_shape()) {
        let body = json!({"type": kind, "timestamp": time, "data": data}).to_string();
        prop_assert!(parse(&HeaderMap::new(), body.as_bytes()).is_ok());
    }
}

fn any_shape() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        ".{0,10}".prop_map(Value::from),
        Just(json!([1])),
        Just(json!({"id": 7, "serviceId": {}, "status": []})),
    ]
}

#[test]
fn a_build_that_ended() {
    insta::assert_debug_snapshot!(parse(&headers(ID, SENT, SIGNATURE), BODY).unwrap(), @r#"
    WebhookEvent {
        delivery_id: "evt-test000000000000001",
        kind: Hint(
            "build_ended",
        ),
        project_id: Some(
            "srv-test000000000000001",
        ),
        team_id: None,
        sent_at: Some(
            2026-01-02T03:04:05Z,
        ),
        deployment: None,
    }
    "#);
}

#[rstest]
#[case("deploy_ended", WebhookKind::Hint("deploy_ended".into()))]
#[case("build_ended", WebhookKind::Hint("build_ended".into()))]
#[case("deploy_started", WebhookKind::Other("deploy_started".into()))]
#[case("of_tomorrow", WebhookKind::Other("of_tomorrow".into()))]
fn kinds(#[case] name: &str, #[case] expected: WebhookKind) {
    for status in [json!("failed"), json!("succeeded"), json!("canceled"), Value::Null] {
        let body = json!({"type": name, "data": {"id": "evt-1", "serviceId": "srv-1", "status": status}});
        let event = parse(&HeaderMap::new(), body.to_string().as_bytes()).unwrap();
        assert_eq!((&event.kind, event.project_id.as_deref()), (&expected, Some("srv-1")));
    }
}

#[test]
fn a_delivery_is_named_by_its_header_then_its_event_then_its_body() {
    let id = |headers: &HeaderMap, body: &str| parse(headers, body.as_bytes()).unwrap().delivery_id;
    let (with, without) = (headers("evt-head", SENT, SIGNATURE), HeaderMap::new());
    assert_eq!(id(&with, r#"{"type":"a","data":{"id":"evt-body"}}"#), "evt-head");
    assert_eq!(id(&without, r#"{"type":"a","data":{"id":"evt-body"}}"#), "evt-body");
    assert_eq!(id(&without, r#"{"type":"a"}"#), id(&without, r#"{"type":"a"}"#));
    assert_ne!(id(&without, r#"{"type":"a"}"#), id(&without, r#"{"type":"b"}"#));
}

#[rstest]
#[case("")]
#[case("[]")]
#[case("{\"type\":\"deploy_ended\"")]
#[case("{\"data\":{}}")]
fn not_a_delivery(#[case] body: &str) {
    assert_eq!(parse(&HeaderMap::new(), body.as_bytes()), Err(MalformedDelivery));
}
