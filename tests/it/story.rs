//! From a failed deployment to a verified pull request, with the real agent, git, npm and sandbox.

use crate::{
    app::{assert_verified, until},
    world::World,
};
use anyhow::Context as _;
use deploymend::model::{EventKind, FixStatus, Stage};
use serde_json::json;
use standins::{
    build,
    control::ModelSettings,
    model::state::Mode,
    scenario::{Build, Redelivery},
};
use std::time::Duration;

/// An install, two builds and an agent on a busy machine.
const STORY: Duration = Duration::from_secs(300);
const HOOK_SECRET: &str = "between GitHub and the product";

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_deployment_becomes_one_verified_pull_request() -> anyhow::Result<()> {
    let mut world = World::new("broken-type").await?;
    world.settings = world.settings.clone().set("DEPLOYMEND_GITHUB_WEBHOOK_SECRET", HOOK_SECRET);
    let app = world.start().await?;
    hook(&world, &app.base).await?;
    let node = pin_another_node(&world).await?;
    let built = world.platform_builds(true).await?;
    assert_ne!(built.exit_code, Some(0), "the fixture must not build");
    let fix = app.ended_fix(STORY).await?;
    assert_verified(&fix);
    for stage in [
        Stage::Received,
        Stage::Diagnosed,
        Stage::Reproduced,
        Stage::Fixed,
        Stage::Verified,
        Stage::PullRequest,
    ] {
        assert!(fix.reached(stage).is_some(), "{stage:?}");
    }
    for wanted in ["reproduce", "verify"] {
        let ran_on_it = fix.events.iter().any(|event| match &event.kind {
            EventKind::Command { purpose, tail, .. } => purpose == wanted && tail.contains(&node),
            _ => false,
        });
        assert!(ran_on_it, "{wanted} did not run on {node}: {:#?}", fix.events);
    }

    let pulls = world.standins.pulls(&world.seeded.repository);
    assert_eq!(pulls.len(), 1);
    assert!(!pulls[0].draft);
    let branch = format!("refs/heads/{}", pulls[0].head);
    let commits = world.standins.commits(&world.seeded.repository, &branch).await?;
    assert_eq!(commits[0].parents, std::slice::from_ref(&world.seeded.sha));
    assert_eq!(commits[0].author.name, "octo-dev");

    fifty_times(&world).await?;
    let forged = Redelivery { forged: true, ..Redelivery::default() };
    let refused = world.standins.deliver(forged).await?;
    assert_eq!(refused[0].status, Some(401), "{refused:?}");
    assert_eq!(app.fixes().await?.len(), 1);

    assert_eq!(app.errors(), Vec::<String>::new());
    drop(app);
    let app = world.restart(&world.settings).await?;
    fifty_times(&world).await?;
    assert_eq!(app.fixes().await?.len(), 1);
    assert_eq!(
        (world.standins.pulls(&world.seeded.repository).len(), world.pull_requests_asked_for()),
        (1, 1)
    );

    world.standins.merge(&world.seeded.repository, pulls[0].number, "octo-dev").await?;
    app.becomes(&fix.summary.id, FixStatus::Merged, Duration::from_secs(30)).await?;
    assert_eq!(app.fix(&fix.summary.id).await?.reached(Stage::Green), None, "no platform has built it");
    let live = Build { project: world.seeded.project_id.clone(), ..Build::default() };
    world.standins.build(live).await?;
    let live = async || {
        let fix = app.fix(&fix.summary.id).await?;
        Ok(fix.reached(Stage::Green).map(drop).ok_or_else(|| format!("{:?}", fix.branch_builds())))
    };
    until(Duration::from_secs(30), live).await?;
    assert_eq!(app.errors(), Vec::<String>::new());
    Ok(())
}

/// Pins the project to a Node.js that this machine does not have, and lets its build print the version, of which this
/// returns the start.
async fn pin_another_node(world: &World) -> anyhow::Result<String> {
    let major = if build::node_version().await?.starts_with("22.") { 20 } else { 22 };
    let mut state = world.standins.world().state();
    let mut projects = state.vercel.projects.iter_mut();
    let project = projects.find(|project| project.id == world.seeded.project_id).context("no project")?;
    project.settings.insert("nodeVersion".into(), json!(format!("{major}.x")));
    project.settings.insert("buildCommand".into(), json!("node --version && npm run build"));
    Ok(format!("v{major}."))
}

/// Asks GitHub, as the repository's owner would, to tell the product about pull requests.
async fn hook(world: &World, base: &str) -> anyhow::Result<()> {
    let hooks = format!("{}/repos/{}/hooks", world.standins.github_api_url(), world.seeded.repository);
    let config =
        json!({"url": format!("{base}/api/github/webhooks"), "content_type": "json", "secret": HOOK_SECRET});
    reqwest::Client::new()
        .post(hooks)
        .bearer_auth(&world.seeded.github_token)
        .header("user-agent", "octo-dev")
        .json(&json!({"name": "web", "events": ["pull_request"], "config": config}))
        .send()
        .await?
        .error_for_status()?;
    Ok(())
}

/// The same delivery fifty times at once changes nothing.
async fn fifty_times(world: &World) -> anyhow::Result<()> {
    let again = Redelivery { times: Some(50), ..Redelivery::default() };
    let answers = world.standins.deliver(again).await?;
    assert!(answers.iter().all(|answer| answer.status == Some(200)), "{answers:?}");
    assert!(answers.iter().all(|answer| answer.answer.contains("duplicate")), "{answers:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_attempt_starts_from_a_clean_copy() -> anyhow::Result<()> {
    let world = World::new("broken-port").await?;
    // Reads, writes something that does not help, and says that it is done.
    let next = Some(vec![Mode::WrongFix; 3]);
    world.standins.set_model(ModelSettings { next, ..ModelSettings::default() });
    let app = world.start().await?;
    world.platform_builds(true).await?;
    let fix = app.ended_fix(STORY).await?;
    assert_verified(&fix);
    assert_eq!((fix.summary.attempt, fix.attempts.len()), (2, 2));
    let diff = fix.diff.unwrap_or_default();
    assert!(diff.contains("= 8080") && !diff.contains("// Checked."), "{diff}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_delivery_is_found_by_the_poll() -> anyhow::Result<()> {
    let mut world = World::new("broken-port").await?;
    world.settings =
        world.settings.clone().set("DEPLOYMEND_POLL_INTERVAL", 1).set("DEPLOYMEND_PAUSED", "true");
    let app = world.start().await?;
    world.platform_builds(false).await?;
    let fix = app.ended_fix(Duration::from_secs(60)).await?;
    assert_eq!(fix.summary.status, FixStatus::Skipped, "everything is paused");
    assert_eq!(fix.summary.reason_code.as_deref(), Some("paused"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_refuses_the_key_ends_the_fix_with_its_reason() -> anyhow::Result<()> {
    let mut world = World::new("broken-port").await?;
    world.settings = world.settings.clone().set("DEPLOYMEND_MODEL_KEY", "wrong");
    let app = world.start().await?;
    world.platform_builds(true).await?;
    let fix = app.ended_fix(STORY).await?;
    assert_eq!(fix.summary.status, FixStatus::Failed);
    assert_eq!(fix.summary.reason_code.as_deref(), Some("model_refused"));
    assert!(fix.events.iter().any(|event| matches!(event.kind, EventKind::AttemptEnded { .. })));
    assert_eq!(world.pull_requests_asked_for(), 0);
    Ok(())
}
