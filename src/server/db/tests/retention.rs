//! What is removed when, that the rest stays, and that servers take turns.

use super::{at, attempt, failure, watcher};
use crate::{
    model::{FixStatus, Timestamp},
    server::{
        audit,
        config::Config,
        db::{
            Db, Pool,
            entity::deployment,
            fixes::{self, FixChange},
            retention::BATCH,
            sessions,
            settings::take_turn,
            tasks, testing,
        },
        fix::jobs::JobQueue,
        queue, retention,
    },
};
use chrono::TimeDelta;
use clap::Parser;
use sea_orm::EntityTrait as _;
use tokio_util::sync::CancellationToken;

#[derive(Parser)]
struct Settled {
    #[command(flatten)]
    config: Config,
}

fn days(count: i64) -> Timestamp {
    at(0) + TimeDelta::days(count)
}

/// A fix with a log and a transcript that has this status since `ended`.
async fn with_log(db: &Db, subscription: &str, name: &str, status: FixStatus, ended: Timestamp) -> String {
    let new = failure(subscription, name, None);
    let id = new.id.clone();
    fixes::admit(db, new, None, ended).await.unwrap();
    let mut fix = fixes::find(db, &id).await.unwrap().unwrap();
    let change = FixChange {
        status: Some(status),
        logs: Some(Some("a log".to_owned())),
        completed_at: Some((!status.is_unfinished()).then_some(ended)),
        ..FixChange::default()
    };
    fixes::transition(db, &mut fix, change, vec![], ended).await.unwrap();
    let run = tasks::start(db, &id, 1, "m", ended).await.unwrap();
    tasks::finish(db, &run, &attempt(), &[], Some(0), ended).await.unwrap();
    id
}

async fn log_of(db: &Db, id: &str) -> (Option<String>, Option<i32>) {
    let fix = deployment::Entity::find_by_id(id).one(&db.orm).await.unwrap().unwrap();
    (fix.logs, fix.log_kept_days)
}

#[tokio::test]
async fn what_is_old_enough_goes_and_the_rest_stays() {
    let test = testing::fresh().await.unwrap();
    let db = &test.db;
    queue::migrate(db).await.unwrap();
    let (user, subscription) = watcher(db, "a@example.test", "prj_1").await;
    let kept = Some("a log".to_owned());
    let mut config = Settled::parse_from(["test"]).config;
    (config.keep_logs_days, config.keep_transcripts_days, config.keep_audit_days) = (10, 5, 100);
    let old = with_log(db, &subscription, "old", FixStatus::Failed, days(0)).await;
    let open = with_log(db, &subscription, "open", FixStatus::PrCreated, days(0)).await;
    let working = with_log(db, &subscription, "working", FixStatus::Fixing, days(0)).await;
    let young = with_log(db, &subscription, "young", FixStatus::Merged, days(6)).await;
    sessions::put(db, "ended".into(), Some(user.clone()), "{}".into(), days(5), days(0), true).await.unwrap();
    sessions::put(db, "open".into(), Some(user), "{}".into(), days(50), days(0), true).await.unwrap();
    audit::by_command(db, "keys.rotate", "command line", [], days(0)).await.unwrap();

    let stop = CancellationToken::new();
    let removed = retention::round(db, &config, days(12), &stop).await.unwrap().unwrap();
    assert_eq!(log_of(db, &old).await, (None, Some(10)));
    for id in [&open, &working, &young] {
        assert_eq!(log_of(db, id).await, (kept.clone(), None));
    }
    let told: Vec<_> = removed.into_iter().collect();
    assert_eq!(told, [("logs", 1), ("sessions", 1), ("transcripts", 4)]);
    let detail = fixes::detail(db, &fixes::find(db, &old).await.unwrap().unwrap()).await.unwrap();
    assert_eq!(
        (detail.log_kept_days, detail.attempts.len(), detail.attempts[0].cost_usd),
        (Some(10), 1, 0.5)
    );
    assert!(sessions::find(db, "open", days(12)).await.unwrap().is_some());

    // Started again, it has a log again.
    let mut fix = fixes::find(db, &old).await.unwrap().unwrap();
    let change = FixChange { logs: Some(kept.clone()), ..FixChange::default() };
    fixes::transition(db, &mut fix, change, vec![], days(12)).await.unwrap();
    assert_eq!(log_of(db, &old).await, (kept, None));
    // 0 is for ever.
    (config.keep_logs_days, config.keep_audit_days) = (0, 0);
    let removed = retention::round(db, &config, days(5_000), &stop).await.unwrap().unwrap();
    assert!(!removed.contains_key("logs") && !removed.contains_key("audit"), "{removed:?}");
}

#[tokio::test]
async fn more_than_one_batch_goes_in_a_round_unless_the_server_stops() {
    let test = testing::fresh().await.unwrap();
    let db = &test.db;
    queue::migrate(db).await.unwrap();
    let config = Settled::parse_from(["test"]).config;
    for index in 0..BATCH * 2 + 1 {
        sessions::put(db, format!("s{index}"), None, "{}".into(), at(1), at(0), true).await.unwrap();
    }
    let stop = CancellationToken::new();
    stop.cancel();
    let stopped = retention::round(db, &config, days(1), &stop).await.unwrap().unwrap();
    assert!(stopped.is_empty(), "{stopped:?}");
    let removed = retention::round(db, &config, days(2), &CancellationToken::new()).await.unwrap().unwrap();
    assert_eq!(removed.get("sessions"), Some(&(BATCH * 2 + 1)));
}

#[tokio::test]
async fn of_servers_at_once_one_gets_the_turn() {
    let test = testing::fresh().await.unwrap();
    let hour = TimeDelta::hours(1);
    let taken = async |now: Timestamp| {
        let tries = (0..4).map(|_| take_turn(&test.db, "turn", hour, now));
        let tries = futures::future::join_all(tries).await;
        tries.into_iter().map(Result::unwrap).filter(|taken| *taken).count()
    };
    assert_eq!(taken(at(0)).await, 1, "the first");
    assert_eq!(taken(at(3_599)).await, 0, "too soon");
    assert_eq!(taken(at(3_600)).await, 1, "the next");
    // A server whose clock was a year ahead had it; the others do not wait for a year.
    assert_eq!(taken(days(365)).await, 1);
    assert_eq!(taken(at(7_200)).await, 1);
}

#[tokio::test]
async fn jobs_that_are_done_go_and_those_that_wait_stay() {
    let test = testing::fresh().await.unwrap();
    let db = &test.db;
    queue::migrate(db).await.unwrap();
    let jobs = JobQueue::new(db);
    for key in ["done", "waiting", "done lately"] {
        jobs.push(key, key).await.unwrap();
    }
    // One of those that wait ends at that time.
    let done = async |end: Timestamp| match &db.pool {
        Pool::Sqlite(pool) => {
            let sql = "UPDATE Jobs SET status = 'Done', done_at = ?1 WHERE id = (SELECT min(id) FROM Jobs WHERE status = \
                       'Pending')";
            sqlx::query(sql).bind(end.timestamp()).execute(pool).await.unwrap();
        }
        Pool::Postgres(pool) => {
            let sql = "UPDATE apalis.jobs SET status = 'Done', done_at = to_timestamp($1) WHERE id = (SELECT min(id) FROM \
                       apalis.jobs WHERE status = 'Pending')";
            sqlx::query(sql).bind(end.timestamp() as f64).execute(pool).await.unwrap();
        }
    };
    done(days(0)).await;
    done(days(8)).await;
    let mut config = Settled::parse_from(["test"]).config;
    config.keep_jobs_days = 7;
    let removed = retention::round(db, &config, days(8), &CancellationToken::new()).await.unwrap().unwrap();
    assert_eq!(removed.get("jobs"), Some(&1));
}
