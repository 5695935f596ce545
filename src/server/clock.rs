//! Time and ids, injected so that tests own both.

use crate::model::Timestamp;
use chrono::{SubsecRound, Utc};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// Where "now" comes from.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// A clock that stands still until a test moves it.
    Fixed(Arc<Mutex<Timestamp>>),
}

impl Clock {
    /// A clock that stands at `at`.
    pub fn fixed(at: Timestamp) -> Self {
        Self::Fixed(Arc::new(Mutex::new(at)))
    }

    /// The current time in whole milliseconds: both databases store it without loss.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Utc::now().trunc_subsecs(3),
            Self::Fixed(at) => *at.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
        }
    }

    /// Waits. On a fixed clock it is the wait that moves it, so that nobody really waits.
    pub async fn sleep(&self, wait: Duration) {
        match self {
            Self::System => tokio::time::sleep(wait).await,
            Self::Fixed(_) => {
                self.advance(chrono::TimeDelta::from_std(wait).unwrap_or_default());
                tokio::task::yield_now().await;
            }
        }
    }

    /// Moves a fixed clock forward, or back. The machine's clock is left alone.
    pub fn advance(&self, by: chrono::TimeDelta) {
        if let Self::Fixed(at) = self {
            *at.lock().unwrap_or_else(std::sync::PoisonError::into_inner) += by;
        }
    }
}

/// A new id: a ULID, so that ids sort by the time of their making.
pub fn new_id() -> String {
    ulid::Ulid::generate().to_string()
}
