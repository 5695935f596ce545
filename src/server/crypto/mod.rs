//! Stored secrets: AES-256-GCM with a fresh nonce each, bound to the row and column they stand in, under a key that
//! is named in front so that keys can be changed.
//!
//! A sealed value is `{key id}.{base64url(nonce ‖ ciphertext ‖ tag)}`. [`KeyRing`] seals and opens, `file` keeps the keys
//! of an installation that has none in its settings, `rotation` seals again what stands under an older key.

mod file;
mod ring;
mod rotation;

pub use ring::KeyRing;
pub use rotation::{KeyUse, Rotation};

use super::db::DbError;

/// What can go wrong with keys and sealed values. Never says what was sealed.
#[derive(Debug, thiserror::Error)]
pub enum CryptoError {
    /// The key setting is not what it should be.
    #[error(
        "the encryption key must be `id:base64` entries of 32 bytes each, separated by commas, with distinct ids of letters, digits, - and _"
    )]
    BadKey,
    /// The key file cannot be read or made.
    #[error("the key file cannot be used")]
    KeyFile(#[from] std::io::Error),
    /// Others than its owner may read the key file.
    #[error("the key file must have mode 0600: others on this machine can read it")]
    KeyFileReadable,
    /// The value was sealed under a key that is not in the ring.
    #[error("the key that sealed this value is missing")]
    UnknownKey,
    /// The value was changed, or moved from another row.
    #[error("the sealed value is damaged or stands in the wrong place")]
    Damaged,
    /// The database did not answer during a rotation.
    #[error(transparent)]
    Database(#[from] DbError),
}

#[cfg(test)]
mod tests;
