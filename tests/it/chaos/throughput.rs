//! Fixes a minute by 1, 2 and 4 workers, of an agent that only waits: what the workers have to share is not in the way.

use super::{FULL, Size, fleet::Fleet, report};
use anyhow::Context as _;
use deploymend::server::db::{Db, entity::deployment};
use sea_orm::EntityTrait as _;
use std::time::{Duration, Instant};

/// Each number of workers divides it.
const FIXES: usize = 4;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: make throughput"]
async fn fixes_a_minute() -> anyhow::Result<()> {
    anyhow::ensure!(std::env::var_os("TEST_DATABASE_URL").is_some(), "it needs PostgreSQL");
    let mut alone = None;
    println!("\n{:>7}  {:>7}  {:>12}  {:>6}", "workers", "seconds", "fixes/minute", "times");
    for workers in [1, 2, 4] {
        let size = Size { fixes: FIXES, repositories: FIXES, workers, servers: 1, agent: "waiting", ..FULL };
        let seconds = repair_all(size).await?.as_secs_f64();
        let alone = *alone.get_or_insert(seconds);
        #[expect(clippy::cast_precision_loss, reason = "they are few")]
        let each_minute = FIXES as f64 * 60.0 / seconds;
        println!("{workers:>7}  {seconds:>7.1}  {each_minute:>12.2}  {:>6.2}", alone / seconds);
    }
    Ok(())
}

/// How long it takes from the first failure to the last pull request.
async fn repair_all(size: Size) -> anyhow::Result<Duration> {
    let fleet = Fleet::start(size).await?;
    let database = Db::connect(&fleet.database_url).await?;
    let begun = Instant::now();
    for failing in fleet.failures() {
        fleet.fail(&failing).await?;
    }
    loop {
        let rows = deployment::Entity::find().all(&database.orm).await.context("the fixes")?;
        if rows.iter().filter(|row| report::ended(row)).count() == size.fixes {
            let unlucky = rows.iter().find(|row| row.pr_url.is_none());
            anyhow::ensure!(unlucky.is_none(), "no pull request: {unlucky:#?}\n{}", fleet.said());
            return Ok(begun.elapsed());
        }
        anyhow::ensure!(begun.elapsed() < size.within, "{}", fleet.said());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
