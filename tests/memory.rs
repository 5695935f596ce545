//! A build log of 50 MB, as each platform would send it, costs no more memory than what is kept of it.
//!
//! Alone in its process: the peak of resident memory is the process's own.

#![expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]

use axum::{
    Json, Router,
    body::Body,
    extract::{Query, RawQuery},
    response::IntoResponse,
    routing::get,
};
use deploymend::server::{
    clock::Clock,
    integrations::{
        Access, BuildLog, ProjectRef, TokenProvider, cloudflare::Cloudflare, http, render::Render,
        vercel::Vercel,
    },
};
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};
use std::collections::HashMap;

const LINES: usize = 56_000;
const LINE: usize = 900;
/// What is kept is 4 MiB; buffers of two sides and what the allocator does not give back come on top.
const MOST: usize = 24 << 20;

fn line(n: usize) -> String {
    format!("{n:06} {}", "x".repeat(LINE - 7))
}

/// Everything in one answer: `before`, the elements with commas between them, `after`.
fn streamed(before: &'static str, element: fn(usize) -> Value, after: &'static str) -> impl IntoResponse {
    let elements = stream::iter(0..LINES).map(move |n| {
        let comma = if n == 0 { "" } else { "," };
        format!("{comma}{}", element(n))
    });
    let whole = stream::iter([before.to_owned()]).chain(elements).chain(stream::iter([after.to_owned()]));
    Body::from_stream(whole.map(Ok::<_, std::io::Error>))
}

async fn vercel() -> impl IntoResponse {
    let event = |n: usize| json!({"type": "stdout", "date": n, "id": n.to_string(), "serial": n.to_string(), "text": line(n)});
    streamed("[", event, "]")
}

async fn pages() -> impl IntoResponse {
    let event = |n: usize| json!({"ts": "2026-01-02T03:04:05Z", "line": line(n)});
    streamed(r#"{"success":true,"errors":[],"messages":[],"result":{"total":56000,"data":["#, event, "]}}")
}

/// A thousand lines a page.
async fn worker(Query(query): Query<HashMap<String, String>>) -> Json<Value> {
    let start: usize = query.get("cursor").and_then(|cursor| cursor.parse().ok()).unwrap_or_default();
    let end = (start + 1_000).min(LINES);
    let lines: Vec<Value> = (start..end).map(|n| json!([n, line(n)])).collect();
    Json(
        json!({"success": true, "result": {"cursor": end.to_string(), "truncated": end < LINES, "lines": lines}}),
    )
}

/// A hundred lines a page, in the order and after the time that is asked for.
async fn render(RawQuery(query): RawQuery) -> Json<Value> {
    let query = query.unwrap_or_default();
    let pairs: HashMap<_, _> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let first = "2026-01-02T03:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let at = |n: usize| (first + chrono::TimeDelta::milliseconds(n as i64)).to_rfc3339();
    let asked: chrono::DateTime<chrono::Utc> = pairs["startTime"].parse().unwrap();
    let start = usize::try_from((asked - first).num_milliseconds()).unwrap_or_default();
    let range =
        if pairs["direction"] == "backward" { LINES - 100..LINES } else { start..(start + 100).min(LINES) };
    let next = range.end;
    let labels = json!([{"name": "resource", "value": "srv-1"}, {"name": "type", "value": "build"}]);
    let logs: Vec<Value> = range
        .map(|n| json!({"id": n.to_string(), "timestamp": at(n), "message": line(n), "labels": labels}))
        .collect();
    Json(
        json!({"hasMore": next < LINES, "nextStartTime": at(next), "nextEndTime": pairs["endTime"], "logs": logs}),
    )
}

async fn serve() -> url::Url {
    let deploy = json!({"id": "dep-1", "status": "build_failed", "createdAt": "2026-01-02T03:00:00Z",
        "startedAt": "2026-01-02T03:00:00Z", "finishedAt": "2026-01-02T03:01:00Z"});
    let service = json!({"id": "srv-1", "name": "api", "ownerId": "tea-1"});
    let routes = Router::new()
        .route("/v3/deployments/{id}/events", get(vercel))
        .route("/accounts/{a}/pages/projects/{p}/deployments/{d}/history/logs", get(pages))
        .route("/accounts/{a}/builds/builds/{b}/logs", get(worker))
        .route("/services/{s}", get(async || Json(service)))
        .route("/services/{s}/deploys/{d}", get(async || Json(deploy)))
        .route("/logs", get(render));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

/// The peak of resident memory so far, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
}

fn kept(log: &BuildLog) -> usize {
    log.lines.iter().map(String::len).sum()
}

#[tokio::test]
async fn a_log_of_50_mb_is_read_in_bounded_memory() {
    // No database is part of it: the run on SQLite is enough.
    if std::env::var_os("TEST_DATABASE_URL").is_some() {
        return;
    }
    let (base, http) = (serve().await, http::client().unwrap());
    let access = Access { token: "a token that nobody checks".into(), team_id: Some("tea-1".into()) };
    let clock = || Clock::System;
    let vercel = Vercel::new(http.clone(), base.clone(), clock());
    let cloudflare = Cloudflare::new(http.clone(), base.clone(), clock());
    let render = Render::new(http, base, clock());
    let cases: [(&str, &dyn TokenProvider, &str); 4] = [
        ("Vercel", &vercel, "prj_1"),
        ("Pages", &cloudflare, "pages:11111111-2222-3333-4444-555555555555"),
        ("Workers Builds", &cloudflare, "worker:0123456789abcdef0123456789abcdef"),
        ("Render", &render, "srv-1"),
    ];
    // What every client and server costs once.
    let before = peak();
    for (name, provider, id) in cases {
        let project = ProjectRef { id: id.into(), name: "shop-web".into() };
        let log = provider.build_log(&access, &project, "dep-1").await.unwrap();
        assert_eq!(log.lines.first().map(|line| &line[..6]), Some("000000"), "{name}");
        assert_eq!(log.lines.last().map(|line| &line[..6]), Some("055999"), "{name}");
        assert!(log.gap_after.is_some(), "{name}");
        assert!(kept(&log) < 5 << 20, "{name}: {} bytes", kept(&log));
        let grown = peak() - before;
        println!("{name}: {} MiB at most", grown >> 20);
        assert!(grown < MOST, "{name}: {grown} bytes");
    }
}
