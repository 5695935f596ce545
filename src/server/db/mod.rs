//! The database: connections, entities, and one file of named queries per aggregate. Nothing outside this folder
//! writes SQL.

pub mod accounts;
mod among;
pub mod audit;
pub mod backup;
mod batch;
pub mod deliveries;
pub mod entity;
mod error;
pub mod events;
pub mod fixes;
mod health;
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
mod sqlite;
pub mod subscriptions;
pub mod tasks;
#[cfg(any(test, feature = "failpoints"))]
pub mod testing;
pub mod tokens;
pub mod users;

#[cfg(test)]
mod tests;

use among::among;
pub use batch::Batch;
pub use error::DbError;
pub use health::Disorder;

use crate::model::Timestamp;
use chrono::TimeDelta;
use migrations::{Migrator, MigratorTrait as _};
use sea_orm::{
    ColumnTrait, Condition, DatabaseConnection, DatabaseTransaction, SqlxPostgresConnector,
    SqlxSqliteConnector,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::{fmt, str::FromStr as _};

const POSTGRES_CONNECTIONS: u32 = 16;
/// Any number, as long as nobody else on the database locks it.
const MIGRATION_LOCK: i64 = 0x6465_706c_6f79;

/// No time that is waited for lies further ahead than this. One that does was written under a clock that was wrong, and
/// nobody waits for it.
pub const FURTHEST: TimeDelta = TimeDelta::hours(2);

/// A time to come that is over, or was never meant.
fn is_past(column: impl ColumnTrait, now: Timestamp) -> Condition {
    Condition::any().add(column.lte(now)).add(column.gt(now + FURTHEST))
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
    health: health::Health,
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
            let pool = sqlite::pool(url).await?;
            let orm = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool.clone());
            let admissions = Some(fixes::admissions(orm.clone()));
            Ok(Self { orm, pool: Pool::Sqlite(pool), admissions, health: health::Health::default() })
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let options = PgConnectOptions::from_str(url)?;
            let pool =
                PgPoolOptions::new().max_connections(POSTGRES_CONNECTIONS).connect_with(options).await?;
            Ok(Self {
                orm: SqlxPostgresConnector::from_sqlx_postgres_pool(pool.clone()),
                pool: Pool::Postgres(pool),
                admissions: None,
                health: health::Health::default(),
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
            Pool::Sqlite(pool) => (pool.num_idle(), pool.size(), sqlite::CONNECTIONS),
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
