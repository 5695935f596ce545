//! Locks by name, so that two requests do not set up the same connection side by side.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError, Weak},
};
use tokio::sync::OwnedMutexGuard;

type Locks = Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>;

static LOCKS: LazyLock<Locks> = LazyLock::new(Locks::default);

/// Waits for the lock of that name in this process. The database's unique keys stand between processes.
pub async fn lock(name: &str) -> OwnedMutexGuard<()> {
    let lock = {
        let mut locks = LOCKS.lock().unwrap_or_else(PoisonError::into_inner);
        locks.retain(|_, lock| lock.strong_count() > 0);
        locks.get(name).and_then(Weak::upgrade).unwrap_or_else(|| {
            let lock = Arc::new(tokio::sync::Mutex::new(()));
            locks.insert(name.to_owned(), Arc::downgrade(&lock));
            lock
        })
    };
    lock.lock_owned().await
}
