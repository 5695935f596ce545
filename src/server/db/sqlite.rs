//! The connections to an SQLite file. Two kinds are of no more use and are opened anew: those that SQLite has left inside of
//! a transaction, and those that were opened while the file could not be written, which it never writes again.

use super::{DbError, error::sqlite};
use sqlx::{
    Connection as _, SqliteConnection, SqlitePool,
    pool::PoolConnectionMetadata,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    str::FromStr as _,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long a writer waits for another before it is refused.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Readers never wait for the writer in WAL mode, so more connections are more pages at once.
pub(super) const CONNECTIONS: u32 = 8;
/// A connection that only reads is used for so long: pages are read while nothing can be written.
const READER_AGE: Duration = Duration::from_secs(1);

/// Opens a file, which is made when it is not there.
pub(super) async fn pool(url: &str) -> Result<SqlitePool, DbError> {
    let options = SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true);
    let readers = Readers::default();
    let opened = readers.clone();
    let pool = SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        .after_connect(move |connection, _| {
            let readers = opened.clone();
            Box::pin(async move {
                if only_reads(connection).await? {
                    readers.opened();
                }
                Ok(())
            })
        })
        .before_acquire(move |connection, known| {
            // When the disk is full, SQLite itself may roll a transaction back, or refuse to. sqlx still counts it, and
            // the connection would keep the lock on the file for good.
            let usable = !connection.is_in_transaction() && !readers.may_include(&known);
            Box::pin(std::future::ready(Ok(usable)))
        })
        .connect_with(options)
        .await?;
    Ok(pool)
}

/// SQLite opens a file that it may not write for reading, and does not say so before the first write.
async fn only_reads(connection: &mut SqliteConnection) -> sqlx::Result<bool> {
    // Another writer is none of its business: a file that is busy can be written.
    sqlx::raw_sql("PRAGMA busy_timeout = 0").execute(&mut *connection).await?;
    let tried = sqlx::raw_sql("BEGIN IMMEDIATE; ROLLBACK").execute(&mut *connection).await;
    let patience = format!("PRAGMA busy_timeout = {}", BUSY_TIMEOUT.as_millis());
    sqlx::raw_sql(sqlx::AssertSqlSafe(patience)).execute(connection).await?;
    Ok(tried.is_err_and(|error| sqlite::code(&error) == Some(sqlite::READONLY)))
}

/// When the last connection was opened that only reads.
#[derive(Clone, Debug, Default)]
struct Readers(Arc<Mutex<Option<Instant>>>);

impl Readers {
    fn opened(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether this one was opened before that, or about then: the pool counts from when it was set up. Some that write
    /// are opened anew with the others, once.
    fn may_include(&self, connection: &PoolConnectionMetadata) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = Instant::now().checked_sub(connection.age);
        connection.age > READER_AGE
            && opened.zip(last).is_some_and(|(opened, last)| opened <= last + READER_AGE)
    }
}
