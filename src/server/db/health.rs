//! Whether the database answers and takes something in, found out by doing it: no more often than every few seconds,
//! however many ask.

use super::{Db, settings};
use crate::model::Timestamp;
use moka::future::Cache;
use std::time::Duration;

/// How old an answer may be.
const AGE: Duration = Duration::from_secs(2);
/// A database that takes longer does not answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The setting that is written.
const NAME: &str = "looked_after";

/// What is wrong with the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Disorder {
    /// It does not answer.
    #[error("The database does not answer.")]
    Silent,
    /// It answers, and stores nothing.
    #[error("The database takes nothing in: its disk is full, or it is read-only.")]
    ReadOnly,
}

/// The last answer. Cheap to clone.
#[derive(Clone)]
pub(super) struct Health(Cache<(), Result<(), Disorder>>);

impl Default for Health {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(1).time_to_live(AGE).build())
    }
}

impl Db {
    /// Whether it answers and takes something in.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn ready(&self, now: Timestamp) -> Result<(), Disorder> {
        self.health.0.get_with((), self.look(now)).await
    }

    async fn look(&self, now: Timestamp) -> Result<(), Disorder> {
        let within = |work| tokio::time::timeout(PATIENCE, work);
        let written = within(settings::put(self, NAME, String::new(), now)).await;
        let Err(error) = written.unwrap_or(Err(super::DbError::Busy)) else { return Ok(()) };
        tracing::warn!(%error, "The database takes nothing in");
        // Busy is not out of order: whoever waits for it gets its turn.
        match tokio::time::timeout(PATIENCE, self.ping()).await {
            Ok(Ok(())) if error.is_out_of_order() => Err(Disorder::ReadOnly),
            Ok(Ok(())) => Ok(()),
            _ => Err(Disorder::Silent),
        }
    }
}
