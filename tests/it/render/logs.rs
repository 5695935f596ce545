//! Build logs, and looks at many services.

use super::Rendered;
use chrono::TimeDelta;
use deploymend::model::PlatformDeployment;
use deploymend::server::integrations::{Look, PlatformError};
use rstest::rstest;
use standins::faults::Kind;
use standins::render::actions::{Change, change_deployment, remove_project};
use std::collections::HashSet;

#[tokio::test]
async fn a_long_log_is_read_whole_and_only_of_its_deploy() {
    let it = Rendered::new().await;
    it.deploy(&it.service(), 7200, "build_failed", "of an earlier deploy").await;
    it.deploy(&it.add("other"), 600, "build_failed", "of another service").await;
    let log: Vec<String> = (0..2500).map(|n| format!("line {n}")).collect();
    let made = it.deploy(&it.service(), 600, "build_failed", &log.join("\n")).await;
    let read = it.client().build_log(&it.access(), &it.service(), &made.id).await.unwrap();
    assert_eq!((read.gap_after, read.lines), (None, log));
    it.fault("/logs", Kind::Truncated);
    let cut = it.client().build_log(&it.access(), &it.service(), &made.id).await;
    assert_eq!(cut, Err(PlatformError::Transient { retry_after: None }));
}

#[tokio::test]
async fn a_log_without_end_keeps_both_ends() {
    let it = Rendered::new().await;
    it.house.standins.world().state().render.rate_limit = Some(10_000);
    let log: Vec<String> = (0..62_000).map(|n| format!("line {n}")).collect();
    let made = it.deploy(&it.service(), 600, "build_failed", &log.join("\n")).await;
    let read = it.client().build_log(&it.access(), &it.service(), &made.id).await.unwrap();
    assert_eq!((read.lines.first(), read.lines.last()), (log.first(), log.last()));
    let gap = read.gap_after.unwrap();
    assert_eq!(
        (read.lines[gap].as_str(), &read.lines[gap + 1]),
        ("[... the middle of the log was left out ...]", &log[61_900])
    );
}

#[rstest]
#[case("update_failed", true)]
#[case("pre_deploy_failed", true)]
#[case("build_failed", false)]
#[tokio::test]
async fn a_program_that_does_not_start_says_why(#[case] status: &str, #[case] expected: bool) {
    let it = Rendered::new().await;
    let made = it.deploy(&it.service(), 60, "build_in_progress", "==> Build successful").await;
    let app_log = "Error: Cannot find module 'express'\n==> Exited with status 1".to_owned();
    let change = Change { status: Some(status.into()), app_log, ..Change::default() };
    change_deployment(it.house.standins.world(), &made.id, &change).unwrap();
    it.house.state.clock.advance(TimeDelta::minutes(1));
    let lines = it.client().build_log(&it.access(), &it.service(), &made.id).await.unwrap().lines;
    assert_eq!(lines[0], "==> Build successful");
    assert_eq!(lines.last().unwrap() == "==> Exited with status 1", expected, "{lines:?}");
}

#[tokio::test]
async fn a_look_at_many_services_asks_few() {
    let it = Rendered::new().await;
    it.house.standins.world().state().render.rate_limit = Some(10_000);
    let mut projects = vec![it.service()];
    projects.extend((0..59).map(|n| it.add(&format!("service-{n}"))));
    let now = it.house.state.clock.now();
    let look = Look {
        projects: projects.clone(),
        since: now - TimeDelta::hours(1),
        last: Some(now),
        busy: HashSet::from([projects[9].id.clone()]),
    };
    let (loud, busy, silent) = (&projects[30], &projects[9], &projects[40]);
    // More than a page of lines of one service does not hide the line of another.
    it.deploy(loud, 5, "build_failed", &"line\n".repeat(150)).await;
    it.deploy(&projects[55], 6, "build_failed", "line").await;
    it.deploy(busy, 1800, "build_in_progress", "").await;
    it.deploy(silent, 1700, "canceled", "").await;
    let ids = |found: Vec<PlatformDeployment>| -> HashSet<String> {
        found.into_iter().map(|deployment| deployment.project_id).collect()
    };
    let expected: HashSet<String> = [loud, &projects[55], busy].map(|service| service.id.clone()).into();
    it.client().look(&it.access(), Look { last: None, ..look.clone() }).await.unwrap();
    assert_eq!(it.asked("/deploys") / 60, 1);
    assert_eq!(ids(it.client().look(&it.access(), look.clone()).await.unwrap()), expected);
    // The three, each with the empty page after the last.
    assert_eq!(it.asked("/deploys"), 6);
    // After ten minutes nobody was forgotten, whatever the logs say.
    it.house.state.clock.advance(TimeDelta::minutes(10));
    let found = ids(it.client().look(&it.access(), look.clone()).await.unwrap());
    assert!(found.contains(&silent.id));
    // A service that is gone spoils the question about the logs, not the look.
    it.house.state.clock.advance(TimeDelta::seconds(1));
    remove_project(it.house.standins.world(), &projects[20].id);
    let found = ids(it.client().look(&it.access(), look).await.unwrap());
    assert!(found.contains(&silent.id));
}
