//! A flood of deliveries of all kinds against the real program, which is killed in the middle and at the end: what it
//! acknowledged is in its database, and nothing else is.
//!
//! `make flood` is the long one, at the highest rate that the machine gives; the tests of `flooded` are short and assert
//! no time.

mod client;
mod delivery;
mod memory;
mod senders;
mod tally;

pub use delivery::Deliveries;
pub use senders::Senders;
pub use tally::Kind;

use crate::{app::App, world::World};
use anyhow::Context as _;
use delivery::FORGED;
use deploymend::server::db::{Db, entity::webhook_delivery};
use hyper::StatusCode;
use memory::Memory;
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QuerySelect as _};
use senders::Flood;
use std::{collections::HashSet, sync::Arc, time::Duration};
use tally::Tally;
use tokio_util::sync::CancellationToken;

/// One thing that has to hold, whether it does, and what was seen.
#[derive(Clone)]
pub struct Check {
    pub what: &'static str,
    pub held: bool,
    pub seen: String,
}

/// What came of a flood.
pub struct Outcome {
    pub tally: Arc<Tally>,
    pub took: Duration,
    memory: Vec<Memory>,
    stored: HashSet<String>,
    forged: u64,
}

/// Half of `time` before the first kill, half after it.
pub async fn run(world: &mut World, time: Duration, senders: Senders) -> anyhow::Result<Outcome> {
    world.settings.flags.push("--no-worker");
    let mut app = world.start().await?;
    let flood = Flood {
        server: app.base.trim_start_matches("http://").parse()?,
        deliveries: Deliveries::of(&world.standins, &world.seeded.project_id).await?,
        cookie: Arc::default(),
        tally: Arc::default(),
        next: Arc::default(),
        stop: CancellationToken::new(),
    };
    sign_in(&flood, &app)?;
    let begun = std::time::Instant::now();
    let tasks = flood.start(senders);
    let mut memory = vec![Memory::watch(&app, time / 2).await?];
    app.kill_9();
    let mut app = world.restart(&world.settings.clone()).await?;
    sign_in(&flood, &app)?;
    memory.push(Memory::watch(&app, time / 2).await?);
    // While it has everything to do.
    app.kill_9();
    let took = begun.elapsed();
    flood.stop.cancel();
    tasks.wait().await;

    let db = Db::connect(&world.settings.env["DATABASE_URL"]).await?;
    let ids = webhook_delivery::Entity::find().select_only().column(webhook_delivery::Column::DeliveryId);
    let stored = ids.into_tuple::<String>().all(&db.orm).await?.into_iter().collect();
    let forged = webhook_delivery::Entity::find()
        .filter(webhook_delivery::Column::DeliveryId.starts_with(FORGED))
        .count(&db.orm)
        .await?;
    Ok(Outcome { tally: flood.tally, took, memory, stored, forged })
}

fn sign_in(flood: &Flood, app: &App) -> anyhow::Result<()> {
    let cookie = app.cookie.clone().context("nobody is signed in")?;
    *flood.cookie.write().map_err(|_| anyhow::anyhow!("a sender has panicked"))? = cookie;
    Ok(())
}

impl Outcome {
    /// What has to hold however long the flood is.
    pub fn checks(&self) -> Vec<Check> {
        let acknowledged: HashSet<u64> = self.tally.acknowledged().into_iter().collect();
        let lost =
            acknowledged.iter().filter(|number| !self.stored.contains(&Deliveries::id(**number))).count();
        let look = |kind, status| self.tally.look(kind, |row| row.of(status)).unwrap_or_default();
        let (forged, oversized, slow) = (
            look(Kind::Forged, StatusCode::UNAUTHORIZED),
            look(Kind::Oversized, StatusCode::PAYLOAD_TOO_LARGE),
            look(Kind::Slow, StatusCode::REQUEST_TIMEOUT),
        );
        let wrong: u64 =
            [Kind::Genuine, Kind::Duplicate, Kind::Forged, Kind::Oversized, Kind::Slow, Kind::Page]
                .into_iter()
                .filter_map(|kind| self.tally.look(kind, |row| unexpected(kind, row)))
                .sum();
        vec![
            Check {
                what: "every acknowledged delivery is in the database",
                held: lost == 0 && !acknowledged.is_empty(),
                seen: format!("{} acknowledged, {lost} lost", acknowledged.len()),
            },
            Check {
                what: "nothing forged is stored",
                held: self.forged == 0 && forged > 0,
                seen: format!("{forged} refused, {} stored", self.forged),
            },
            Check {
                what: "oversized bodies are refused",
                held: oversized > 0,
                seen: format!("{oversized} with 413, {slow} slow ones with 408"),
            },
            Check {
                what: "every answer is one that its sender is to get",
                held: wrong == 0,
                seen: format!("{wrong} others"),
            },
        ]
    }

    /// What has to hold on a machine that has nothing else to do.
    pub fn timed(&self) -> Vec<Check> {
        let p99 = self.tally.look(Kind::Page, |row| row.ms(0.99)).unwrap_or(f64::INFINITY);
        let grown = self.memory.iter().map(Memory::grown).fold(0.0, f64::max);
        let most = self.memory.iter().map(Memory::most).fold(0.0, f64::max);
        vec![
            Check {
                what: "memory is flat",
                held: grown < 16.0,
                seen: format!("at most {most:.0} MiB, {grown:.1} MiB more at the end than in the middle"),
            },
            Check { what: "p99 of pages is under 200 ms", held: p99 < 200.0, seen: format!("{p99:.0} ms") },
        ]
    }
}

/// Answers that a sender of that kind is not to get. None at all comes of the kills.
fn unexpected(kind: Kind, row: &tally::Row) -> u64 {
    let expected: &[u16] = match kind {
        Kind::Genuine | Kind::Duplicate => &[200, 503],
        Kind::Forged => &[401, 429, 503],
        Kind::Oversized => &[413, 503],
        Kind::Slow => &[408, 503],
        Kind::Page => &[200],
    };
    let statuses = row.statuses.iter();
    statuses
        .filter_map(|(status, count)| status.filter(|status| !expected.contains(status)).map(|_| *count))
        .sum()
}
