//! Callers → so many at once, so many more that wait for a while, and the rest turned away.

use std::{sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A door with a waiting room. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    inside: Arc<Semaphore>,
    room: Arc<Semaphore>,
    patience: Duration,
}

impl Gate {
    /// Lets `at_once` in; `waiting` more wait no longer than `patience`, in the order in which they came.
    pub(super) fn new(at_once: usize, waiting: usize, patience: Duration) -> Self {
        Self { inside: Arc::new(Semaphore::new(at_once)), room: Arc::new(Semaphore::new(waiting)), patience }
    }

    /// A place inside until it is dropped; `None` when there is none in time, nor a place to wait for one.
    pub(super) async fn enter(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = self.inside.clone().try_acquire_owned() {
            return Some(place);
        }
        let _chair = self.room.try_acquire().ok()?;
        tokio::time::timeout(self.patience, self.inside.clone().acquire_owned()).await.ok()?.ok()
    }
}
