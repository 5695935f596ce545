//! A fresh database for each test: SQLite in a temporary folder, or PostgreSQL where `TEST_DATABASE_URL` names a
//! server on which databases may be made.

use super::Db;
use crate::server::clock::new_id;
use sqlx::Connection as _;

/// A database of its own, and the folder that goes with it.
pub struct TestDb {
    /// The database, with its schema.
    pub db: Db,
    /// Its address.
    pub url: String,
    /// Removed with the test. PostgreSQL's databases go with the throw-away server.
    pub folder: tempfile::TempDir,
}

/// A database without tables.
pub async fn empty() -> anyhow::Result<TestDb> {
    let folder = tempfile::tempdir()?;
    let url = match std::env::var("TEST_DATABASE_URL") {
        Ok(server) => {
            let name = format!("t{}", new_id().to_lowercase());
            let mut admin = sqlx::PgConnection::connect(&server).await?;
            sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin).await?;
            let mut url: url::Url = server.parse()?;
            url.set_path(&name);
            url.to_string()
        }
        Err(_) => format!("sqlite:{}", folder.path().join("test.db").display()),
    };
    let db = Db::connect(&url).await?;
    Ok(TestDb { db, url, folder })
}

/// A database with its schema.
pub async fn fresh() -> anyhow::Result<TestDb> {
    let made = empty().await?;
    made.db.migrate().await?;
    Ok(made)
}
