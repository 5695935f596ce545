//! The statements that the database is asked with.

use super::{at, attempt, failure, watcher};
use crate::{
    model::{FixStatus, Provider},
    server::db::{
        Db,
        fixes::{self, FixChange, Window, counts, list},
        notifications::{self, Which},
        retention, tasks, testing,
    },
};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

/// So many failures that were repaired and merged, from that time on. Returns our ids and the platform's.
async fn merged(db: &Db, subscription: &str, count: usize, from: i64) -> (Vec<String>, Vec<String>) {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for second in (from..).take(count) {
        let new = failure(subscription, &format!("dpl_{second}"), None);
        ours.push(new.id.clone());
        theirs.push(new.platform_deployment_id.clone());
        fixes::admit(db, new, None, at(second)).await.unwrap();
        let mut fix = fixes::find(db, ours.last().unwrap()).await.unwrap().unwrap();
        let change = FixChange {
            status: Some(FixStatus::Merged),
            logs: Some(Some("a log".to_owned())),
            pr_opened_at: Some(Some(at(second))),
            completed_at: Some(Some(at(second))),
            ..FixChange::default()
        };
        fixes::transition(db, &mut fix, change, vec![], at(second)).await.unwrap();
        let run = tasks::start(db, &fix.id, 1, "m", at(second)).await.unwrap();
        tasks::finish(db, &run, &attempt(), &[], Some(0), at(second)).await.unwrap();
    }
    (ours, theirs)
}

/// Connections keep the statements that they have prepared: with one for each number of things, the process grows with
/// what it has stored.
#[tokio::test]
async fn statements_are_the_same_for_any_number_of_things() {
    let mut test = testing::fresh().await.unwrap();
    let asked = Arc::new(Mutex::new(BTreeSet::new()));
    test.db.orm.set_metric_callback({
        let asked = asked.clone();
        move |info| {
            asked.lock().unwrap().insert(info.statement.sql.clone());
        }
    });
    let db = &test.db;
    let (user, subscription) = watcher(db, "a@example.test", "prj_1").await;
    let statements = async |count: usize, from: i64| {
        let (ours, theirs) = merged(db, &subscription, count, from).await;
        asked.lock().unwrap().clear();
        let (until, provider) = (at(from + 1_000), Provider::VERCEL);
        let (own, others) = (vec![subscription.clone()], vec![subscription.clone(); count]);
        let new = Window { subscriptions: &own, from: Some(at(from)), ..Window::default() };
        assert_eq!(list::newest(db, &new, 500).await.unwrap().len(), count);
        assert_eq!(list::diagnosed(db, &new, 500).await.unwrap(), []);
        assert_eq!(list::pull_request_times(db, &new, 500).await.unwrap().len(), count);
        assert_eq!(list::of_deployments(db, provider, &own, &theirs).await.unwrap().len(), count);
        assert_eq!(fixes::known(db, provider, &theirs).await.unwrap().len(), count);
        assert!(!counts::totals(db, &others).await.unwrap().is_empty());
        assert!(!counts::by_day(db, &others, "2020-01-01").await.unwrap().is_empty());
        let repositories = (0..count).map(|number| format!("acme/{number}")).collect();
        assert_eq!(fixes::built_heads(db, &repositories, at(from - 1)).await.unwrap().len(), 0);
        notifications::mark_read(db, &user, Which::Ids(ours), at(from)).await.unwrap();
        let stored = u64::try_from(count).unwrap();
        assert_eq!(retention::logs(db, until, 10).await.unwrap(), stored);
        assert_eq!(retention::transcripts(db, until).await.unwrap(), stored);
        assert_eq!(retention::notifications(db, until).await.unwrap(), stored);
        std::mem::take(&mut *asked.lock().unwrap())
    };
    let of_one = statements(1, 0).await;
    let of_many = statements(40, 2_000).await;
    assert!(of_one.len() > 12, "{of_one:#?}");
    assert_eq!(of_one, of_many);
}
