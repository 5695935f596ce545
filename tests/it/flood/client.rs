//! One client of the flood: a connection from an address of its own, opened again whenever it breaks.

use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};
use tokio::net::{TcpSocket, TcpStream};

/// Between two tries to reach a server that is starting again.
const PAUSE: Duration = Duration::from_millis(50);
/// Longer than the server takes over anything.
const PATIENCE: Duration = Duration::from_secs(40);

pub struct Client {
    from: Ipv4Addr,
    server: SocketAddr,
    open: Option<http1::SendRequest<Full<Bytes>>>,
}

/// An address of this machine, by which the server tells clients apart.
pub const fn address(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 0, last)
}

pub async fn connect(from: Ipv4Addr, server: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    let stream = socket.connect(server).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl Client {
    pub fn new(from: Ipv4Addr, server: SocketAddr) -> Self {
        Self { from, server, open: None }
    }

    /// Sends a request and reads its answer to the end. `None`: it was not answered.
    pub async fn send(&mut self, request: Request<Full<Bytes>>) -> Option<Response<Bytes>> {
        let answered = tokio::time::timeout(PATIENCE, self.exchange(request)).await.ok()?;
        if answered.is_err() {
            self.open = None;
            tokio::time::sleep(PAUSE).await;
        }
        answered.ok()
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<Response<Bytes>> {
        let mut sender = match self.open.take() {
            Some(sender) if !sender.is_closed() => sender,
            _ => {
                let stream = connect(self.from, self.server).await?;
                let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
                tokio::spawn(connection);
                sender
            }
        };
        sender.ready().await?;
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        self.open = Some(sender);
        Ok(Response::from_parts(parts, body))
    }
}
