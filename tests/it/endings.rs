//! Agents and models that go wrong, with the real program, OpenCode and sandbox: each ends with its own reason on the
//! page, within its limits, and leaves no process.

use crate::{
    app::{App, assert_verified, until},
    world::World,
};
use anyhow::Context as _;
use deploymend::{
    model::{FixDetail, FixStatus},
    server::sandbox::bubblewrap::marked,
};
use rstest::rstest;
use serde_json::json;
use standins::{model::state::Mode, scenario::Build};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// For the model that hangs. Longer than OpenCode takes to start on a busy machine.
const SILENCE: Duration = Duration::from_secs(20);
/// An install, two builds and an agent on a busy machine.
const STORY: Duration = Duration::from_secs(300);

/// How the model behaves, how the fix ends, and what its page says.
type Ending = (Mode, &'static str, &'static str);

const HANGS: Ending = (Mode::Hang, "agent_hung", "gave no sign of life for too long");
const AGENTS: [Ending; 5] = [
    (Mode::Crash, "agent_crashed", "The agent was ended by signal 9"),
    (Mode::ChangesNothing, "no_change", "said that it was done without changing a file"),
    (Mode::DeletesTest, "guard", "The guard refused the patch"),
    (Mode::Silences, "guard", "The guard refused the patch"),
    (Mode::WrongFix, "verify", "exits 2"),
];
const MODELS: [Ending; 5] = [
    (Mode::Unauthorized, "model_refused", "The model refused the key (401)"),
    (Mode::QuotaExceeded, "model_quota", "has no quota left"),
    (Mode::RateLimited, "model_rate_limited", "the rate limit is reached (429)"),
    (Mode::Truncated, "model_truncated", "kept breaking off in the middle"),
    (Mode::Endless, "budget_exceeded", "used up its budget of model requests"),
];

#[rstest]
#[case::the_agent(AGENTS)]
#[case::the_model(MODELS)]
#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_go_wrong_ends_with_its_reason(#[case] endings: [Ending; 5]) -> anyhow::Result<()> {
    let mut world = World::new("broken-port").await?;
    world.settings = world.settings.clone().set("DEPLOYMEND_MODEL_MAX_REQUESTS", 12);
    let (app, failed) = started(&world).await?;
    for ending in endings {
        ends(&app, &world, &failed, ending).await?;
    }
    assert_eq!(world.pull_requests_asked_for(), 0);
    assert_eq!(app.errors(), Vec::<String>::new());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_hangs_and_what_one_left_running_are_ended() -> anyhow::Result<()> {
    let mut world = World::new("broken-port").await?;
    let impatient = world.settings.clone().set("DEPLOYMEND_AGENT_SILENCE", SILENCE.as_secs());
    let settings = std::mem::replace(&mut world.settings, impatient);
    let (app, failed) = started(&world).await?;
    ends(&app, &world, &failed, HANGS).await?;
    assert_eq!(world.pull_requests_asked_for(), 0);
    assert_eq!(app.errors(), Vec::<String>::new());
    drop(app);
    world.settings = settings;
    let app = world.restart(&world.settings).await?;

    // The same with a good repair: what the agent left running is ended, and the pull request is there.
    world.standins.set_model_mode(Mode::StrayProcess);
    let built = world.standins.build(failed.clone()).await?;
    let (fix, markers) = ended(&app, &world, &built.deployment.id, STORY).await?;
    assert_verified(&fix);
    nothing_left(&markers, &world).await?;
    assert_eq!(app.errors(), Vec::<String>::new());
    drop(app);

    // No webhook of GitHub is set up here: the next look finds that it was merged meanwhile.
    let number = fix.summary.pr_number.context("no number")?;
    world.standins.merge(&world.seeded.repository, u64::from(number.unsigned_abs()), "octo-dev").await?;
    let app = world.restart(&world.settings).await?;
    app.becomes(&fix.summary.id, FixStatus::Merged, Duration::from_secs(120)).await
}

/// The product with one attempt for each fix, and a failure that it is told of: the platform's own, built once.
async fn started(world: &World) -> anyhow::Result<(App, Build)> {
    let app = world.start().await?;
    one_attempt_each(&app).await?;
    let first = world.standins.build(Build { deliver: false, ..really(world) }).await?;
    let log: Vec<_> = first.deployment.log.iter().map(|line| line.text.as_str()).collect();
    let failed = Build {
        project: world.seeded.project_id.clone(),
        state: Some("ERROR".into()),
        log: log.join("\n"),
        ..Build::default()
    };
    Ok((app, failed))
}

/// A failure with a model like this ends with its reason, which its page tells, and leaves nothing.
async fn ends(app: &App, world: &World, failed: &Build, (mode, code, words): Ending) -> anyhow::Result<()> {
    world.standins.set_model_mode(mode);
    let built = world.standins.build(failed.clone()).await?;
    let (fix, markers) = ended(app, world, &built.deployment.id, STORY).await?;
    assert_eq!(fix.summary.reason_code.as_deref(), Some(code), "{mode:?}: {:?}", fix.summary.reason);
    assert_eq!(fix.summary.status, FixStatus::Failed, "{mode:?}");
    let page = app.request(reqwest::Method::GET, &format!("/deployments/{}", fix.summary.id));
    let page = page.send().await?.error_for_status()?.text().await?;
    assert!(page.contains(words), "{mode:?}: its page does not say \"{words}\"");
    nothing_left(&markers, world).await.with_context(|| format!("{mode:?}"))
}

fn really(world: &World) -> Build {
    Build { project: world.seeded.project_id.clone(), run: true, ..Build::default() }
}

/// Sets the project's number of attempts, as its page would.
pub async fn one_attempt_each(app: &App) -> anyhow::Result<()> {
    let path = "/api/integrations/vercel/subscriptions";
    let listed = app.request(reqwest::Method::GET, path).send().await?.error_for_status()?;
    let listed: serde_json::Value = listed.json().await?;
    let id = listed[0]["id"].as_str().context("no subscription")?;
    let patch = app.request(reqwest::Method::PATCH, &format!("{path}/{id}"));
    patch.json(&json!({"maxFixAttempts": 1})).send().await?.error_for_status()?;
    Ok(())
}

/// Waits for the end of a deployment's fix. Also gives what its processes were marked with meanwhile.
async fn ended(
    app: &App,
    world: &World,
    deployment: &str,
    within: Duration,
) -> anyhow::Result<(FixDetail, BTreeSet<String>)> {
    let mut markers = BTreeSet::new();
    let look = async || {
        markers.extend(markers_of(world));
        let fixes = app.fixes().await?;
        match fixes.iter().find(|fix| fix.platform_deployment_id == deployment) {
            Some(fix) if !fix.status.is_unfinished() => Ok(Ok(app.fix(&fix.id).await?)),
            fix => Ok(Err(format!("no end: {fix:#?}"))),
        }
    };
    let fix = until(within, look).await?;
    Ok((fix, markers))
}

/// The markers of the sandboxes that all processes have.
pub fn markers_of(world: &World) -> impl Iterator<Item = String> {
    let below = |folder: PathBuf| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path())
    };
    let work = Path::new(&world.settings.env["DEPLOYMEND_DATA_DIR"]).join("work");
    let sandboxes = below(work).flat_map(move |home| below(home.join("sandboxes")));
    sandboxes.filter_map(|sandbox| fs::read_to_string(sandbox.join("marker")).ok())
}

/// The sandbox goes within moments of the end: after a pull request the row says so first.
async fn nothing_left(markers: &BTreeSet<String>, world: &World) -> anyhow::Result<()> {
    anyhow::ensure!(!markers.is_empty(), "no sandbox was seen");
    let look = async || {
        let processes: Vec<_> = markers.iter().flat_map(|marker| marked(marker)).collect();
        let sandboxes = markers_of(world).count();
        let nothing = processes.is_empty() && sandboxes == 0;
        Ok(nothing.then_some(()).ok_or(format!("processes {processes:?} and {sandboxes} sandboxes are left")))
    };
    until(Duration::from_secs(10), look).await
}
