//! Connections → requests: so many at once, so many from one address, each with so much time for the head of a request
//! and for taking in its answer.

use super::shares::Shares;
use crate::server::source::TrustedProxies;
use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use socket2::SockRef;
use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

/// How much of connections is taken on.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Open at once. Further ones wait in the backlog of the system.
    pub at_once: usize,
    /// Open at once from one address, unless it is a trusted proxy's, which speaks for everybody.
    pub of_one: usize,
    /// How long the head of a request may take, and how long a connection may be idle.
    pub head_time: Duration,
    /// How long the other end may leave what it is sent unread.
    pub unread_time: Duration,
    /// How long running requests may take once the server stops.
    pub drain_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            at_once: 1024,
            of_one: 256,
            head_time: Duration::from_secs(20),
            unread_time: Duration::from_secs(30),
            drain_time: Duration::from_secs(30),
        }
    }
}

/// What is read ahead of a connection, which bounds the head of a request.
const BUFFER: usize = 64 * 1024;
/// After the system refused a connection: it has run out of something that others have to give back.
const REFUSED: Duration = Duration::from_secs(1);

/// Serves until `stop`, then finishes what has begun.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    proxies: TrustedProxies,
    stop: CancellationToken,
) {
    let (places, shares) = (Arc::new(Semaphore::new(limits.at_once)), Shares::new(limits.of_one));
    let open = TaskTracker::new();
    loop {
        // A place first: whoever is accepted is served.
        let next = async { (places.clone().acquire_owned().await, accept(&listener).await) };
        let (place, (stream, peer)) = tokio::select! {
            () = stop.cancelled() => break,
            next = next => next,
        };
        let address = peer.ip().to_canonical();
        let share = shares.take(address);
        if share.is_none() && !proxies.include(address) {
            metrics::counter!("deploymend_connections_refused_total").increment(1);
            continue;
        }
        let (router, stop) = (router.clone(), stop.clone());
        open.spawn(async move {
            connection(stream, peer, router, limits, stop).await;
            drop((place, share));
        });
    }
    drop(listener);
    open.close();
    if tokio::time::timeout(limits.drain_time, open.wait()).await.is_err() {
        tracing::warn!(connections = open.len(), "Some requests did not end in time");
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                tracing::warn!(%error, "A connection could not be accepted");
                tokio::time::sleep(REFUSED).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: Limits,
    stop: CancellationToken,
) {
    // Where the system does not know them, the connection works without.
    let _ = stream.set_nodelay(true);
    let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(limits.unread_time));
    let service = router.map_request(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut served = pin!(served);
    tokio::select! {
        // How it ended concerns nobody: most often the other end has gone.
        _ = served.as_mut() => return,
        () = stop.cancelled() => served.as_mut().graceful_shutdown(),
    }
    let _ = served.await;
}
