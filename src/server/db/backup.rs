//! A copy of a SQLite database at one point in time.

use super::{DbError, sqlite::BUSY_TIMEOUT};
use sqlx::{
    Connection as _,
    sqlite::{SqliteConnectOptions, SqliteConnection},
};
use std::{path::Path, str::FromStr as _};

/// Copies the database at `url` into the empty file `to`, and reads the copy whole. Others go on writing meanwhile.
///
/// Errors: there is no such database, the disk, or a copy that is damaged.
pub async fn sqlite(url: &str, to: &Path) -> Result<(), DbError> {
    let from = SqliteConnectOptions::from_str(url)?.create_if_missing(false).busy_timeout(BUSY_TIMEOUT);
    let mut from = SqliteConnection::connect_with(&from).await?;
    sqlx::query("VACUUM INTO ?1").bind(to.to_string_lossy().into_owned()).execute(&mut from).await?;
    from.close().await?;
    let copy = SqliteConnectOptions::new().filename(to).read_only(true);
    let mut copy = SqliteConnection::connect_with(&copy).await?;
    let found: String = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut copy).await?;
    copy.close().await?;
    if found == "ok" { Ok(()) } else { Err(DbError::Damaged(found)) }
}
