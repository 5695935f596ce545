//! `kill -9` at every place where it could hurt: after a restart the fix ends in exactly one verified pull request, of
//! which its user is told once.

use crate::{
    app::{App, assert_verified},
    notifications::{kinds, notifications, set},
    receiver::Receiver,
    world::World,
};
use deploymend::model::{EventKind, NotificationKind};
use rstest::rstest;
use std::time::{Duration, Instant};

const STORY: Duration = Duration::from_secs(300);

/// The points are the names of the crash points in `server::fix::run`, where the process is killed.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_point_ends_in_one_verified_pull_request(
    #[values("analyzing", "fixing", "reviewing", "before_push", "after_push", "after_create")] point: &str,
) -> anyhow::Result<()> {
    let world = World::quick().await?;
    let mut app: App = world.start().await?;
    let receiver = Receiver::start().await?;
    let secret = set(&app, &receiver.url).await?;
    app.kill_9();
    let mut app = world.restart(&world.settings.clone().set("FAILPOINTS", format!("{point}=return"))).await?;
    world.platform_builds(true).await?;
    app.wait_for_end(STORY).await.map_err(|error| error.context(format!("at {point}")))?;

    let (restarted, clock) = (Instant::now(), chrono::Utc::now());
    let app = world.restart(&world.settings).await?;
    let fix = app.ended_fix(STORY).await?;
    let seconds = restarted.elapsed().as_secs_f64();
    assert_verified(&fix);
    assert_eq!(world.standins.pulls(&world.seeded.repository).len(), 1, "{point}");
    let calls = world.pull_requests_asked_for();
    assert_eq!(calls, 1, "{point}: a pull request that may be there is looked for first");
    let messages = receiver.wait_for(1, Duration::from_secs(60)).await?;
    assert_eq!((messages.len(), &messages[0].verified(&secret)?["type"]), (1, &"fix.pull_request".into()));
    assert_eq!(kinds(&notifications(&app).await?), [NotificationKind::PullRequest], "{point}");
    let work: f64 =
        fix.events.iter().filter(|event| event.at >= clock).map(|event| seconds_of(&event.kind)).sum();
    println!(
        "{point}: {seconds:.1} s from the restart to the end, {:.1} s of them neither install, build nor agent; {calls} create call",
        seconds - work
    );
    Ok(())
}

/// Seconds of install, build or agent.
fn seconds_of(kind: &EventKind) -> f64 {
    match kind {
        EventKind::Command { seconds, .. } => *seconds,
        EventKind::AttemptEnded { attempt } => attempt.seconds,
        _ => 0.0,
    }
}
