//! Several processes on one database: servers without a worker, and workers that come, go and die.

use crate::{
    app::{App, Settings, assert_verified, until},
    endings::markers_of,
    world::{World, agent},
};
use anyhow::Context as _;
use deploymend::{
    model::{EventKind, FixDetail, FixStatus},
    server::{
        db::{self, Db},
        sandbox::bubblewrap::marked,
    },
};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

const STORY: Duration = Duration::from_secs(300);

/// A running `deploymend work`. What it writes is seen with the test's output.
struct Worker(Child);

impl Worker {
    fn start(settings: &Settings, flags: &[&str]) -> anyhow::Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_deploymend"));
        command.arg("work").args(flags).env_remove("RUST_LOG").envs(&settings.env);
        Ok(Self(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?))
    }

    async fn ends(&mut self) -> anyhow::Result<ExitStatus> {
        let child = &mut self.0;
        until(STORY, async || Ok(child.try_wait()?.ok_or("the worker still runs".to_owned()))).await
    }

    async fn signal(&mut self, signal: Signal) -> anyhow::Result<ExitStatus> {
        kill_process(Pid::from_child(&self.0), signal)?;
        self.ends().await
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server that leaves the fixing to others, and the failure of which it was told.
async fn told(world: &mut World) -> anyhow::Result<App> {
    world.settings.flags.push("--no-worker");
    let app = world.start().await?;
    world.platform_builds(true).await?;
    Ok(app)
}

async fn only_fix(app: &App) -> anyhow::Result<FixDetail> {
    let id = app.fixes().await?.pop().context("no fix")?.id;
    app.fix(&id).await
}

/// A worker whose agent does not come to an end.
fn hanging(world: &World) -> Settings {
    world.settings.clone().set("DEPLOYMEND_OPENCODE", agent("hanging").display())
}

/// The folders of processes in the data folder.
fn homes(world: &World) -> anyhow::Result<Vec<PathBuf>> {
    let work = PathBuf::from(&world.settings.env["DEPLOYMEND_DATA_DIR"]).join("work");
    let entries = std::fs::read_dir(work)?.map(|entry| Ok(entry?.path()));
    let all: Vec<PathBuf> = entries.collect::<std::io::Result<_>>()?;
    Ok(all.into_iter().filter(|path| path.is_dir()).collect())
}

/// A worker that took a fix over from a dead one says so.
pub fn was_continued(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Note { text, .. } if text.starts_with("Continued after a restart"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_drains_leaves_when_nothing_is_left_to_fix() -> anyhow::Result<()> {
    let mut world = World::quick().await?;
    let app = told(&mut world).await?;
    assert_eq!(only_fix(&app).await?.summary.status, FixStatus::Pending, "nobody works here");

    let mut worker = Worker::start(&world.settings, &["--drain"])?;
    assert!(worker.ends().await?.success());
    assert_verified(&only_fix(&app).await?);
    assert_eq!(homes(&world)?.len(), 1, "the server's");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_on_one_machine_leave_each_other_alone() -> anyhow::Result<()> {
    let mut world = World::quick().await?;
    let app = told(&mut world).await?;
    let _first = Worker::start(&hanging(&world), &[])?;
    let is_agent = |process: &i32| {
        std::fs::read_to_string(format!("/proc/{process}/comm")).is_ok_and(|name| name.trim() == "sleep")
    };
    let working = async || {
        let found: Vec<i32> =
            markers_of(&world).flat_map(|marker| marked(&marker)).filter(is_agent).collect();
        Ok(if found.is_empty() { Err("no agent works in a sandbox".to_owned()) } else { Ok(found) })
    };
    let before = until(STORY, working).await?;

    // Comes, clears up, finds nothing to do and goes, while the agent of the first works.
    let mut second = Worker::start(&world.settings, &["--drain"])?;
    assert!(second.ends().await?.success());
    let after = until(STORY, working).await?;
    assert_eq!(before, after, "another agent works");
    let fix = only_fix(&app).await?;
    assert_eq!((fix.summary.status, fix.summary.attempt), (FixStatus::Fixing, 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_told_to_stop_gives_its_fix_back() -> anyhow::Result<()> {
    let mut world = World::quick().await?;
    let app = told(&mut world).await?;
    let id = only_fix(&app).await?.summary.id;
    let hurried = hanging(&world).set("DEPLOYMEND_STOP_GRACE", "0.1");
    let mut first = Worker::start(&hurried, &[])?;
    app.becomes(&id, FixStatus::Fixing, STORY).await?;
    assert!(first.signal(Signal::TERM).await?.success());
    let database = Db::connect(&world.settings.env["DATABASE_URL"]).await?;
    let row = db::fixes::find(&database, &id).await?.context("the fix is gone")?;
    assert_eq!((row.lease_owner, row.lease_until), (None, None));

    let mut second = Worker::start(&world.settings, &["--drain"])?;
    assert!(second.ends().await?.success());
    let fix = only_fix(&app).await?;
    assert_verified(&fix);
    assert!(fix.events.iter().any(|event| was_continued(&event.kind)));
    assert_eq!(homes(&world)?.len(), 1, "the server's");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_worker_left_is_taken_over_and_removed_by_another() -> anyhow::Result<()> {
    let mut world = World::quick().await?;
    let app = told(&mut world).await?;
    let id = only_fix(&app).await?.summary.id;
    let mut first = Worker::start(&hanging(&world), &[])?;
    app.becomes(&id, FixStatus::Fixing, STORY).await?;
    assert!(!first.signal(Signal::KILL).await?.success());
    assert_eq!(homes(&world)?.len(), 2, "the server's and the one that was left");

    let _second = Worker::start(&world.settings, &[])?;
    assert_verified(&app.ended_fix(STORY).await?);
    until(STORY, async || {
        let homes = homes(&world)?;
        let sandboxes = homes
            .iter()
            .filter(|home| home.join("sandboxes").read_dir().is_ok_and(|mut left| left.next().is_some()));
        let left = (homes.len(), sandboxes.count());
        Ok(if left == (2, 0) { Ok(()) } else { Err(format!("folders, and those with sandboxes: {left:?}")) })
    })
    .await?;
    assert_eq!(world.standins.pulls(&world.seeded.repository).len(), 1);
    Ok(())
}
