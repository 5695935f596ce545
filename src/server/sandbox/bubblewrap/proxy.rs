//! The way out of a sandbox: turns `CONNECT host:port` on a unix socket into a connection, if the allow list
//! says so. Names are resolved out here; nothing but host and port is logged.

use super::addresses::Allowed;
use crate::server::{sandbox::Activity, trace};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixListener, UnixStream, lookup_host},
    sync::Semaphore,
    time::{sleep, timeout},
};

const MAX_CONNECTIONS: usize = 128;
const MAX_HEAD: usize = 8 * 1024;
const HEAD_TIME: Duration = Duration::from_secs(15);
const CONNECT_TIME: Duration = Duration::from_secs(15);
const IDLE: Duration = Duration::from_secs(120);

/// Serves `listener` until the task is ended.
pub(super) async fn serve(listener: UnixListener, allowed: Arc<[Allowed]>) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    // Ends the connections with this task.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let allowed = Arc::clone(&allowed);
                connections.spawn(trace::carried(async move {
                    let _slot = slot;
                    // A broken connection is the client's concern.
                    drop(connection(stream, &allowed).await);
                }));
            }
            // Out of file handles, for instance.
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn connection(mut inside: UnixStream, allowed: &[Allowed]) -> io::Result<()> {
    let Ok(head) = timeout(HEAD_TIME, read_head(&mut inside)).await else { return Ok(()) };
    let (head, rest) = head?;
    let Some(target) = connect_target(&head) else {
        return refuse(inside, "405 Method Not Allowed", "Only CONNECT is allowed.").await;
    };
    let entry = Allowed::parse(&target).and_then(|target| allowed.iter().find(|entry| **entry == target));
    let Some(entry) = entry else {
        let target: String = target.chars().filter(|c| c.is_ascii_graphic()).take(260).collect();
        tracing::info!(%target, "sandbox connection refused");
        let text = format!("The sandbox connects to package registries only, not to {target}.");
        return refuse(inside, "403 Forbidden", &text).await;
    };
    let Some(outside) = connect(entry).await else {
        tracing::info!(host = %entry.host, port = entry.port, "sandbox connection failed");
        return refuse(inside, "502 Bad Gateway", "The host could not be reached.").await;
    };
    tracing::debug!(host = %entry.host, port = entry.port, "sandbox connection");
    tunnel(inside, outside, &rest).await
}

/// The request head up to its empty line, and the bytes that came after it.
async fn read_head(stream: &mut UnixStream) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let mut head = Vec::new();
    loop {
        if let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = head.split_off(end + 4);
            return Ok((head, rest));
        }
        if head.len() > MAX_HEAD || stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
}

/// The `host:port` of a CONNECT request.
fn connect_target(head: &[u8]) -> Option<String> {
    let line = head.split(|&byte| byte == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    (method == "CONNECT" && version.starts_with("HTTP/1.") && words.next().is_none())
        .then(|| target.to_owned())
}

async fn connect(entry: &Allowed) -> Option<TcpStream> {
    let connected = timeout(CONNECT_TIME, async {
        let addresses = lookup_host((entry.host.as_str(), entry.port)).await.ok()?;
        // The address that was looked at is the one connected to: a second answer cannot slip in.
        let admitted: Vec<SocketAddr> = addresses.filter(|address| entry.admits(address.ip())).collect();
        TcpStream::connect(admitted.as_slice()).await.ok()
    });
    connected.await.ok().flatten()
}

async fn refuse(mut stream: UnixStream, status: &str, text: &str) -> io::Result<()> {
    let length = text.len() + 1;
    let reply = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}\n"
    );
    timeout(HEAD_TIME, stream.write_all(reply.as_bytes())).await??;
    stream.shutdown().await
}

async fn tunnel(mut inside: UnixStream, mut outside: TcpStream, early: &[u8]) -> io::Result<()> {
    inside.write_all(b"HTTP/1.1 200 Connection Established\r\n\r\n").await?;
    outside.write_all(early).await?;
    let (inside_read, inside_write) = inside.split();
    let (outside_read, outside_write) = outside.split();
    let activity = Activity::default();
    activity.touch();
    let both = async {
        tokio::try_join!(
            carry(inside_read, outside_write, &activity),
            carry(outside_read, inside_write, &activity)
        )
    };
    tokio::select! {
        done = both => done.map(drop),
        () = idle(&activity) => Ok(()),
    }
}

async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    activity: &Activity,
) -> io::Result<()> {
    let mut buffer = vec![0; 32 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..length]).await?;
        activity.touch();
    }
}

/// Returns when nothing was carried for a while.
async fn idle(activity: &Activity) {
    while let Some(left) = IDLE.checked_sub(activity.last().elapsed()) {
        sleep(left.max(Duration::from_millis(1))).await;
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// What a client of the proxy sees first after sending `request`, and the stream to go on with.
    async fn ask(allowed: &[String], request: &str) -> (String, UnixStream) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("proxy.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let allowed = allowed.iter().map(|entry| Allowed::parse(entry).unwrap()).collect();
        tokio::spawn(serve(listener, allowed));
        let mut client = UnixStream::connect(&path).await.unwrap();
        client.write_all(request.as_bytes()).await.unwrap();
        let mut reply = vec![0; 1024];
        let length = client.read(&mut reply).await.unwrap();
        (String::from_utf8_lossy(&reply[..length]).into_owned(), client)
    }

    async fn greeter() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut question = [0; 4];
            stream.read_exact(&mut question).await.unwrap();
            stream.write_all(b"hello ").await.unwrap();
            stream.write_all(&question).await.unwrap();
        });
        port
    }

    #[tokio::test]
    async fn an_allowed_host_is_connected_and_early_bytes_are_kept() {
        let port = greeter().await;
        let request = format!("CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: x\r\n\r\nping");
        let (mut reply, mut client) = ask(&[format!("127.0.0.1:{port}")], &request).await;
        let mut rest = String::new();
        client.read_to_string(&mut rest).await.unwrap();
        reply.push_str(&rest);
        assert_eq!(reply, "HTTP/1.1 200 Connection Established\r\n\r\nhello ping");
    }

    #[tokio::test]
    async fn everything_else_is_refused() {
        let port = greeter().await;
        let allowed = [format!("127.0.0.1:{port}"), "registry.example:443".to_owned()];
        for (request, status) in [
            (format!("GET http://127.0.0.1:{port}/ HTTP/1.1\r\n\r\n"), "405"),
            (format!("connect 127.0.0.1:{port} HTTP/1.1\r\n\r\n"), "405"),
            (format!("CONNECT 127.0.0.1:{port} SPDY\r\n\r\n"), "405"),
            (format!("CONNECT localhost:{port} HTTP/1.1\r\n\r\n"), "403"),
            (format!("CONNECT 127.1:{port} HTTP/1.1\r\n\r\n"), "403"),
            ("CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n".to_owned(), "403"),
            ("CONNECT registry.example:80 HTTP/1.1\r\n\r\n".to_owned(), "403"),
            ("CONNECT registry.example.evil.test:443 HTTP/1.1\r\n\r\n".to_owned(), "403"),
            ("CONNECT a@registry.example:443 HTTP/1.1\r\n\r\n".to_owned(), "403"),
            ("CONNECT registry.example HTTP/1.1\r\n\r\n".to_owned(), "403"),
            ("CONNECT REGISTRY.example:443 HTTP/1.1\r\n\r\n".to_owned(), "502"),
        ] {
            let (reply, _) = ask(&allowed, &request).await;
            assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{request:?}: {reply}");
        }
    }

    #[tokio::test]
    async fn a_head_without_end_is_dropped() {
        let (reply, _) = ask(&[], &"x".repeat(MAX_HEAD + 10)).await;
        assert_eq!(reply, "");
    }
}
