//! The database turns read-only under the running server: on SQLite since the files may not be changed any more, as when
//! the kernel has seen an error of the disk; on PostgreSQL as after a failover to a standby.

use super::machine::{all_refused, all_taken, begin, doctor, page, ready, repaired_once, status};
use crate::world::World;
use anyhow::{Context as _, ensure};
use deploymend::server::db::testing;
use sqlx::Connection as _;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A database that can be made read-only for everybody, also for those who have it open.
enum Database {
    Sqlite(PathBuf),
    Postgres { server: String, name: String },
}

impl Database {
    fn at(url: &str) -> anyhow::Result<Self> {
        match url.strip_prefix("sqlite:") {
            Some(path) => Ok(Self::Sqlite(path.into())),
            None => {
                let url: url::Url = url.parse()?;
                let name = url.path().trim_start_matches('/').to_owned();
                Ok(Self::Postgres { server: std::env::var("TEST_DATABASE_URL")?, name })
            }
        }
    }

    /// # Errors
    /// This file system has no such files, or only root may make them.
    async fn read_only(&self, on: bool) -> anyhow::Result<()> {
        match self {
            Self::Sqlite(path) => {
                let flag = if on { "+i" } else { "-i" };
                let beside = |ending: &str| PathBuf::from(format!("{}{ending}", path.display()));
                let files: Vec<_> =
                    ["-shm", "-wal", ""].map(beside).into_iter().filter(|file| file.exists()).collect();
                let changed = Command::new("chattr").arg(flag).args(files).output()?;
                ensure!(changed.status.success(), "{}", String::from_utf8_lossy(&changed.stderr));
            }
            Self::Postgres { server, name } => {
                let set = if on {
                    "SET default_transaction_read_only = on"
                } else {
                    "RESET default_transaction_read_only"
                };
                let mut admin = sqlx::PgConnection::connect(server).await?;
                for sql in [
                    format!("ALTER DATABASE {name} {set}"),
                    format!(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
                    ),
                ] {
                    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut admin).await?;
                }
            }
        }
        Ok(())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::Sqlite(path) = self {
            // Else nobody could remove the folder.
            let files =
                |path: &Path| ["", "-wal", "-shm"].map(|ending| format!("{}{ending}", path.display()));
            let _ = Command::new("chattr").arg("-i").args(files(path)).output();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_while_nothing_can_be_stored_is_taken_when_it_can() -> anyhow::Result<()> {
    let kept = testing::empty().await?;
    let (data, url) = (kept.folder.path().join("data"), kept.url.clone());
    let world = World::quick_with(&data, &url, kept).await?;
    // After the world, so that it is gone before: else nobody could remove the files.
    let database = Database::at(&url)?;
    let mut app = world.start().await?;
    ready(&app, 200).await?;
    let (fix, deliveries) = begin(&world, &app).await?;
    if let Err(error) = database.read_only(true).await {
        println!(
            "not done: files that nobody can change take root and a file system that has them ({error})"
        );
        return Ok(());
    }

    all_refused(&app, &deliveries, 0..5).await?;
    ready(&app, 503).await?;
    ensure!(status(&app, "/health").await? == 200);
    for path in ["/deployments", "/integrations", "/rules", &format!("/deployments/{}", fix.summary.id)] {
        let page = page(&app, path).await?;
        ensure!(page.contains("The database takes nothing in"), "{path} does not say what is wrong");
    }
    let to = app.form("/integrations/vercel/disconnect", &[]).await?;
    ensure!(to.contains("error=unavailable"), "what cannot be stored led to {to}");
    ensure!(page(&app, &to).await?.contains("so nothing was changed"), "{to} does not say so");
    let said = doctor(&world.settings).await?;
    ensure!(said.contains("missing  database:"), "{said}");

    database.read_only(false).await.context("it stays read-only")?;
    ready(&app, 200).await?;
    all_taken(&app, &deliveries, 0..5).await?;
    repaired_once(&world, &app, &fix, 5).await?;
    ensure!(!page(&app, "/deployments").await?.contains("takes nothing in"), "the page still says it");
    Ok(())
}
