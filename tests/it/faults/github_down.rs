//! GitHub is down for an hour, in every step of a fix that needs it.

use super::stage::{Platform, Stage};
use crate::world::QUICK;
use anyhow::ensure;
use chrono::TimeDelta;
use deploymend::{
    model::FixStatus,
    server::fix::watch::{self, PullRequestEnd},
};
use rstest::rstest;
use standins::{
    faults::{Fault, Kind},
    record::Server,
};

/// Works on the fix whenever it is due, for an hour. Returns how often it was tried.
async fn an_hour_passes(stage: &Stage, status: FixStatus) -> anyhow::Result<usize> {
    let (mut passed, mut tries) = (TimeDelta::zero(), 0);
    while passed < TimeDelta::hours(1) {
        let row = stage.work().await?;
        tries += 1;
        ensure!(row.fix_status == status.as_str(), "it is {} and {:?}", row.fix_status, row.reason);
        ensure!(row.reason_code.as_deref() == Some("github_unavailable"), "{:?}", row.reason_code);
        passed += stage.wait_until_due().await?;
    }
    Ok(tries)
}

/// Which requests GitHub does not answer, and where the fix stands meanwhile.
#[rstest]
#[case::everything("", FixStatus::Analyzing)]
#[case::clone("/info/refs", FixStatus::Analyzing)]
#[case::push("/git-receive-pack", FixStatus::Reviewing)]
#[case::looking_for_a_pull_request("/pulls", FixStatus::Reviewing)]
#[tokio::test(flavor = "multi_thread")]
async fn an_hour_without_github_ends_in_one_pull_request(
    #[case] path: &str,
    #[case] status: FixStatus,
) -> anyhow::Result<()> {
    let stage = Stage::new(Platform::Vercel).await?;
    stage.standins.break_down(Server::Github, path, Kind::Status { status: 503 });
    stage.fail(true).await?;
    let tries = an_hour_passes(&stage, status).await?;
    ensure!((5..15).contains(&tries), "{tries} tries in an hour");

    let fix = stage.fix().await?;
    let told = fix.events.iter().filter(|event| format!("{event:?}").contains("GitHub does not answer."));
    ensure!(told.count() == 1, "it is told once: {:#?}", fix.events);
    let waiting = "GitHub does not answer. The fix waits and goes on by itself.";
    let page = stage.page(&format!("/deployments/{}", fix.summary.id)).await?;
    ensure!(page.contains(waiting), "the page of the fix does not say what it waits for");
    let card = stage.page("/integrations").await?;
    ensure!(card.contains("GitHub does not answer. Fixes wait for it"), "the card does not say it");

    stage.standins.clear_faults();
    stage.work().await?;
    stage.assert_repaired_once().await?;
    let card = stage.page("/integrations").await?;
    ensure!(!card.contains("GitHub does not answer."), "the card still says it");
    Ok(())
}

/// GitHub makes the pull request and fails to say so, then is down before it has its labels.
#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_whose_making_was_not_answered_is_found_an_hour_later() -> anyhow::Result<()> {
    let stage = Stage::new(Platform::Vercel).await?;
    stage.standins.add_fault(Fault {
        server: Server::Github,
        method: Some("POST".into()),
        path: format!("/repos/{QUICK}/pulls"),
        times: 1,
        kind: Kind::AfterEffect { status: 502 },
    });
    stage.standins.break_down(Server::Github, "/labels", Kind::Status { status: 502 });
    stage.fail(true).await?;
    an_hour_passes(&stage, FixStatus::Reviewing).await?;
    ensure!(stage.standins.pulls(QUICK).len() == 1 && stage.row().await?.pr_number.is_none());
    stage.standins.clear_faults();
    stage.work().await?;
    stage.assert_repaired_once().await
}

/// The delivery about the merge is lost with everything else.
#[tokio::test(flavor = "multi_thread")]
async fn a_merge_during_the_hour_is_found_by_looking() -> anyhow::Result<()> {
    let stage = Stage::new(Platform::Vercel).await?;
    stage.fail(true).await?;
    stage.work().await?;
    stage.assert_repaired_once().await?;
    stage.standins.drop_github_deliveries(true);
    stage.standins.break_down(Server::Github, "", Kind::Status { status: 503 });
    stage.standins.merge(QUICK, 1, "acme").await?;
    for _ in 0..60 {
        stage.state.clock.advance(TimeDelta::minutes(1));
        ensure!(watch::round_in_turn(&stage.state.fixes).await?, "nobody looks");
        ensure!(stage.row().await?.fix_status == FixStatus::PrCreated.as_str());
    }
    stage.standins.clear_faults();
    stage.state.clock.advance(TimeDelta::minutes(1));
    watch::round_in_turn(&stage.state.fixes).await?;
    let row = stage.row().await?;
    ensure!(row.fix_status == FixStatus::Merged.as_str() && row.merge_sha.is_some(), "{}", row.fix_status);
    // The delivery comes after all.
    let mut late = row.clone();
    watch::close(&stage.state.fixes, &mut late, PullRequestEnd::Merged { sha: None }).await?;
    ensure!(stage.row().await? == row, "it was written twice");
    Ok(())
}
