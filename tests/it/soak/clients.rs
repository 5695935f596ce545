//! Everybody who asks the server something, each at a steady pace: a platform that delivers, people who look at pages, and
//! browsers that stay.

use crate::{app::App, faults::machine, flood::Deliveries, live::Events, world::World};
use anyhow::{Context as _, bail, ensure};
use reqwest::{Method, RequestBuilder};
use standins::vercel::actions::NewDeployment;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Between two deliveries of something new; of something that came before; between two pages.
const NEW: Duration = Duration::from_millis(1_000);
const AGAIN: Duration = Duration::from_millis(200);
const PAGE: Duration = Duration::from_millis(250);
/// How long a browser stays on a page.
const STAY: Duration = Duration::from_secs(10);
const BROWSERS: usize = 8;
const PAGES: [&str; 5] =
    ["/deployments", "/api/deployments", "/integrations", "/notifications", "/api/deployments?tab=failed"];

/// What was answered as it should be.
#[derive(Debug, Default)]
struct Counts {
    deliveries: AtomicUsize,
    refused: AtomicUsize,
    pages: AtomicUsize,
    streams: AtomicUsize,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |of: &AtomicUsize| of.load(Ordering::Relaxed);
        let Self { deliveries, refused, pages, streams } = self;
        write!(f, "{:>12}{:>9}{:>8}{:>9}", count(deliveries), count(refused), count(pages), count(streams))
    }
}

/// Steps at a steady pace, until they are to stop.
struct Pace {
    ticks: tokio::time::Interval,
    number: u64,
    stop: CancellationToken,
}

impl Pace {
    /// The number of the next step, from 1.
    async fn next(&mut self) -> Option<u64> {
        tokio::select! { () = self.stop.cancelled() => return None, _ = self.ticks.tick() => {} }
        self.number += 1;
        Some(self.number)
    }
}

pub struct Clients {
    tasks: JoinSet<anyhow::Result<()>>,
    counts: Arc<Counts>,
    stop: CancellationToken,
}

impl Clients {
    pub async fn start(world: &World, app: &App) -> anyhow::Result<Self> {
        let mut all = Self { tasks: JoinSet::new(), counts: Arc::default(), stop: CancellationToken::new() };
        // What the others look like.
        let failed = NewDeployment { project: world.seeded.project_id.clone(), ..NewDeployment::default() };
        let (_, told) = world.standins.deploy(failed, true).await?;
        let deliveries = Deliveries::after(&world.standins, told.first().context("nobody was told")?)?;
        for (every, same) in [(NEW, None), (AGAIN, Some(1))] {
            let (request, deliveries) = (app.request(Method::POST, ""), deliveries.clone());
            all.tasks.spawn(deliver(all.pace(every), request, deliveries, same, all.counts.clone()));
        }
        let pages = PAGES.map(|path| app.request(Method::GET, path)).into();
        all.tasks.spawn(look(all.pace(PAGE), pages, all.counts.clone()));
        for _ in 0..BROWSERS {
            let stream = app.request(Method::GET, "/api/notifications/events");
            all.tasks.spawn(stay(stream, all.counts.clone(), all.stop.clone()));
        }
        Ok(all)
    }

    fn pace(&self, every: Duration) -> Pace {
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        Pace { ticks, number: 0, stop: self.stop.clone() }
    }

    pub fn counted(&self) -> String {
        self.counts.to_string()
    }

    /// Stops all of them. The first that was not answered as it should be is the error.
    pub async fn stop(mut self) -> anyhow::Result<String> {
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            ended??;
        }
        Ok(self.counts.to_string())
    }
}

/// Delivers something new with each step, or always the same.
async fn deliver(
    mut pace: Pace,
    request: RequestBuilder,
    deliveries: Deliveries,
    same: Option<u64>,
    counts: Arc<Counts>,
) -> anyhow::Result<()> {
    while let Some(number) = pace.next().await {
        let request = request.try_clone().context("no request")?;
        let answered = machine::send(request, &deliveries, same.unwrap_or(number)).await?;
        match answered.0 {
            200 => counts.deliveries.fetch_add(1, Ordering::Relaxed),
            // On a machine that is busy with something else, too: platforms deliver it again.
            503 => counts.refused.fetch_add(1, Ordering::Relaxed),
            _ => bail!("a delivery was answered {answered:?}"),
        };
    }
    Ok(())
}

/// Looks at one page after the other.
async fn look(mut pace: Pace, pages: Vec<RequestBuilder>, counts: Arc<Counts>) -> anyhow::Result<()> {
    while let Some(number) = pace.next().await {
        let page = pages[usize::try_from(number)? % pages.len()].try_clone().context("no page")?;
        let answer = page.send().await?.error_for_status()?;
        ensure!(!answer.bytes().await?.is_empty(), "an empty page");
        counts.pages.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Stays on a page and reads its stream, leaves, and comes again.
async fn stay(stream: RequestBuilder, counts: Arc<Counts>, stop: CancellationToken) -> anyhow::Result<()> {
    while !stop.is_cancelled() {
        let mut events = Events::of(stream.try_clone().context("no stream")?, None).await?;
        let read = async { while events.next().await.is_ok() {} };
        tokio::select! { () = stop.cancelled() => {}, () = tokio::time::sleep(STAY) => {}, () = read => {} }
        counts.streams.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}
