//! Several servers and many workers on one PostgreSQL server, while workers are killed, the database is restarted and
//! a worker loses its line to it: every failure ends in one pull request, and every browser has seen every event once.
//!
//! `make chaos` does it at full size. `make test-postgres` does it small. `make throughput` counts what several workers do.

mod fleet;
mod line;
mod report;
mod throughput;
mod watchers;

use crate::app::until;
use anyhow::Context as _;
use deploymend::server::db::{Db, entity::deployment};
use fleet::Fleet;
use report::Report;
use sea_orm::EntityTrait as _;
use std::{
    process::Command,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;
use watchers::Seen;

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Failing deployments, each on a branch of its own.
    pub fixes: usize,
    pub repositories: usize,
    pub workers: usize,
    pub servers: usize,
    /// Between two kills.
    pub kill_every: Duration,
    /// How often the database is restarted on the way.
    pub restarts: usize,
    /// How long one worker has no line to the database; longer than a lease.
    pub cut_for: Duration,
    pub within: Duration,
    /// The folder of the program in OpenCode's place, below `end2end/standins/agents`.
    pub agent: &'static str,
}

const SMALL: Size = Size {
    fixes: 6,
    repositories: 2,
    workers: 3,
    servers: 2,
    kill_every: Duration::from_secs(3),
    restarts: 1,
    cut_for: Duration::from_secs(12),
    within: Duration::from_secs(240),
    agent: "instant",
};

const FULL: Size = Size {
    fixes: 500,
    repositories: 20,
    workers: 10,
    servers: 3,
    kill_every: Duration::from_secs(1),
    restarts: 2,
    cut_for: Duration::from_secs(25),
    within: Duration::from_secs(3 * 60 * 60),
    agent: "instant",
};

/// Between two lines about how far it is.
const WORD: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it restarts the database server, which other tests would share: make test-postgres"]
async fn a_few_fixes_survive_all_of_it() -> anyhow::Result<()> {
    survive(SMALL).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes long: make chaos"]
async fn five_hundred_fixes_survive_all_of_it() -> anyhow::Result<()> {
    let number = |name: &str, default: usize| match std::env::var(name) {
        Ok(text) => text.parse().with_context(|| name.to_owned()),
        Err(_) => Ok(default),
    };
    survive(Size { fixes: number("FIXES", FULL.fixes)?, workers: number("WORKERS", FULL.workers)?, ..FULL })
        .await
}

async fn survive(size: Size) -> anyhow::Result<()> {
    // SQLite is for one machine.
    anyhow::ensure!(std::env::var_os("TEST_DATABASE_URL").is_some(), "it needs PostgreSQL");
    let fleet = Fleet::start(size).await?;
    let database = Db::connect(&fleet.database_url).await?;
    let begun = Instant::now();
    let failing = fleet.failures();
    let (mut seen, mut open) = (Seen::default(), JoinSet::new());
    let killer = fleet.killer();
    let (mut told, mut restarts, mut cut) = (0, 0, None::<Instant>);
    let mut healed = false;
    let mut most_inside = 0;
    let mut next_word = Instant::now() + WORD;
    loop {
        if told < failing.len() {
            fleet.fail(&failing[told]).await?;
            told += 1;
        }
        let ended = match deployment::Entity::find().all(&database.orm).await {
            Ok(rows) => look(&fleet, &rows, &mut seen, &mut open),
            // It is being restarted.
            Err(_) => 0,
        };
        if ended == size.fixes {
            break;
        }
        anyhow::ensure!(
            begun.elapsed() < size.within,
            "{ended} of {} fixes have ended\n{}",
            size.fixes,
            fleet.said()
        );
        if Instant::now() > next_word {
            let minutes = begun.elapsed().as_secs_f64() / 60.0;
            eprintln!(
                "{minutes:5.1} min: {told} failures, {ended} fixes have ended, {} kills",
                killer.kills()
            );
            next_word += WORD;
        }
        most_inside = most_inside.max(report::inside(&fleet).len());
        if restarts < size.restarts && ended >= size.fixes * (restarts + 1) / (size.restarts + 1) {
            restart_database().await?;
            restarts += 1;
        }
        match cut {
            None if ended >= size.fixes / 3 => {
                fleet.line.cut(true);
                cut = Some(Instant::now());
            }
            Some(since) if !healed && since.elapsed() > size.cut_for => {
                fleet.line.cut(false);
                healed = true;
            }
            _ => {}
        }
        tokio::time::sleep(Duration::from_millis(if told < failing.len() { 20 } else { 200 })).await;
    }
    let kills = killer.stop().await?;
    fleet.line.cut(false);
    let seconds = begun.elapsed().as_secs_f64();
    let report = Report { size, seconds, kills, restarts, was_cut: cut.is_some(), most_inside };
    // The last events are on their way, and what the last kill left is not swept yet.
    until(Duration::from_secs(60), async || report.check(&fleet, &database, &seen).await).await?;
    report.print(&database, &seen).await
}

/// Opens the pages of fixes that are new. Gives how many have ended.
fn look(fleet: &Fleet, rows: &[deployment::Model], seen: &mut Seen, open: &mut JoinSet<()>) -> usize {
    for (number, row) in rows.iter().enumerate().filter(|(_, row)| !seen.knows(&row.id)) {
        seen.watch(&fleet.servers[number % fleet.servers.len()], &row.id, open);
    }
    rows.iter().filter(|row| report::ended(row)).count()
}

async fn restart_database() -> anyhow::Result<()> {
    let script = std::env::var_os("TEST_DATABASE_RESTART").context("TEST_DATABASE_RESTART is not set")?;
    let done = tokio::task::spawn_blocking(move || Command::new(script).output()).await??;
    anyhow::ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}
