//! What lists show and what the daily caps count.

use super::{at, failure, watcher};
use crate::{
    model::{AtLeast, Cursor, FixStatus},
    server::db::{
        DbError, Pool,
        entity::deployment,
        fixes::{self, FixChange, Window},
        testing,
    },
};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _,
    sea_query::{Expr, SqliteQueryBuilder},
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
    assert_eq!(fixes::summaries(&test.db, &user, 10, None).await.unwrap(), [fixes::summary(&fix).unwrap()]);
}

/// As a newer version may have left it behind.
#[tokio::test]
async fn a_fix_of_an_unknown_platform_takes_no_list_with_it() {
    let test = testing::fresh().await.unwrap();
    let (user, subscription) = watcher(&test.db, "a@example.test", "prj_1").await;
    for (second, id) in [(1, "dpl_1"), (2, "dpl_2")] {
        fixes::admit(&test.db, failure(&subscription, id, None), None, at(second)).await.unwrap();
    }
    let odd = deployment::Column::PlatformDeploymentId.eq("dpl_2");
    deployment::Entity::update_many()
        .col_expr(deployment::Column::Provider, Expr::value("elsewhere"))
        .filter(odd.clone())
        .exec(&test.db.orm)
        .await
        .unwrap();
    let listed = fixes::summaries(&test.db, &user, 10, None).await.unwrap();
    let listed: Vec<_> = listed.into_iter().map(|fix| fix.platform_deployment_id).collect();
    assert_eq!(listed, ["dpl_1"]);
    let row = deployment::Entity::find().filter(odd).one(&test.db.orm).await.unwrap().unwrap();
    let asked_for = fixes::detail(&test.db, &row).await.map(drop);
    assert!(matches!(asked_for, Err(DbError::UnknownProvider(name)) if name == "elsewhere"));
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
async fn the_reconciler_and_the_streams_look_in_indices() {
    let test = testing::fresh().await.unwrap();
    let Pool::Sqlite(pool) = &test.db.pool else { return };
    for (sql, index) in [
        (
            "SELECT id, version FROM deployments WHERE fix_status IN ('pending', 'fixing') \
             AND (lease_until IS NULL OR lease_until < '2026')",
            // Two indices begin with it; which one is taken is all the same.
            "(fix_status=?",
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

/// A list stops after its last row: nothing is sorted, and no row is read to find it.
#[tokio::test]
async fn lists_are_merged_from_indices() {
    let test = testing::fresh().await.unwrap();
    let Pool::Sqlite(pool) = &test.db.pool else { return };
    let mut connection = pool.acquire().await.unwrap();
    // EXPLAIN alone does not notice that another connection has changed the schema.
    sqlx::query("SELECT id FROM deployments").fetch_optional(&mut *connection).await.unwrap();
    let subscriptions: Vec<_> = (0..7).map(|number| format!("sub_{number}")).collect();
    let place = Cursor { at: at(9), id: "01J".into() };
    let whole = Window { subscriptions: &subscriptions, after: Some(&place), ..Window::default() };
    let fixed = Window { statuses: &[FixStatus::PrCreated, FixStatus::Merged], from: Some(at(1)), ..whole };
    for (window, index) in [(whole, "deployments_subscription_idx"), (fixed, "deployments_state_idx")] {
        for statement in window.keys(51) {
            let sql = statement.to_string(SqliteQueryBuilder);
            let plan = sqlx::raw_sql(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")));
            let steps: Vec<String> =
                plan.fetch_all(&mut *connection).await.unwrap().iter().map(|row| row.get("detail")).collect();
            let searches = steps.iter().filter(|step| step.contains("deployments"));
            assert!(searches.clone().count() > 0, "{steps:?}");
            let covered = format!("USING COVERING INDEX {index}");
            assert!(
                searches.clone().all(|step| step.starts_with("SEARCH") && step.contains(&covered)),
                "{sql}: {steps:?}"
            );
            assert!(steps.iter().all(|step| !step.contains("TEMP B-TREE")), "{steps:?}");
        }
    }
}

/// Rows arrive above, also at the time of the last row that was read.
#[tokio::test]
async fn pages_neither_miss_nor_repeat_a_row_while_rows_arrive() {
    let test = testing::fresh().await.unwrap();
    let mut subscriptions = Vec::new();
    for project in 0..5 {
        let email = format!("{project}@example.test");
        subscriptions.push(watcher(&test.db, &email, &format!("prj_{project}")).await.1);
    }
    let mut expected = Vec::new();
    for number in 0..60_i64 {
        let new =
            failure(&subscriptions[usize::try_from(number).unwrap() % 5], &format!("dpl_{number}"), None);
        expected.push(new.id.clone());
        // Three share each second.
        fixes::admit(&test.db, new, None, at(number / 3)).await.unwrap();
    }
    let mut read = Vec::new();
    let mut place: Option<Cursor> = None;
    loop {
        let window = Window { subscriptions: &subscriptions, after: place.as_ref(), ..Window::default() };
        let page = fixes::list::newest(&test.db, &window, 7).await.unwrap();
        let Some(last) = page.last() else { break };
        place = Some(Cursor { at: last.created_at, id: last.id.clone() });
        read.extend(page.into_iter().map(|fix| fix.id));
        let new = failure(&subscriptions[0], &format!("late_{}", read.len()), None);
        fixes::admit(&test.db, new, None, at(100)).await.unwrap();
    }
    expected.sort();
    let mut seen = read.clone();
    seen.sort();
    assert_eq!(seen, expected);
    let late = Window { subscriptions: &subscriptions, from: Some(at(100)), ..Window::default() };
    assert_eq!(fixes::list::count(&test.db, &late, 5).await.unwrap(), AtLeast { count: 5, more: true });
    assert_eq!(fixes::list::count(&test.db, &late, 50).await.unwrap(), AtLeast { count: 9, more: false });
}

#[tokio::test]
async fn more_subscriptions_than_one_statement_merges() {
    let test = testing::fresh().await.unwrap();
    let (_, last) = watcher(&test.db, "a@example.test", "prj_1").await;
    fixes::admit(&test.db, failure(&last, "dpl_1", None), None, at(1)).await.unwrap();
    let mut subscriptions: Vec<_> = (0..450).map(|number| format!("none_{number}")).collect();
    subscriptions.push(last);
    let window = Window { subscriptions: &subscriptions, ..Window::default() };
    assert_eq!(fixes::list::newest(&test.db, &window, 3).await.unwrap().len(), 1);
    assert_eq!(fixes::list::count(&test.db, &window, 3).await.unwrap().count, 1);
}
