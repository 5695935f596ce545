//! Deliveries of Vercel's webhooks: `x-vercel-signature` is the HMAC-SHA1 of the raw body in hex, without a prefix.
//!
//! Source: <https://vercel.com/docs/webhooks>, "Securing webhooks".

use super::{convert, wire};
use crate::server::integrations::{DeliveredDeployment, MalformedDelivery, WebhookEvent, WebhookKind};
use axum::http::HeaderMap;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha1::Sha1;

const SIGNATURE: &str = "x-vercel-signature";

/// The events that Deploymend subscribes to.
pub const EVENTS: [&str; 3] = ["deployment.error", "deployment.succeeded", "deployment.canceled"];

/// Whether the holder of `secret` sent exactly `body`.
pub fn verify(headers: &HeaderMap, body: &[u8], secret: &SecretString) -> bool {
    let Some(given) = headers.get(SIGNATURE).and_then(|value| value.to_str().ok()) else { return false };
    // Vercel sends none, but proxies and older examples add the algorithm in front.
    let given = given.strip_prefix("sha1=").unwrap_or(given);
    let Ok(given) = hex::decode(given) else { return false };
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret.expose_secret().as_bytes()) else { return false };
    mac.update(body);
    mac.verify_slice(&given).is_ok()
}

/// Reads a delivery, leniently: only its id and its type must be there.
pub fn parse(body: &[u8]) -> Result<WebhookEvent, MalformedDelivery> {
    let delivery: wire::Delivery = serde_json::from_slice(body).map_err(|_| MalformedDelivery)?;
    let target = delivery.payload.target;
    let deployment = delivery.payload.deployment.map(|deployment| {
        let git = convert::git_meta(&deployment.meta.unwrap_or_default());
        DeliveredDeployment {
            id: deployment.id,
            project_name: deployment.name,
            target,
            branch: git.branch,
            commit_sha: git.commit_sha,
            repository: git.repository,
            from_fork: git.from_fork,
        }
    });
    Ok(WebhookEvent {
        delivery_id: delivery.id,
        kind: match delivery.kind.as_str() {
            "deployment.error" | "deployment-error" => WebhookKind::DeploymentFailed,
            "deployment.succeeded" => WebhookKind::DeploymentSucceeded,
            "deployment.canceled" | "deployment-canceled" => WebhookKind::DeploymentCanceled,
            _ => WebhookKind::Other(delivery.kind),
        },
        project_id: delivery.payload.project.map(|project| project.id),
        sent_at: delivery.created_at.and_then(convert::from_millis),
        deployment,
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    /// Computed with two other programs.
    const SECRET: &str = "vercel-test-secret";
    const BODY: &str = r#"{"id":"evt_hook_1","type":"deployment.error"}"#;
    const HMAC: &str = "8abd65d2dfbeff5b18e84dc00e6d7286da1a3c81";

    fn signed(signature: &str) -> HeaderMap {
        HeaderMap::from_iter([(SIGNATURE.parse().unwrap(), signature.parse().unwrap())])
    }

    #[rstest]
    #[case::right(HMAC, true)]
    #[case::prefixed(&format!("sha1={HMAC}"), true)]
    #[case::upper_case(&HMAC.to_uppercase(), true)]
    #[case::one_digit_off(&HMAC.replace("c81", "c82"), false)]
    #[case::cut(&HMAC[..38], false)]
    #[case::empty("", false)]
    #[case::not_hex("zz", false)]
    fn the_signature_decides(#[case] signature: &str, #[case] valid: bool) {
        assert_eq!(verify(&signed(signature), BODY.as_bytes(), &SECRET.into()), valid);
    }

    #[test]
    fn without_a_header_nothing_is_valid() {
        assert!(!verify(&HeaderMap::new(), BODY.as_bytes(), &SECRET.into()));
    }

    proptest! {
        #[test]
        fn a_changed_body_or_secret_is_refused(body: Vec<u8>, other: Vec<u8>, secret in "[ -~]{1,40}") {
            let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).unwrap();
            mac.update(&body);
            let headers = signed(&hex::encode(mac.finalize().into_bytes()));
            prop_assert!(verify(&headers, &body, &secret.clone().into()));
            prop_assert_eq!(verify(&headers, &other, &secret.clone().into()), body == other);
            prop_assert!(!verify(&headers, &body, &SecretString::from([secret.as_str(), "x"].concat())));
        }

        #[test]
        fn any_bytes_are_survived(body: Vec<u8>) {
            let _ = parse(&body);
        }
    }

    #[test]
    fn a_delivery_says_what_failed() {
        let body = r#"{"id":"uev_1","type":"deployment.error","createdAt":1767323010123,"region":"iad1","payload":{
            "team":{"id":"team_1"},"user":{"id":"usr_1"},"target":null,"project":{"id":"prj_1"},"plan":"pro",
            "deployment":{"id":"dpl_1","name":"shop","url":"shop.vercel.app","meta":{"githubCommitSha":"abc",
            "githubCommitRef":"feature/cart","githubOrg":"acme","githubRepo":"shop","githubCommitOrg":"fork","githubCommitRepo":"shop"}}}}"#;
        insta::assert_debug_snapshot!(parse(body.as_bytes()).unwrap(), @r#"
        WebhookEvent {
            delivery_id: "uev_1",
            kind: DeploymentFailed,
            project_id: Some(
                "prj_1",
            ),
            sent_at: Some(
                2026-01-02T03:03:30.123Z,
            ),
            deployment: Some(
                DeliveredDeployment {
                    id: "dpl_1",
                    project_name: Some(
                        "shop",
                    ),
                    target: None,
                    branch: Some(
                        "feature/cart",
                    ),
                    commit_sha: Some(
                        "abc",
                    ),
                    repository: Some(
                        "acme/shop",
                    ),
                    from_fork: true,
                },
            ),
        }
        "#);
    }

    #[rstest]
    #[case("deployment-error", WebhookKind::DeploymentFailed)]
    #[case("deployment.succeeded", WebhookKind::DeploymentSucceeded)]
    #[case("deployment.canceled", WebhookKind::DeploymentCanceled)]
    #[case("project.created", WebhookKind::Other("project.created".into()))]
    fn kinds_are_told_apart(#[case] name: &str, #[case] expected: WebhookKind) {
        let body = format!(r#"{{"id":"uev_1","type":"{name}"}}"#);
        assert_eq!(parse(body.as_bytes()).unwrap().kind, expected);
    }
}
