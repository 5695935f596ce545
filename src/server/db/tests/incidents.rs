//! One lead for what several deployments have in common.

use super::{at, failure, watcher};
use crate::{
    model::FixStatus,
    server::db::{
        Db,
        entity::deployment,
        fixes::{self, FixChange},
        incidents::{self, Lead},
        testing,
    },
};
use futures::future::join_all;

async fn fix(db: &Db, subscription: &str, deployment: &str, commit: Option<&str>) -> deployment::Model {
    let new =
        fixes::NewFix { commit_sha: commit.map(str::to_owned), ..failure(subscription, deployment, None) };
    let id = new.id.clone();
    fixes::admit(db, new, None, at(1)).await.unwrap();
    fixes::find(db, &id).await.unwrap().unwrap()
}

async fn leads(db: &Db, fix: &deployment::Model, user: &str, fingerprint: &str) -> Option<bool> {
    let lead = incidents::lead(db, fix, user, fingerprint, at(2)).await.unwrap();
    lead.map(|lead| matches!(lead, Lead::Own { .. }))
}

#[tokio::test]
async fn the_first_to_ask_leads_and_goes_on_leading() {
    let test = testing::fresh().await.unwrap();
    let (user, subscription) = watcher(&test.db, "a@example.test", "prj_1").await;
    let commit = Some("1111111111111111111111111111111111111111");
    let mut fixes = Vec::new();
    for n in 0..8 {
        fixes.push(fix(&test.db, &subscription, &format!("dpl_{n}"), commit).await);
    }
    let asked = fixes.iter().map(|fix| leads(&test.db, fix, &user, "f"));
    let answers = join_all(asked).await;
    assert_eq!(answers.iter().filter(|answer| **answer == Some(true)).count(), 1, "{answers:?}");
    for (fix, answer) in fixes.iter().zip(answers) {
        assert_eq!(leads(&test.db, fix, &user, "f").await, answer, "asked again after a restart");
    }
}

#[tokio::test]
async fn another_error_commit_or_person_is_another_incident() {
    let test = testing::fresh().await.unwrap();
    let (user, subscription) = watcher(&test.db, "a@example.test", "prj_1").await;
    let (other_user, other) = watcher(&test.db, "b@example.test", "prj_1").await;
    let (one, two) = (Some("1111"), Some("2222"));
    let first = fix(&test.db, &subscription, "dpl_1", one).await;
    assert_eq!(leads(&test.db, &first, &user, "f").await, Some(true));
    let second = fix(&test.db, &subscription, "dpl_2", one).await;
    assert_eq!(leads(&test.db, &second, &user, "of another error").await, Some(true));
    let third = fix(&test.db, &subscription, "dpl_3", two).await;
    assert_eq!(leads(&test.db, &third, &user, "f").await, Some(true));
    let fourth = fix(&test.db, &other, "dpl_4", one).await;
    assert_eq!(leads(&test.db, &fourth, &other_user, "f").await, Some(true));
    let fifth = fix(&test.db, &subscription, "dpl_5", None).await;
    assert_eq!(
        leads(&test.db, &fifth, &user, "f").await,
        None,
        "without a commit there is nothing in common"
    );
}

#[tokio::test]
async fn who_ends_without_a_pull_request_gives_the_lead_up() {
    let test = testing::fresh().await.unwrap();
    let (user, subscription) = watcher(&test.db, "a@example.test", "prj_1").await;
    let mut first = fix(&test.db, &subscription, "dpl_1", Some("1111")).await;
    let second = fix(&test.db, &subscription, "dpl_2", Some("1111")).await;
    for (status, expected) in [
        (FixStatus::Fixing, false),
        (FixStatus::PrCreated, false),
        (FixStatus::Merged, false),
        (FixStatus::Failed, true),
    ] {
        leads(&test.db, &first, &user, "f").await;
        let change = FixChange { status: Some(status), ..FixChange::default() };
        fixes::transition(&test.db, &mut first, change, vec![], at(3)).await.unwrap();
        assert_eq!(leads(&test.db, &second, &user, "f").await, Some(expected), "{status:?}");
    }
    // It has it now, also when the first one is started again.
    assert_eq!(leads(&test.db, &first, &user, "f").await, Some(false));
}
