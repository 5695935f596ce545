//! The limits in front of a handler that counts, and real connections in front of the limits.

#![expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]

use super::{
    connections,
    deliveries::{Deliveries, Limits, admit},
};
use crate::server::source::{self, TrustedProxies};
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, HeaderName, Request, StatusCode, header},
    middleware::{from_fn_with_state, map_request_with_state},
    response::Response,
    routing::{get, post},
};
use futures::stream;
use ipnet::IpNet;
use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::Semaphore,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

const FORGED: HeaderName = HeaderName::from_static("x-forged");
const ONE: &str = "192.0.2.1";
const OTHER: &str = "192.0.2.2";

/// An endpoint whose database answers when it is told to.
struct Endpoint {
    app: Router,
    database: Arc<Semaphore>,
    handled: Arc<AtomicUsize>,
}

impl Endpoint {
    /// Reads bodies of up to 1,000 bytes.
    fn new(limits: Limits) -> Self {
        let (database, handled) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        let handler = {
            let (database, handled) = (database.clone(), handled.clone());
            async move |headers: HeaderMap, body: Bytes| {
                let _answer = database.acquire().await.unwrap();
                if headers.contains_key(FORGED) {
                    return (StatusCode::UNAUTHORIZED, body);
                }
                handled.fetch_add(1, Ordering::Relaxed);
                (StatusCode::OK, body)
            }
        };
        let app = Router::new()
            .route("/", post(handler))
            .layer(from_fn_with_state(Deliveries::new(limits).of_at_most(1_000), admit))
            .layer(map_request_with_state(TrustedProxies::new(&[]), source::note));
        Self { app, database, handled }
    }

    /// The database answers at once from now on.
    fn answering(limits: Limits) -> Self {
        let endpoint = Self::new(limits);
        endpoint.database.add_permits(1_000);
        endpoint
    }

    fn send(&self, from: &str, forged: bool, body: Body) -> JoinHandle<Response> {
        let mut request = Request::post("/").body(body).unwrap();
        if forged {
            request.headers_mut().insert(FORGED, "1".parse().unwrap());
        }
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(from.parse().unwrap(), 4711)));
        let app = self.app.clone();
        tokio::spawn(async move { app.oneshot(request).await.unwrap() })
    }
}

/// Status, stable code and the time after which to come again.
async fn refusal(response: JoinHandle<Response>) -> (u16, String, Option<u64>) {
    let response = response.await.unwrap();
    let again = response.headers().get(header::RETRY_AFTER);
    let again = again.map(|value| value.to_str().unwrap().parse().unwrap());
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 10_000).await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    (status, body["error"]["code"].as_str().unwrap_or_default().to_owned(), again)
}

async fn status(response: JoinHandle<Response>) -> u16 {
    response.await.unwrap().status().as_u16()
}

fn small() -> Limits {
    Limits { at_once: 2, waiting: 3, ..Limits::default() }
}

/// Lets everything run that can.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// A body of which this much comes, and never more.
fn begun(bytes: &'static str) -> Body {
    let first = stream::once(async move { Ok::<_, Infallible>(bytes) });
    Body::from_stream(futures::StreamExt::chain(first, stream::pending()))
}

#[tokio::test]
async fn beyond_the_queue_deliveries_are_to_come_again_and_those_in_it_are_handled() {
    let endpoint = Endpoint::new(small());
    let taken: Vec<_> = (0..5).map(|_| endpoint.send(ONE, false, "{}".into())).collect();
    settle().await;
    let (code, name, again) = refusal(endpoint.send(OTHER, false, "{}".into())).await;
    assert_eq!((code, name.as_str(), again), (503, "overloaded", Some(10)));
    endpoint.database.add_permits(1);
    for delivery in taken {
        assert_eq!(status(delivery).await, 200);
    }
    assert_eq!(endpoint.handled.load(Ordering::Relaxed), 5);
    assert_eq!(status(endpoint.send(OTHER, false, "{}".into())).await, 200, "there is room again");
}

#[tokio::test]
async fn a_database_that_does_not_answer_keeps_nobody_waiting() {
    let (patience, answer_time) = (Duration::from_millis(20), Duration::from_millis(50));
    let endpoint = Endpoint::new(Limits { patience, answer_time, ..small() });
    let taken: Vec<_> = (0..5).map(|_| endpoint.send(ONE, false, "{}".into())).collect();
    for delivery in taken {
        assert_eq!(refusal(delivery).await, (503, "overloaded".to_owned(), Some(10)));
    }
    endpoint.database.add_permits(1);
    assert_eq!(status(endpoint.send(ONE, false, "{}".into())).await, 200);
    // All waits together, a suspect's included, are over before a platform gives up.
    let limits = Limits::default();
    let longest = limits.body_time + limits.patience * 2 + limits.answer_time;
    assert!(longest <= Duration::from_secs(30), "{longest:?}");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_it_is_read_and_while_it_is_read() {
    let endpoint = Endpoint::answering(small());
    assert_eq!(status(endpoint.send(ONE, false, "a".repeat(1_000).into())).await, 200);
    // Nothing of it ever comes.
    let announced = Request::post("/").header(header::CONTENT_LENGTH, 1_001);
    let refused = endpoint.app.clone().oneshot(announced.body(begun("")).unwrap()).await.unwrap();
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let chunks = stream::repeat_with(|| Ok::<_, Infallible>("a".repeat(100)));
    let (code, name, _) = refusal(endpoint.send(ONE, false, Body::from_stream(chunks))).await;
    assert_eq!((code, name.as_str()), (413, "payload_too_large"));
    assert_eq!(endpoint.handled.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_given_up_and_holds_nobody_up() {
    let endpoint = Endpoint::answering(Limits { body_time: Duration::from_millis(200), ..small() });
    let slow: Vec<_> = (0..50).map(|_| endpoint.send(ONE, false, begun("{"))).collect();
    settle().await;
    assert_eq!(status(endpoint.send(OTHER, false, "{}".into())).await, 200);
    for delivery in slow {
        let (code, name, _) = refusal(delivery).await;
        assert_eq!((code, name.as_str()), (408, "timeout"));
    }
}

#[tokio::test]
async fn one_address_cannot_have_all_places_for_bodies() {
    let limits = Limits { bodies: 10, bodies_of_one: 4, ..small() };
    let endpoint = Endpoint::answering(limits);
    let slow: Vec<_> = (0..4).map(|_| endpoint.send(ONE, false, begun("{"))).collect();
    settle().await;
    assert_eq!(status(endpoint.send(ONE, false, "{}".into())).await, 503);
    assert_eq!(status(endpoint.send(OTHER, false, "{}".into())).await, 200);
    for delivery in slow {
        delivery.abort();
    }
}

#[tokio::test]
async fn bodies_together_hold_so_many_bytes_and_give_them_back() {
    let endpoint = Endpoint::new(Limits { bytes: 1_500, ..small() });
    let first = endpoint.send(ONE, false, "a".repeat(1_000).into());
    settle().await;
    assert_eq!(refusal(endpoint.send(OTHER, false, "a".repeat(1_000).into())).await.0, 503);
    endpoint.database.add_permits(1);
    assert_eq!(status(first).await, 200);
    assert_eq!(status(endpoint.send(OTHER, false, "a".repeat(1_000).into())).await, 200);
}

#[tokio::test]
async fn forged_deliveries_wait_for_each_other_and_a_genuine_one_among_them_gets_through() {
    let limits = Limits { forged: 3, suspects_waiting: 2, ..small() };
    let endpoint = Endpoint::answering(limits);
    for _ in 0..=limits.forged {
        assert_eq!(status(endpoint.send(ONE, true, "{}".into())).await, 401);
    }
    assert_eq!(status(endpoint.send(ONE, false, "{}".into())).await, 200, "a suspect's own are not refused");

    let busy = endpoint.database.acquire_many(1_000).await.unwrap();
    let lane: Vec<_> = (0..3).map(|_| endpoint.send(ONE, true, "{}".into())).collect();
    settle().await;
    let (code, name, again) = refusal(endpoint.send(ONE, true, "{}".into())).await;
    assert_eq!((code, name.as_str(), again), (429, "rate_limited", Some(60)));
    // One place of the two is taken by suspects, however many they are.
    let genuine = endpoint.send(OTHER, false, "{}".into());
    settle().await;
    drop(busy);
    assert_eq!(status(genuine).await, 200);
    for delivery in lane {
        assert_eq!(status(delivery).await, 401);
    }
}

/// A server with these limits that answers `/` with its address, and `/long` with more than sockets hold.
async fn server(limits: connections::Limits) -> (SocketAddr, CancellationToken, JoinHandle<()>) {
    server_behind(&[], limits).await
}

async fn server_behind(
    proxies: &[IpNet],
    limits: connections::Limits,
) -> (SocketAddr, CancellationToken, JoinHandle<()>) {
    server_at(Ipv4Addr::LOCALHOST, proxies, limits).await
}

async fn server_at(
    host: Ipv4Addr,
    proxies: &[IpNet],
    limits: connections::Limits,
) -> (SocketAddr, CancellationToken, JoinHandle<()>) {
    let listener = TcpListener::bind((host, 0)).await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    let ended = stop.clone();
    let router = Router::new()
        .route("/", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }))
        .route("/long", get(|| async { vec![b'x'; 64 << 20] }))
        .route(
            "/stream",
            get(move || async move {
                let first = stream::once(async { Ok::<_, Infallible>("begun\n") });
                let end = stream::once(async move {
                    ended.cancelled().await;
                    Ok("ended\n")
                });
                Body::from_stream(futures::StreamExt::chain(first, end))
            }),
        );
    let proxies = TrustedProxies::new(proxies);
    let running = connections::serve(listener, router, limits, proxies, stop.clone());
    (address, stop, tokio::spawn(running))
}

async fn ask(address: SocketAddr, path: &str) -> TcpStream {
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).await.unwrap();
    client
}

/// What comes until `end`, or until the connection ends.
async fn read_until(client: &mut TcpStream, end: &str) -> String {
    let mut read = Vec::new();
    while !read.ends_with(end.as_bytes()) {
        match client.read_u8().await {
            Ok(byte) => read.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(read).unwrap()
}

#[tokio::test]
async fn a_head_that_does_not_arrive_ends_its_connection_alone() {
    let limits = connections::Limits { head_time: Duration::from_millis(200), ..Default::default() };
    let (address, stop, _server) = server(limits).await;
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nx-slow: ").await.unwrap();
    // A stream that goes on longer than a head may take is none of its business.
    let mut streaming = ask(address, "/stream").await;
    assert!(read_until(&mut streaming, "begun\n").await.starts_with("HTTP/1.1 200"));
    assert!(!read_until(&mut slow, "\0").await.contains("200"), "the connection was closed");
    let mut quick = ask(address, "/").await;
    let expected = quick.local_addr().unwrap().to_string();
    assert!(read_until(&mut quick, &expected).await.starts_with("HTTP/1.1 200"));
    stop.cancel();
    assert!(read_until(&mut streaming, "ended\n").await.contains("ended"));
}

#[tokio::test]
async fn beyond_so_many_connections_others_wait_until_one_ends() {
    let limits = connections::Limits { at_once: 1, ..Default::default() };
    let (address, _stop, _server) = server(limits).await;
    let mut first = ask(address, "/").await;
    let expected = first.local_addr().unwrap().to_string();
    read_until(&mut first, &expected).await;
    let mut second = ask(address, "/").await;
    let answer = tokio::time::timeout(Duration::from_millis(200), second.readable()).await;
    assert!(answer.is_err(), "nobody has taken it on");
    drop(first);
    let expected = second.local_addr().unwrap().to_string();
    assert!(read_until(&mut second, &expected).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn one_address_cannot_have_all_connections_unless_it_is_a_proxys() {
    let limits = connections::Limits { of_one: 1, ..connections::Limits::default() };
    for (proxies, served) in [(vec![], false), (vec!["127.0.0.0/8".parse().unwrap()], true)] {
        let (address, _stop, _server) = server_behind(&proxies, limits).await;
        let mut first = ask(address, "/").await;
        let expected = first.local_addr().unwrap().to_string();
        assert!(read_until(&mut first, &expected).await.starts_with("HTTP/1.1 200"));
        let mut second = ask(address, "/").await;
        let expected = second.local_addr().unwrap().to_string();
        assert_eq!(read_until(&mut second, &expected).await.contains("200"), served);
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        let mut other = socket.connect(address).await.unwrap();
        other.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let expected = other.local_addr().unwrap().to_string();
        assert!(read_until(&mut other, &expected).await.starts_with("HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn a_stop_lets_running_answers_end_and_takes_nothing_more_on() {
    // An address of its own: on the common one another test may be given the port as soon as it is free.
    let host = Ipv4Addr::new(127, 83, 84, 80);
    let (address, stop, server) = server_at(host, &[], connections::Limits::default()).await;
    let mut idle = ask(address, "/").await;
    let expected = idle.local_addr().unwrap().to_string();
    read_until(&mut idle, &expected).await;
    let mut streaming = ask(address, "/stream").await;
    read_until(&mut streaming, "begun\n").await;
    stop.cancel();
    assert!(read_until(&mut streaming, "ended\n").await.contains("ended"));
    server.await.unwrap();
    // A program that another test is starting may hold the socket for a moment, but answers nothing.
    if let Ok(mut late) = TcpStream::connect(address).await {
        let _ = late.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        assert_eq!(read_until(&mut late, "\0").await, "", "nobody listens any more");
    }
}

#[tokio::test]
async fn who_does_not_read_its_answer_does_not_keep_its_place() {
    let limits = connections::Limits {
        at_once: 1,
        unread_time: Duration::from_millis(500),
        ..connections::Limits::default()
    };
    let (address, _stop, _server) = server(limits).await;
    let _never_reads = ask(address, "/long").await;
    let mut other = ask(address, "/").await;
    let expected = other.local_addr().unwrap().to_string();
    assert!(read_until(&mut other, &expected).await.starts_with("HTTP/1.1 200"));
}
