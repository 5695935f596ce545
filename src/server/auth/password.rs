//! Passwords → argon2id hashes (PHC strings), off the threads that answer requests.

use super::AuthError;
use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _},
};
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Each hash takes 19 MiB while it is made: more at once would be a cheap way to exhaust the server.
const AT_ONCE: usize = 2;

/// Checked when there is no such user, so that the answer takes as long as for one. Nobody knows a password for it.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm8tc3VjaC11c2VyLWhlcmU\
                      $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Makes and checks password hashes, a few at a time.
#[derive(Clone, Debug)]
pub(super) struct Hasher {
    permits: Arc<Semaphore>,
}

impl Default for Hasher {
    fn default() -> Self {
        Self { permits: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Hasher {
    /// The PHC string of a password, with a fresh salt.
    pub(super) async fn hash(&self, password: SecretString) -> Result<String, AuthError> {
        self.run(move || {
            let made = Argon2::default().hash_password(password.expose_secret().as_bytes());
            made.map(|hash| hash.to_string()).map_err(|_| AuthError::Hash)
        })
        .await?
    }

    /// Whether the password belongs to the hash. `None` is a user who does not exist: the work is the same.
    pub(super) async fn verify(
        &self,
        password: SecretString,
        hash: Option<String>,
    ) -> Result<bool, AuthError> {
        self.run(move || {
            let stored = hash.as_deref().unwrap_or(NOBODY);
            let right =
                Argon2::default().verify_password(password.expose_secret().as_bytes(), stored).is_ok();
            right && hash.is_some()
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AuthError> {
        let _permit = self.permits.acquire().await.map_err(|_| AuthError::Hash)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| AuthError::Hash)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;
    use argon2::{Params, password_hash::phc::PasswordHash};

    #[tokio::test]
    async fn only_the_right_password_belongs_to_a_hash() {
        let hasher = Hasher::default();
        let hash = hasher.hash("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$"), "{hash}");
        assert_ne!(hash, hasher.hash("correct horse".into()).await.unwrap(), "salts are fresh");
        for (password, stored, right) in [
            ("correct horse", Some(hash.clone()), true),
            ("correct horsf", Some(hash.clone()), false),
            ("", Some(hash), false),
            ("correct horse", None, false),
            ("correct horse", Some("not a hash".to_owned()), false),
        ] {
            assert_eq!(hasher.verify(password.into(), stored.clone()).await.unwrap(), right, "{stored:?}");
        }
    }

    #[test]
    fn an_unknown_user_costs_what_a_known_one_does() {
        let known = Argon2::default().hash_password(b"x").unwrap();
        let unknown = PasswordHash::new(NOBODY).unwrap();
        assert_eq!(Params::try_from(&unknown).unwrap(), Params::try_from(&known).unwrap());
        assert_eq!((unknown.algorithm, unknown.version), (known.algorithm, known.version));
    }
}
