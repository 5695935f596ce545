//! How often somebody may try a password.
//!
//! Tries are counted for an account from one address, for an address whatever the account, and for an account wherever
//! they come from. The last two bound who has many accounts or many addresses to try; whoever has signed in from their
//! address before is not held up by them, so that nobody can lock an owner out by guessing.
//!
//! The counters are in memory. Who could restart the server to be rid of them has no need to guess.

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
/// Tries from the address of a machine.
const TRIES_FROM: u32 = 100;
/// Tries at an account.
const TRIES_AT: u32 = 100;
/// Counted from the first try.
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// From where somebody has signed in is remembered as long as a session lasts.
const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Beyond it the counters used least are forgotten, so that nobody can fill the memory with them.
const COUNTERS: u64 = 10_000;

/// An account, or what else is tried, and from where.
type Pair = (String, Option<IpAddr>);

/// What tries are counted for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Counted {
    Pair(Pair),
    From(IpAddr),
    At(String),
}

/// Counts tries until one succeeds.
#[derive(Clone, Debug)]
pub(super) struct Throttle {
    tries: Cache<Counted, Arc<AtomicU32>>,
    /// Who has got in from where.
    known: Cache<Pair, ()>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            tries: Cache::builder().max_capacity(COUNTERS).time_to_live(WINDOW).build(),
            known: Cache::builder().max_capacity(COUNTERS).time_to_live(REMEMBERED).build(),
        }
    }
}

impl Throttle {
    /// Counts a try before its outcome is known, so that many at once count too. `false`: too many.
    pub(super) async fn allows(&self, who: &str, from: Option<IpAddr>) -> bool {
        let pair = pair(who, from);
        let known = self.known.contains_key(&pair);
        // The pair first: what it refuses does not count for others.
        self.counts(Counted::Pair(pair), TRIES).await
            && match from {
                Some(from) if !known => self.counts(Counted::From(from), TRIES_FROM).await,
                _ => true,
            }
    }

    /// The same for the password of an account, which many machines may try together.
    pub(super) async fn allows_account(&self, email: &str, from: Option<IpAddr>) -> bool {
        let (account, from) = pair(email, from);
        let known = from.is_some() && self.known.contains_key(&(account.clone(), from));
        self.allows(&account, from).await && (known || self.counts(Counted::At(account), TRIES_AT).await)
    }

    /// Forgets the tries of somebody who got in, and remembers from where.
    pub(super) async fn reset(&self, who: &str, from: Option<IpAddr>) {
        let pair = pair(who, from);
        self.tries.invalidate(&Counted::Pair(pair.clone())).await;
        self.known.insert(pair, ()).await;
    }

    async fn counts(&self, counted: Counted, at_most: u32) -> bool {
        let counter = self.tries.get_with(counted, async { Arc::default() }).await;
        counter.fetch_add(1, Ordering::Relaxed) < at_most
    }
}

/// The name is cut: a body of many long names must not fill the memory.
fn pair(who: &str, from: Option<IpAddr>) -> Pair {
    (who.trim().to_lowercase().chars().take(254).collect(), from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn machine(number: u32) -> Option<IpAddr> {
        Some(Ipv4Addr::from_bits(0x0a00_0000 + number).into())
    }

    #[tokio::test]
    async fn one_machine_has_so_many_tries_whatever_the_account() {
        let throttle = Throttle::default();
        for number in 0..TRIES_FROM {
            assert!(throttle.allows_account(&format!("{number}@example.test"), machine(1)).await);
        }
        assert!(!throttle.allows_account("another@example.test", machine(1)).await);
        assert!(throttle.allows_account("another@example.test", machine(2)).await);
    }

    #[tokio::test]
    async fn many_machines_have_so_many_tries_at_one_account() {
        let throttle = Throttle::default();
        assert!(throttle.allows_account("owner@example.test", machine(0)).await);
        throttle.reset("Owner@example.test", machine(0)).await;
        for number in 1..TRIES_AT {
            assert!(throttle.allows_account("owner@example.test", machine(number)).await, "{number}");
        }
        assert!(!throttle.allows_account(" OWNER@example.test", machine(TRIES_AT)).await);
        assert!(
            throttle.allows_account("owner@example.test", machine(0)).await,
            "the owner is not locked out"
        );
        assert!(throttle.allows_account("another@example.test", machine(1)).await);
    }
}
