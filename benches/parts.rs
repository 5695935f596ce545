//! The parts that work through whatever a platform sends, each for itself.
//!
//! `cargo bench --workspace --features ssr --bench parts`

use axum::http::HeaderMap;
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

/// A build log that ends with an error, as large as a noisy build makes it.
fn log(lines: usize) -> Vec<String> {
    let chatter = (0..lines).map(|number| {
        let part = number % 97;
        match number % 4 {
            0 => format!("[{number}] transformed src/modules/part-{part}/view.tsx in {part} ms"),
            1 => format!("npm warn deprecated left-pad@1.{part}.0: use String.prototype.padStart()"),
            2 => format!("  dist/assets/index-{number:08x}.js   {part}.21 kB │ gzip: 3.{part} kB"),
            _ => format!("✓ test/part-{part}.test.ts ({part} tests) {part}ms"),
        }
    });
    let error =
        "src/billing/totals.ts(14,9): error TS2322: Type 'string' is not assignable to type 'number'.";
    chatter.chain([error.to_owned(), "Error: Command \"npm run build\" exited with 2".to_owned()]).collect()
}

fn bytes(lines: &[String]) -> BytesCount {
    BytesCount::new(lines.iter().map(|line| line.len() + 1).sum::<usize>())
}

#[divan::bench(args = [1_000, 50_000])]
fn diagnose(bencher: Bencher<'_, '_>, lines: usize) {
    let log = log(lines);
    bencher.counter(bytes(&log)).bench(|| diagnosis::diagnose(black_box(&log), &Hints::default()));
}

#[divan::bench(args = [1_000])]
fn redact_log(bencher: Bencher<'_, '_>, lines: usize) {
    let log = log(lines);
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
fn open_secret(bencher: Bencher<'_, '_>) -> anyhow::Result<()> {
    let keys = KeyRing::parse("bench:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")?;
    let sealed = keys.seal("subscriptions:1:webhook_secret", &"webhook-secret".into())?;
    bencher.bench(|| keys.open("subscriptions:1:webhook_secret", black_box(&sealed)));
    Ok(())
}
