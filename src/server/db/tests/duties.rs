//! One process at a time.

use super::at;
use crate::server::db::{duties, testing};
use futures::future::join_all;

#[tokio::test]
async fn a_duty_has_one_owner_until_it_is_let_go() {
    let test = testing::fresh().await.unwrap();
    let db = &test.db;
    let owners: Vec<_> = (0..8).map(|number| format!("process {number}")).collect();
    let taken = join_all(owners.iter().map(|owner| duties::take(db, "d", owner, at(0), at(60)))).await;
    let taken: Vec<_> = taken.into_iter().map(Result::unwrap).collect();
    assert_eq!(taken.iter().filter(|taken| **taken).count(), 1, "{taken:?}");

    let first = &owners[taken.iter().position(|taken| *taken).unwrap()];
    assert!(duties::take(db, "d", first, at(50), at(110)).await.unwrap(), "it goes on");
    assert!(!duties::take(db, "d", "late", at(110), at(170)).await.unwrap(), "held until then");
    assert!(duties::take(db, "other", "late", at(110), at(170)).await.unwrap(), "another duty");
    assert!(duties::take(db, "d", "late", at(111), at(171)).await.unwrap(), "nobody goes on with it");
    assert!(!duties::take(db, "d", first, at(112), at(172)).await.unwrap(), "it is the other one's now");
}
