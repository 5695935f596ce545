//! The clock jumps by a day, forward and back, with every time that is waited for written under the other one: nothing
//! runs twice, nothing waits for a day, nobody is signed out.

use super::stage::{Platform, Stage};
use crate::world::QUICK;
use anyhow::ensure;
use chrono::TimeDelta;
use deploymend::{
    model::FixStatus,
    server::{
        db,
        fix::{run, watch},
        retention,
    },
};
use rstest::rstest;
use standins::{
    faults::{Fault, Kind},
    record::Server,
};

/// Long enough for a jump while a fix waits for GitHub's answer, also on a busy machine.
const SLOW: Kind = Kind::Slow { ms: 8_000 };

fn day(sign: i32) -> TimeDelta {
    TimeDelta::days(1) * sign
}

#[rstest]
#[case::forward(1)]
#[case::back(-1)]
#[tokio::test(flavor = "multi_thread")]
async fn a_fix_under_way_goes_on_and_is_not_taken_twice(#[case] sign: i32) -> anyhow::Result<()> {
    let stage = Stage::new(Platform::Vercel).await?;
    let path = "/info/refs".to_owned();
    stage.standins.add_fault(Fault { server: Server::Github, method: None, path, times: 1, kind: SLOW });
    stage.fail(true).await?;
    let (fixes, id) = (stage.state.fixes.clone(), stage.row().await?.id);
    let work = tokio::spawn({
        let (fixes, id) = (fixes.clone(), id.clone());
        async move { run::run(&fixes, &id).await }
    });
    // The fault is taken with the request that has to wait.
    while !stage.standins.world().state().faults.is_empty() {
        ensure!(!work.is_finished(), "it ended too early");
        tokio::task::yield_now().await;
    }
    stage.state.clock.advance(day(sign));
    let before = stage.row().await?;
    // To everybody who looks at the clock the lease is over: the reconciler wakes a worker.
    ensure!(stage.is_due().await?, "the jump made no difference, so nothing is tested");
    run::run(&fixes, &id).await?;
    ensure!(!work.is_finished(), "it was not under way any more");
    ensure!(stage.row().await?.version == before.version, "it was taken from itself");
    work.await??;
    stage.assert_repaired_once().await?;
    ensure!(stage.row().await?.crash_resumes == 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_worker_held_that_died_before_the_clock_was_set_back_is_taken_over() -> anyhow::Result<()> {
    let stage = Stage::new(Platform::Vercel).await?;
    stage.fail(true).await?;
    stage.state.clock.advance(day(1));
    let (now, id) = (stage.state.clock.now(), stage.row().await?.id);
    let until = now + TimeDelta::seconds(10);
    ensure!(db::fixes::claim(&stage.state.db, &id, "gone", now, until).await?.is_some());
    ensure!(!stage.is_due().await?, "a lease counts for nothing");
    stage.state.clock.advance(day(-1));
    ensure!(stage.is_due().await?, "it would be left alone for a day");
    stage.work().await?;
    stage.assert_repaired_once().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fix_that_waits_does_not_wait_for_a_day() -> anyhow::Result<()> {
    let stage = Stage::new(Platform::Vercel).await?;
    stage.standins.break_down(Server::Github, "", Kind::Status { status: 503 });
    stage.state.clock.advance(day(1));
    stage.fail(true).await?;
    for sign in [-1, 1] {
        ensure!(FixStatus::parse(&stage.work().await?.fix_status) == Some(FixStatus::Analyzing));
        ensure!(!stage.is_due().await?);
        stage.state.clock.advance(day(sign));
        ensure!(stage.is_due().await?, "it waits for a day");
    }
    stage.standins.clear_faults();
    stage.work().await?;
    stage.assert_repaired_once().await
}

#[rstest]
#[case::forward(1)]
#[case::back(-1)]
#[tokio::test(flavor = "multi_thread")]
async fn polls_go_on_and_find_what_failed_meanwhile(#[case] sign: i32) -> anyhow::Result<()> {
    let stage = Stage::new(Platform::Vercel).await?;
    // Connected, and polled, under a clock that is right at the end.
    stage.state.clock.advance(day(-sign));
    ensure!(stage.poll().await? == 1);
    ensure!(stage.poll().await? == 0, "it is polled without a pause");
    stage.state.clock.advance(day(sign));
    stage.fail(false).await?;
    ensure!(stage.poll().await? == 1, "polls have stopped");
    let fix = stage.row().await?;
    ensure!(fix.fix_status == FixStatus::Pending.as_str(), "{} {:?}", fix.fix_status, fix.reason);
    ensure!(stage.poll().await? == 0, "it is polled without a pause");
    stage.work().await?;
    stage.assert_repaired_once().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_made_under_a_wrong_clock_misses_nothing() -> anyhow::Result<()> {
    let stage = Stage::new_at(Platform::Vercel, day(1)).await?;
    stage.state.clock.advance(day(-1));
    stage.fail(true).await?;
    ensure!(stage.row().await?.fix_status == FixStatus::Pending.as_str(), "{:?}", stage.row().await?.reason);
    stage.work().await?;
    stage.assert_repaired_once().await
}

#[tokio::test(flavor = "multi_thread")]
async fn turns_are_taken_and_nobody_is_signed_out() -> anyhow::Result<()> {
    let stage = Stage::new(Platform::Vercel).await?;
    stage.fail(true).await?;
    stage.work().await?;
    let deploymend::server::state::AppState { db, config, clock, stop, fixes, .. } = &stage.state;
    ensure!(watch::round_in_turn(fixes).await?);
    ensure!(retention::round(db, config, clock.now(), stop).await?.is_some());
    for sign in [1, -1] {
        clock.advance(day(sign));
        stage.page("/integrations").await?;
        ensure!(watch::round_in_turn(fixes).await?, "nobody looks after pull requests");
        ensure!(!watch::round_in_turn(fixes).await?, "everybody does at once");
        ensure!(retention::round(db, config, clock.now(), stop).await?.is_some(), "nothing is removed");
        ensure!(retention::round(db, config, clock.now(), stop).await?.is_none());
    }
    stage.standins.drop_github_deliveries(true);
    stage.standins.merge(QUICK, 1, "acme").await?;
    clock.advance(day(-1));
    ensure!(watch::round_in_turn(fixes).await?);
    ensure!(stage.row().await?.fix_status == FixStatus::Merged.as_str());
    Ok(())
}
