//! From news in the outbox to a user's own webhook: a signed request (Standard Webhooks), again and again until it is
//! taken or given up.
//!
//! `db::notifications` writes the news, [`webhook`] is what users set, [`jobs`] wakes a worker for a message, [`send`]
//! sends it to an [`address`] that may be called, with a [`signature`], and [`schedule`] says when to try again.

pub mod address;
pub mod jobs;
pub mod schedule;
pub mod send;
pub mod signature;
pub mod webhook;

use super::{clock::Clock, config::Config, crypto::KeyRing, db::Db, state::AppState};
use axum::extract::FromRef;
use std::sync::Arc;

/// What messages are sent with. Cheap to clone.
#[derive(Clone)]
pub struct NotifyContext {
    /// The database.
    pub db: Db,
    /// Opens the secrets of webhooks.
    pub keys: Arc<KeyRing>,
    /// Time.
    pub clock: Clock,
    /// The settings.
    pub config: Arc<Config>,
}

impl FromRef<AppState> for NotifyContext {
    fn from_ref(state: &AppState) -> Self {
        let AppState { db, keys, clock, config, .. } = state.clone();
        Self { db, keys, clock, config }
    }
}
