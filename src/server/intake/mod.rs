//! The one door for failed deployments: turns a webhook delivery or a poll's finding into a stored fix.
//!
//! [`receive`](receive::receive) checks a delivery, [`poll`] asks the platforms; both end in [`admit`](fn@admit), which
//! decides, stores exactly once, and wakes a worker after the commit. [`by_hand`] is for failures that a person picks.
//! The stored row is the truth: a worker that is not woken finds it by itself.

mod admit;
pub mod by_hand;
mod decide;
mod own_branch;
pub mod poll;
pub mod receive;

pub use admit::{Delivered, Failure, admit};

use super::integrations::PlatformContext;
use async_trait::async_trait;
use axum::extract::FromRef;
use serde::Serialize;
use std::sync::Arc;

/// Tells a worker about a fix. Failing to is no error: unfinished rows are looked for anyway.
#[async_trait]
pub trait Wake: Send + Sync {
    /// There is a new fix. The same `key` for the same news.
    async fn wake(&self, key: String, fix_id: String);

    /// A fix got new events outside of a worker, which open pages want to see.
    fn changed(&self, _fix_id: &str) {}
}

/// What the intake is done with. Cheap to clone.
#[derive(Clone)]
pub struct IntakeContext {
    /// Database, keys, platforms, time, settings.
    pub platforms: PlatformContext,
    /// Wakes a worker.
    pub wake: Arc<dyn Wake>,
}

impl<S> FromRef<S> for IntakeContext
where
    PlatformContext: FromRef<S>,
    Arc<dyn Wake>: FromRef<S>,
{
    fn from_ref(state: &S) -> Self {
        Self { platforms: FromRef::from_ref(state), wake: FromRef::from_ref(state) }
    }
}

/// What became of a failure or a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A fix is stored and waits for a worker.
    Queued,
    /// It was stored before.
    Duplicate,
    /// It is not about a failure that could be fixed.
    Ignored,
    /// It is stored with the reason why no fix starts by itself.
    Skipped,
    /// Nobody watches the project.
    NoSubscription,
}

impl Action {
    /// The word in the database and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Duplicate => "duplicate",
            Self::Ignored => "ignored",
            Self::Skipped => "skipped",
            Self::NoSubscription => "no_subscription",
        }
    }
}

/// The answer to a delivery: `{"received":true,"action":"queued","fixId":"…"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Always true: a delivery that is refused gets an error instead.
    pub received: bool,
    /// What became of it.
    pub action: Action,
    /// Our id of the fix, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix_id: Option<String>,
}

impl Receipt {
    fn new(action: Action, fix_id: Option<String>) -> Self {
        Self { received: true, action, fix_id }
    }
}

#[cfg(test)]
mod tests;
