//! Keys → sealed and opened values.

use super::CryptoError;
use aes_gcm::{
    Aes256Gcm, KeyInit as _, Nonce,
    aead::{Aead as _, Payload},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use rand::RngExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;

const NONCE_BYTES: usize = 12;

pub(super) struct Key {
    pub(super) id: String,
    cipher: Aes256Gcm,
}

/// The keys of this installation: the first one seals, all of them open.
pub struct KeyRing {
    pub(super) keys: Vec<Key>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| &key.id)).finish()
    }
}

impl KeyRing {
    /// `id:base64,id:base64,…`: the first one seals.
    ///
    /// # Errors
    /// [`CryptoError::BadKey`].
    pub fn parse(text: &str) -> Result<Self, CryptoError> {
        let mut keys: Vec<Key> = Vec::new();
        for entry in text.trim().split(',') {
            let (id, key) = entry.trim().split_once(':').ok_or(CryptoError::BadKey)?;
            let fine = !id.is_empty()
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            let bytes = STANDARD.decode(key).map_err(|_| CryptoError::BadKey)?;
            if !fine || keys.iter().any(|known| known.id == id) {
                return Err(CryptoError::BadKey);
            }
            let cipher = Aes256Gcm::new_from_slice(&bytes).map_err(|_| CryptoError::BadKey)?;
            keys.push(Key { id: id.to_owned(), cipher });
        }
        Ok(Self { keys })
    }

    /// Seals a secret for one place: `identity` names table, row and column.
    ///
    /// # Errors
    /// [`CryptoError::Damaged`] for secrets beyond what AES-GCM can take (64 GiB).
    pub fn seal(&self, identity: &str, secret: &SecretString) -> Result<String, CryptoError> {
        let key = self.keys.first().ok_or(CryptoError::UnknownKey)?;
        let nonce: [u8; NONCE_BYTES] = rand::rng().random();
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: identity.as_bytes() };
        let sealed = key.cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| CryptoError::Damaged)?;
        Ok(format!("{}.{}", key.id, URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat())))
    }

    /// Opens what was sealed for the same place.
    ///
    /// # Errors
    /// An unknown key, a changed value, or another place.
    pub fn open(&self, identity: &str, sealed: &str) -> Result<SecretString, CryptoError> {
        let (id, data) = sealed.split_once('.').ok_or(CryptoError::Damaged)?;
        let key = self.keys.iter().find(|key| key.id == id).ok_or(CryptoError::UnknownKey)?;
        let data = URL_SAFE_NO_PAD.decode(data).map_err(|_| CryptoError::Damaged)?;
        let (nonce, ciphertext) = data.split_first_chunk::<NONCE_BYTES>().ok_or(CryptoError::Damaged)?;
        let payload = Payload { msg: ciphertext, aad: identity.as_bytes() };
        let opened = key.cipher.decrypt(&Nonce::from(*nonce), payload).map_err(|_| CryptoError::Damaged)?;
        String::from_utf8(opened).map(SecretString::from).map_err(|_| CryptoError::Damaged)
    }
}
