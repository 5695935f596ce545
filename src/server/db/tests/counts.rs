//! The kept counts are what a recount finds, whatever was done and whoever did it.

use super::{at, failure, user, watcher};
use crate::{
    model::FixStatus,
    server::db::{
        Db,
        entity::{deployment, fix_count, user as user_entity},
        fixes::{self, FixChange, counts},
        subscriptions,
        testing::{self, TestDb},
    },
};
use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use sea_orm::{EntityTrait as _, QueryOrder as _};
use std::collections::BTreeMap;

type Counts = BTreeMap<(String, String, String), i64>;

async fn kept(db: &Db) -> Counts {
    let rows = fix_count::Entity::find().all(&db.orm).await.unwrap();
    let rows = rows.into_iter().map(|row| ((row.subscription_id, row.day, row.fix_status), row.fixes));
    rows.filter(|(_, fixes)| *fixes != 0).collect()
}

async fn recount(db: &Db) -> Counts {
    let mut counts = Counts::new();
    for row in deployment::Entity::find().all(&db.orm).await.unwrap() {
        for day in [String::new(), crate::model::list::day(row.created_at)] {
            *counts.entry((row.subscription_id.clone(), day, row.fix_status.clone())).or_default() += 1;
        }
    }
    counts
}

/// One thing that may happen; the numbers choose among what there is.
#[derive(Clone, Copy, Debug)]
enum Step {
    Admit { subscription: usize, status: usize, hours: i64 },
    AdmitAgain { fix: usize },
    Move { fix: usize, status: usize },
    Delete { fix: usize },
    Unsubscribe { subscription: usize },
    DeleteUser,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..3_usize, 0..8_usize, 0..200_i64)
            .prop_map(|(subscription, status, hours)| Step::Admit { subscription, status, hours }),
        1 => any::<usize>().prop_map(|fix| Step::AdmitAgain { fix }),
        8 => (any::<usize>(), 0..8_usize).prop_map(|(fix, status)| Step::Move { fix, status }),
        1 => any::<usize>().prop_map(|fix| Step::Delete { fix }),
        1 => (0..3_usize).prop_map(|subscription| Step::Unsubscribe { subscription }),
        1 => Just(Step::DeleteUser),
    ]
}

/// Two watchers of one project, and one of another.
struct Watched {
    test: TestDb,
    subscriptions: Vec<String>,
    last_user: String,
}

impl Watched {
    async fn new() -> Self {
        let test = testing::fresh().await.unwrap();
        let (_, first) = watcher(&test.db, "a@example.test", "prj_1").await;
        let (_, second) = watcher(&test.db, "b@example.test", "prj_1").await;
        let (last_user, third) = watcher(&test.db, "c@example.test", "prj_2").await;
        Self { test, subscriptions: vec![first, second, third], last_user }
    }

    async fn some_fix(&self, choice: usize) -> Option<deployment::Model> {
        let fixes = deployment::Entity::find()
            .order_by_asc(deployment::Column::Id)
            .all(&self.test.db.orm)
            .await
            .unwrap();
        (!fixes.is_empty()).then(|| fixes[choice % fixes.len()].clone())
    }

    async fn take(&self, number: usize, step: Step) {
        let db = &self.test.db;
        match step {
            Step::Admit { subscription, status, hours } => {
                let subscription = &self.subscriptions[subscription];
                if subscriptions::find(db, subscription).await.unwrap().is_some() {
                    let mut new = failure(subscription, &format!("dpl_{number}"), None);
                    new.status = FixStatus::ALL[status];
                    fixes::admit(db, new, None, at(hours * 3_600)).await.unwrap();
                }
            }
            Step::AdmitAgain { fix } => {
                if let Some(known) = self.some_fix(fix).await {
                    let new = failure(&known.subscription_id, &known.platform_deployment_id, None);
                    fixes::admit(db, new, None, at(0)).await.unwrap();
                }
            }
            Step::Move { fix, status } => {
                if let Some(mut fix) = self.some_fix(fix).await {
                    let status = Some(FixStatus::ALL[status]);
                    let change = FixChange { status, ..FixChange::default() };
                    fixes::transition(db, &mut fix, change, vec![], at(0)).await.unwrap();
                }
            }
            Step::Delete { fix } => {
                if let Some(fix) = self.some_fix(fix).await {
                    deployment::Entity::delete_by_id(fix.id).exec(&db.orm).await.unwrap();
                }
            }
            Step::Unsubscribe { subscription } => {
                if let Some(row) = subscriptions::find(db, &self.subscriptions[subscription]).await.unwrap() {
                    subscriptions::remove(db, &row).await.unwrap();
                }
            }
            Step::DeleteUser => {
                user_entity::Entity::delete_by_id(&self.last_user).exec(&db.orm).await.unwrap();
            }
        }
    }
}

#[test]
fn kept_counts_are_what_a_recount_finds() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // Making a database takes PostgreSQL a second.
    let cases = if std::env::var_os("TEST_DATABASE_URL").is_some() { 4 } else { 24 };
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&vec(step(), 1..60), |steps| {
        runtime.block_on(async {
            let watched = Watched::new().await;
            for (number, step) in steps.into_iter().enumerate() {
                watched.take(number, step).await;
                prop_assert_eq!(
                    kept(&watched.test.db).await,
                    recount(&watched.test.db).await,
                    "after {:?}",
                    step
                );
            }
            Ok(())
        })
    });
    outcome.unwrap();
}

/// Each moves fixes of one subscription back and forth at the same time as the others.
#[tokio::test(flavor = "multi_thread")]
async fn changes_at_once_neither_block_each_other_nor_miscount() {
    let watched = Watched::new().await;
    let db = &watched.test.db;
    for number in 0..8 {
        let new = failure(&watched.subscriptions[number % 2], &format!("dpl_{number}"), None);
        fixes::admit(db, new, None, at(0)).await.unwrap();
    }
    let fixes = deployment::Entity::find().all(&db.orm).await.unwrap();
    let moves = fixes.into_iter().enumerate().map(|(number, mut fix)| {
        let db = db.clone();
        tokio::spawn(async move {
            for turn in 0..16 {
                let status = Some(FixStatus::ALL[(number * 3 + turn * 5) % 8]);
                let change = FixChange { status, ..FixChange::default() };
                fixes::transition(&db, &mut fix, change, vec![], at(0)).await.unwrap();
            }
        })
    });
    for moved in futures::future::join_all(moves).await {
        moved.unwrap();
    }
    assert_eq!(kept(db).await, recount(db).await);
}

#[tokio::test]
async fn totals_and_days_are_told_apart() {
    let test = testing::fresh().await.unwrap();
    let (_, mine) = watcher(&test.db, "a@example.test", "prj_1").await;
    let (_, other) = watcher(&test.db, "b@example.test", "prj_2").await;
    let nobody = user(&test.db, "c@example.test").await;
    for (number, (subscription, status, second)) in [
        (&mine, FixStatus::Pending, 0),
        (&mine, FixStatus::Pending, 86_400),
        (&mine, FixStatus::Skipped, 86_400),
        (&other, FixStatus::Pending, 0),
    ]
    .into_iter()
    .enumerate()
    {
        let mut new = failure(subscription, &format!("dpl_{number}"), None);
        new.status = status;
        fixes::admit(&test.db, new, None, at(second)).await.unwrap();
    }
    let mut totals = counts::totals(&test.db, std::slice::from_ref(&mine)).await.unwrap();
    totals.sort_by_key(|total| total.fixes);
    let facts: Vec<_> = totals.iter().map(|total| (total.status, total.fixes)).collect();
    assert_eq!(facts, [(FixStatus::Skipped, 1), (FixStatus::Pending, 2)]);
    let mut days = counts::by_day(&test.db, &[mine], "2027-01-16").await.unwrap();
    days.sort_by_key(|(_, status, _)| status.as_str());
    let day = || "2027-01-16".to_owned();
    assert_eq!(days, [(day(), FixStatus::Pending, 1), (day(), FixStatus::Skipped, 1)]);
    assert!(fixes::visible(&test.db, &nobody).await.unwrap().is_empty());
}
