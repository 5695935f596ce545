//! The way out of a machine: an HTTP proxy that asks the session's policy about each connection.

use std::io;
use std::net::SocketAddr;

use reqwest::Url;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpStream, UnixListener, UnixStream, lookup_host};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::policy::Policy;

/// Bytes of a request's head.
const HEAD: usize = 64 << 10;
/// Headers that concern only the way to the proxy.
const HOP: [&str; 5] = ["connection", "keep-alive", "proxy-authorization", "proxy-connection", "upgrade"];

/// Serves until nobody can change the policy any more, which is when the session has ended.
pub(super) async fn serve(listener: UnixListener, mut policy: watch::Receiver<Policy>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => { connections.spawn(one(stream, policy.clone())); }
                Err(_) => return,
            },
            changed = policy.changed() => if changed.is_err() { return },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Why there is no connection.
enum Failed {
    Malformed,
    Blocked,
    Unreachable,
}

impl From<io::Error> for Failed {
    fn from(_: io::Error) -> Self {
        Failed::Unreachable
    }
}

async fn one(mut inner: UnixStream, policy: watch::Receiver<Policy>) {
    let Some((head, rest)) = head(&mut inner).await else { return };
    let (status, text) = match forward(&mut inner, &head, &rest, &policy).await {
        Ok(()) => return,
        Err(Failed::Malformed) => ("400 Bad Request", "not a request for a proxy"),
        Err(Failed::Blocked) => ("403 Forbidden", "blocked by the sandbox's network policy"),
        Err(Failed::Unreachable) => ("502 Bad Gateway", "the host does not answer"),
    };
    let length = text.len() + 1;
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}\n"
    );
    let _ = inner.write_all(answer.as_bytes()).await;
    let _ = inner.shutdown().await;
}

/// The lines of a head, and what came after it.
async fn head(stream: &mut UnixStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            bytes.truncate(end);
            return Some((String::from_utf8(bytes).ok()?, rest));
        }
        if bytes.len() > HEAD || stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

async fn forward(
    inner: &mut UnixStream,
    head: &str,
    rest: &[u8],
    policy: &watch::Receiver<Policy>,
) -> Result<(), Failed> {
    let (first, headers) = head.split_once("\r\n").unwrap_or((head, ""));
    let mut words = first.split(' ');
    let (method, target) = words.next().zip(words.next()).ok_or(Failed::Malformed)?;
    let tunnel = method == "CONNECT";
    let url = if tunnel { format!("http://{target}") } else { target.to_owned() };
    let url = Url::parse(&url).ok().filter(|url| url.scheme() == "http").ok_or(Failed::Malformed)?;
    let host = url.host_str().ok_or(Failed::Malformed)?.trim_matches(['[', ']']);
    let port = url.port_or_known_default().ok_or(Failed::Malformed)?;
    let mut outer = connect(host, port, policy).await?;
    if tunnel {
        inner.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    } else {
        let path = url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let mut request = format!("{method} {path} HTTP/1.1\r\n");
        for header in headers.split("\r\n").filter(|header| !header.is_empty()) {
            let name = header.split(':').next().unwrap_or_default().to_ascii_lowercase();
            if !HOP.contains(&name.as_str()) {
                request.push_str(header);
                request.push_str("\r\n");
            }
        }
        // One request for each connection, so that the policy is asked about each.
        request.push_str("connection: close\r\n\r\n");
        outer.write_all(request.as_bytes()).await?;
    }
    outer.write_all(rest).await?;
    // From here on there is nobody left to answer in the host's place.
    let _ = copy_bidirectional(inner, &mut outer).await;
    Ok(())
}

async fn connect(host: &str, port: u16, policy: &watch::Receiver<Policy>) -> Result<TcpStream, Failed> {
    if !policy.borrow().may_look_up(host) {
        return Err(Failed::Blocked);
    }
    let found: Vec<SocketAddr> = lookup_host((host, port)).await?.collect();
    // The policy may have changed while the name was looked up.
    let current = policy.borrow().clone();
    let allowed: Vec<SocketAddr> =
        found.iter().copied().filter(|address| current.allows(host, address.ip())).collect();
    if allowed.is_empty() && !found.is_empty() {
        return Err(Failed::Blocked);
    }
    Ok(TcpStream::connect(allowed.as_slice()).await?)
}
