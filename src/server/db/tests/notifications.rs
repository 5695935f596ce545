//! Who is told about which changes of a fix, and that nobody is told twice.

use super::{at, failure, watcher, watcher_at};
use crate::{
    model::{FixStatus, NotificationKind, Provider},
    server::db::{
        Db,
        entity::deployment,
        fixes::{self, FixChange},
        notifications::{self, AT_MOST, Which},
        outgoing::{self, NewWebhook},
        subscriptions, testing,
    },
};

/// A stored failure of a subscription.
async fn stored(db: &Db, subscription: &str, name: &str) -> deployment::Model {
    let new = failure(subscription, name, None);
    let id = new.id.clone();
    fixes::admit(db, new, None, at(0)).await.unwrap();
    fixes::find(db, &id).await.unwrap().unwrap()
}

/// The fix goes on to a status, as the worker writes it.
async fn becomes(db: &Db, fix: &mut deployment::Model, status: FixStatus, reason: Option<&str>) {
    let change = FixChange {
        status: Some(status),
        reason_code: Some(reason.map(str::to_owned)),
        started_at: (status != FixStatus::Pending).then_some(Some(at(1))),
        ..FixChange::default()
    };
    fixes::transition(db, fix, change, vec![], at(2)).await.unwrap();
}

async fn told(db: &Db, user: &str) -> Vec<NotificationKind> {
    let rows = notifications::list(db, user, None, 100).await.unwrap();
    rows.into_iter().map(|row| row.kind).collect()
}

async fn webhook(db: &Db, user: &str) -> String {
    let new = NewWebhook {
        id: format!("hook-{user}"),
        user_id: user.to_owned(),
        url: "https://hooks.example.test/".into(),
        secret: "sealed".into(),
        enabled: true,
    };
    let id = new.id.clone();
    assert!(outgoing::put(db, new, at(0)).await.unwrap());
    id
}

#[tokio::test]
async fn every_watcher_who_wants_it_is_told_and_nobody_else() {
    let test = testing::fresh().await.unwrap();
    let db = &test.db;
    let (first, subscription) = watcher(db, "a@example.test", "prj_1").await;
    let (second, _) = watcher(db, "b@example.test", "prj_1").await;
    let (silent, silenced) = watcher(db, "c@example.test", "prj_1").await;
    let (stranger, _) = watcher(db, "d@example.test", "prj_2").await;
    let (elsewhere, _) = watcher_at(db, Provider::RENDER, "e@example.test", "prj_1").await;
    let quiet = subscriptions::Settings { notify_on_fix: Some(false), ..Default::default() };
    subscriptions::update(db, &silenced, quiet, at(0)).await.unwrap();
    let hook = webhook(db, &second).await;

    let mut fix = stored(db, &subscription, "dpl_1").await;
    for status in [FixStatus::Analyzing, FixStatus::Fixing, FixStatus::Reviewing, FixStatus::PrCreated] {
        becomes(db, &mut fix, status, None).await;
    }
    becomes(db, &mut fix, FixStatus::Merged, None).await;
    let both = [NotificationKind::Merged, NotificationKind::PullRequest];
    for (user, kinds) in
        [(&first, &both[..]), (&second, &both), (&silent, &[]), (&stranger, &[]), (&elsewhere, &[])]
    {
        assert_eq!(told(db, user).await, kinds);
        assert_eq!(notifications::unread(db, user).await.unwrap(), kinds.len() as u64);
    }
    let messages = outgoing::recent(db, &hook, 10).await.unwrap();
    let kinds: Vec<_> = messages.iter().map(|message| message.kind.as_str()).collect();
    assert_eq!(kinds, ["fix.merged", "fix.pull_request"]);
    assert!(messages.iter().all(|message| message.body.contains(&fix.id)));
}

#[tokio::test]
async fn a_step_that_is_repeated_tells_nobody_twice() {
    let test = testing::fresh().await.unwrap();
    let db = &test.db;
    let (user, subscription) = watcher(db, "a@example.test", "prj_1").await;
    let hook = webhook(db, &user).await;
    let mut fix = stored(db, &subscription, "dpl_1").await;
    becomes(db, &mut fix, FixStatus::Analyzing, None).await;
    becomes(db, &mut fix, FixStatus::PrCreated, None).await;
    // The worker goes back and comes to the same.
    becomes(db, &mut fix, FixStatus::Reviewing, None).await;
    becomes(db, &mut fix, FixStatus::PrCreated, None).await;
    assert_eq!(told(db, &user).await, [NotificationKind::PullRequest]);
    assert_eq!(outgoing::recent(db, &hook, 10).await.unwrap().len(), 1);
    // A worker that lost the row tells nobody of what it did not write.
    let mut stale = deployment::Model { version: fix.version - 1, ..fix.clone() };
    let change = FixChange { status: Some(FixStatus::Failed), ..FixChange::default() };
    assert!(fixes::transition(db, &mut stale, change, vec![], at(3)).await.is_err());
    assert_eq!(told(db, &user).await, [NotificationKind::PullRequest]);
}

#[tokio::test]
async fn a_fix_that_is_tried_again_is_told_again() {
    let test = testing::fresh().await.unwrap();
    let db = &test.db;
    let (user, subscription) = watcher(db, "a@example.test", "prj_1").await;
    let hook = webhook(db, &user).await;
    let mut fix = stored(db, &subscription, "dpl_1").await;
    becomes(db, &mut fix, FixStatus::Failed, Some("verify")).await;
    becomes(db, &mut fix, FixStatus::Pending, None).await;
    assert_eq!(told(db, &user).await, [], "what failed is being tried again");
    becomes(db, &mut fix, FixStatus::Failed, Some("verify")).await;
    assert_eq!(told(db, &user).await, [NotificationKind::Failed]);
    let messages = outgoing::recent(db, &hook, 10).await.unwrap();
    assert_eq!(messages.len(), 2, "both have happened");
    assert_ne!(messages[0].id, messages[1].id);
}

#[tokio::test]
async fn what_the_brakes_skip_is_no_news() {
    let test = testing::fresh().await.unwrap();
    let db = &test.db;
    let (user, subscription) = watcher(db, "a@example.test", "prj_1").await;
    for (number, reason, news) in [
        (1, "superseded", false),
        (2, "before_subscription", false),
        (3, "same_error_open", false),
        (4, "rule", false),
        (5, "redeployed", false),
        (6, "not_reproduced", true),
    ] {
        let mut fix = stored(db, &subscription, &format!("dpl_{number}")).await;
        becomes(db, &mut fix, FixStatus::Analyzing, None).await;
        becomes(db, &mut fix, FixStatus::Skipped, Some(reason)).await;
        assert_eq!(!told(db, &user).await.is_empty(), news, "{reason}");
    }
    let mut unbegun = stored(db, &subscription, "dpl_9").await;
    let change = FixChange { status: Some(FixStatus::Skipped), ..FixChange::default() };
    fixes::transition(db, &mut unbegun, change, vec![], at(2)).await.unwrap();
    assert_eq!(told(db, &user).await.len(), 1);
}

#[tokio::test]
async fn notifications_are_read_paged_and_forgotten() {
    let test = testing::fresh().await.unwrap();
    let db = &test.db;
    let (user, subscription) = watcher(db, "a@example.test", "prj_1").await;
    let (other, _) = watcher(db, "b@example.test", "prj_1").await;
    let mut ids = Vec::new();
    for number in 0..AT_MOST + 2 {
        let mut fix = stored(db, &subscription, &format!("dpl_{number}")).await;
        becomes(db, &mut fix, FixStatus::Failed, Some("verify")).await;
        ids.push(fix.id);
    }
    assert_eq!(notifications::unread(db, &user).await.unwrap(), AT_MOST);
    let mut seen = Vec::new();
    while seen.len() < ids.len() {
        let after = seen.last().map(|(id, _): &(String, String)| id.as_str());
        let page = notifications::list(db, &user, after, 200).await.unwrap();
        if page.is_empty() {
            break;
        }
        seen.extend(page.into_iter().map(|row| (row.id, row.fix_id)));
    }
    let newest: Vec<_> = ids.iter().rev().take(seen.len()).cloned().collect();
    let fixes: Vec<_> = seen.iter().map(|(_, fix)| fix.clone()).collect();
    assert_eq!((fixes.len() as u64, fixes), (AT_MOST, newest));

    let left = |which: Which, unread: u64| {
        let user = &user;
        async move {
            notifications::mark_read(db, user, which, at(9)).await.unwrap();
            assert_eq!(notifications::unread(db, user).await.unwrap(), unread);
        }
    };
    left(Which::OfFix(seen[0].1.clone()), AT_MOST - 1).await;
    left(Which::Ids(vec![seen[1].0.clone(), "unknown".into()]), AT_MOST - 2).await;
    left(Which::UpTo(seen[4].0.clone()), 2).await;
    left(Which::All, 0).await;
    assert_eq!(notifications::unread(db, &other).await.unwrap(), AT_MOST, "each reads their own");
}

#[tokio::test]
async fn who_stops_watching_sees_nothing_of_it_any_more() {
    let test = testing::fresh().await.unwrap();
    let db = &test.db;
    let (first, subscription) = watcher(db, "a@example.test", "prj_1").await;
    let (second, _) = watcher(db, "b@example.test", "prj_1").await;
    let mut fix = stored(db, &subscription, "dpl_1").await;
    becomes(db, &mut fix, FixStatus::Failed, Some("verify")).await;
    let row = subscriptions::find(db, &subscription).await.unwrap().unwrap();
    subscriptions::remove(db, &row).await.unwrap();
    assert_eq!(told(db, &first).await, []);
    assert_eq!(notifications::unread(db, &first).await.unwrap(), 0);
    assert_eq!(told(db, &second).await, [NotificationKind::Failed]);
}
