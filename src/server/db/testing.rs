//! A fresh database for each test: SQLite in a temporary folder, or PostgreSQL where `TEST_DATABASE_URL` names a
//! server on which databases may be made.

use super::{Db, Pool};
use crate::server::clock::new_id;
use sqlx::Connection as _;
use std::path::PathBuf;
use tokio::sync::OnceCell;

/// A database of its own, and the folder that goes with it.
pub struct TestDb {
    /// The database, with its schema.
    pub db: Db,
    /// Its address.
    pub url: String,
    /// Removed with the test.
    pub folder: tempfile::TempDir,
    /// The server and the name of the database made on it, to be dropped with the test.
    made: Option<(String, String)>,
}

impl Drop for TestDb {
    fn drop(&mut self) {
        // A thread of its own, since the test's runtime may be ending. What cannot be dropped goes with the server.
        if let Some((server, name)) = self.made.take() {
            let dropped = std::thread::spawn(move || -> anyhow::Result<()> {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(admin(&server, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")))
            });
            drop(dropped.join());
        }
    }
}

async fn admin(server: &str, sql: String) -> anyhow::Result<()> {
    let mut connection = sqlx::PgConnection::connect(server).await?;
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await?;
    Ok(connection.close().await?)
}

/// A database without tables.
pub async fn empty() -> anyhow::Result<TestDb> {
    made_from(None).await
}

/// A database with its schema.
pub async fn fresh() -> anyhow::Result<TestDb> {
    made_from(Some(MODEL.get_or_try_init(model).await?)).await
}

/// What databases with a schema are copies of: the schema takes longer to make than most tests take.
enum Model {
    /// The bytes of the file.
    Sqlite(Vec<u8>),
    /// The name on the server. It goes with the server.
    Postgres(String),
}

static MODEL: OnceCell<Model> = OnceCell::const_new();

async fn model() -> anyhow::Result<Model> {
    let mut made = empty().await?;
    made.db.migrate().await?;
    // A file is whole, and a database can be copied, when nobody has it open.
    match &made.db.pool {
        Pool::Sqlite(pool) => pool.close().await,
        Pool::Postgres(pool) => pool.close().await,
    }
    Ok(match made.made.take() {
        Some((_, name)) => Model::Postgres(name),
        None => Model::Sqlite(tokio::fs::read(file(&made.folder)).await?),
    })
}

fn file(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("test.db")
}

async fn made_from(model: Option<&Model>) -> anyhow::Result<TestDb> {
    let folder = tempfile::tempdir()?;
    let mut made = None;
    let url = match std::env::var("TEST_DATABASE_URL") {
        Ok(server) => {
            let name = format!("t{}", new_id().to_lowercase());
            let from = match model {
                Some(Model::Postgres(model)) => format!(" TEMPLATE {model}"),
                _ => String::new(),
            };
            admin(&server, format!("CREATE DATABASE {name}{from}")).await?;
            let mut url: url::Url = server.parse()?;
            url.set_path(&name);
            made = Some((server, name));
            url.to_string()
        }
        Err(_) => {
            if let Some(Model::Sqlite(bytes)) = model {
                tokio::fs::write(file(&folder), bytes).await?;
            }
            format!("sqlite:{}", file(&folder).display())
        }
    };
    let db = Db::connect(&url).await?;
    Ok(TestDb { db, url, folder, made })
}
