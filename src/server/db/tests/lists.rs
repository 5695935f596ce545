//! What lists show and what the daily caps count.

use super::{at, failure, watcher};
use crate::{
    model::FixStatus,
    server::db::{
        Pool,
        fixes::{self, FixChange},
        testing,
    },
};
use sqlx::Row as _;

#[tokio::test]
async fn the_newest_fixes_come_first_and_older_ones_by_their_time() {
    let test = testing::fresh().await.unwrap();
    let (user, first) = watcher(&test.db, "a@example.test", "prj_1").await;
    let (_, strangers) = watcher(&test.db, "b@example.test", "prj_2").await;
    for (second, subscription) in [(3, &first), (1, &first), (5, &strangers), (2, &first)] {
        let new = failure(subscription, &format!("dpl_{second}"), None);
        fixes::admit(&test.db, new, None, at(second)).await.unwrap();
    }
    let names = async |limit, before| {
        let found = fixes::summaries(&test.db, &user, limit, before).await.unwrap();
        found.into_iter().map(|fix| fix.platform_deployment_id).collect::<Vec<_>>()
    };
    assert_eq!(names(10, None).await, ["dpl_3", "dpl_2", "dpl_1"]);
    assert_eq!(names(2, None).await, ["dpl_3", "dpl_2"]);
    assert_eq!(names(2, Some(at(2))).await, ["dpl_1"]);
}

#[tokio::test]
async fn a_list_shows_what_the_row_says() {
    let test = testing::fresh().await.unwrap();
    let (user, subscription) = watcher(&test.db, "a@example.test", "prj_1").await;
    let new = failure(&subscription, "dpl_1", None);
    let id = new.id.clone();
    fixes::admit(&test.db, new, None, at(0)).await.unwrap();
    let mut fix = fixes::find(&test.db, &id).await.unwrap().unwrap();
    let change = FixChange {
        status: Some(FixStatus::PrCreated),
        error_message: Some(Some("Type error".into())),
        pr_url: Some(Some("https://github.com/acme/shop/pull/7".into())),
        pr_number: Some(Some(7)),
        fix_attempt_number: Some(2),
        completed_at: Some(Some(at(9))),
        ..FixChange::default()
    };
    fixes::transition(&test.db, &mut fix, change, vec![], at(9)).await.unwrap();
    assert_eq!(fixes::summaries(&test.db, &user, 10, None).await.unwrap(), [fixes::summary(&fix)]);
}

#[tokio::test]
async fn the_daily_cap_counts_what_started_by_itself() {
    let test = testing::fresh().await.unwrap();
    let (user, subscription) = watcher(&test.db, "a@example.test", "prj_1").await;
    let (_, strangers) = watcher(&test.db, "b@example.test", "prj_2").await;
    let count = async || fixes::started_by_themselves(&test.db, &user, at(10), 2).await.unwrap();
    for (name, second, subscription, status, by_hand, counted) in [
        ("yesterday", 9, &subscription, FixStatus::Pending, false, 0),
        ("strangers", 11, &strangers, FixStatus::Pending, false, 0),
        ("by_hand", 11, &subscription, FixStatus::Pending, true, 0),
        ("never_started", 11, &subscription, FixStatus::Skipped, false, 0),
        ("pending", 11, &subscription, FixStatus::Pending, false, 1),
        ("skipped_later", 12, &subscription, FixStatus::Pending, false, 2),
        ("one_beyond_the_limit", 13, &subscription, FixStatus::Pending, false, 2),
    ] {
        let mut new = failure(subscription, name, None);
        (new.status, new.started_by_hand) = (status, by_hand);
        let id = new.id.clone();
        fixes::admit(&test.db, new, None, at(second)).await.unwrap();
        if name == "skipped_later" {
            let mut fix = fixes::find(&test.db, &id).await.unwrap().unwrap();
            let change = FixChange {
                status: Some(FixStatus::Skipped),
                started_at: Some(Some(at(13))),
                ..FixChange::default()
            };
            fixes::transition(&test.db, &mut fix, change, vec![], at(14)).await.unwrap();
        }
        assert_eq!(count().await, counted, "{name}");
    }
}

/// SQLite says how it looks; PostgreSQL scans tables as small as a test's whatever the indices.
#[tokio::test]
async fn the_reconciler_and_the_lists_look_in_indices() {
    let test = testing::fresh().await.unwrap();
    let Pool::Sqlite(pool) = &test.db.pool else { return };
    for (sql, index) in [
        (
            "SELECT id FROM deployments WHERE subscription_id IN (SELECT id FROM subscriptions WHERE user_id = 'u') \
             ORDER BY created_at DESC, id DESC LIMIT 10",
            "COVERING INDEX deployments_subscription_idx",
        ),
        (
            "SELECT id, version FROM deployments WHERE fix_status IN ('pending', 'fixing') \
             AND (lease_until IS NULL OR lease_until < '2026')",
            "INDEX deployments_fix_status_idx",
        ),
        (
            "SELECT sum(cost_usd) FROM tasks WHERE started_at >= '2026' AND EXISTS (SELECT id FROM deployments WHERE \
             deployments.id = tasks.deployment_id AND subscription_id IN ('s'))",
            "INDEX tasks_started_idx",
        ),
        (
            "SELECT * FROM fix_events WHERE deployment_id = 'd' AND seq > 3",
            "INDEX fix_events_deployment_seq_idx",
        ),
    ] {
        let plan = sqlx::raw_sql(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")));
        let steps: Vec<String> =
            plan.fetch_all(pool).await.unwrap().iter().map(|row| row.get("detail")).collect();
        assert!(steps.iter().any(|step| step.contains(index)), "{sql}: {steps:?}");
    }
}
