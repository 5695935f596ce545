//! Values under older keys → the same under the key that seals now.

use super::{CryptoError, KeyRing};
use crate::server::db::{
    Db,
    secrets::{self, Place},
};
use std::collections::BTreeMap;

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

impl KeyRing {
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
