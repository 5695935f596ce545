//! Turns GitHub's webhook deliveries into the few facts that are acted on. The signature comes first.

use super::RepositoryName;
use axum::http::HeaderMap;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::Sha256;

/// What GitHub tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GithubEvent {
    /// Sent when a webhook is made; answered with 200.
    Ping,
    /// A pull request was merged, or closed without that.
    PullRequestClosed {
        /// The repository it goes to.
        repository: RepositoryName,
        /// Its number there.
        number: u64,
        /// It was merged.
        merged: bool,
        /// The commit on the base branch that this has made.
        merge_sha: Option<String>,
        /// The branch with the change.
        head_branch: String,
    },
    /// A pull request that was closed is open again.
    PullRequestReopened {
        /// The repository it goes to.
        repository: RepositoryName,
        /// Its number there.
        number: u64,
    },
    /// Authentic, but nothing that is acted on.
    Ignored,
}

/// The body is not what GitHub documents for its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the delivery is malformed")]
pub struct MalformedDelivery;

/// Whether `body`, byte for byte, was signed with `secret`: `X-Hub-Signature-256: sha256=<hex HMAC-SHA256>`.
/// Compares in constant time. A missing or second header, a missing prefix or secret is a no.
pub fn verify(headers: &HeaderMap, body: &[u8], secret: &SecretString) -> bool {
    let mut signatures = headers.get_all("x-hub-signature-256").iter();
    let (Some(signature), None) = (signatures.next(), signatures.next()) else { return false };
    let signature = signature
        .to_str()
        .ok()
        .and_then(|value| value.strip_prefix("sha256="))
        .and_then(|digits| hex::decode(digits).ok());
    let (Some(signature), false) = (signature, secret.expose_secret().is_empty()) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else { return false };
    mac.update(body);
    mac.verify_slice(&signature).is_ok()
}

/// GitHub's id of the delivery, which a redelivery keeps; cut to the length of any real one.
pub fn delivery_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get("x-github-delivery")?.to_str().ok()?;
    (!id.is_empty() && id.len() <= 100).then(|| id.to_owned())
}

/// Reads a delivery whose signature was verified.
pub fn parse(headers: &HeaderMap, body: &[u8]) -> Result<GithubEvent, MalformedDelivery> {
    let event = headers.get("x-github-event").and_then(|value| value.to_str().ok());
    match event.ok_or(MalformedDelivery)? {
        "ping" => Ok(GithubEvent::Ping),
        "pull_request" => parse_pull_request(body),
        _ => Ok(GithubEvent::Ignored),
    }
}

#[derive(Deserialize)]
struct WirePullRequestEvent {
    action: String,
    pull_request: WirePullRequest,
    repository: WireRepository,
}

#[derive(Deserialize)]
struct WirePullRequest {
    number: u64,
    merged: Option<bool>,
    merge_commit_sha: Option<String>,
    head: WireHead,
}

#[derive(Deserialize)]
struct WireHead {
    #[serde(rename = "ref")]
    branch: String,
}

#[derive(Deserialize)]
struct WireRepository {
    full_name: String,
}

fn parse_pull_request(body: &[u8]) -> Result<GithubEvent, MalformedDelivery> {
    let event: WirePullRequestEvent = serde_json::from_slice(body).map_err(|_| MalformedDelivery)?;
    let repository = event.repository.full_name.parse().map_err(|_| MalformedDelivery)?;
    let number = event.pull_request.number;
    // The merge commit's id can be there without a merge; this field alone tells.
    let merged = event.pull_request.merged.unwrap_or(false);
    Ok(match event.action.as_str() {
        "closed" => GithubEvent::PullRequestClosed {
            repository,
            number,
            merged,
            merge_sha: event.pull_request.merge_commit_sha.filter(|_| merged),
            head_branch: event.pull_request.head.branch,
        },
        "reopened" => GithubEvent::PullRequestReopened { repository, number },
        _ => GithubEvent::Ignored,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};
    use proptest::prelude::*;
    use rstest::rstest;

    const SECRET: &str = "github-test-secret";
    const BODY: &[u8] = br#"{"action":"closed","number":7}"#;
    const DIGEST: &str = "f0fc6932ece718bef9c1dca9c2b057f9b3f63a51ef517348abc536c05fd1994a";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            Some((HeaderName::from_static(name), HeaderValue::from_str(value).ok()?))
        };
        pairs.iter().filter_map(pair).collect()
    }

    #[rstest]
    #[case::right(&format!("sha256={DIGEST}"), SECRET, BODY, true)]
    #[case::no_prefix(DIGEST, SECRET, BODY, false)]
    #[case::other_prefix(&format!("sha1={DIGEST}"), SECRET, BODY, false)]
    #[case::other_secret(&format!("sha256={DIGEST}"), "github-test-secreT", BODY, false)]
    #[case::no_secret(&format!("sha256={DIGEST}"), "", BODY, false)]
    #[case::other_body(&format!("sha256={DIGEST}"), SECRET, br#"{"action":"closed","number":8}"#, false)]
    #[case::short(&format!("sha256={}", &DIGEST[..62]), SECRET, BODY, false)]
    #[case::long(&format!("sha256={DIGEST}00"), SECRET, BODY, false)]
    #[case::no_hex("sha256=zz", SECRET, BODY, false)]
    #[case::empty("sha256=", SECRET, BODY, false)]
    fn compares_signatures(
        #[case] signature: &str,
        #[case] secret: &str,
        #[case] body: &[u8],
        #[case] expected: bool,
    ) {
        let headers = headers(&[("x-hub-signature-256", signature)]);
        assert_eq!(verify(&headers, body, &SecretString::from(secret)), expected);
    }

    #[test]
    fn no_signature_is_no_signature() {
        let sha1_only = headers(&[("x-hub-signature", &format!("sha256={DIGEST}"))]);
        for headers in [HeaderMap::new(), sha1_only] {
            assert!(!verify(&headers, BODY, &SecretString::from(SECRET)));
        }
    }

    fn event(action: &str, merged: serde_json::Value) -> Vec<u8> {
        serde_json::json!({
            "action": action, "number": 7,
            "pull_request": {"number": 7, "merged": merged,
                "merge_commit_sha": "3333333333333333333333333333333333333333",
                "head": {"ref": "fix/deployment-1", "sha": "2222222222222222222222222222222222222222"}},
            "repository": {"id": 1, "full_name": "acme/shop-web"}, "sender": {"login": "octo-dev"}})
        .to_string()
        .into_bytes()
    }

    #[test]
    fn tells_merged_from_closed() {
        let headers = headers(&[("x-github-event", "pull_request"), ("x-github-delivery", "d-1")]);
        let closed = |merged| GithubEvent::PullRequestClosed {
            repository: "acme/shop-web".parse().expect("a name"),
            number: 7,
            merged,
            merge_sha: merged.then(|| "3".repeat(40)),
            head_branch: "fix/deployment-1".to_owned(),
        };
        assert_eq!(delivery_id(&headers).as_deref(), Some("d-1"));
        assert_eq!(parse(&headers, &event("closed", true.into())), Ok(closed(true)));
        assert_eq!(parse(&headers, &event("closed", false.into())), Ok(closed(false)));
        assert_eq!(parse(&headers, &event("closed", serde_json::Value::Null)), Ok(closed(false)));
        assert_eq!(parse(&headers, &event("labeled", false.into())), Ok(GithubEvent::Ignored));
        assert_eq!(parse(&headers, BODY), Err(MalformedDelivery));
    }

    #[test]
    fn leaves_other_events_alone() {
        let parse = |name: &str| parse(&headers(&[("x-github-event", name)]), b"not even json");
        assert_eq!(parse("ping"), Ok(GithubEvent::Ping));
        assert_eq!(parse("push"), Ok(GithubEvent::Ignored));
        assert_eq!(parse("pull_request"), Err(MalformedDelivery));
        assert_eq!(super::parse(&HeaderMap::new(), b"{}"), Err(MalformedDelivery));
    }

    proptest! {
        #[test]
        fn only_the_signed_bytes_pass(body in proptest::collection::vec(any::<u8>(), 0..200),
            secret in "[a-z]{1,40}", at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length is a key");
            mac.update(&body);
            let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
            let headers = headers(&[("x-hub-signature-256", &signature)]);
            let secret = SecretString::from(secret);
            prop_assert!(verify(&headers, &body, &secret));
            let mut changed = body.clone();
            match changed.is_empty() {
                true => changed.push(0),
                false => { let at = at.index(body.len()); changed[at] ^= 1 << bit; }
            }
            prop_assert!(!verify(&headers, &changed, &secret));
        }

        #[test]
        fn no_body_makes_it_panic(body in proptest::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,80}") {
            let headers = headers(&[("x-github-event", "pull_request"), ("x-hub-signature-256", &text)]);
            let _ = parse(&headers, &body);
            let _ = verify(&headers, &body, &SecretString::from("s"));
        }
    }
}
