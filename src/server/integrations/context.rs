//! What everything about platforms is done with: database, keys, clients, time and settings.

use super::Registry;
use crate::server::{clock::Clock, config::Config, crypto::KeyRing, db::Db};
use axum::extract::FromRef;
use std::sync::Arc;

/// The parts of the application's state that platforms need. Cheap to clone.
#[derive(Clone)]
pub struct PlatformContext {
    /// The database.
    pub db: Db,
    /// Opens and seals stored secrets.
    pub keys: Arc<KeyRing>,
    /// The platforms.
    pub registry: Arc<Registry>,
    /// Time.
    pub clock: Clock,
    /// The settings.
    pub config: Arc<Config>,
}

impl<S> FromRef<S> for PlatformContext
where
    Db: FromRef<S>,
    Arc<KeyRing>: FromRef<S>,
    Arc<Registry>: FromRef<S>,
    Clock: FromRef<S>,
    Arc<Config>: FromRef<S>,
{
    fn from_ref(state: &S) -> Self {
        Self {
            db: FromRef::from_ref(state),
            keys: FromRef::from_ref(state),
            registry: FromRef::from_ref(state),
            clock: FromRef::from_ref(state),
            config: FromRef::from_ref(state),
        }
    }
}
