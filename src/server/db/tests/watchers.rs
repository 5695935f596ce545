//! Who may read a fix, and what becomes of it when watchers leave.

use super::{at, failure, user, watcher, watcher_at};
use crate::{
    model::Provider,
    server::db::{fixes, subscriptions, testing},
};

#[tokio::test]
async fn a_fix_is_readable_by_each_watcher_and_by_nobody_else() {
    let test = testing::fresh().await.unwrap();
    let (first, subscription) = watcher(&test.db, "a@example.test", "prj_1").await;
    let (second, _) = watcher(&test.db, "b@example.test", "prj_1").await;
    let (stranger, _) = watcher(&test.db, "c@example.test", "prj_2").await;
    let nobody = user(&test.db, "d@example.test").await;
    let new = failure(&subscription, "dpl_1", None);
    let id = new.id.clone();
    fixes::admit(&test.db, new, None, at(0)).await.unwrap();
    for (reader, sees) in [(&first, true), (&second, true), (&stranger, false), (&nobody, false)] {
        for name in [id.as_str(), "vercel:dpl_1"] {
            assert_eq!(fixes::find_for_user(&test.db, reader, name).await.unwrap().is_some(), sees, "{name}");
        }
        assert_eq!(fixes::summaries(&test.db, reader, 10, None).await.unwrap().len(), usize::from(sees));
    }
    assert!(fixes::find_for_user(&test.db, &first, "nonsense:dpl_1").await.unwrap().is_none());
}

#[tokio::test]
async fn a_fix_passes_to_another_watcher_and_goes_with_the_last() {
    let test = testing::fresh().await.unwrap();
    let (_, first) = watcher(&test.db, "a@example.test", "prj_1").await;
    let (second_user, second) = watcher(&test.db, "b@example.test", "prj_1").await;
    let new = failure(&first, "dpl_1", None);
    let id = new.id.clone();
    fixes::admit(&test.db, new, None, at(0)).await.unwrap();
    for (subscription, left) in [(first, true), (second, false)] {
        let row = subscriptions::find(&test.db, &subscription).await.unwrap().unwrap();
        subscriptions::remove(&test.db, &row).await.unwrap();
        assert_eq!(fixes::find(&test.db, &id).await.unwrap().is_some(), left);
        assert_eq!(fixes::find_for_user(&test.db, &second_user, &id).await.unwrap().is_some(), left);
    }
}

#[tokio::test]
async fn a_project_of_another_platform_with_the_same_id_is_another_project() {
    let test = testing::fresh().await.unwrap();
    let (_, subscription) = watcher(&test.db, "a@example.test", "prj_1").await;
    let (stranger, _) = watcher_at(&test.db, Provider::RENDER, "b@example.test", "prj_1").await;
    let new = failure(&subscription, "dpl_1", None);
    let id = new.id.clone();
    fixes::admit(&test.db, new, None, at(0)).await.unwrap();
    assert!(fixes::find_for_user(&test.db, &stranger, &id).await.unwrap().is_none());
    assert!(fixes::summaries(&test.db, &stranger, 10, None).await.unwrap().is_empty());
    let row = subscriptions::find(&test.db, &subscription).await.unwrap().unwrap();
    subscriptions::remove(&test.db, &row).await.unwrap();
    assert!(fixes::find(&test.db, &id).await.unwrap().is_none(), "it is not passed to a stranger");
}
