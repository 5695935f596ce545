//! A secret opens in its own row, under its own key and unchanged, or not at all; and keys can be changed at any time.

#![expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]

mod rotation;
mod sealed;

use super::KeyRing;
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The entry of a key whose bytes are all `fill`.
fn key(id: &str, fill: u8) -> String {
    format!("{id}:{}", STANDARD.encode([fill; 32]))
}

/// A ring with these keys: the first one seals.
fn keys_of<const N: usize>(keys: [(&str, u8); N]) -> KeyRing {
    KeyRing::parse(&keys.map(|(id, fill)| key(id, fill)).join(",")).unwrap()
}
