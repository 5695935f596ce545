//! How often somebody may try a password.

use moka::future::Cache;
use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// Tries per address of a person and address of a machine within [`WINDOW`].
pub(super) const TRIES: u32 = 10;
/// Counted from the first try.
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Beyond it the counters used least are forgotten, so that nobody can fill the memory with them.
const COUNTERS: u64 = 10_000;

/// Counts tries until one succeeds.
#[derive(Clone, Debug)]
pub(super) struct Throttle {
    tries: Cache<(String, Option<IpAddr>), Arc<AtomicU32>>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self { tries: Cache::builder().max_capacity(COUNTERS).time_to_live(WINDOW).build() }
    }
}

impl Throttle {
    /// Counts a try before its outcome is known, so that many at once count too. `false`: too many.
    pub(super) async fn allows(&self, who: &str, from: Option<IpAddr>) -> bool {
        let counter = self.tries.get_with(key(who, from), async { Arc::default() }).await;
        counter.fetch_add(1, Ordering::Relaxed) < TRIES
    }

    /// Forgets the tries of somebody who got in.
    pub(super) async fn reset(&self, who: &str, from: Option<IpAddr>) {
        self.tries.invalidate(&key(who, from)).await;
    }
}

/// The name is cut: a body of many long names must not fill the memory.
fn key(who: &str, from: Option<IpAddr>) -> (String, Option<IpAddr>) {
    (who.trim().to_lowercase().chars().take(254).collect(), from)
}
