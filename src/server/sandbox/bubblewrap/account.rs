//! Which user of the host the sandbox's processes are.
//!
//! A server run by an ordinary user has only that one. A server run by root gives every fix a user of its own,
//! so that process limits count for that fix alone and root's files are out of reach even if the sandbox leaks.

use super::processes;
use rustix::process::geteuid;
use std::{
    collections::BTreeSet,
    fs,
    ops::Range,
    sync::{Mutex, PoisonError},
};

/// systemd's "Users, Groups, UIDs and GIDs" page lists these as used by nobody.
const FREE_IDS: Range<u32> = 60_706..61_184;

static TAKEN: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// The user that the sandbox's processes run as. Given back when dropped.
#[derive(Debug)]
pub(super) enum Account {
    /// The server's own.
    Own,
    /// One made up for the fix: user and group id.
    Dedicated(u32),
}

impl Account {
    /// A user for a new workspace; `start` spreads servers on one machine over the free ids.
    pub(super) fn allocate(start: u64) -> Self {
        if !geteuid().is_root() {
            return Self::Own;
        }
        let uid_map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
        let count = u64::from(FREE_IDS.end - FREE_IDS.start);
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        (0..count)
            .filter_map(|step| u32::try_from((start % count + step) % count).ok())
            .map(|offset| FREE_IDS.start + offset)
            .find(|&id| is_mapped(&uid_map, id) && !taken.contains(&id) && processes::tasks_of(id) == 0)
            .map_or(Self::Own, |id| {
                taken.insert(id);
                Self::Dedicated(id)
            })
    }

    /// The made-up id, if there is one.
    pub(super) const fn dedicated(&self) -> Option<u32> {
        match self {
            Self::Own => None,
            Self::Dedicated(id) => Some(*id),
        }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        if let Self::Dedicated(id) = self {
            TAKEN.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        }
    }
}

/// A container may know only some ids: one that is not in its map cannot own a file.
fn is_mapped(uid_map: &str, id: u32) -> bool {
    uid_map.lines().any(|line| {
        let mut fields = line.split_ascii_whitespace().map(|field| field.parse::<u64>().unwrap_or(0));
        let (first, length) = (fields.next().unwrap_or(0), fields.nth(1).unwrap_or(0));
        (first..first.saturating_add(length)).contains(&u64::from(id))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_outside_the_map_of_a_container_are_not_used() {
        let container = "         0       1000          1\n         1     100000      65536\n";
        assert!(is_mapped(container, 60_706));
        assert!(!is_mapped("0 1000 1\n", 60_706));
        assert!(is_mapped("0 0 4294967295\n", 60_706));
    }

    #[test]
    fn two_fixes_get_two_users() {
        let (one, two) = (Account::allocate(5), Account::allocate(5));
        if geteuid().is_root() {
            assert_ne!(one.dedicated(), two.dedicated());
        } else {
            assert_eq!((one.dedicated(), two.dedicated()), (None, None));
        }
    }
}
