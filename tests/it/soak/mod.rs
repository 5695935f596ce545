//! The real server under a steady stream of everything: deliveries, fixes, pages and live streams. What it holds of the
//! machine is looked at all the time, printed every minute, and has to be flat in the end.
//!
//! `make soak` does it for half an hour, or for `SOAK` minutes; on PostgreSQL after `scripts/with-postgres.sh`. The suite
//! does it for a moment and only looks whether everything goes through and nothing is left.

mod clients;
mod failures;
mod held;
mod verdict;

use crate::{
    app::{App, until},
    world::{QUICK, World},
};
use anyhow::{Context as _, ensure};
use clients::Clients;
use deploymend::server::db::testing;
use failures::Failures;
use held::{Held, Machine};
use std::time::{Duration, Instant};

/// Minutes, where nobody says otherwise.
const MINUTES: u64 = 30;
/// Between two looks at what the server holds.
const LOOK: Duration = Duration::from_secs(2);
/// Between two lines of the table.
const LINE: Duration = Duration::from_secs(60);
/// Until the last fixes have ended and what they used is gone.
const END: Duration = Duration::from_secs(180);

#[tokio::test(flavor = "multi_thread")]
async fn a_moment_of_it_leaves_nothing_behind() -> anyhow::Result<()> {
    soak(Duration::from_secs(15)).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes long: make soak"]
async fn what_the_server_holds_is_flat() -> anyhow::Result<()> {
    let minutes = match std::env::var("SOAK") {
        Ok(text) => text.parse().context("SOAK is a number of minutes")?,
        Err(_) => MINUTES,
    };
    let looks = soak(Duration::from_secs(60 * minutes)).await?;
    let judged = verdict::judge(&looks);
    println!();
    judged.iter().for_each(|one| println!("{one}"));
    ensure!(judged.iter().all(|one| one.held), "it is not flat");
    Ok(())
}

/// Everything for that long, then until it is quiet. Returns what was seen on the way.
async fn soak(time: Duration) -> anyhow::Result<Vec<Held>> {
    let kept = testing::empty().await?;
    let (data, url) = (kept.folder.path().join("data"), kept.url.clone());
    let mut world = World::quick_with(&data, &url, kept).await?;
    world.settings = world
        .settings
        .set("DEPLOYMEND_WORKERS", 2)
        .set("DEPLOYMEND_POLL_INTERVAL", 5)
        .set("DEPLOYMEND_DAILY_FIXES", 1_000_000);
    let app = world.start().await?;
    let machine = Machine::new(&app, &data, &url).await?;

    let clients = Clients::start(&world, &app).await?;
    let mut failures = Failures::default();
    let (begun, mut looks, mut next_line) = (Instant::now(), Vec::new(), LINE.min(time));
    println!("{}", Held::HEAD);
    while begun.elapsed() < time {
        failures.keep_up(&world, &app).await?;
        let held = machine.look(begun.elapsed()).await?;
        if begun.elapsed() >= next_line {
            println!("{held}{}{}", clients.counted(), failures.counted());
            next_line += LINE;
        }
        looks.push(held);
        tokio::time::sleep(LOOK.min(time / 5)).await;
    }
    let counted = clients.stop().await?;
    settled(&app, &machine, &mut failures).await?;
    println!("at the end: {counted}{}", failures.counted());
    check(&world, &app, &failures).await?;
    Ok(looks)
}

/// Waits until every fix has ended, and nothing is left of them.
async fn settled(app: &App, machine: &Machine, failures: &mut Failures) -> anyhow::Result<()> {
    until(END, async || {
        failures.look(app).await?;
        let held = machine.look(Duration::ZERO).await?;
        let left = (failures.open(), held.sandboxes, held.processes);
        Ok(if left == (0, 0, 0) { Ok(()) } else { Err(format!("fixes, sandboxes and processes: {left:?}")) })
    })
    .await
}

/// Every failure has led to one pull request.
async fn check(world: &World, app: &App, failures: &Failures) -> anyhow::Result<()> {
    let mut pulls = world.standins.pulls(QUICK);
    // One more is for what the clients' deliveries look like.
    pulls.retain(|pull| pull.base != "main");
    let pulls = pulls.len();
    ensure!(failures.repaired() == failures.made() && failures.made() > 0, "{}", failures.counted());
    ensure!(pulls == failures.made(), "{pulls} pull requests for {} failures", failures.made());
    ensure!(app.errors().is_empty(), "{:#?}", app.errors());
    Ok(())
}
