//! A failure is repaired in Vercel Sandbox, by the real agent, from the choice on the page to the pull request.

use crate::{
    app::{App, Settings, assert_verified, until},
    world::{World, opencode},
};
use anyhow::Context as _;
use deploymend::model::{EventKind, FixStatus};
use standins::{model::state::Mode, vercel::sandbox::state::Seen};
use std::time::Duration;

/// Two machines, an install, two builds and an agent on a busy machine.
const STORY: Duration = Duration::from_secs(300);

async fn at_vercel(app: &mut App) -> anyhow::Result<()> {
    let to = app.form("/integrations/vercel/builds-on", &[("builds_on", "vercel")]).await?;
    anyhow::ensure!(to.contains("builds_at_vercel"), "the choice led to {to}");
    Ok(())
}

fn ran(machine: &Seen, what: &str) -> bool {
    machine.commands.iter().any(|command| command.args.iter().any(|argument| argument.contains(what)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_repaired_in_vercel_sandbox() -> anyhow::Result<()> {
    let world = World::new("broken-type").await?;
    let mut app = world.start().await?;
    at_vercel(&mut app).await?;
    world.platform_builds(true).await?;
    let fix = app.ended_fix(STORY).await?;
    assert_verified(&fix);
    let told = fix.events.iter().any(|event| match &event.kind {
        EventKind::Note { text, .. } => text.contains("Vercel Sandbox"),
        _ => false,
    });
    assert!(told, "the page does not say where it was: {:#?}", fix.events);
    assert_eq!(world.standins.pulls(&world.seeded.repository).len(), 1);
    assert_eq!(world.standins.sandboxes().len(), 0, "machines are left");

    let machines = world.standins.removed_sandboxes();
    let of = |slot: &str| machines.iter().find(|machine| machine.name.ends_with(slot));
    let agent = of("-agent").context("no machine for the agent")?;
    let verify = of("-verify").context("no machine for the proof")?;
    assert!(ran(agent, "npm run build") && ran(verify, "npm run build"), "{machines:#?}");
    assert!(
        ran(agent, "/opt/opencode/opencode") && !ran(verify, "/opt/opencode/opencode"),
        "the agent runs in its own machine"
    );
    // What a machine is told, whoever reads it there.
    let told = serde_json::to_string(&machines)?;
    for secret in
        [world.standins.model_key(), world.seeded.github_token.clone(), world.seeded.vercel_token.clone()]
    {
        assert!(!told.contains(&secret), "a machine was told a secret of the server");
    }
    // The agent reaches this server, for the model; builds reach the registries alone.
    let reaches =
        |machine: &Seen| anyhow::Ok(serde_json::to_string(&machine.policies)?.contains("127.0.0.1/32"));
    assert!(reaches(agent)? && !reaches(verify)?);
    assert!(world.standins.model_requests() > 0);
    assert_eq!(app.errors(), Vec::<String>::new());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_asked_for_the_model_on_an_address_of_its_own() -> anyhow::Result<()> {
    let mut world = World::quick().await?;
    world.settings = world.settings.set("DEPLOYMEND_OPENCODE", opencode()?.display());
    let pages = Settings { flags: vec!["--no-worker"], ..world.settings.clone() };
    let mut app = App::start(&pages)?;
    app.set_up().await?;
    for (path, token) in [
        ("/integrations/github/connect", &world.seeded.github_token),
        ("/integrations/vercel/connect", &world.seeded.vercel_token),
    ] {
        app.form(path, &[("token", token)]).await?;
    }
    at_vercel(&mut app).await?;
    let port = crate::ports::port()?;
    let worker = world
        .settings
        .clone()
        .set("DEPLOYMEND_GATEWAY_LISTEN", format!("127.0.0.1:{port}"))
        .set("DEPLOYMEND_GATEWAY_URL", format!("http://127.0.0.1:{port}"));
    let _worker = App::start_as("work", &worker, "Agents in sandboxes elsewhere are answered")?;
    world.platform_builds(true).await?;
    assert_verified(&app.ended_fix(STORY).await?);
    let policies = serde_json::to_string(&world.standins.removed_sandboxes())?;
    assert!(policies.contains("127.0.0.1/32"), "{policies}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_crashes_there_ends_with_its_reason_and_leaves_no_machine() -> anyhow::Result<()> {
    let mut world = World::quick().await?;
    world.settings = world.settings.set("DEPLOYMEND_OPENCODE", opencode()?.display());
    let mut app = world.start().await?;
    crate::endings::one_attempt_each(&app).await?;
    at_vercel(&mut app).await?;
    world.standins.set_model_mode(Mode::Unauthorized);
    world.platform_builds(true).await?;
    let fix = app.ended_fix(STORY).await?;
    assert_eq!(
        (fix.summary.status, fix.summary.reason_code.as_deref()),
        (FixStatus::Failed, Some("model_refused"))
    );
    assert_eq!(world.standins.sandboxes().len(), 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fix_waits_while_vercel_has_no_machine_for_it() -> anyhow::Result<()> {
    use standins::vercel::sandbox::actions::Settings as Sandboxes;
    let world = World::quick().await?;
    let mut app = world.start().await?;
    at_vercel(&mut app).await?;
    world.standins.set_sandboxes(&Sandboxes { concurrent: Some(0), ..Sandboxes::default() });
    world.platform_builds(true).await?;
    let waits = async || {
        let fixes = app.fixes().await?;
        let Some(fix) = fixes.first() else { return Ok(Err("no fix".to_owned())) };
        let fix = app.fix(&fix.id).await?;
        let waits = fix.summary.reason_code.as_deref() == Some("sandbox_unavailable");
        Ok(if waits {
            Ok(())
        } else {
            Err(format!("{:?} {:?}", fix.summary.status, fix.summary.reason_code))
        })
    };
    until(STORY, waits).await?;
    world.standins.set_sandboxes(&Sandboxes { concurrent: Some(10), ..Sandboxes::default() });
    assert_verified(&app.ended_fix(STORY).await?);
    Ok(())
}
