//! The parts that work through whatever a platform sends, each for itself.
//!
//! `cargo bench --workspace --features ssr --bench parts`

#[path = "speed/build_log.rs"]
mod build_log;

use axum::http::HeaderMap;
use build_log::build_log;
use deploymend::server::{
    crypto::KeyRing,
    diagnosis::{self, Hints, redact},
    integrations::vercel::webhooks,
};
use divan::{Bencher, black_box, counter::BytesCount};
use secrecy::SecretString;

fn main() {
    divan::main();
}

fn bytes(lines: &[String]) -> BytesCount {
    BytesCount::new(lines.iter().map(|line| line.len() + 1).sum::<usize>())
}

#[divan::bench(args = [1_000, 50_000])]
fn diagnose(bencher: Bencher<'_, '_>, lines: usize) {
    let log = build_log(lines);
    bencher.counter(bytes(&log)).bench(|| diagnosis::diagnose(black_box(&log), &Hints::default()));
}

#[divan::bench(args = [1_000])]
fn redact_log(bencher: Bencher<'_, '_>, lines: usize) {
    let log = build_log(lines);
    bencher.counter(bytes(&log)).bench(|| redact::redact_lines(black_box(&log)));
}

#[divan::bench]
fn verify_signature(bencher: Bencher<'_, '_>) {
    let body = vec![b'x'; 1_500];
    let secret = SecretString::from("webhook-secret");
    let digest = standins::webhook::sha1_hex("webhook-secret", &body);
    let headers: HeaderMap = [(webhooks::SIGNATURE_HEADER, digest)]
        .into_iter()
        .filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)))
        .collect();
    assert!(webhooks::verify(&headers, &body, &secret), "the signature is right");
    bencher
        .counter(BytesCount::of_slice(&body))
        .bench(|| webhooks::verify(&headers, black_box(&body), &secret));
}

#[divan::bench]
#[expect(clippy::unwrap_used, reason = "a bench that cannot begin")]
fn open_secret(bencher: Bencher<'_, '_>) {
    let keys = KeyRing::parse("bench:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    let sealed = keys.seal("subscriptions:1:webhook_secret", &"webhook-secret".into()).unwrap();
    bencher.bench(|| keys.open("subscriptions:1:webhook_secret", black_box(&sealed)));
}
