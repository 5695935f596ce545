//! Addresses from which forged deliveries come.
//!
//! An address is not refused for them: platforms send from addresses that others can send from, too, and whose delivery
//! it is shows only once its signature is checked. A suspect's deliveries are checked one after the other instead, with
//! those of all other suspects, so that a genuine one among them arrives, if late, and the forged ones cost little.

use moka::sync::Cache;
use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// Counted from the first forged delivery.
pub(super) const WINDOW: Duration = Duration::from_secs(60);
/// Beyond it the addresses heard of least are forgotten, so that nobody can fill the memory with them.
const ADDRESSES: u64 = 10_000;

/// Counts forged deliveries. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Suspects {
    tolerated: u32,
    forged: Cache<IpAddr, Arc<AtomicU32>>,
}

impl Suspects {
    /// An address becomes one with more than `tolerated` forged deliveries within [`WINDOW`].
    pub(super) fn new(tolerated: u32) -> Self {
        Self { tolerated, forged: Cache::builder().max_capacity(ADDRESSES).time_to_live(WINDOW).build() }
    }

    /// Whether that address is one.
    pub(super) fn includes(&self, address: IpAddr) -> bool {
        self.forged.get(&address).is_some_and(|forged| forged.load(Ordering::Relaxed) > self.tolerated)
    }

    /// Counts a forged delivery. Says once in a window that the address is one now.
    pub(super) fn forged(&self, address: IpAddr) {
        let before = self.forged.get_with(address, Arc::default).fetch_add(1, Ordering::Relaxed);
        if before == self.tolerated {
            tracing::warn!(%address, "Forged deliveries come from there: those are checked one by one now");
        }
    }
}
