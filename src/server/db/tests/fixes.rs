//! Admission, leases and compare-and-set.

use super::{at, failure, watcher, watcher_at};
use crate::{
    model::{EventKind, FixStatus, Provider},
    server::db::{
        DbError,
        entity::deployment,
        events,
        fixes::{self, Admitted, FixChange, Unheld},
        testing,
    },
};
use futures::future::join_all;

fn note(text: &str) -> EventKind {
    EventKind::Note { text: text.into(), stage: None }
}

#[tokio::test]
async fn fifty_admissions_at_once_store_one_fix() {
    let test = testing::fresh().await.unwrap();
    let (_, subscription) = watcher(&test.db, "a@example.test", "prj_1").await;
    let tries = (0..50).map(|_| {
        let new = failure(&subscription, "dpl_1", Some("uev_1"));
        let db = test.db.clone();
        tokio::spawn(async move { fixes::admit(&db, new, None, at(1)).await.unwrap() })
    });
    let answers: Vec<Admitted> = join_all(tries).await.into_iter().map(Result::unwrap).collect();
    let made: Vec<&String> = answers
        .iter()
        .filter_map(|answer| if let Admitted::New { fix_id } = answer { Some(fix_id) } else { None })
        .collect();
    assert_eq!(made.len(), 1);
    let duplicate = Admitted::Duplicate { fix_id: Some(made[0].clone()) };
    assert_eq!(answers.iter().filter(|answer| **answer == duplicate).count(), 49);
    assert_eq!(events::since(&test.db, made[0], 0, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn either_unique_key_makes_a_duplicate() {
    let test = testing::fresh().await.unwrap();
    let (_, subscription) = watcher(&test.db, "a@example.test", "prj_1").await;
    let first = failure(&subscription, "dpl_1", Some("uev_1"));
    let expected = Admitted::Duplicate { fix_id: Some(first.id.clone()) };
    fixes::admit(&test.db, first, None, at(1)).await.unwrap();
    for (deployment, delivery) in [("dpl_1", None), ("dpl_1", Some("uev_2")), ("dpl_2", Some("uev_1"))] {
        let again =
            fixes::admit(&test.db, failure(&subscription, deployment, delivery), None, at(2)).await.unwrap();
        assert_eq!(again, expected, "{deployment} {delivery:?}");
    }
}

#[tokio::test]
async fn a_lease_is_held_by_one_until_it_runs_out() {
    let test = testing::fresh().await.unwrap();
    let (_, subscription) = watcher(&test.db, "a@example.test", "prj_1").await;
    let new = failure(&subscription, "dpl_1", None);
    let id = new.id.clone();
    fixes::admit(&test.db, new, None, at(0)).await.unwrap();
    let unheld = Unheld { id: id.clone(), version: 1, begun: false };
    assert_eq!(fixes::unfinished_without_lease(&test.db, at(1), 10).await.unwrap(), [unheld]);

    let claims = join_all((0..20).map(|n| {
        let (db, id) = (test.db.clone(), id.clone());
        tokio::spawn(async move { fixes::claim(&db, &id, &format!("w{n}"), at(1), at(11)).await.unwrap() })
    }))
    .await;
    let held: Vec<_> = claims.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(held.len(), 1);
    let owner = held[0].lease_owner.clone().unwrap();
    assert!(fixes::unfinished_without_lease(&test.db, at(5), 10).await.unwrap().is_empty());
    assert!(fixes::renew(&test.db, &id, &owner, at(20)).await.unwrap());
    assert!(fixes::claim(&test.db, &id, "late", at(15), at(25)).await.unwrap().is_none());
    assert!(fixes::claim(&test.db, &id, "late", at(21), at(31)).await.unwrap().is_some());
    assert!(!fixes::renew(&test.db, &id, &owner, at(40)).await.unwrap());
    fixes::release(&test.db, &id, "late").await.unwrap();
    assert_eq!(fixes::unfinished_without_lease(&test.db, at(22), 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_lost_its_worker_comes_before_what_nobody_has_begun_with() {
    let test = testing::fresh().await.unwrap();
    let (_, subscription) = watcher(&test.db, "a@example.test", "prj_1").await;
    let mut ids = Vec::new();
    for (number, deployment) in ["dpl_1", "dpl_2", "dpl_3"].into_iter().enumerate() {
        let new = failure(&subscription, deployment, None);
        ids.push(new.id.clone());
        fixes::admit(&test.db, new, None, at(number as i64)).await.unwrap();
    }
    let mut last = fixes::claim(&test.db, &ids[2], "dead", at(3), at(13)).await.unwrap().unwrap();
    let change = FixChange { status: Some(FixStatus::Fixing), ..FixChange::default() };
    fixes::transition(&test.db, &mut last, change, vec![], at(3)).await.unwrap();
    let unheld = fixes::unfinished_without_lease(&test.db, at(14), 2).await.unwrap();
    let of = |unheld: &Unheld| (unheld.id.clone(), unheld.begun);
    assert_eq!(unheld.iter().map(of).collect::<Vec<_>>(), [(ids[2].clone(), true), (ids[0].clone(), false)]);
}

#[tokio::test]
async fn what_brings_its_workers_down_waits_before_another_takes_it() {
    let test = testing::fresh().await.unwrap();
    let (_, subscription) = watcher(&test.db, "a@example.test", "prj_1").await;
    let new = failure(&subscription, "dpl_1", None);
    let id = new.id.clone();
    fixes::admit(&test.db, new, None, at(0)).await.unwrap();
    let resumed = async |resumes, from, until| {
        let mut row = fixes::claim(&test.db, &id, "dead", at(from), at(until)).await.unwrap().unwrap();
        let change = FixChange { crash_resumes: Some(resumes), ..FixChange::default() };
        fixes::transition(&test.db, &mut row, change, vec![], at(from)).await.unwrap();
    };
    let waits = async |now| fixes::unfinished_without_lease(&test.db, at(now), 10).await.unwrap().is_empty();
    resumed(4, 1, 11).await;
    assert!(!waits(12).await);
    resumed(5, 12, 22).await;
    assert!(waits(23).await && fixes::claim(&test.db, &id, "next", at(81), at(91)).await.unwrap().is_none());
    assert!(!waits(83).await && fixes::claim(&test.db, &id, "next", at(83), at(93)).await.unwrap().is_some());
}

#[tokio::test]
async fn what_is_put_off_is_left_alone_until_then_and_no_longer() {
    let test = testing::fresh().await.unwrap();
    let (_, subscription) = watcher(&test.db, "a@example.test", "prj_1").await;
    let new = failure(&subscription, "dpl_1", None);
    let id = new.id.clone();
    fixes::admit(&test.db, new, None, at(0)).await.unwrap();
    fixes::claim(&test.db, &id, "w", at(1), at(11)).await.unwrap().unwrap();
    fixes::put_off(&test.db, &id, "another", at(40)).await.unwrap();
    assert!(fixes::renew(&test.db, &id, "w", at(12)).await.unwrap(), "it is none of another's");
    fixes::put_off(&test.db, &id, "w", at(40)).await.unwrap();
    assert!(!fixes::renew(&test.db, &id, "w", at(50)).await.unwrap());
    assert!(fixes::claim(&test.db, &id, "w", at(39), at(49)).await.unwrap().is_none());
    assert_eq!(fixes::left_to(&test.db, "w", at(39)).await.unwrap(), 0);
    assert!(fixes::claim(&test.db, &id, "w", at(40), at(50)).await.unwrap().is_some());
    // Set back by a day: nobody waits for that long.
    fixes::put_off(&test.db, &id, "w", at(60)).await.unwrap();
    let before = at(60) - chrono::TimeDelta::days(1);
    assert_eq!(fixes::unfinished_without_lease(&test.db, before, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn who_lost_the_lease_cannot_write() {
    let test = testing::fresh().await.unwrap();
    let (_, subscription) = watcher(&test.db, "a@example.test", "prj_1").await;
    let new = failure(&subscription, "dpl_1", None);
    let id = new.id.clone();
    fixes::admit(&test.db, new, None, at(0)).await.unwrap();
    let mut old = fixes::claim(&test.db, &id, "old", at(1), at(2)).await.unwrap().unwrap();
    let mut new = fixes::claim(&test.db, &id, "new", at(3), at(9)).await.unwrap().unwrap();
    let failed = FixChange { status: Some(FixStatus::Failed), ..FixChange::default() };
    let refused = fixes::transition(&test.db, &mut old, failed, vec![note("late")], at(4)).await;
    assert!(matches!(refused, Err(DbError::Conflict)));

    let change = FixChange {
        status: Some(FixStatus::Fixing),
        logs: Some(Some("a log".into())),
        started_at: Some(Some(at(4))),
        ..FixChange::default()
    };
    let written =
        fixes::transition(&test.db, &mut new, change, vec![note("one"), note("two")], at(4)).await.unwrap();
    assert_eq!(written.iter().map(|event| event.seq).collect::<Vec<_>>(), [2, 3]);
    let stored = fixes::find(&test.db, &id).await.unwrap().unwrap();
    assert_eq!(stored, new);
    assert_eq!((stored.fix_status.as_str(), stored.logs.as_deref()), ("fixing", Some("a log")));
    let seqs: Vec<i64> =
        events::since(&test.db, &id, 0, 10).await.unwrap().iter().map(|event| event.seq).collect();
    assert_eq!(seqs, [1, 2, 3]);
}

#[tokio::test]
async fn a_finished_fix_cannot_be_claimed() {
    let test = testing::fresh().await.unwrap();
    let (_, subscription) = watcher(&test.db, "a@example.test", "prj_1").await;
    let mut new = failure(&subscription, "dpl_1", None);
    new.status = FixStatus::Skipped;
    let id = new.id.clone();
    fixes::admit(&test.db, new, None, at(0)).await.unwrap();
    assert!(fixes::claim(&test.db, &id, "w", at(1), at(9)).await.unwrap().is_none());
    assert!(fixes::unfinished_without_lease(&test.db, at(1), 10).await.unwrap().is_empty());
}

/// A stored fix of that deployment.
async fn stored(db: &crate::server::db::Db, subscription: &str, deployment: &str) -> deployment::Model {
    let new = failure(subscription, deployment, None);
    let id = new.id.clone();
    fixes::admit(db, new, None, at(0)).await.unwrap();
    fixes::find(db, &id).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_commit_is_known_to_be_built_again_in_its_own_project_only() {
    let test = testing::fresh().await.unwrap();
    let db = &test.db;
    let (_, subscription) = watcher(db, "a@example.test", "prj_1").await;
    let (_, same_project) = watcher(db, "b@example.test", "prj_1").await;
    let (_, other_project) = watcher(db, "c@example.test", "prj_2").await;
    let (_, other_platform) = watcher_at(db, Provider::RENDER, "d@example.test", "prj_1").await;
    let mut first = stored(db, &subscription, "dpl_1").await;
    let again = stored(db, &same_project, "dpl_2").await;
    let mut elsewhere = vec![stored(db, &other_project, "dpl_3").await];
    let mut on_render = failure(&other_platform, "dep_4", None);
    on_render.provider = Provider::RENDER;
    let mut other_commit = failure(&subscription, "dpl_5", None);
    other_commit.commit_sha = Some("2".repeat(40));
    for new in [on_render, other_commit] {
        let id = new.id.clone();
        fixes::admit(db, new, None, at(0)).await.unwrap();
        elsewhere.push(fixes::find(db, &id).await.unwrap().unwrap());
    }
    assert!(!fixes::redeployed_for_another(db, &again).await.unwrap());
    let change = FixChange { redeployed_at: Some(Some(at(2))), ..FixChange::default() };
    fixes::transition(db, &mut first, change, vec![], at(2)).await.unwrap();
    assert!(fixes::redeployed_for_another(db, &again).await.unwrap());
    assert!(!fixes::redeployed_for_another(db, &first).await.unwrap(), "it is the one");
    for fix in elsewhere {
        assert!(!fixes::redeployed_for_another(db, &fix).await.unwrap(), "{}", fix.platform_deployment_id);
    }
}

#[tokio::test]
async fn a_diagnosis_is_disputed_while_a_worker_writes() {
    let test = testing::fresh().await.unwrap();
    let db = &test.db;
    let (_, subscription) = watcher(db, "a@example.test", "prj_1").await;
    let mut fix = stored(db, &subscription, "dpl_1").await;
    assert!(!fixes::dispute(db, &fix.id, Some(at(1))).await.unwrap(), "there is no diagnosis");
    let finding = crate::server::diagnosis::diagnose(&["npm error code ECONNRESET"], &Default::default());
    let change = FixChange { finding: Some(Some(finding)), ..FixChange::default() };
    fixes::transition(db, &mut fix, change, vec![], at(2)).await.unwrap();
    assert!(fixes::dispute(db, &fix.id, Some(at(3))).await.unwrap());
    let change = FixChange { status: Some(FixStatus::Fixing), ..FixChange::default() };
    fixes::transition(db, &mut fix, change, vec![note("on")], at(4)).await.unwrap();
    let kept = fixes::find(db, &fix.id).await.unwrap().unwrap();
    assert_eq!((kept.finding_disputed_at, kept.fix_status.as_str()), (Some(at(3)), "fixing"));
    assert!(fixes::dispute(db, &fix.id, None).await.unwrap());
    assert_eq!(fixes::find(db, &fix.id).await.unwrap().unwrap().finding_disputed_at, None);
}
