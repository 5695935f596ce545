//! The outbox: a message is sent by one at a time, comes back when its sender is lost, and ends once.

use super::{at, watcher};
use crate::server::db::{
    Db,
    entity::outgoing_delivery,
    outgoing::{self, Claimed, NewWebhook, Outcome},
    testing,
};
use sea_orm::{ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, QueryFilter as _};

async fn put(db: &Db, user: &str, id: &str, enabled: bool) -> bool {
    let new = NewWebhook {
        id: id.to_owned(),
        user_id: user.to_owned(),
        url: format!("https://hooks.example.test/{id}"),
        secret: format!("sealed for {id}"),
        enabled,
    };
    outgoing::put(db, new, at(0)).await.unwrap()
}

fn refused(again: Option<i64>) -> Outcome {
    Outcome::Refused { status: Some(500), error: "The receiver answered 500.".into(), again: again.map(at) }
}

async fn claim(db: &Db, id: &str, now: i64) -> Option<Claimed> {
    outgoing::claim(db, id, at(now), at(now + 20)).await.unwrap()
}

#[tokio::test]
async fn a_webhook_keeps_its_id_and_secret_when_its_address_changes() {
    let test = testing::fresh().await.unwrap();
    let (user, _) = watcher(&test.db, "a@example.test", "prj_1").await;
    assert!(put(&test.db, &user, "one", true).await);
    assert!(!put(&test.db, &user, "two", true).await);
    let row = outgoing::of_user(&test.db, &user).await.unwrap().unwrap();
    assert_eq!((row.id.as_str(), row.secret.as_str()), ("one", "sealed for one"));
    assert_eq!(row.url, "https://hooks.example.test/two");
    assert!(outgoing::remove(&test.db, &user).await.unwrap());
    assert!(!outgoing::remove(&test.db, &user).await.unwrap());
}

#[tokio::test]
async fn a_message_is_claimed_once_comes_back_and_ends_once() {
    let test = testing::fresh().await.unwrap();
    let db = &test.db;
    let (user, _) = watcher(db, "a@example.test", "prj_1").await;
    put(db, &user, "one", true).await;
    let id = outgoing::test(db, "one", at(1)).await.unwrap().unwrap().id;
    assert!(outgoing::test(db, "one", at(1)).await.unwrap().is_none(), "one is on its way");
    assert_eq!(outgoing::due(db, at(0), 10).await.unwrap(), []);
    assert_eq!(outgoing::due(db, at(1), 10).await.unwrap(), [(id.clone(), 0)]);

    let lost = claim(db, &id, 1).await.unwrap();
    assert!(claim(db, &id, 2).await.is_none(), "it is claimed");
    assert_eq!(outgoing::due(db, at(20), 10).await.unwrap(), []);
    let second = claim(db, &id, 21).await.unwrap();
    assert_eq!((second.delivery.attempts, &second.delivery.body), (2, &lost.delivery.body));
    outgoing::finish(db, &lost, &Outcome::Delivered(200), at(22)).await.unwrap();
    assert_eq!(outgoing::recent(db, "one", 1).await.unwrap()[0].state, "pending", "it was not the last try");

    outgoing::finish(db, &second, &refused(Some(60)), at(22)).await.unwrap();
    assert_eq!(outgoing::due(db, at(59), 10).await.unwrap(), []);
    let third = claim(db, &id, 60).await.unwrap();
    outgoing::finish(db, &third, &Outcome::Delivered(204), at(61)).await.unwrap();
    let row = outgoing::recent(db, "one", 1).await.unwrap().remove(0);
    assert_eq!((row.state.as_str(), row.attempts, row.last_status), ("delivered", 3, Some(204)));
    assert_eq!((row.next_try_at, row.ended_at, row.last_error), (None, Some(at(61)), None));
    assert!(claim(db, &id, 1_000).await.is_none());
    let webhook = outgoing::of_user(db, &user).await.unwrap().unwrap();
    assert_eq!((webhook.last_at, webhook.last_status, webhook.last_error), (Some(at(61)), Some(204), None));
}

#[tokio::test]
async fn a_receiver_that_is_gone_switches_the_webhook_off_and_ends_what_waits() {
    let test = testing::fresh().await.unwrap();
    let db = &test.db;
    let (user, _) = watcher(db, "a@example.test", "prj_1").await;
    put(db, &user, "one", true).await;
    let first = outgoing::test(db, "one", at(1)).await.unwrap().unwrap().id;
    let claimed = claim(db, &first, 1).await.unwrap();
    // One that waits beside it.
    let waiting = outgoing_delivery::Model { id: "waiting".into(), ..claimed.delivery.clone() };
    let waiting: outgoing_delivery::ActiveModel = waiting.into();
    outgoing_delivery::Entity::insert(waiting.reset_all()).exec_without_returning(&db.orm).await.unwrap();

    outgoing::finish(db, &claimed, &Outcome::Gone, at(2)).await.unwrap();
    assert!(!outgoing::of_user(db, &user).await.unwrap().unwrap().enabled);
    let pending = outgoing_delivery::Entity::find().filter(outgoing_delivery::Column::State.eq("pending"));
    assert_eq!(pending.all(&db.orm).await.unwrap(), []);
    assert_eq!(outgoing::due(db, at(10_000), 10).await.unwrap(), []);
    assert!(!put(db, &user, "again", true).await, "it can be switched on again");
    assert!(outgoing::of_user(db, &user).await.unwrap().unwrap().enabled);
}

#[tokio::test]
async fn the_last_hundred_messages_are_kept() {
    let test = testing::fresh().await.unwrap();
    let db = &test.db;
    let (user, _) = watcher(db, "a@example.test", "prj_1").await;
    put(db, &user, "one", true).await;
    for _ in 0..103 {
        let id = outgoing::test(db, "one", at(1)).await.unwrap().unwrap().id;
        let claimed = claim(db, &id, 1).await.unwrap();
        outgoing::finish(db, &claimed, &refused(None), at(2)).await.unwrap();
    }
    assert_eq!(outgoing::recent(db, "one", 1_000).await.unwrap().len(), 100);
}

#[tokio::test]
async fn a_message_does_not_wait_for_the_day_by_which_the_clock_was_set_back() {
    const DAY: i64 = 24 * 60 * 60;
    let test = testing::fresh().await.unwrap();
    let db = &test.db;
    let (user, _) = watcher(db, "a@example.test", "prj_1").await;
    put(db, &user, "one", true).await;
    let id = outgoing::test(db, "one", at(DAY)).await.unwrap().unwrap().id;
    let claimed = claim(db, &id, DAY).await.unwrap();
    outgoing::finish(db, &claimed, &refused(Some(DAY + 15)), at(DAY + 1)).await.unwrap();
    assert_eq!(outgoing::due(db, at(DAY + 14), 10).await.unwrap(), []);
    assert_eq!(outgoing::due(db, at(2), 10).await.unwrap().len(), 1);
    assert!(claim(db, &id, 2).await.is_some());
}
