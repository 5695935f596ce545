//! The database: connections, entities, and one file of named queries per aggregate. Nothing outside this folder
//! writes SQL.

pub mod accounts;
pub mod audit;
pub mod backup;
mod batch;
pub mod deliveries;
pub mod entity;
pub mod events;
pub mod fixes;
pub mod incidents;
pub mod integrations;
pub mod invitations;
pub mod left_out;
pub mod notifications;
pub mod outgoing;
pub mod retention;
pub mod rules;
pub mod secrets;
pub mod sessions;
pub mod settings;
pub mod subscriptions;
pub mod tasks;
#[cfg(any(test, feature = "failpoints"))]
pub mod testing;
pub mod tokens;
pub mod users;

#[cfg(test)]
mod tests;

pub use batch::Batch;

use crate::model::{ApiError, ErrorCode};
use migrations::{Migrator, MigratorTrait as _};
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr, SqlxPostgresConnector, SqlxSqliteConnector,
};
use sqlx::{
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{fmt, str::FromStr as _, time::Duration};

/// How long a writer waits for another on SQLite before it is refused.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Readers never wait for the writer in WAL mode, so more connections are more pages at once.
const SQLITE_CONNECTIONS: u32 = 8;
const POSTGRES_CONNECTIONS: u32 = 16;
/// Any number, as long as nobody else on the database locks it.
const MIGRATION_LOCK: i64 = 0x6465_706c_6f79;

/// What a query can come back with instead of an answer.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The row moved on since it was read.
    #[error("the row was changed by somebody else")]
    Conflict,
    /// Somebody else did not let go of the database in time; nothing is stored.
    #[error("the database is busy")]
    Busy,
    /// The transaction broke down before its end; nothing of it is stored.
    #[error("the transaction was interrupted")]
    Interrupted,
    /// A copy does not hold what it should.
    #[error("the copy is damaged: {0}")]
    Damaged(String),
    /// The address is not one of a database that Deploymend knows.
    #[error("the database address must start with sqlite: or postgres:")]
    UnknownDatabase,
    /// A stored value cannot be read back.
    #[error("a stored value cannot be read: {0}")]
    Stored(#[from] serde_json::Error),
    /// A stored name is none of a platform that this version knows.
    #[error("the platform {0} is not known")]
    UnknownProvider(String),
    /// The database refused or did not answer.
    #[error(transparent)]
    Orm(#[from] DbErr),
    /// The same, while connecting.
    #[error(transparent)]
    Sqlx(#[from] sqlx::Error),
}

impl DbError {
    /// Whether it had too much to do, so that the same may go well later: no connection was free in time, or on SQLite
    /// nobody else let go of the file.
    pub fn is_busy(&self) -> bool {
        let Self::Orm(error) = self else {
            return matches!(self, Self::Busy | Self::Sqlx(sqlx::Error::PoolTimedOut));
        };
        let (DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error))) = error
        else {
            return matches!(error, DbErr::ConnectionAcquire(_));
        };
        match &**error {
            sqlx::Error::PoolTimedOut => true,
            // SQLITE_BUSY and SQLITE_LOCKED are the low byte of their extended codes.
            sqlx::Error::Database(error) => error
                .try_downcast_ref::<sqlx::sqlite::SqliteError>()
                .and_then(|error| sqlx::error::DatabaseError::code(error)?.parse::<i32>().ok())
                .is_some_and(|code| matches!(code & 0xff, 5 | 6)),
            _ => false,
        }
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Conflict => {
                Self::new(ErrorCode::Conflict, "It has changed in the meantime. Look again and repeat it.")
            }
            DbError::Orm(error) if is_unstorable(&error) => {
                Self::new(ErrorCode::Invalid, "A text has a character that cannot be stored.")
            }
            other => {
                tracing::error!(error = %other, "The database did not do what a request needed");
                Self::internal()
            }
        }
    }
}

/// PostgreSQL takes no NUL in texts, neither to store nor to look for (SQLSTATE 22021).
fn is_unstorable(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return false;
    };
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "22021")
}

/// The same database as SeaORM and as apalis see it. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    /// For queries.
    pub orm: DatabaseConnection,
    /// For the job queue.
    pub pool: Pool,
    /// On SQLite, where only one transaction at a time may write.
    admissions: Option<fixes::Admissions>,
}

/// The pool below.
#[derive(Clone)]
pub enum Pool {
    /// A file of this machine.
    Sqlite(sqlx::SqlitePool),
    /// A server that several machines share.
    Postgres(sqlx::PgPool),
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The pools know the password.
        f.write_str(match self.pool {
            Pool::Sqlite(_) => "Db(SQLite)",
            Pool::Postgres(_) => "Db(PostgreSQL)",
        })
    }
}

impl Db {
    /// Opens `sqlite:PATH` (made when it is not there) or `postgres://…`.
    ///
    /// Errors: the address, the file or the server.
    pub async fn connect(url: &str) -> Result<Self, DbError> {
        if url.starts_with("sqlite:") {
            let options = SqliteConnectOptions::from_str(url)?
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal)
                .busy_timeout(BUSY_TIMEOUT)
                .foreign_keys(true);
            let pool =
                SqlitePoolOptions::new().max_connections(SQLITE_CONNECTIONS).connect_with(options).await?;
            let orm = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool.clone());
            let admissions = Some(fixes::admissions(orm.clone()));
            Ok(Self { orm, pool: Pool::Sqlite(pool), admissions })
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let options = PgConnectOptions::from_str(url)?;
            let pool =
                PgPoolOptions::new().max_connections(POSTGRES_CONNECTIONS).connect_with(options).await?;
            Ok(Self {
                orm: SqlxPostgresConnector::from_sqlx_postgres_pool(pool.clone()),
                pool: Pool::Postgres(pool),
                admissions: None,
            })
        } else {
            Err(DbError::UnknownDatabase)
        }
    }

    /// Brings our own tables up to date. Machines that start at once on one server take turns.
    pub async fn migrate(&self) -> Result<(), DbError> {
        let Pool::Postgres(pool) = &self.pool else { return Ok(Migrator::up(&self.orm, None).await?) };
        // Not given back to the pool: the lock lasts as long as the connection, also when this is abandoned.
        let mut turn = pool.acquire().await?.detach();
        sqlx::query("SELECT pg_advisory_lock($1)").bind(MIGRATION_LOCK).execute(&mut turn).await?;
        Migrator::up(&self.orm, None).await?;
        Ok(sqlx::Connection::close(turn).await?)
    }

    /// Connections of the pool: idle ones, all of them, and as many as there may be.
    pub fn connections(&self) -> (u32, u32, u32) {
        let (idle, all, most) = match &self.pool {
            Pool::Sqlite(pool) => (pool.num_idle(), pool.size(), SQLITE_CONNECTIONS),
            Pool::Postgres(pool) => (pool.num_idle(), pool.size(), POSTGRES_CONNECTIONS),
        };
        (u32::try_from(idle).unwrap_or(u32::MAX), all, most)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), DbError> {
        Ok(self.orm.ping().await?)
    }

    /// A transaction that writes. What a request changes in it is noted in it, too.
    async fn write(&self) -> Result<DatabaseTransaction, DbError> {
        let tx = write(&self.orm).await?;
        audit::note(&tx).await?;
        Ok(tx)
    }
}

/// A transaction that writes. On SQLite it takes the write lock at its first line: one that reads first and writes
/// later would be refused instead of waiting.
async fn write(orm: &DatabaseConnection) -> Result<DatabaseTransaction, DbError> {
    use sea_orm::{SqliteTransactionMode, TransactionOptions, TransactionTrait as _};
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    Ok(orm.begin_with_options(options).await?)
}
