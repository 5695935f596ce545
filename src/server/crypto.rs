//! Stored secrets: AES-256-GCM with a fresh nonce each, bound to the row and column they stand in, under a key that
//! is named in front so that keys can be changed.
//!
//! A sealed value is `{key id}.{base64url(nonce ‖ ciphertext ‖ tag)}`.

use super::{
    config::Config,
    db::{
        Db, DbError,
        secrets::{self, Place},
    },
};
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
use std::{collections::BTreeMap, fmt, io::Write as _, path::Path};

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;
/// Read and written by [`KeyRing::load`].
const KEY_FILE: &str = "encryption.key";

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

struct Key {
    id: String,
    cipher: Aes256Gcm,
}

/// What a rotation has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Secrets that were sealed again, by their place.
    pub sealed: BTreeMap<Place, usize>,
    /// Those that could not be opened, by place and row.
    pub unreadable: Vec<(Place, String)>,
}

/// What a key is needed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// Its name.
    pub id: String,
    /// Stored secrets under it.
    pub secrets: usize,
    /// The ring has it.
    pub in_ring: bool,
    /// It is the one that seals.
    pub seals: bool,
}

/// The keys of this installation: the first one seals, all of them open.
pub struct KeyRing {
    keys: Vec<Key>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| &key.id)).finish()
    }
}

impl KeyRing {
    /// The keys of the setting, or of the file in the data folder, which is made on first start.
    ///
    /// # Errors
    /// When the setting or the file cannot be used.
    pub fn load(config: &Config) -> Result<Self, CryptoError> {
        match &config.encryption_key {
            Some(keys) => Self::parse(keys.expose_secret()),
            None => Self::parse(&read_or_make(&config.data_dir.join(KEY_FILE))?),
        }
    }

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

    /// Whether a value was sealed under another key than the one that seals now.
    pub fn needs_rotation(&self, sealed: &str) -> bool {
        let current = self.keys.first().map(|key| key.id.as_str());
        sealed.split_once('.').map(|(id, _)| id) != current
    }

    /// Seals every stored secret again that stands under an older key.
    ///
    /// Can be repeated and interrupted: values are replaced one by one, and only if they have not changed meanwhile. One
    /// that cannot be opened stays as it is, and does not keep the others from being done.
    ///
    /// # Errors
    /// The database.
    pub async fn rotate(&self, db: &Db) -> Result<Rotation, CryptoError> {
        let mut rotation = Rotation::default();
        for stored in secrets::all(db).await?.iter().filter(|stored| self.needs_rotation(&stored.sealed)) {
            let Ok(secret) = self.open(&stored.identity, &stored.sealed) else {
                rotation.unreadable.push((stored.place, stored.id.clone()));
                continue;
            };
            let sealed = self.seal(&stored.identity, &secret)?;
            if secrets::replace(db, stored, sealed).await? {
                *rotation.sealed.entry(stored.place).or_default() += 1;
            }
        }
        Ok(rotation)
    }

    /// The keys of the ring in their order, then those that are missing from it, with how many secrets stand under each.
    ///
    /// # Errors
    /// The database.
    pub async fn uses(&self, db: &Db) -> Result<Vec<KeyUse>, CryptoError> {
        let of_ring = self.keys.iter().enumerate();
        let mut used: Vec<_> = of_ring
            .map(|(index, key)| KeyUse { id: key.id.clone(), secrets: 0, in_ring: true, seals: index == 0 })
            .collect();
        for stored in secrets::all(db).await? {
            let id = stored.sealed.split_once('.').map_or("", |(id, _)| id);
            match used.iter_mut().find(|key| key.id == id) {
                Some(key) => key.secrets += 1,
                None => used.push(KeyUse { id: id.to_owned(), secrets: 1, in_ring: false, seals: false }),
            }
        }
        Ok(used)
    }
}

fn read_or_make(path: &Path) -> Result<String, CryptoError> {
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // Written aside and linked into place: two processes that start at once end up with the same key.
    if !path.exists() {
        let key: [u8; KEY_BYTES] = rand::rng().random();
        let aside = path.with_extension(format!("new-{}", super::clock::new_id()));
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
        writeln!(file, "k1:{}", STANDARD.encode(key))?;
        file.sync_all()?;
        let linked = std::fs::hard_link(&aside, path);
        std::fs::remove_file(&aside)?;
        match linked {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error.into()),
            _ => {}
        }
    }
    if std::fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        return Err(CryptoError::KeyFileReadable);
    }
    Ok(std::fs::read_to_string(path)?)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;
    use crate::{
        model::{Provider, RepositoryKind},
        server::db::{accounts, entity::integration, integrations, outgoing, subscriptions, testing, users},
    };
    use proptest::prelude::*;
    use sea_orm::{EntityTrait as _, sea_query::Expr};

    fn key(id: &str, fill: u8) -> String {
        format!("{id}:{}", STANDARD.encode([fill; KEY_BYTES]))
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_in_its_place(secret in ".*", identity in ".*") {
            let ring = KeyRing::parse(&key("k1", 1)).unwrap();
            let sealed = ring.seal(&identity, &SecretString::from(secret.clone())).unwrap();
            let opened = ring.open(&identity, &sealed).unwrap();
            prop_assert_eq!(opened.expose_secret(), secret.as_str());
        }

        #[test]
        fn a_changed_value_does_not_open(secret in ".{0,40}", position: prop::sample::Index, bit in 0u8..8) {
            let ring = KeyRing::parse(&key("k1", 1)).unwrap();
            let sealed = ring.seal("a", &SecretString::from(secret)).unwrap();
            let (id, data) = sealed.split_once('.').unwrap();
            let mut bytes = URL_SAFE_NO_PAD.decode(data).unwrap();
            let position = position.index(bytes.len());
            bytes[position] ^= 1 << bit;
            let changed = format!("{id}.{}", URL_SAFE_NO_PAD.encode(bytes));
            prop_assert!(matches!(ring.open("a", &changed), Err(CryptoError::Damaged)));
        }
    }

    proptest! {
        #[test]
        fn a_secret_opens_in_its_own_place_and_under_its_own_key_only(
            secret in ".{0,40}", place in "[a-z:]{1,20}", other in "[a-z:]{1,20}", fill in 1u8.., another in 1u8..
        ) {
            prop_assume!(place != other && fill != another);
            let ring = KeyRing::parse(&key("k1", fill)).unwrap();
            let sealed = ring.seal(&place, &SecretString::from(secret)).unwrap();
            prop_assert!(matches!(ring.open(&other, &sealed), Err(CryptoError::Damaged)));
            let same_name = KeyRing::parse(&key("k1", another)).unwrap();
            prop_assert!(matches!(same_name.open(&place, &sealed), Err(CryptoError::Damaged)));
            let other_name = KeyRing::parse(&key("k2", fill)).unwrap();
            prop_assert!(matches!(other_name.open(&place, &sealed), Err(CryptoError::UnknownKey)));
        }

        #[test]
        fn a_rotated_key_opens_what_it_sealed_and_seals_nothing(secret in ".{0,40}", place in "[a-z:]{0,20}") {
            let old = KeyRing::parse(&key("k1", 1)).unwrap();
            let both = KeyRing::parse(&format!("{},{}", key("k2", 2), key("k1", 1))).unwrap();
            let new = KeyRing::parse(&key("k2", 2)).unwrap();
            let before = old.seal(&place, &SecretString::from(secret.clone())).unwrap();
            prop_assert!(both.needs_rotation(&before));
            let opened = both.open(&place, &before).unwrap();
            let after = both.seal(&place, &opened).unwrap();
            prop_assert!(!both.needs_rotation(&after));
            let opened = new.open(&place, &after).unwrap();
            prop_assert_eq!(opened.expose_secret(), secret.as_str());
            prop_assert!(matches!(old.open(&place, &after), Err(CryptoError::UnknownKey)));
        }

        #[test]
        fn what_is_no_sealed_value_is_refused(text in ".{0,80}") {
            let ring = KeyRing::parse(&key("k1", 1)).unwrap();
            prop_assert!(ring.open("a", &text).is_err());
            let named = format!("k1.{text}");
            prop_assert!(ring.open("a", &named).is_err());
        }
    }

    #[test]
    fn another_place_or_key_does_not_open() {
        let ring = KeyRing::parse(&key("k1", 1)).unwrap();
        let sealed = ring.seal("integrations:1:access_token", &"token".into()).unwrap();
        assert!(matches!(ring.open("integrations:2:access_token", &sealed), Err(CryptoError::Damaged)));
        let same_name = KeyRing::parse(&key("k1", 2)).unwrap();
        assert!(matches!(same_name.open("integrations:1:access_token", &sealed), Err(CryptoError::Damaged)));
        let other_name = KeyRing::parse(&key("k2", 1)).unwrap();
        assert!(matches!(
            other_name.open("integrations:1:access_token", &sealed),
            Err(CryptoError::UnknownKey)
        ));
        assert_ne!(
            sealed,
            ring.seal("integrations:1:access_token", &"token".into()).unwrap(),
            "nonces are fresh"
        );
    }

    #[test]
    fn keys_that_cannot_be_used_are_refused() {
        let twice = format!("{},{}", key("a", 1), key("a", 2));
        for text in ["", "k1", "k1:short", "k1:AAAA", ":AAAA", "a b:AAAA", twice.as_str()] {
            assert!(matches!(KeyRing::parse(text), Err(CryptoError::BadKey)), "{text}");
        }
    }

    #[test]
    fn the_key_file_is_made_once_and_is_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join(KEY_FILE);
        let made = read_or_make(&path).unwrap();
        assert_eq!(made, read_or_make(&path).unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(read_or_make(&path), Err(CryptoError::KeyFileReadable)));
    }

    #[tokio::test]
    async fn rotation_seals_again_what_stands_under_an_old_key() {
        let test = testing::fresh().await.unwrap();
        let now = crate::server::clock::Clock::System.now();
        let user = users::create_owner(&test.db, "a@example.test", "A", "hash", now).await.unwrap().unwrap();
        let old = KeyRing::parse(&key("k1", 1)).unwrap();
        let identity = accounts::token_identity("acc");
        let account = accounts::NewAccount {
            id: "acc".into(),
            user_id: user.id.clone(),
            external_id: "1".into(),
            login: "octo".into(),
            email: "octo@example.test".into(),
            access_token: old.seal(&identity, &"gh-token".into()).unwrap(),
            scopes: None,
        };
        accounts::put_github(&test.db, account, now).await.unwrap();

        // Everything else that is sealed.
        let integration = integrations::NewIntegration {
            id: "int".into(),
            user_id: user.id.clone(),
            provider: Provider::VERCEL,
            external_user_id: "usr_1".into(),
            username: "octo".into(),
            access_token: old.seal(&integrations::token_identity("int"), &"access".into()).unwrap(),
            token_note: None,
            team_id: None,
            expires_at: None,
        };
        integrations::put(&test.db, integration, now).await.unwrap();
        let refresh = old.seal(&integrations::refresh_identity("int"), &"refresh".into()).unwrap();
        integration::Entity::update_many()
            .col_expr(integration::Column::RefreshToken, Expr::value(refresh))
            .exec(&test.db.orm)
            .await
            .unwrap();
        let subscription = subscriptions::NewSubscription {
            id: "sub".into(),
            user_id: user.id.clone(),
            integration_id: "int".into(),
            platform_project_id: "prj_1".into(),
            platform_project_name: "shop".into(),
            team_id: None,
            github_repo_full_name: "acme/shop".into(),
            repository_kind: RepositoryKind::Github,
            auto_fix_enabled: true,
            ..subscriptions::NewSubscription::default()
        };
        subscriptions::put(&test.db, subscription, now).await.unwrap();
        let secret = old.seal(&subscriptions::secret_identity("sub"), &"hook".into()).unwrap();
        subscriptions::set_webhook(&test.db, "sub", Some(("hook_1".into(), secret))).await.unwrap();

        let outgoing = outgoing::NewWebhook {
            id: "out".into(),
            user_id: user.id.clone(),
            url: "https://hooks.example.test/".into(),
            secret: old.seal(&outgoing::secret_identity("out"), &"whsec".into()).unwrap(),
            enabled: true,
        };
        outgoing::put(&test.db, outgoing, now).await.unwrap();

        let both = KeyRing::parse(&format!("{},{}", key("k2", 2), key("k1", 1))).unwrap();
        let needed = async |ring: &KeyRing| {
            let used = ring.uses(&test.db).await.unwrap().into_iter();
            used.map(|key| (key.id, key.secrets, key.in_ring, key.seals)).collect::<Vec<_>>()
        };
        let of = |id: &str, secrets, in_ring, seals| (id.to_owned(), secrets, in_ring, seals);
        assert_eq!(needed(&both).await, [of("k2", 0, true, true), of("k1", 5, true, false)]);
        let only_new = KeyRing::parse(&key("k2", 2)).unwrap();
        // Nothing is lost by a ring that lacks the old key.
        let blind = only_new.rotate(&test.db).await.unwrap();
        assert_eq!((blind.sealed.len(), blind.unreadable.len()), (0, 5));
        assert_eq!(needed(&only_new).await, [of("k2", 0, true, true), of("k1", 5, false, false)]);

        // Interrupted after the first one.
        let first = secrets::all(&test.db).await.unwrap().remove(0);
        let again = both.seal(&first.identity, &both.open(&first.identity, &first.sealed).unwrap()).unwrap();
        assert!(secrets::replace(&test.db, &first, again.clone()).await.unwrap());
        assert!(!secrets::replace(&test.db, &first, again).await.unwrap(), "it has changed meanwhile");
        assert_eq!(needed(&both).await, [of("k2", 1, true, true), of("k1", 4, true, false)]);
        let rest = both.rotate(&test.db).await.unwrap();
        assert_eq!((rest.sealed.values().sum::<usize>(), rest.unreadable.len()), (4, 0));
        assert_eq!(both.rotate(&test.db).await.unwrap(), Rotation::default());
        assert_eq!(needed(&both).await, [of("k2", 5, true, true), of("k1", 0, true, false)]);
        let stored = accounts::github(&test.db, &user.id).await.unwrap().unwrap();
        assert_eq!(only_new.open(&identity, &stored.access_token).unwrap().expose_secret(), "gh-token");
        let row = integrations::find(&test.db, "int").await.unwrap().unwrap();
        let secret = subscriptions::find(&test.db, "sub").await.unwrap().unwrap().webhook_secret.unwrap();
        let outgoing = outgoing::of_user(&test.db, &user.id).await.unwrap().unwrap();
        for (identity, sealed, plain) in [
            (integrations::token_identity("int"), row.access_token, "access"),
            (integrations::refresh_identity("int"), row.refresh_token.unwrap(), "refresh"),
            (subscriptions::secret_identity("sub"), secret, "hook"),
            (outgoing::secret_identity("out"), outgoing.secret, "whsec"),
        ] {
            assert_eq!(only_new.open(&identity, &sealed).unwrap().expose_secret(), plain);
        }
    }
}
