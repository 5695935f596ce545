//! Turns a Vercel delivery into a [`WebhookEvent`], and tells whether Vercel sent it.
//!
//! `x-vercel-signature` is the hex HMAC-SHA1 of the body's bytes under the webhook's secret. Retries repeat the
//! body, so its `id` names the delivery.

use super::{convert, wire};
use crate::{
    model::Timestamp,
    server::integrations::{MalformedDelivery, WebhookEvent, WebhookKind},
};
use axum::http::HeaderMap;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// The header with the signature.
pub const SIGNATURE_HEADER: &str = "x-vercel-signature";

/// The events that we subscribe to.
pub const EVENTS: [&str; 3] = ["deployment.error", "deployment.succeeded", "deployment.canceled"];

/// Whether the holder of `secret` sent exactly `body`. A `sha1=` in front of the digest is tolerated.
pub fn verify(headers: &HeaderMap, body: &[u8], secret: &SecretString) -> bool {
    let secret = secret.expose_secret().as_bytes();
    let mut signatures = headers.get_all(SIGNATURE_HEADER).iter();
    let (Some(signature), None) = (signatures.next(), signatures.next()) else { return false };
    let Ok(signature) = signature.to_str() else { return false };
    let signature = signature.trim();
    let Ok(digest) = hex::decode(signature.strip_prefix("sha1=").unwrap_or(signature)) else { return false };
    // Without a secret everybody could sign.
    if secret.is_empty() {
        return false;
    }
    let Ok(mac) = Hmac::<Sha1>::new_from_slice(secret) else { return false };
    mac.chain_update(body).verify_slice(&digest).is_ok()
}

/// Reads a delivery leniently: dotted and old hyphened names, missing parts, unknown kinds.
pub fn parse(body: &[u8]) -> Result<WebhookEvent, MalformedDelivery> {
    let delivery: wire::Delivery = serde_json::from_slice(body).map_err(|_| MalformedDelivery)?;
    let wire::DeliveryPayload { deployment, project, team, target } = delivery.payload.unwrap_or_default();
    let project_id = project
        .and_then(|project| project.id)
        .or_else(|| deployment.as_ref().and_then(|deployment| deployment.project_id.clone()));
    let target = target.as_ref().and_then(|target| target.as_str());
    Ok(WebhookEvent {
        // A delivery without an id is still the same when it comes again.
        delivery_id: delivery
            .id
            .filter(|id| !id.is_empty())
            .unwrap_or_else(|| format!("body-{}", hex::encode(Sha256::digest(body)))),
        kind: kind(&delivery.kind),
        project_id: project_id.filter(|id| !id.is_empty()),
        team_id: team.and_then(|team| team.id),
        sent_at: delivery.created_at.and_then(Timestamp::from_timestamp_millis),
        deployment: deployment.and_then(|deployment| convert::delivered(deployment, target)),
    })
}

fn kind(name: &str) -> WebhookKind {
    match name {
        "deployment.error" | "deployment-error" => WebhookKind::DeploymentFailed,
        "deployment.succeeded" | "deployment.ready" | "deployment-ready" => WebhookKind::DeploymentSucceeded,
        "deployment.canceled" | "deployment-canceled" => WebhookKind::DeploymentCanceled,
        other => WebhookKind::Other(other.chars().take(80).collect()),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    const SECRET: &str = "vercel-test-secret";
    const BODY: &[u8] = br#"{"id":"evt_hook_1","type":"deployment.error"}"#;
    const DIGEST: &str = "8abd65d2dfbeff5b18e84dc00e6d7286da1a3c81";

    fn signed(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(SIGNATURE_HEADER.parse().unwrap(), value.parse().unwrap())])
    }

    #[rstest]
    #[case::bare(DIGEST, SECRET, true)]
    #[case::prefixed("sha1=8abd65d2dfbeff5b18e84dc00e6d7286da1a3c81", SECRET, true)]
    #[case::upper_case("8ABD65D2DFBEFF5B18E84DC00E6D7286DA1A3C81", SECRET, true)]
    #[case::another_secret(DIGEST, "vercel-test-secret2", false)]
    #[case::no_secret(DIGEST, "", false)]
    #[case::another_digest("0abd65d2dfbeff5b18e84dc00e6d7286da1a3c81", SECRET, false)]
    #[case::short("8abd65d2", SECRET, false)]
    #[case::empty("", SECRET, false)]
    #[case::not_hex("vercel-test-secret", SECRET, false)]
    #[case::another_prefix("sha256=8abd65d2dfbeff5b18e84dc00e6d7286da1a3c81", SECRET, false)]
    fn the_known_vector(#[case] signature: &str, #[case] secret: &str, #[case] expected: bool) {
        assert_eq!(verify(&signed(signature), BODY, &secret.into()), expected);
    }

    #[test]
    fn one_signature_and_no_other_header_counts() {
        assert!(!verify(&HeaderMap::new(), BODY, &SECRET.into()));
        let mut two = signed(DIGEST);
        two.append(SIGNATURE_HEADER, DIGEST.parse().unwrap());
        assert!(!verify(&two, BODY, &SECRET.into()));
        let misnamed =
            HeaderMap::from_iter([("x-vercel-webhook-signature".parse().unwrap(), DIGEST.parse().unwrap())]);
        assert!(!verify(&misnamed, BODY, &SECRET.into()));
    }

    fn sign(body: &[u8], secret: &str) -> String {
        let mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).unwrap().chain_update(body);
        hex::encode(mac.finalize().into_bytes())
    }

    proptest! {
        #[test]
        fn only_the_signed_bytes_pass(body in prop::collection::vec(any::<u8>(), 1..200), secret in "[!-~]{1,40}", at in any::<prop::sample::Index>(), flip in 1u8..) {
            let headers = signed(&sign(&body, &secret));
            prop_assert!(verify(&headers, &body, &secret.as_str().into()));
            let mut forged = body.clone();
            forged[at.index(body.len())] ^= flip;
            prop_assert!(!verify(&headers, &forged, &secret.as_str().into()));
        }

        #[test]
        fn rubbish_never_panics(body in prop::collection::vec(any::<u8>(), 0..300), header in "[ -~]{0,60}") {
            let _ = parse(&body);
            prop_assert!(!verify(&signed(&header), &body, &SECRET.into()));
        }

        #[test]
        fn anything_with_a_type_is_read(kind in "[a-z.-]{0,30}", payload in any_shape(), id in any_shape()) {
            let body = json!({"type": kind, "payload": payload, "createdAt": id}).to_string();
            prop_assert!(parse(body.as_bytes()).is_ok());
        }
    }

    fn any_shape() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,10}".prop_map(Value::from),
            Just(json!([1])),
            Just(json!({"deployment": 7, "project": "x"})),
            Just(json!({"deployment": {"id": "dpl_1", "meta": [], "name": 4}, "project": {"id": "prj_1"}})),
        ]
    }

    #[test]
    fn a_failed_deployment() {
        let body = json!({"id": "uev_TestHook0001", "type": "deployment.error", "createdAt": 1_767_323_010_123_i64,
            "region": "iad1", "payload": {"team": {"id": "team_Test1"}, "user": {"id": "usr_Test1"},
            "deployment": {"id": "dpl_Test1", "name": "shop-web", "url": "shop-web-abc123-acme.vercel.app", "meta": {
                "githubCommitSha": "1111111111111111111111111111111111111111", "githubCommitRef": "feature/cart",
                "githubCommitMessage": "Add cart", "githubCommitAuthorLogin": "octo-dev", "githubOrg": "acme",
                "githubRepo": "shop-web", "githubCommitOrg": "stranger", "githubCommitRepo": "shop-web"}},
            "links": {"deployment": "https://vercel.com/acme/shop-web/Test1"}, "target": null,
            "project": {"id": "prj_Test1"}, "plan": "pro", "regions": ["iad1"]}});
        insta::assert_debug_snapshot!(parse(body.to_string().as_bytes()).unwrap(), @r#"
            WebhookEvent {
                delivery_id: "uev_TestHook0001",
                kind: DeploymentFailed,
                project_id: Some(
                    "prj_Test1",
                ),
                team_id: Some(
                    "team_Test1",
                ),
                sent_at: Some(
                    2026-01-02T03:03:30.123Z,
                ),
                deployment: Some(
                    DeliveredDeployment {
                        id: "dpl_Test1",
                        project_name: Some(
                            "shop-web",
                        ),
                        target: Some(
                            "preview",
                        ),
                        branch: Some(
                            "feature/cart",
                        ),
                        commit_sha: Some(
                            "1111111111111111111111111111111111111111",
                        ),
                        repository: Some(
                            "acme/shop-web",
                        ),
                        from_fork: true,
                    },
                ),
            }
        "#);
    }

    #[rstest]
    #[case("deployment.error", WebhookKind::DeploymentFailed)]
    #[case("deployment-error", WebhookKind::DeploymentFailed)]
    #[case("deployment.succeeded", WebhookKind::DeploymentSucceeded)]
    #[case("deployment-ready", WebhookKind::DeploymentSucceeded)]
    #[case("deployment.canceled", WebhookKind::DeploymentCanceled)]
    #[case("deployment.of-tomorrow", WebhookKind::Other("deployment.of-tomorrow".into()))]
    fn kinds(#[case] name: &str, #[case] expected: WebhookKind) {
        let body = json!({"type": name, "payload": {"project": {"id": "prj_1"}}}).to_string();
        let event = parse(body.as_bytes()).unwrap();
        assert_eq!((event.kind, event.project_id.as_deref()), (expected, Some("prj_1")));
    }

    #[test]
    fn a_delivery_without_an_id_has_its_body() {
        let id = |body: &str| parse(body.as_bytes()).unwrap().delivery_id;
        assert_eq!(id(r#"{"type":"a"}"#), id(r#"{"type":"a"}"#));
        assert_ne!(id(r#"{"type":"a"}"#), id(r#"{"type":"b"}"#));
    }

    #[rstest]
    #[case("")]
    #[case("[]")]
    #[case("{\"id\":\"evt_1\"")]
    #[case("{\"id\":\"evt_1\"}")]
    fn not_a_delivery(#[case] body: &str) {
        assert_eq!(parse(body.as_bytes()), Err(MalformedDelivery));
    }
}
