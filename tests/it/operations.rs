//! Running it: a backup that goes on elsewhere, keys that change, metrics of every stage, and one trace through all of it.

use crate::{
    app::{App, Settings, assert_verified, until},
    world::World,
};
use anyhow::{Context as _, ensure};
use deploymend::server::{
    db::{self, Db, testing},
    metrics::NAMES,
};
use reqwest::Method;
use serde_json::Value;
use standins::scenario::Redelivery;
use std::{collections::BTreeSet, path::Path, process::Output, time::Duration};

const STORY: Duration = Duration::from_secs(300);
const SOON: Duration = Duration::from_secs(30);

/// Runs a command of the program to its end.
async fn command(settings: &Settings, arguments: &[&str]) -> anyhow::Result<Output> {
    let program = tokio::process::Command::new(env!("CARGO_BIN_EXE_deploymend"))
        .args(arguments)
        .envs(&settings.env)
        .output();
    Ok(program.await?)
}

/// A database made from a backup, as the README says. What comes second is kept until the end.
async fn restored(file: &Path, data: &Path) -> anyhow::Result<(String, Option<testing::TestDb>)> {
    if std::env::var_os("TEST_DATABASE_URL").is_none() {
        let database = data.join("deploymend.db");
        std::fs::copy(file, &database)?;
        return Ok((format!("sqlite:{}", database.display()), None));
    }
    let empty = testing::empty().await?;
    let restore = tokio::process::Command::new("pg_restore")
        .args([
            "--no-owner",
            "--no-privileges",
            "--exit-on-error",
            "--single-transaction",
            "--dbname",
            &empty.url,
        ])
        .arg(file)
        .output()
        .await?;
    ensure!(restore.status.success(), "{}", String::from_utf8_lossy(&restore.stderr));
    Ok((empty.url.clone(), Some(empty)))
}

/// The log lines as JSON.
fn lines(app: &App) -> Vec<Value> {
    let log = app.log.lock().map(|log| log.clone()).unwrap_or_default();
    log.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The traces of the lines with that message.
fn traces(lines: &[Value], message: &str) -> BTreeSet<String> {
    let said = lines.iter().filter(|line| line["message"] == message);
    said.map(|line| line["span"]["trace_id"].as_str().unwrap_or("none").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_made_in_the_middle_of_a_fix_goes_on_elsewhere() -> anyhow::Result<()> {
    let world = World::quick().await?;
    let mut app = world.start().await?;
    app.kill_9();
    let mut app = world.restart(&world.settings.clone().set("FAILPOINTS", "fixing=return")).await?;
    world.platform_builds(true).await?;
    app.wait_for_end(STORY).await?;
    let stored = traces(&lines(&app), "a failed deployment was stored");

    let elsewhere = tempfile::tempdir()?;
    let file = elsewhere.path().join("backup");
    let path = file.to_str().context("no path")?;
    let made = command(&world.settings, &["backup", path]).await?;
    ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let again = command(&world.settings, &["backup", path]).await?;
    assert!(!again.status.success(), "a backup was written over another");
    assert_eq!(std::fs::read_dir(elsewhere.path())?.count(), 1, "something was left beside it");

    let data = elsewhere.path().join("data");
    std::fs::create_dir(&data)?;
    let (url, _kept) = restored(&file, &data).await?;
    let old = Path::new(&world.settings.env["DEPLOYMEND_DATA_DIR"]);
    std::fs::copy(old.join("encryption.key"), data.join("encryption.key"))?;
    let settings = world
        .settings
        .clone()
        .set("DATABASE_URL", &url)
        .set("DEPLOYMEND_DATA_DIR", data.display())
        .set("DEPLOYMEND_POLL_INTERVAL", "1")
        .set("DEPLOYMEND_METRICS_LISTEN", "127.0.0.1:0");
    let app = world.restart(&settings).await?;
    let fix = app.ended_fix(STORY).await?;
    assert_verified(&fix);
    assert_eq!(world.standins.pulls(&world.seeded.repository).len(), 1);

    // One trace from the delivery, over the crash and the move, to the end.
    let trace = fix.trace_id.clone().context("no trace")?;
    assert_eq!(stored, BTreeSet::from([trace.clone()]));
    let page =
        app.request(Method::GET, &format!("/deployments/{}", fix.summary.id)).send().await?.text().await?;
    assert!(page.contains(&trace), "the page does not show it");

    metrics_of_every_stage(&world, &app).await?;
    // A start says little: each step of the schema would be a line.
    let of_schema =
        |line: &&Value| line["target"].as_str().is_some_and(|at| at.starts_with("sea_orm_migration"));
    assert_eq!(lines(&app).iter().find(of_schema), None);
    assert_eq!(app.errors(), Vec::<String>::new());
    Ok(())
}

async fn metrics_of_every_stage(world: &World, app: &App) -> anyhow::Result<()> {
    world.standins.deliver(Redelivery::default()).await?;
    let listens = |line: &Value| {
        Some(line["address"].as_str().filter(|_| line["message"] == "Metrics are answered")?.to_owned())
    };
    let address = lines(app).iter().find_map(listens).context("no address for metrics")?;
    let shown = async || {
        let text =
            reqwest::get(format!("http://{address}/metrics")).await?.error_for_status()?.text().await?;
        let missing: Vec<_> = NAMES
            .into_iter()
            .filter(|name| {
                !text.contains(&format!("# TYPE {name} ")) || !text.contains(&format!("# HELP {name} "))
            })
            .collect();
        Ok(if missing.is_empty() { Ok(text) } else { Err(format!("without {missing:?}: {text}")) })
    };
    // The next poll was put off by the server before, with a longer pause.
    let text = until(STORY, shown).await?;
    for line in [
        r#"deploymend_webhook_deliveries_total{provider="vercel",action="duplicate"} 1"#,
        r#"deploymend_fixes_ended_total{status="pr_created",reason="none"} 1"#,
        r#"deploymend_fix_stage_duration_seconds_count{stage="fixing"} 1"#,
        r#"deploymend_sandbox_starts_total{outcome="started"} 1"#,
        r#"deploymend_sandbox_kills_total{reason="memory"} 0"#,
        r#"deploymend_fixes_unfinished{status="pending"} 0"#,
        "deploymend_agent_run_cost_dollars_count 1",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    let route = r#"deploymend_http_request_duration_seconds_count{method="GET",route="/api/deployments/{id}",status="200"}"#;
    assert!(text.contains(route), "{text}");
    assert!(!text.contains(&world.seeded.repository), "a name of a customer is a label");
    // Nobody else gets them.
    let public = app.request(Method::GET, "/metrics").send().await?;
    assert_eq!(public.status(), 404);
    assert_eq!(reqwest::get(format!("http://{address}/ready")).await?.status(), 200);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_answers_metrics_and_ends_when_it_is_told() -> anyhow::Result<()> {
    let world = World::new("healthy").await?;
    let settings = world.settings.clone().set("DEPLOYMEND_METRICS_LISTEN", "127.0.0.1:0");
    let mut worker = App::start_as("work", &settings, "Metrics are answered")?;
    let text = reqwest::get(format!("{}/metrics", worker.base)).await?.error_for_status()?.text().await?;
    assert!(text.contains("deploymend_fix_queue_oldest_seconds 0"), "{text}");
    assert!(text.contains("deploymend_build_info{version="), "{text}");
    let pid = rustix::process::Pid::from_child(&worker.child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
    worker.wait_for_end(SOON).await
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_change_by_command_and_old_ones_are_not_dropped_too_early() -> anyhow::Result<()> {
    let key = |id: &str, fill: char| format!("{id}:{}=", fill.to_string().repeat(43));
    let mut world = World::new("healthy").await?;
    let (old, new) = (key("k1", 'A'), key("k2", 'E'));
    world.settings = world.settings.set("DEPLOYMEND_ENCRYPTION_KEY", &old).set("DEPLOYMEND_PAUSED", "true");
    world.start().await?.kill_9();
    let with = |keys: String| world.settings.clone().set("DEPLOYMEND_ENCRYPTION_KEY", keys);
    let said = async |keys: String, arguments: &[&str]| {
        let ended = command(&with(keys), arguments).await?;
        anyhow::Ok((ended.status.code(), String::from_utf8_lossy(&ended.stdout).into_owned()))
    };
    let both = format!("{new},{old}");
    let (code, text) = said(both.clone(), &["rotate-key", "--check"]).await?;
    assert!(code == Some(1) && text.contains("key k1: 3 secrets, is still needed"), "{text}");
    let (code, text) = said(new.clone(), &["rotate-key", "--check"]).await?;
    assert!(code == Some(1) && text.contains("key k1: 3 secrets, is missing from the ring"), "{text}");
    let (code, text) = said(both.clone(), &["rotate-key"]).await?;
    assert!(code == Some(0) && text.contains("3 secrets were sealed again."), "{text}");
    let (code, text) = said(both, &["rotate-key"]).await?;
    assert!(code == Some(0) && text.contains("0 secrets were sealed again."), "{text}");
    let (code, text) = said(new.clone(), &["rotate-key", "--check"]).await?;
    assert!(code == Some(0) && text.contains("key k2: 3 secrets, seals new secrets"), "{text}");

    // The new key alone is enough: the token still reaches the platform.
    let app = world.restart(&with(new)).await?;
    let synced = app.request(Method::POST, "/api/integrations/vercel/projects/sync").send().await?;
    assert_eq!(synced.status(), 200);
    let db = Db::connect(&world.settings.env["DATABASE_URL"]).await?;
    let noted = db::audit::list(&db, db::audit::Which::default(), 50).await?;
    assert!(noted.iter().any(|entry| entry.action == "keys.rotate"));
    Ok(())
}
