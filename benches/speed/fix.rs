//! Whole fixes, with the real agent, git, npm and sandbox: how long the product itself takes from the webhook to the
//! pull request. Then the pages about them.

use crate::{
    app::assert_verified,
    memory,
    pages::{self, Page},
    report::{Figure, Row},
    world::World,
};
use anyhow::Context as _;
use deploymend::model::{EventKind, FixDetail};
use standins::scenario::{Build, Built};
use std::time::Duration;

/// Fixes of which the median is taken.
const FIXES: usize = 3;
/// An install, two builds and an agent on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);
/// Lines of the build log on the page.
const LOG_LINES: usize = 1_000;
/// Failures beside the one that was fixed: the list shows fifty at once.
const DEPLOYMENTS: usize = 60;

pub async fn measure() -> anyhow::Result<Vec<Row>> {
    let (mut world, mut seconds) = (None, Vec::new());
    for _ in 0..FIXES {
        let (of_fix, fixed) = fixed().await?;
        seconds.push(seconds_of_our_own(&of_fix)?);
        world = Some((fixed, of_fix.summary.id));
    }
    seconds.sort_by(f64::total_cmp);
    let median = vec![Figure::new("time", seconds[FIXES / 2], "s")];
    let mut rows =
        vec![Row::new("webhook to pull request, without install, build and agent", "under 3 s", median)];
    let (world, fix) = world.context("no fix was made")?;
    rows.extend(visits(&world, &fix).await?);
    Ok(rows)
}

/// A failure that the platform saw, and its fix.
async fn fixed() -> anyhow::Result<(FixDetail, World)> {
    let world = crate::world().await?;
    // Before the product runs, so that it only knows the one that it is told of.
    let real = world.platform_builds(false).await?;
    let app = world.start().await?;
    fails(&world, &long_log(&real)).await?;
    let fix = app.ended_fix(PATIENCE).await?;
    assert_verified(&fix);
    Ok((fix, world))
}

async fn fails(world: &World, log: &str) -> anyhow::Result<Built> {
    let build = Build {
        project: world.seeded.project_id.clone(),
        state: Some("ERROR".to_owned()),
        log: log.to_owned(),
        ..Build::default()
    };
    world.standins.build(build).await
}

/// What the platform's build really printed, after the chatter of a larger project.
fn long_log(real: &Built) -> String {
    let real: Vec<_> = real.deployment.log.iter().map(|line| line.text.as_str()).collect();
    let chatter = (real.len()..LOG_LINES).map(|number| {
        format!(
            "[{number:>4}] transformed src/modules/part-{}/view-{number}.tsx in {} ms",
            number % 37,
            number % 90
        )
    });
    chatter.chain(real.iter().map(ToString::to_string)).collect::<Vec<_>>().join("\n")
}

/// From the row's creation to the pull request, without what npm and the agent took.
fn seconds_of_our_own(fix: &FixDetail) -> anyhow::Result<f64> {
    let is_pull_request = |kind: &EventKind| matches!(kind, EventKind::PullRequest { .. });
    let opened = fix.events.iter().find(|event| is_pull_request(&event.kind)).context("no pull request")?;
    let whole = (opened.at - fix.summary.created_at).as_seconds_f64();
    let theirs = fix.events.iter().map(|event| match &event.kind {
        EventKind::Command { seconds, .. } => *seconds,
        EventKind::AttemptEnded { attempt } => attempt.seconds,
        _ => 0.0,
    });
    Ok(whole - theirs.sum::<f64>())
}

/// The fix's page, and the list with more deployments. Nothing starts by itself any more.
async fn visits(world: &World, fix: &str) -> anyhow::Result<Vec<Row>> {
    let app = world.restart(&world.settings.clone().set("DEPLOYMEND_PAUSED", "true")).await?;
    for number in 0..DEPLOYMENTS {
        fails(world, &format!("npm error build {number} failed")).await?;
    }
    let path = format!("/deployments/{fix}");
    let page = Page { path: &path, part: "class=\"log-root\"" };
    let mut rows = Vec::new();
    for (what, page) in [("page of a fix", page), ("list of deployments", pages::LIST)] {
        rows.push(Row::load(format!("{what}, 1 client"), "", &pages::visit(&app, page, pages::ONE).await?));
        rows.push(Row::load(
            format!("{what}, 16 clients"),
            "",
            &pages::visit(&app, page, pages::MANY).await?,
        ));
    }
    rows.push(memory::row("memory, after the pages", "under 120 MiB", &app)?);
    Ok(rows)
}
