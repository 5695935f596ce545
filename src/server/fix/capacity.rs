//! What this machine has left → whether a worker here takes another fix, or leaves it to other machines.

use crate::server::{config::Config, disk, home::Home};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

const MIB: u64 = 1024 * 1024;
/// Less than this does not hold a clone. MiB.
const LEAST_DISK: u64 = 256;

/// What there is too little of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Shortage {
    /// Another sandbox may need more memory than is available.
    #[error("{available} MiB of memory are available, a sandbox may need {needed} MiB")]
    Memory {
        /// MiB.
        available: u64,
        /// MiB.
        needed: u64,
    },
    /// The same of disk.
    #[error("{available} MiB are free in the data folder, a sandbox may need {needed} MiB")]
    Disk {
        /// MiB.
        available: u64,
        /// MiB.
        needed: u64,
    },
}

/// The machine's room for sandboxes.
#[derive(Clone, Debug)]
pub struct Capacity {
    home: Arc<Home>,
    data: PathBuf,
    memory: u64,
    disk: u64,
}

/// What is there at a moment. MiB; `None` where the machine does not say.
#[derive(Clone, Copy, Debug)]
struct Left {
    memory: Option<u64>,
    disk: Option<u64>,
}

impl Capacity {
    /// By the limits of a sandbox in the settings.
    pub fn new(config: &Config, home: Arc<Home>) -> Self {
        let data = config.data_dir.clone();
        Self { home, data, memory: config.sandbox_memory_mb, disk: config.sandbox_disk_mb }
    }

    /// Whether there is room for one more sandbox beside those of this process. A machine that has none yet takes one
    /// however small it is: limits are what a sandbox may use, not what it does.
    ///
    /// # Errors
    /// What there is too little of.
    pub fn has_room(&self) -> Result<(), Shortage> {
        let others = fs::read_dir(self.home.sandboxes()).into_iter().flatten().count();
        self.judge(others, Left { memory: available_memory(), disk: free_disk(&self.data) })
    }

    /// Whether there is less disk than a clone takes. What fails then may have failed for want of it.
    pub fn is_disk_short(&self) -> bool {
        free_disk(&self.data).is_some_and(|left| left < LEAST_DISK)
    }

    fn judge(&self, others: usize, left: Left) -> Result<(), Shortage> {
        let (memory, disk) = if others == 0 { (0, LEAST_DISK) } else { (self.memory, self.disk) };
        let short = |left: Option<u64>, needed: u64| left.filter(|left| *left < needed);
        if let Some(available) = short(left.memory, memory) {
            return Err(Shortage::Memory { available, needed: memory });
        }
        short(left.disk, disk).map_or(Ok(()), |available| Err(Shortage::Disk { available, needed: disk }))
    }
}

/// Of the machine, less what the control group of this process leaves of it. MiB.
fn available_memory() -> Option<u64> {
    let information = fs::read_to_string("/proc/meminfo").ok()?;
    let line = information.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib / 1024)
}

/// What is free in the data folder, in words.
///
/// # Errors
/// That it is not enough for a fix, in words.
pub fn free(data: &Path) -> Result<String, String> {
    match free_disk(data) {
        Some(left) if left < LEAST_DISK => {
            Err(format!("{left} MiB are free in the data folder, a fix needs {LEAST_DISK} MiB"))
        }
        Some(left) => Ok(format!("{left} MiB are free in the data folder")),
        None => Err(format!("{} cannot be looked at", data.display())),
    }
}

fn free_disk(data: &Path) -> Option<u64> {
    disk::free(data).map(|free| free.bytes / MIB)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn capacity() -> (tempfile::TempDir, Capacity) {
        let data = tempfile::tempdir().unwrap();
        let home = Arc::new(Home::make(data.path(), "own").unwrap());
        let capacity = Capacity { home, data: data.path().to_owned(), memory: 4096, disk: 2048 };
        (data, capacity)
    }

    #[test]
    fn the_first_sandbox_needs_a_clones_room_and_others_all_that_they_may_use() {
        let (_data, capacity) = capacity();
        let left = |memory, disk| Left { memory: Some(memory), disk: Some(disk) };
        assert_eq!(capacity.judge(0, left(300, 300)), Ok(()));
        assert_eq!(capacity.judge(0, left(300, 255)), Err(Shortage::Disk { available: 255, needed: 256 }));
        assert_eq!(capacity.judge(1, left(4096, 2048)), Ok(()));
        assert_eq!(
            capacity.judge(1, left(4095, 2048)),
            Err(Shortage::Memory { available: 4095, needed: 4096 })
        );
        assert_eq!(
            capacity.judge(3, left(4096, 2047)),
            Err(Shortage::Disk { available: 2047, needed: 2048 })
        );
        assert_eq!(capacity.judge(3, Left { memory: None, disk: None }), Ok(()));
    }

    #[test]
    fn this_machine_says_what_is_left() {
        let (data, capacity) = capacity();
        assert!(available_memory().unwrap() > 0 && free_disk(data.path()).unwrap() > 0);
        fs::create_dir_all(capacity.home.sandboxes().join("fix")).unwrap();
        let never = Capacity { memory: u64::MAX, ..capacity.clone() };
        assert!(matches!(never.has_room(), Err(Shortage::Memory { .. })), "its sandbox is counted");
    }
}
