//! Ids and times: random names in the platforms' shapes, and a clock that never shows one
//! millisecond twice, because both platforms page by time.

use std::sync::atomic::{AtomicI64, Ordering};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static LAST_MS: AtomicI64 = AtomicI64::new(0);

/// `length` random characters out of `0-9A-Za-z`.
#[must_use]
pub fn random(length: usize) -> String {
    (0..length)
        .map(|_| {
            let byte: u8 = rand::random();
            char::from(ALPHABET[usize::from(byte) % ALPHABET.len()])
        })
        .collect()
}

/// A random version-4 UUID in its usual text form, as in GitHub's `X-GitHub-Delivery`.
#[must_use]
pub fn guid() -> String {
    let mut bytes: [u8; 16] = rand::random();
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let text = hex::encode(bytes);
    format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}

/// Milliseconds since 1970, strictly greater than every value handed out before.
pub fn now_ms() -> i64 {
    let now = chrono::Utc::now().timestamp_millis();
    let mut last = LAST_MS.load(Ordering::Relaxed);
    loop {
        let next = now.max(last + 1);
        match LAST_MS.compare_exchange_weak(last, next, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return next,
            Err(seen) => last = seen,
        }
    }
}

/// RFC 3339 in UTC with whole seconds and a `Z`, as GitHub writes times.
#[must_use]
pub fn rfc3339(ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(ms)
        .unwrap_or_default()
        .to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
