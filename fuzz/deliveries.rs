//! Any bytes as a delivery of any sender: nothing but the signed bytes passes, and what passes names one delivery.
//!
//! The first byte says whose it is, the second which byte is changed; up to the first line break stands what the sender
//! claims as a signature, and the rest is the body.
#![no_main]

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use deploymend_fuzz::server::{
    github,
    integrations::{WebhookKind, cloudflare, render, vercel},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use libfuzzer_sys::{Corpus, fuzz_target};
use secrecy::SecretString;
use sha1::Sha1;
use sha2::Sha256;

const KEY: &str = "a secret of the fuzzer";
const ID: &str = "evt-1";
const SENT: i64 = 1_800_000_000;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let [sender, position, rest @ ..] = bytes else { return Corpus::Reject };
    let Some(end) = rest.iter().position(|byte| *byte == b'\n') else { return Corpus::Reject };
    let (claim, body) = (&rest[..end], &rest[end + 1..]);
    let Ok(claim) = HeaderValue::from_bytes(claim) else { return Corpus::Reject };
    match sender {
        b'v' => vercel(&claim, *position, body),
        b'c' => cloudflare(&claim, body),
        b'r' => render(&claim, *position, body),
        b'g' => github(&claim, *position, body),
        _ => return Corpus::Reject,
    }
    Corpus::Keep
});

/// The same body with one changed byte.
fn changed(body: &[u8], position: u8) -> Vec<u8> {
    let mut changed = body.to_vec();
    let at = usize::from(position) * changed.len() / 256;
    match changed.get_mut(at) {
        Some(byte) => *byte ^= 1,
        None => changed.push(position),
    }
    changed
}

fn headers(pairs: &[(&'static str, HeaderValue)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.clone())).collect()
}

/// `verify` accepts `signature` for the body, and for no other body and no other secret; of what was claimed it
/// accepts the right signature at most.
fn only_the_signed(
    body: &[u8],
    position: u8,
    signature: &str,
    claim: &HeaderValue,
    verify: impl Fn(&HeaderValue, &[u8], &str) -> bool,
) {
    let signed = HeaderValue::from_str(signature).expect("printable");
    assert!(verify(&signed, body, KEY));
    assert!(!verify(&signed, &changed(body, position), KEY));
    assert!(!verify(&signed, body, "another secret"));
    assert!(!verify(&signed, body, ""));
    if verify(claim, body, KEY) {
        let claimed = claim.to_str().expect("what is accepted is printable").to_lowercase();
        assert!(claimed.contains(&signature.to_lowercase()), "{claimed}");
    }
}

fn vercel(claim: &HeaderValue, position: u8, body: &[u8]) {
    let mac = Hmac::<Sha1>::new_from_slice(KEY.as_bytes()).expect("any length").chain_update(body);
    only_the_signed(body, position, &hex::encode(mac.finalize().into_bytes()), claim, |claim, body, secret| {
        let headers = headers(&[(vercel::webhooks::SIGNATURE_HEADER, claim.clone())]);
        vercel::webhooks::verify(&headers, body, &SecretString::from(secret))
    });
    let Ok(event) = vercel::webhooks::parse(body) else { return };
    assert_eq!(vercel::webhooks::parse(body).as_ref(), Ok(&event), "a repetition has the same id");
    assert!(!event.delivery_id.is_empty());
    assert!(event.project_id.is_none_or(|id| !id.is_empty()));
    assert!(event.deployment.is_none_or(|deployment| !deployment.id.is_empty()));
}

fn cloudflare(claim: &HeaderValue, body: &[u8]) {
    let verify = |secret: &str| {
        let headers = headers(&[(cloudflare::webhooks::SECRET_HEADER, claim.clone())]);
        cloudflare::webhooks::verify(&headers, &SecretString::from(secret))
    };
    assert!(!verify(""));
    assert_eq!(verify(KEY), claim.as_bytes() == KEY.as_bytes());
    let Ok(event) = cloudflare::webhooks::parse(body) else { return };
    assert_eq!(cloudflare::webhooks::parse(body).as_ref(), Ok(&event), "a repetition has the same id");
    assert!(!event.delivery_id.is_empty());
    // Nothing in it is signed, so that it can be a hint at most.
    assert!(event.deployment.is_none() && event.project_id.is_none());
    assert!(matches!(event.kind, WebhookKind::Hint(_) | WebhookKind::Other(_)));
}

fn render(claim: &HeaderValue, position: u8, body: &[u8]) {
    let mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).expect("any length");
    let mac = mac.chain_update(format!("{ID}.{SENT}.")).chain_update(body);
    let signature = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
    let with = |claim: &HeaderValue, sent: i64| {
        headers(&[
            (render::webhooks::ID_HEADER, HeaderValue::from_static(ID)),
            (render::webhooks::TIMESTAMP_HEADER, HeaderValue::from(sent)),
            (render::webhooks::SIGNATURE_HEADER, claim.clone()),
        ])
    };
    let verify = |claim: &HeaderValue, sent: i64, body: &[u8], secret: &str| {
        let secret = SecretString::from(if secret == KEY {
            format!("whsec_{}", BASE64_STANDARD.encode(secret))
        } else {
            secret.to_owned()
        });
        let now = chrono::DateTime::from_timestamp(SENT, 0).expect("a time");
        render::webhooks::verify(&with(claim, sent), body, &secret, now)
    };
    let signed = HeaderValue::from_str(&signature).expect("printable");
    assert!(verify(&signed, SENT, body, KEY));
    assert!(!verify(&signed, SENT + 1, body, KEY), "the time is signed, too");
    assert!(!verify(&signed, SENT, &changed(body, position), KEY));
    assert!(!verify(&signed, SENT, body, "another secret") && !verify(&signed, SENT, body, ""));
    if verify(claim, SENT, body, KEY) {
        let digest = signature.trim_end_matches('=');
        assert!(claim.to_str().is_ok_and(|claim| claim.contains(digest)));
    }
    let headers = with(claim, SENT);
    let Ok(event) = render::webhooks::parse(&headers, body) else { return };
    assert_eq!(event.delivery_id, ID);
    assert!(event.deployment.is_none() && event.project_id.is_none_or(|id| !id.is_empty()));
}

fn github(claim: &HeaderValue, position: u8, body: &[u8]) {
    let mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).expect("any length").chain_update(body);
    let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    only_the_signed(body, position, &signature, claim, |claim, body, secret| {
        let headers = headers(&[("x-hub-signature-256", claim.clone())]);
        github::webhooks::verify(&headers, body, &SecretString::from(secret))
    });
    let headers = headers(&[("x-github-event", HeaderValue::from_static("pull_request"))]);
    if let Ok(github::webhooks::GithubEvent::PullRequestClosed { repository, merged, merge_sha, .. }) =
        github::webhooks::parse(&headers, body)
    {
        assert!(merged || merge_sha.is_none());
        assert_eq!(repository.to_string().matches('/').count(), 1, "{repository}");
    }
}
