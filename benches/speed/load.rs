//! A number of clients, each of which sends its next request when its last is answered → a rate and waiting times.

use anyhow::Context as _;

use futures::future::try_join_all;
use hdrhistogram::Histogram;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};
use tokio::net::TcpStream;

/// A load that takes longer is cut short: the rate tells.
const LONGEST: Duration = Duration::from_secs(15);
/// Nobody waits longer for a server to be warm.
const WARM_UP: Duration = Duration::from_secs(2);
/// Waiting times are kept in microseconds with three digits, up to a minute.
const LONGEST_WAIT: u64 = 60_000_000;

/// How much is asked for.
#[derive(Clone, Copy)]
pub struct Load {
    pub clients: usize,
    pub requests: usize,
}

/// What came of it.
pub struct Measured {
    pub per_second: f64,
    pub median_ms: f64,
    pub p99_ms: f64,
}

/// One connection that stays open.
pub struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
}

impl Connection {
    pub async fn open(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    /// Sends a request and reads its answer to the end.
    pub async fn send(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<Response<Bytes>> {
        self.sender.ready().await?;
        let (parts, body) = self.sender.send_request(request).await?.into_parts();
        Ok(Response::from_parts(parts, body.collect().await?.to_bytes()))
    }
}

/// Before the load comes a tenth of it, or what two seconds allow, that warms the server up and is not counted.
/// `check` sees every answer: a wrong one ends the run.
pub async fn run(
    address: &str,
    load: Load,
    request: impl Fn() -> anyhow::Result<Request<Full<Bytes>>>,
    check: impl Fn(&Response<Bytes>) -> anyhow::Result<()>,
) -> anyhow::Result<Measured> {
    let sent = AtomicUsize::new(0);
    let warm_up = load.requests / 10;
    let begun = Instant::now();
    let deadline = begun + LONGEST;
    let client = async || {
        let mut connection = Connection::open(address).await?;
        let mut waited = Histogram::<u64>::new_with_bounds(1, LONGEST_WAIT, 3)?;
        let mut first = None;
        while Instant::now() < deadline {
            let number = sent.fetch_add(1, Ordering::Relaxed);
            if number >= load.requests + warm_up {
                break;
            }
            let request = request()?;
            let start = Instant::now();
            let answer = connection.send(request).await?;
            let end = Instant::now();
            check(&answer)?;
            if number >= warm_up || start > begun + WARM_UP {
                first.get_or_insert(start);
                waited.saturating_record(u64::try_from((end - start).as_micros()).unwrap_or(LONGEST_WAIT));
            }
        }
        anyhow::Ok((first, waited))
    };
    let clients = try_join_all((0..load.clients).map(|_| client())).await?;
    let end = Instant::now();
    let start =
        clients.iter().filter_map(|(first, _)| *first).min().context("nothing was answered in time")?;
    let mut waited = Histogram::<u64>::new_with_bounds(1, LONGEST_WAIT, 3)?;
    for (_, of_client) in &clients {
        waited.add(of_client)?;
    }
    let ms = |quantile| waited.value_at_quantile(quantile) as f64 / 1000.0;
    Ok(Measured {
        per_second: waited.len() as f64 / (end - start).as_secs_f64(),
        median_ms: ms(0.5),
        p99_ms: ms(0.99),
    })
}
