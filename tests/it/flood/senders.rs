//! The senders of a flood: each sends its next request when its last is answered, until it is told to stop.

use super::{
    client::{Client, address, connect},
    delivery::Deliveries,
    tally::{Kind, Tally},
};
use http_body_util::Full;
use hyper::{Request, StatusCode, body::Bytes};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Where genuine deliveries and people come from; each of the others has an address of its own.
const GENUINE: u8 = 1;
/// Between a refusal and the next try of the same delivery.
const AGAIN: Duration = Duration::from_millis(100);
/// Between two bytes of somebody slow.
const DRIP: Duration = Duration::from_secs(1);
/// Between two pages of a person.
const READING: Duration = Duration::from_millis(20);

/// How many of each kind send at the same time.
#[derive(Clone, Copy, Debug)]
pub struct Senders {
    pub genuine: usize,
    pub duplicate: usize,
    pub forged: usize,
    pub oversized: usize,
    pub slow: usize,
    pub pages: usize,
}

/// What all senders share.
#[derive(Clone)]
pub struct Flood {
    pub server: SocketAddr,
    pub deliveries: Deliveries,
    pub cookie: Arc<std::sync::RwLock<String>>,
    pub tally: Arc<Tally>,
    pub next: Arc<AtomicU64>,
    pub stop: CancellationToken,
}

impl Flood {
    /// Starts the senders. They have ended when the tracker is empty, after `stop`.
    pub fn start(&self, senders: Senders) -> TaskTracker {
        let tasks = TaskTracker::new();
        let start = |kind, number: usize| {
            for of_kind in 0..number {
                let (flood, stop) = (self.clone(), self.stop.clone());
                tasks.spawn(async move { stop.run_until_cancelled(flood.send(kind, of_kind)).await });
            }
        };
        start(Kind::Genuine, senders.genuine);
        start(Kind::Duplicate, senders.duplicate);
        start(Kind::Forged, senders.forged);
        start(Kind::Oversized, senders.oversized);
        start(Kind::Slow, senders.slow);
        start(Kind::Page, senders.pages);
        tasks.close();
        tasks
    }

    async fn send(self, kind: Kind, of_kind: usize) -> anyhow::Result<()> {
        match kind {
            Kind::Genuine => self.genuine().await,
            Kind::Duplicate => self.duplicates().await,
            Kind::Forged => self.forged(of_kind).await,
            Kind::Oversized => self.oversized().await,
            Kind::Slow => self.slow().await,
            Kind::Page => self.pages().await,
        }
    }

    /// A platform: what is not acknowledged is delivered again.
    async fn genuine(&self) -> anyhow::Result<()> {
        let mut client = Client::new(address(GENUINE), self.server);
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            while !self.deliver(&mut client, Kind::Genuine, number).await? {
                tokio::time::sleep(AGAIN).await;
            }
        }
    }

    async fn duplicates(&self) -> anyhow::Result<()> {
        let mut client = Client::new(address(GENUINE), self.server);
        loop {
            match self.tally.acknowledged_last() {
                Some(number) => drop(self.deliver(&mut client, Kind::Duplicate, number).await?),
                None => tokio::time::sleep(AGAIN).await,
            }
        }
    }

    /// Whether it was acknowledged.
    async fn deliver(&self, client: &mut Client, kind: Kind, number: u64) -> anyhow::Result<bool> {
        let begun = Instant::now();
        let answer = client.send(self.deliveries.genuine(number)?).await;
        self.tally.answered(kind, answer.as_ref().map(|answer| answer.status()), begun.elapsed());
        let acknowledged = answer.is_some_and(|answer| answer.status() == StatusCode::OK);
        if acknowledged {
            self.tally.acknowledge(number);
        }
        Ok(acknowledged)
    }

    async fn forged(&self, of_kind: usize) -> anyhow::Result<()> {
        let mut client = Client::new(address(10 + u8::try_from(of_kind)?), self.server);
        loop {
            let request = self.deliveries.forged(self.next.fetch_add(1, Ordering::Relaxed))?;
            self.count(&mut client, Kind::Forged, request).await;
        }
    }

    async fn oversized(&self) -> anyhow::Result<()> {
        let mut client = Client::new(address(2), self.server);
        loop {
            self.count(&mut client, Kind::Oversized, self.deliveries.oversized()?).await;
        }
    }

    async fn count(&self, client: &mut Client, kind: Kind, request: Request<Full<Bytes>>) {
        let begun = Instant::now();
        let answer = client.send(request).await;
        self.tally.answered(kind, answer.map(|answer| answer.status()), begun.elapsed());
    }

    /// A byte now and then, until the server has had enough.
    async fn slow(&self) -> anyhow::Result<()> {
        loop {
            let Ok(mut stream) = connect(address(3), self.server).await else {
                tokio::time::sleep(AGAIN).await;
                continue;
            };
            let begun = Instant::now();
            let mut sent = stream.write_all(Deliveries::begun().as_bytes()).await;
            let mut answer = [0; 12];
            while sent.is_ok() {
                match tokio::time::timeout(DRIP, stream.read_exact(&mut answer)).await {
                    Ok(_) => break,
                    Err(_) => sent = stream.write_all(b" ").await,
                }
            }
            let status = answer.strip_prefix(b"HTTP/1.1 ").and_then(|code| StatusCode::from_bytes(code).ok());
            self.tally.answered(Kind::Slow, status, begun.elapsed());
        }
    }

    async fn pages(&self) -> anyhow::Result<()> {
        let mut client = Client::new(address(GENUINE), self.server);
        loop {
            let cookie = self.cookie.read().map(|cookie| cookie.clone()).unwrap_or_default();
            let page = Request::get("/deployments").header("host", "flood").header("cookie", cookie);
            self.count(&mut client, Kind::Page, page.body(Full::default())?).await;
            tokio::time::sleep(READING).await;
        }
    }
}
