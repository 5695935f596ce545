//! The real program on a machine that breaks under it: what the tests of its disk and its database share.

use super::stage::plain;
use crate::{
    app::{App, Settings, assert_verified, until},
    flood::Deliveries,
    world::{QUICK, QUICK_LOG, World},
};
use anyhow::{Context as _, ensure};
use deploymend::model::{FixDetail, FixStatus};
use http_body_util::BodyExt as _;
use reqwest::{Method, RequestBuilder};
use standins::{
    faults::{Fault, Kind},
    record::Server,
    scenario::Build,
};
use std::time::Duration;

/// Until something that goes on by itself has gone on.
const SOON: Duration = Duration::from_secs(120);
/// Long enough for something to break while a fix waits for GitHub's answer.
const SLOW: Kind = Kind::Slow { ms: 8_000 };

/// Has a fix begin that is in the middle of its clone for a while. Returns it, and deliveries like the one about it.
pub async fn begin(world: &World, app: &App) -> anyhow::Result<(FixDetail, Deliveries)> {
    let path = "/info/refs".to_owned();
    world.standins.add_fault(Fault { server: Server::Github, method: None, path, times: 1, kind: SLOW });
    let build = Build {
        project: world.seeded.project_id.clone(),
        state: Some("ERROR".into()),
        log: QUICK_LOG.into(),
        ..Build::default()
    };
    let told = world.standins.build(build).await?.deliveries;
    let deliveries = Deliveries::after(&world.standins, told.first().context("nobody was told")?)?;
    let id = app.fixes().await?.pop().context("no fix")?.id;
    app.becomes(&id, FixStatus::Analyzing, SOON).await?;
    Ok((app.fix(&id).await?, deliveries))
}

/// What a delivery is answered: status, and after how many seconds to come again.
pub async fn deliver(
    app: &App,
    deliveries: &Deliveries,
    number: u64,
) -> anyhow::Result<(u16, Option<String>)> {
    send(app.request(Method::POST, ""), deliveries, number).await
}

/// The same to the server that `request` goes to.
pub async fn send(
    request: RequestBuilder,
    deliveries: &Deliveries,
    number: u64,
) -> anyhow::Result<(u16, Option<String>)> {
    let (head, body) = deliveries.genuine(number)?.into_parts();
    let (client, request) = request.build_split();
    let mut request = request?;
    request.url_mut().set_path(head.uri.path());
    for (name, value) in head.headers.iter().filter(|(name, _)| *name != "host") {
        request.headers_mut().insert(name, value.clone());
    }
    *request.body_mut() = Some(body.collect().await?.to_bytes().into());
    let answer = client.execute(request).await?;
    let again = answer.headers().get("retry-after").map(|value| value.to_str().map(str::to_owned));
    Ok((answer.status().as_u16(), again.transpose()?))
}

/// Each is refused, to be delivered again.
pub async fn all_refused(
    app: &App,
    deliveries: &Deliveries,
    numbers: std::ops::Range<u64>,
) -> anyhow::Result<()> {
    for number in numbers {
        let answered = deliver(app, deliveries, number).await?;
        ensure!(answered == (503, Some("10".to_owned())), "delivery {number} was answered {answered:?}");
    }
    Ok(())
}

/// Each is taken, as soon as the server can.
pub async fn all_taken(
    app: &App,
    deliveries: &Deliveries,
    numbers: std::ops::Range<u64>,
) -> anyhow::Result<()> {
    for number in numbers {
        let taken = async || match deliver(app, deliveries, number).await? {
            (200, _) => Ok(Ok(())),
            answered => Ok(Err(format!("delivery {number} is answered {answered:?}"))),
        };
        until(SOON, taken).await?;
    }
    Ok(())
}

/// A page that only reads, as one line of text.
pub async fn page(app: &App, path: &str) -> anyhow::Result<String> {
    let answer = app.request(Method::GET, path).send().await?;
    ensure!(answer.status() == 200, "{path} answered {}", answer.status());
    Ok(plain(&answer.text().await?))
}

pub async fn status(app: &App, path: &str) -> anyhow::Result<u16> {
    Ok(app.request(Method::GET, path).send().await?.status().as_u16())
}

/// What the doctor says, line by line.
pub async fn doctor(settings: &Settings) -> anyhow::Result<String> {
    let mut command = settings.command();
    command.arg("doctor");
    let ended = tokio::task::spawn_blocking(move || command.output()).await??;
    Ok(String::from_utf8_lossy(&ended.stdout).into_owned())
}

/// Waits until the server says that it is ready (200), or is not (503). It looks every few seconds.
pub async fn ready(app: &App, wanted: u16) -> anyhow::Result<()> {
    until(SOON, async || match status(app, "/ready").await? {
        found if found == wanted => Ok(Ok(())),
        other => Ok(Err(format!("/ready answers {other}"))),
    })
    .await
}

/// The fix ends well, once, and every delivery that was taken has led to one of its own.
pub async fn repaired_once(world: &World, app: &App, fix: &FixDetail, taken: usize) -> anyhow::Result<()> {
    let ended = app.ended(SOON, |found| found.id == fix.summary.id).await?;
    assert_verified(&ended);
    ensure!(world.standins.pulls(QUICK).len() == 1 && world.pull_requests_asked_for() == 1);
    let all = async || {
        let fixes = app.fixes().await?;
        let open = fixes.iter().filter(|fix| fix.status.is_unfinished()).count();
        Ok(if (fixes.len(), open) == (taken + 1, 0) {
            Ok(())
        } else {
            Err(format!("{} fixes, {open} of them unfinished", fixes.len()))
        })
    };
    until(SOON, all).await
}
