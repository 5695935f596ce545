//! Reads what a refused request still sends, so that its client gets to see the refusal.
//!
//! A handler that answers before it has read the body leaves bytes in the socket. Closing it then resets the
//! connection, and the answer that was on its way may be lost: the client sees a broken connection instead of a code.

use axum::{
    body::{Body, BodyDataStream, Bytes, HttpBody as _},
    extract::Request,
};
use futures::{Stream, StreamExt as _};
use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

/// A client that still sends after this time has its connection closed.
const TIME: Duration = Duration::from_secs(5);
/// So does one that sends more than this.
const BYTES: usize = 16 * 1024 * 1024;

/// The same request; what nobody reads of its body is read and thrown away.
pub async fn linger(request: Request) -> Request {
    if request.body().is_end_stream() {
        return request;
    }
    request.map(|body| Body::from_stream(Lingering { rest: Some(body.into_data_stream()) }))
}

/// A body that is read to its end, by its reader or after it.
struct Lingering {
    /// `None` once it has ended.
    rest: Option<BodyDataStream>,
}

impl Stream for Lingering {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        let next = rest.poll_next_unpin(cx);
        if let Poll::Ready(None | Some(Err(_))) = next {
            self.rest = None;
        }
        next
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        let (Some(rest), Ok(runtime)) = (self.rest.take(), tokio::runtime::Handle::try_current()) else {
            return;
        };
        runtime.spawn(tokio::time::timeout(TIME, throw_away(rest)));
    }
}

async fn throw_away(mut rest: BodyDataStream) {
    let mut left = BYTES;
    while let Some(Ok(bytes)) = rest.next().await {
        let Some(less) = left.checked_sub(bytes.len()) else { return };
        left = less;
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use axum::{Router, http::StatusCode, routing::post};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::{TcpListener, TcpStream},
    };

    /// Refuses every body unread.
    async fn refusing() -> TcpStream {
        let app = Router::new()
            .route("/", post(async || StatusCode::PAYLOAD_TOO_LARGE))
            .layer(axum::middleware::map_request(linger));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        TcpStream::connect(address).await.unwrap()
    }

    async fn answer(client: &mut TcpStream) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.read_u8().await.unwrap());
        }
        String::from_utf8(head).unwrap()
    }

    #[tokio::test]
    async fn a_refused_client_may_send_to_its_end_and_ask_again() {
        let mut client = refusing().await;
        let size = 4 * 1024 * 1024;
        let head = format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {size}\r\n\r\n");
        for _ in 0..2 {
            client.write_all(head.as_bytes()).await.unwrap();
            client.write_all(&vec![b'x'; size]).await.unwrap();
            assert!(answer(&mut client).await.starts_with("HTTP/1.1 413"));
        }
    }

    #[tokio::test]
    async fn a_client_that_never_ends_is_not_listened_to_for_ever() {
        let mut client = refusing().await;
        let size = 4 * BYTES;
        let head = format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {size}\r\n\r\n");
        client.write_all(head.as_bytes()).await.unwrap();
        client.write_all(&vec![b'x'; size]).await.unwrap_err();
    }
}
