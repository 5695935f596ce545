//! Who sent a delivery: every platform and GitHub accept what is signed with their secret in their way, and nothing that
//! differs from it anywhere.

#![expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::DateTime;
use clap::Parser;
use deploymend::{
    model::Provider,
    server::{
        clock::Clock,
        config::Config,
        github,
        integrations::{Registry, cloudflare, render, vercel},
    },
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use proptest::{prelude::*, sample::Index};
use sha1::Sha1;
use sha2::Sha256;
use std::sync::LazyLock;

const ID: &str = "evt-00000001";
/// Seconds since 1970, when everything is sent and received.
const SENT: i64 = 1_800_000_000;

#[derive(Parser)]
struct Settled {
    #[command(flatten)]
    config: Config,
}

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    let at = DateTime::from_timestamp(SENT, 0).unwrap();
    Registry::new(&Settled::parse_from(["test"]).config, Clock::fixed(at)).unwrap()
});

#[derive(Clone, Copy, Debug, PartialEq)]
enum Sender {
    Vercel,
    Cloudflare,
    Render,
    Github,
}
use Sender::{Cloudflare, Github, Render, Vercel};

const SENDERS: [Sender; 4] = [Vercel, Cloudflare, Render, Github];

fn hmac_sha256(parts: &[&[u8]], secret: &str) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    parts.iter().fold(mac, |mac, part| mac.chain_update(part)).finalize().into_bytes().to_vec()
}

impl Sender {
    /// What proves that it is the sender.
    fn proof(self, body: &[u8], secret: &str) -> Vec<u8> {
        match self {
            Vercel => {
                let mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).unwrap();
                mac.chain_update(body).finalize().into_bytes().to_vec()
            }
            Cloudflare => secret.as_bytes().to_vec(),
            Render => hmac_sha256(&[format!("{ID}.{SENT}.").as_bytes(), body], secret),
            Github => hmac_sha256(&[body], secret),
        }
    }

    /// Its headers with that proof, the proof last.
    fn headers(self, proof: &[u8]) -> Vec<(&'static str, String)> {
        match self {
            Vercel => vec![(vercel::webhooks::SIGNATURE_HEADER, hex::encode(proof))],
            Cloudflare => {
                let text = String::from_utf8(proof.to_vec()).unwrap_or_else(|_| hex::encode(proof));
                vec![(cloudflare::webhooks::SECRET_HEADER, text)]
            }
            Render => vec![
                (render::webhooks::ID_HEADER, ID.to_owned()),
                (render::webhooks::TIMESTAMP_HEADER, SENT.to_string()),
                (render::webhooks::SIGNATURE_HEADER, format!("v1,{}", BASE64_STANDARD.encode(proof))),
            ],
            Github => vec![("x-hub-signature-256", format!("sha256={}", hex::encode(proof)))],
        }
    }

    fn signed(self, body: &[u8], secret: &str) -> Vec<(&'static str, String)> {
        self.headers(&self.proof(body, secret))
    }

    fn accepts(self, headers: &[(&'static str, String)], body: &[u8], secret: &str) -> bool {
        let headers: HeaderMap = headers
            .iter()
            // What is no value of a header does not arrive.
            .filter_map(|(name, value)| {
                Some((HeaderName::from_static(name), HeaderValue::from_str(value).ok()?))
            })
            .collect();
        let of_platform = |provider: Provider, secret: &str| {
            REGISTRY.get(provider).unwrap().verify_webhook(&headers, body, &secret.into())
        };
        match self {
            Vercel => of_platform(Provider::VERCEL, secret),
            Cloudflare => of_platform(Provider::CLOUDFLARE, secret),
            // Render hands out its secrets in this form.
            Render => of_platform(Provider::RENDER, &format!("whsec_{}", BASE64_STANDARD.encode(secret))),
            Github => github::webhooks::verify(&headers, body, &secret.into()),
        }
    }

    /// Cloudflare sends the secret itself, and signs nothing: what its deliveries say is only a reason to ask it.
    fn signs_the_body(self) -> bool {
        self != Cloudflare
    }

    /// Its proof is in hex digits, whose case says nothing.
    fn writes_hex(self) -> bool {
        matches!(self, Vercel | Github)
    }
}

fn sender() -> impl Strategy<Value = Sender> {
    prop::sample::select(SENDERS.to_vec())
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..120)
}

fn secret() -> impl Strategy<Value = String> {
    "[!-~]{1,40}"
}

fn letter() -> impl Strategy<Value = char> {
    prop::char::range('!', '~')
}

fn with_other_case(text: &str) -> String {
    text.chars()
        .map(|letter| {
            if letter.is_ascii_lowercase() {
                letter.to_ascii_uppercase()
            } else {
                letter.to_ascii_lowercase()
            }
        })
        .collect()
}

/// What comes of a text by changing, adding or leaving out one byte, or by cutting it there.
fn edits(text: &[u8], at: Index, byte: u8) -> Vec<Vec<u8>> {
    let mut edited = vec![];
    if !text.is_empty() {
        let at = at.index(text.len());
        edited.push([&text[..at], &[byte], &text[at + 1..]].concat());
        edited.push([&text[..at], &text[at + 1..]].concat());
        edited.push(text[..at].to_vec());
    }
    let at = at.index(text.len() + 1);
    edited.push([&text[..at], &[byte], &text[at..]].concat());
    edited.retain(|edited| edited != text);
    edited
}

#[test]
fn every_platform_is_among_the_senders() {
    let known = [Provider::VERCEL, Provider::CLOUDFLARE, Provider::RENDER];
    assert!(REGISTRY.all().all(|client| known.contains(&client.provider())));
}

proptest! {
    #[test]
    fn what_is_signed_passes(sender in sender(), body in body(), secret in secret()) {
        prop_assert!(sender.accepts(&sender.signed(&body, &secret), &body, &secret));
    }

    #[test]
    fn another_body_does_not_pass(
        sender in sender(), body in body(), secret in secret(), at: Index, byte: u8
    ) {
        let headers = sender.signed(&body, &secret);
        for other in edits(&body, at, byte) {
            prop_assert_eq!(sender.accepts(&headers, &other, &secret), !sender.signs_the_body());
        }
    }

    #[test]
    fn another_secret_does_not_pass(
        sender in sender(), body in body(), secret in secret(), at: Index, letter in letter()
    ) {
        let headers = sender.signed(&body, &secret);
        let others = edits(secret.as_bytes(), at, letter as u8).into_iter().map(|edited| String::from_utf8(edited).unwrap());
        for other in others.chain([with_other_case(&secret), String::new()]).filter(|other| *other != secret) {
            prop_assert!(!sender.accepts(&headers, &body, &other), "{other}");
            // Whoever signs with it does not get in where the right one is expected.
            prop_assert!(!sender.accepts(&sender.signed(&body, &other), &body, &secret), "{other}");
        }
    }

    #[test]
    fn a_header_that_was_edited_anywhere_does_not_pass(
        sender in sender(), body in body(), secret in secret(), which: Index, at: Index, letter in letter()
    ) {
        let headers = sender.signed(&body, &secret);
        let which = which.index(headers.len());
        let value = headers[which].1.clone();
        for edited in edits(value.as_bytes(), at, letter as u8) {
            let edited = String::from_utf8(edited).unwrap();
            // The same digest in other letters, and without what only fills up its end.
            let same = sender.writes_hex() && edited.eq_ignore_ascii_case(&value)
                || sender == Render && edited.trim_end_matches('=') == value.trim_end_matches('=');
            if same {
                continue;
            }
            let mut headers = headers.clone();
            headers[which].1 = edited.clone();
            prop_assert!(!sender.accepts(&headers, &body, &secret), "{edited}");
        }
    }

    #[test]
    fn the_other_case_passes_for_hex_digits_alone(sender in sender(), body in body(), secret in "[a-zA-Z]{1,40}") {
        let proof = sender.proof(&body, &secret);
        let digits = match sender {
            Render => BASE64_STANDARD.encode(&proof),
            Cloudflare => secret.clone(),
            Vercel | Github => hex::encode(&proof),
        };
        let mut headers = sender.headers(&proof);
        let last = headers.last_mut().unwrap();
        last.1 = last.1.replace(&digits, &with_other_case(&digits));
        prop_assert_eq!(sender.accepts(&headers, &body, &secret), sender.writes_hex());
    }

    #[test]
    fn a_header_that_is_missing_or_there_twice_does_not_pass(
        sender in sender(), body in body(), secret in secret(), which: Index
    ) {
        let headers = sender.signed(&body, &secret);
        let which = which.index(headers.len());
        let mut fewer = headers.clone();
        let taken = fewer.remove(which);
        prop_assert!(!sender.accepts(&fewer, &body, &secret));
        let mut more = headers.clone();
        more.push(taken);
        prop_assert!(!sender.accepts(&more, &body, &secret));
    }

    #[test]
    fn what_another_sender_signed_does_not_pass(body in body(), secret in secret()) {
        for (from, to) in SENDERS.into_iter().flat_map(|from| SENDERS.map(|to| (from, to))) {
            if from == to {
                continue;
            }
            // As it was sent; then as if it had been sent by the other.
            prop_assert!(!to.accepts(&from.signed(&body, &secret), &body, &secret), "{from:?} passes as {to:?}");
            let disguised = to.headers(&from.proof(&body, &secret));
            prop_assert!(!to.accepts(&disguised, &body, &secret), "{from:?} in the form of {to:?}");
            let mut copied = to.headers(b"");
            copied.last_mut().unwrap().1 = from.signed(&body, &secret).pop().unwrap().1;
            prop_assert!(!to.accepts(&copied, &body, &secret), "{from:?} in the header of {to:?}");
        }
    }
}
