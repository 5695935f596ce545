//! The live streams of the running program: they go on where they were cut off, also by a restart.

use crate::{app::App, world::World};
use anyhow::Context as _;
use reqwest::Method;
use serde_json::Value;
use std::time::Duration;

/// An event or a failure, not a wait: events are stored when the stream is opened or written at once after.
const SOON: Duration = Duration::from_secs(20);

/// A failure that is stored and not worked on, so that only the test makes news.
async fn paused() -> anyhow::Result<(World, App, String)> {
    let mut world = World::new("broken-type").await?;
    world.settings = world.settings.clone().set("DEPLOYMEND_PAUSED", "true");
    let app = world.start().await?;
    world.standins.break_project(&world.seeded.project_id, None, "error TS2322", true).await?;
    let fix = app.fixes().await?.pop().context("no fix")?;
    Ok((world, app, fix.id))
}

pub struct Event {
    name: String,
    pub id: i64,
    data: Value,
}

/// An open stream of server-sent events.
pub struct Events {
    answer: reqwest::Response,
    text: String,
}

impl Events {
    async fn open(app: &App, path: &str, last: Option<i64>) -> anyhow::Result<Self> {
        Self::of(app.request(Method::GET, path), last).await
    }

    pub async fn of(mut request: reqwest::RequestBuilder, last: Option<i64>) -> anyhow::Result<Self> {
        if let Some(last) = last {
            request = request.header("last-event-id", last.to_string());
        }
        let answer = request.send().await?.error_for_status()?;
        anyhow::ensure!(answer.headers()["content-type"] == "text/event-stream");
        Ok(Self { answer, text: String::new() })
    }

    pub async fn next(&mut self) -> anyhow::Result<Event> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let line = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                    line.map(|value| value.trim().to_owned())
                };
                let event = field("event").map(|name| Event {
                    name,
                    id: field("id").and_then(|id| id.parse().ok()).unwrap_or(-1),
                    data: field("data").and_then(|data| serde_json::from_str(&data).ok()).unwrap_or_default(),
                });
                self.text = rest.to_owned();
                match event {
                    Some(event) => return Ok(event),
                    // A comment that keeps the line open.
                    None => continue,
                }
            }
            let bytes = tokio::time::timeout(SOON, self.answer.chunk()).await??;
            self.text.push_str(std::str::from_utf8(&bytes.context("the stream ended")?)?);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fix_goes_on_after_the_last_event_that_was_seen() -> anyhow::Result<()> {
    let (world, mut app, id) = paused().await?;
    let path = format!("/api/deployments/{id}/events");
    let answer = app.request(Method::POST, &path).send().await?;
    assert_eq!(answer.status(), 405);
    assert_eq!(answer.json::<Value>().await?["error"]["code"], "bad_request");
    let stored = i64::try_from(app.fix(&id).await?.events.len())?;
    let mut all = Events::open(&app, &path, None).await?;
    for seq in 1..=stored {
        let event = all.next().await?;
        assert_eq!((event.name.as_str(), event.id, &event.data["seq"]), ("fix", seq, &Value::from(seq)));
    }
    app.request(Method::POST, &format!("/api/deployments/{id}/retry")).send().await?.error_for_status()?;
    assert_eq!(all.next().await?.id, stored + 1, "as it happens");

    app.kill_9();
    let app = world.restart(&world.settings).await?;
    let resumed = Events::open(&app, &path, Some(stored)).await?.next().await?;
    assert_eq!(resumed.id, stored + 1, "the browser's cursor, after a restart");
    let opened = Events::open(&app, &format!("{path}?after={stored}"), None).await?.next().await?;
    assert_eq!(opened.id, stored + 1, "the page's own cursor");
    let nobody = reqwest::get(format!("{}{path}", app.base)).await?;
    assert_eq!(nobody.status(), 401);
    let unknown = app.request(Method::GET, "/api/deployments/unknown/events").send().await?;
    assert_eq!(unknown.status(), 404);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_tells_what_changes() -> anyhow::Result<()> {
    let (_world, app, id) = paused().await?;
    let mut list = Events::open(&app, "/api/deployments/events", None).await?;
    app.request(Method::POST, &format!("/api/deployments/{id}/retry")).send().await?.error_for_status()?;
    let change = list.next().await?;
    assert_eq!((change.name.as_str(), &change.data["id"]), ("fix", &Value::from(id)));
    assert_ne!(change.data["status"], "skipped");
    Ok(())
}
