//! What a query can come back with instead of an answer, and what its caller decides by.

use crate::model::{ApiError, ErrorCode};
use sea_orm::{DbErr, RuntimeErr};

/// SQLite's result codes, the low byte of the extended ones: <https://sqlite.org/rescode.html>.
pub(super) mod sqlite {
    use sqlx::sqlite::SqliteError;

    pub const BUSY: i32 = 5;
    pub const LOCKED: i32 = 6;
    pub const READONLY: i32 = 8;
    pub const IOERR: i32 = 10;
    pub const FULL: i32 = 13;
    pub const CANTOPEN: i32 = 14;

    /// The code without what extends it. `None`: the error is none of SQLite's.
    pub fn code(error: &sqlx::Error) -> Option<i32> {
        let error = error.as_database_error()?.try_downcast_ref::<SqliteError>()?;
        let code: i32 = sqlx::error::DatabaseError::code(error)?.parse().ok()?;
        Some(code & 0xff)
    }
}

/// PostgreSQL's states, or the class that they begin with, after which the same may go well: a lost connection, a
/// read-only transaction, no resources, an operator's doing, the machine's trouble.
const PASSING: [&str; 5] = ["08", "25006", "53", "57P", "58"];

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
        match self {
            Self::Busy | Self::Orm(DbErr::ConnectionAcquire(_)) => true,
            _ => match self.sqlx() {
                Some(sqlx::Error::PoolTimedOut) => true,
                Some(error) => matches!(sqlite::code(error), Some(sqlite::BUSY | sqlite::LOCKED)),
                None => false,
            },
        }
    }

    /// Whether it takes nothing in for a reason that passes: its disk is full, it is read-only, or it cannot be reached.
    pub fn is_out_of_order(&self) -> bool {
        use sqlite::{CANTOPEN, FULL, IOERR, READONLY};
        let Some(error) = self.sqlx() else { return false };
        if matches!(error, sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed) {
            return true;
        }
        match sqlite::code(error) {
            Some(code) => matches!(code, READONLY | IOERR | FULL | CANTOPEN),
            None => error
                .as_database_error()
                .and_then(|error| error.code())
                .is_some_and(|state| PASSING.iter().any(|passing| state.starts_with(passing))),
        }
    }

    fn sqlx(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Sqlx(error) => Some(error),
            Self::Orm(
                DbErr::Conn(RuntimeErr::SqlxError(error))
                | DbErr::Exec(RuntimeErr::SqlxError(error))
                | DbErr::Query(RuntimeErr::SqlxError(error)),
            ) => Some(error),
            _ => None,
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
            other if other.is_busy() => {
                tracing::warn!(error = %other, "A request found the database busy");
                Self::new(ErrorCode::Overloaded, "The database has too much to do at the moment. Repeat it.")
            }
            other if other.is_out_of_order() => {
                tracing::warn!(error = %other, "A request found the database out of order");
                Self::new(
                    ErrorCode::Unavailable,
                    "The database takes nothing in at the moment. Nothing was changed; repeat it later.",
                )
            }
            other => {
                tracing::error!(error = %other, "The database did not do what a request needed");
                Self::internal()
            }
        }
    }
}

/// PostgreSQL takes no NUL in texts, neither to store nor to look for (SQLSTATE 22021, and 22P05 where the text comes in
/// JSON).
fn is_unstorable(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return false;
    };
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code == "22021" || code == "22P05")
}
