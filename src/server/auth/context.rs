//! What sign-in needs, and the first start: no account → a set-up token.

use super::{AuthError, github::Used, password::Hasher, throttle::Throttle};
use crate::server::{
    clock::Clock,
    config::Config,
    db::{Db, sessions, settings, users},
};
use rand::RngExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use std::{fmt, sync::Arc};
use subtle::ConstantTimeEq as _;
use url::Url;

/// The name under which a session remembers its user.
pub(super) const USER_KEY: &str = "user_id";
/// The name under which it remembers its browser.
pub(super) const BROWSER_KEY: &str = "browser";

/// What sign-in needs. Cheap to clone.
#[derive(Clone)]
pub struct AuthContext {
    pub(in crate::server) db: Db,
    pub(in crate::server) clock: Clock,
    pub(super) config: Arc<Config>,
    pub(super) hasher: Hasher,
    pub(super) throttle: Throttle,
    pub(super) used: Used,
}

impl fmt::Debug for AuthContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The settings may hold the password of the database.
        f.debug_struct("AuthContext").field("db", &self.db).finish_non_exhaustive()
    }
}

/// The way to the owner's account.
#[derive(Debug)]
pub struct SetUp {
    /// The page with the form.
    pub address: String,
    /// What the form asks for. Only its hash is stored.
    pub token: SecretString,
}

impl AuthContext {
    /// Sign-in on that database.
    pub fn new(db: Db, clock: Clock, config: Arc<Config>) -> Self {
        let (hasher, throttle, used) = (Hasher::default(), Throttle::default(), Used::default());
        Self { db, clock, config, hasher, throttle, used }
    }

    /// A new set-up token in place of an earlier one, while nobody has an account; `None` afterwards.
    ///
    /// # Errors
    /// The database.
    pub async fn prepare_set_up(&self) -> Result<Option<SetUp>, AuthError> {
        if !users::none_yet(&self.db).await? {
            return Ok(None);
        }
        let token = hex::encode(rand::rng().random::<[u8; 20]>());
        settings::put(&self.db, settings::SETUP_TOKEN_HASH, hash(&token), self.clock.now()).await?;
        Ok(Some(SetUp { address: format!("{}/setup", self.base()), token: token.into() }))
    }

    /// Says in the log how to make the owner's account, while there is none. For the start of the server.
    ///
    /// # Errors
    /// The database.
    pub async fn announce_set_up(&self) -> Result<(), AuthError> {
        if let Some(set_up) = self.prepare_set_up().await? {
            // The one secret that is meant for the log: whoever reads it runs this server.
            let token = set_up.token.expose_secret();
            tracing::warn!(
                address = set_up.address,
                token,
                "Nobody has an account yet: make the owner's with this set-up token"
            );
        }
        Ok(())
    }

    /// Whether this is the set-up token that was given out last.
    pub(super) async fn is_set_up_token(&self, token: &str) -> Result<bool, AuthError> {
        let stored = settings::get(&self.db, settings::SETUP_TOKEN_HASH).await?;
        Ok(stored.is_some_and(|stored| stored.as_bytes().ct_eq(hash(token.trim()).as_bytes()).into()))
    }

    /// Removes sessions that have run out. Returns how many there were.
    ///
    /// # Errors
    /// The database.
    pub async fn sweep_sessions(&self) -> Result<u64, AuthError> {
        Ok(sessions::sweep(&self.db, self.clock.now()).await?)
    }

    /// The address of this server as people know it, without a slash at the end.
    pub fn base(&self) -> String {
        self.config.public_url.as_ref().map_or_else(
            || format!("http://{}", self.config.listen),
            |url| url.as_str().trim_end_matches('/').to_owned(),
        )
    }

    /// Whether people reach us over https only.
    pub fn is_https(&self) -> bool {
        self.config.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }

    /// The origin under which people reach us, when it is set.
    pub(super) fn public_origin(&self) -> Option<String> {
        self.config.public_url.as_ref().map(|url: &Url| url.origin().ascii_serialization())
    }
}

/// A new secret that is worth guessing at: 256 random bits in hex behind a prefix that says what it is.
pub(super) fn new_secret(prefix: &str) -> SecretString {
    format!("{prefix}{}", hex::encode(rand::rng().random::<[u8; 32]>())).into()
}

/// SHA-256 in hex. Enough for values that are random themselves.
pub(super) fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}
