//! A minute of deliveries of all kinds, as many as the machine gives, against the optimised program: `make flood`.
//!
//! On SQLite, or on the PostgreSQL server of `TEST_DATABASE_URL` (`scripts/with-postgres.sh make flood`).
//! `cargo bench --workspace --features ssr --bench flood -- SECONDS`

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/it/app.rs"]
mod app;
#[path = "../../tests/it/flood/mod.rs"]
mod flood;
#[path = "../../tests/it/ports.rs"]
mod ports;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/it/world.rs"]
mod world;

use flood::Senders;
use std::{process::ExitCode, time::Duration};
use world::World;

const SECONDS: u64 = 60;
const SENDERS: Senders = Senders { genuine: 32, duplicate: 8, forged: 16, oversized: 2, slow: 64, pages: 2 };

// One thread for all senders: what they use of the machine, the program has not.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let seconds = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(SECONDS);
    let folder = tempfile::tempdir()?;
    let (data, url) = (folder.path().join("data"), database(folder.path()).await?);
    let mut world = World::with("healthy", &data, &url, folder).await?;
    let outcome = flood::run(&mut world, Duration::from_secs(seconds), SENDERS).await?;
    outcome.tally.print(outcome.took);
    println!();
    let checks = [outcome.checks(), outcome.timed()].concat();
    for check in &checks {
        println!("{:<8}{:<50}{}", if check.held { "ok" } else { "FAILED" }, check.what, check.seen);
    }
    Ok(if checks.iter().all(|check| check.held) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A file, or a new database on the server that the environment names.
async fn database(folder: &std::path::Path) -> anyhow::Result<String> {
    use sqlx::Connection as _;
    let Ok(server) = std::env::var("TEST_DATABASE_URL") else {
        return Ok(format!("sqlite:{}", folder.join("flood.db").display()));
    };
    let name = format!("flood{}", std::process::id());
    let mut admin = sqlx::PgConnection::connect(&server).await?;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin).await?;
    let mut url: url::Url = server.parse()?;
    url.set_path(&name);
    Ok(url.to_string())
}
