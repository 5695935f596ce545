//! A copy that is made while others write holds one point in time, and all of it.

use super::{
    at,
    schema::{TABLES, fill, rows},
};
use crate::server::db::{Db, Pool, backup, sessions, testing};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// Where a copy goes, as the command makes it: an empty file.
fn target(folder: &tempfile::TempDir) -> std::path::PathBuf {
    let path = folder.path().join("copy.db");
    std::fs::File::create_new(&path).unwrap();
    path
}

#[tokio::test]
async fn a_copy_holds_every_row_of_every_table() {
    let test = testing::fresh().await.unwrap();
    if matches!(test.db.pool, Pool::Postgres(_)) {
        return;
    }
    fill(&test.db).await;
    let copy = target(&test.folder);
    backup::sqlite(&test.url, &copy).await.unwrap();
    let restored = Db::connect(&format!("sqlite:{}", copy.display())).await.unwrap();
    restored.migrate().await.unwrap();
    for table in TABLES {
        assert_eq!(rows(&restored, table).await, rows(&test.db, table).await, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_made_while_others_write_is_of_one_point_in_time() {
    let test = testing::fresh().await.unwrap();
    if matches!(test.db.pool, Pool::Postgres(_)) {
        return;
    }
    let (written, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let writer = tokio::spawn({
        let (db, written, stop) = (test.db.clone(), written.clone(), stop.clone());
        async move {
            while !stop.load(Ordering::Relaxed) {
                let number = written.load(Ordering::Relaxed);
                sessions::put(&db, format!("{number:06}"), None, "{}".into(), at(60), at(0), true)
                    .await
                    .unwrap();
                written.store(number + 1, Ordering::Relaxed);
            }
        }
    });
    while written.load(Ordering::Relaxed) < 50 {
        tokio::task::yield_now().await;
    }
    let before = written.load(Ordering::Relaxed);
    let copy = target(&test.folder);
    backup::sqlite(&test.url, &copy).await.unwrap();
    // The writer was not kept from going on.
    let at_the_end = written.load(Ordering::Relaxed);
    while written.load(Ordering::Relaxed) == at_the_end {
        tokio::task::yield_now().await;
    }
    stop.store(true, Ordering::Relaxed);
    writer.await.unwrap();
    let copied = Db::connect(&format!("sqlite:{}", copy.display())).await.unwrap();
    let count = usize::try_from(rows(&copied, "sessions").await.unwrap()).unwrap();
    assert!((before..=at_the_end + 1).contains(&count), "{before} {count} {at_the_end}");
    for number in 0..count {
        let found = sessions::find(&copied, &format!("{number:06}"), at(0)).await.unwrap();
        assert!(found.is_some(), "{number} of {count} is missing");
    }
}

#[tokio::test]
async fn there_is_no_copy_of_a_database_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.db");
    assert!(backup::sqlite(&format!("sqlite:{}", missing.display()), &target(&folder)).await.is_err());
    assert!(!missing.exists(), "it was made");
}
