//! The first account.

use super::at;
use crate::server::db::{
    testing,
    users::{self, NewUser},
};
use std::time::Duration;

#[tokio::test]
async fn who_comes_while_the_owner_is_being_made_is_not_another() {
    let test = testing::fresh().await.unwrap();
    let first = test.db.write().await.unwrap();
    let new = NewUser { email: "a@example.test", name: "A", password_hash: "hash" };
    users::insert(&first, new, at(0)).await.unwrap().unwrap();
    let db = test.db.clone();
    let second =
        tokio::spawn(async move { users::create_owner(&db, "b@example.test", "B", "hash", at(1)).await });
    // Time for it to look before there is anybody to see.
    tokio::time::sleep(Duration::from_millis(200)).await;
    first.commit().await.unwrap();
    assert!(second.await.unwrap().unwrap().is_none());
}
