//! What every request may touch, and how it is made at start.

use super::{
    auth::AuthContext,
    clock::Clock,
    config::Config,
    crypto::KeyRing,
    db::Db,
    fix::{FixContext, jobs::JobQueue},
    intake::Wake,
    integrations::Registry,
    live::Bus,
};
use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Shared by all requests; cheap to clone.
#[derive(Clone, FromRef)]
pub struct AppState {
    /// The settings.
    pub config: Arc<Config>,
    /// The database.
    pub db: Db,
    /// Opens and seals stored secrets.
    pub keys: Arc<KeyRing>,
    /// Time.
    pub clock: Clock,
    /// The platforms.
    pub registry: Arc<Registry>,
    /// The job queue.
    pub queue: JobQueue,
    /// The job queue as the intake sees it.
    pub wake: Arc<dyn Wake>,
    /// News for open pages.
    pub bus: Bus,
    /// What the worker needs; also used to end fixes from pages.
    pub fixes: Arc<FixContext>,
    /// Sign-in.
    pub auth: AuthContext,
    /// Where Leptos finds the browser files.
    pub leptos: LeptosOptions,
    /// Cancelled when the process stops: long streams end on it.
    pub stop: CancellationToken,
}
