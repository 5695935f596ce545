//! How many entries people may leave whom nobody knows: they must not fill the log.

use moka::sync::Cache;
use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Of one address in that time.
const OF_ONE: u32 = 20;
/// Of all together.
const OF_ALL: u32 = 1_000;

/// Entries of one address, or of all under `None`.
type Counted = Cache<Option<String>, Arc<AtomicU32>>;

static LEFT: LazyLock<Counted> = LazyLock::new(counters);

fn counters() -> Counted {
    Cache::builder().max_capacity(10_000).time_to_live(WINDOW).build()
}

/// Whether somebody unknown at that address may leave another entry. The log of the process says when not.
pub(super) fn allow(address: Option<&str>) -> bool {
    let allowed = within(&LEFT, address);
    if !allowed {
        tracing::warn!("There are too many sign-ins of strangers for each to be in the audit log");
    }
    allowed
}

fn within(left: &Counted, address: Option<&str>) -> bool {
    let count = |key: Option<String>| left.get_with(key, Arc::default).fetch_add(1, Ordering::Relaxed);
    // One that is noisy does not use up what there is for all.
    count(Some(address.unwrap_or_default().to_owned())) < OF_ONE && count(None) < OF_ALL
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_one_address_nor_many_fill_the_log() {
        let left = counters();
        let allowed = (0..100).filter(|_| within(&left, Some("203.0.113.9"))).count();
        assert_eq!(allowed, 20);
        assert!(within(&left, Some("203.0.113.10")));
        let allowed = (0..5_000).filter(|number| within(&left, Some(&number.to_string()))).count();
        assert_eq!(allowed, 1_000 - 21);
    }
}
