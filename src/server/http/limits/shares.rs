//! An address → its share of what there is, so that one machine alone cannot take all of it.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

/// How much each address has. As many entries as there are holders.
#[derive(Clone, Debug)]
pub(super) struct Shares {
    each: usize,
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// One of the share of an address, until it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    of: IpAddr,
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Shares {
    /// Each address may have `each`.
    pub(super) fn new(each: usize) -> Self {
        Self { each, taken: Arc::default() }
    }

    /// One more for that address, unless it has its share.
    pub(super) fn take(&self, of: IpAddr) -> Option<Share> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(of).or_default();
        if *count >= self.each {
            return None;
        }
        *count += 1;
        Some(Share { of, taken: self.taken.clone() })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.of) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn an_address_has_its_share_and_takes_nothing_from_others() {
        let shares = Shares::new(2);
        let [one, other] = [1, 2].map(|last| IpAddr::from(Ipv4Addr::new(10, 0, 0, last)));
        let held = [shares.take(one), shares.take(one)];
        assert!(held.iter().all(Option::is_some));
        assert!(shares.take(one).is_none() && shares.take(other).is_some());
        drop(held);
        assert!(shares.take(one).is_some());
        let taken = shares.taken.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(taken.is_empty(), "what is given back is forgotten: {taken:?}");
    }
}
