//! The fixes that this process works on now. A lease is a time on the clock: when the clock is set forward, it has run
//! out before its holder could renew it. Other processes take the fix over then, and the holder stops; the holder's own
//! process must not take it beside itself.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

/// Ids of fixes. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct AtWork(Arc<Mutex<HashSet<String>>>);

/// One of them, until this is dropped.
#[derive(Debug)]
pub struct Place {
    all: AtWork,
    fix_id: String,
}

impl AtWork {
    /// A place for the fix. `None` when it has one already.
    pub fn enter(&self, fix_id: &str) -> Option<Place> {
        let new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(fix_id.to_owned());
        new.then(|| Place { all: self.clone(), fix_id: fix_id.to_owned() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.fix_id);
    }
}

#[cfg(test)]
mod tests {
    use super::AtWork;

    #[test]
    fn a_fix_has_one_place_until_it_is_left() {
        let all = AtWork::default();
        let place = all.enter("a");
        assert!(place.is_some() && all.clone().enter("a").is_none() && all.enter("b").is_some());
        drop(place);
        assert!(all.enter("a").is_some());
    }
}
