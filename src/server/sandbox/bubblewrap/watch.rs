//! Watches what a running sandbox uses, and says which limit it went over.

use super::{cgroup::Group, processes};
use crate::server::{
    disk::{self, Free},
    sandbox::{EndedBy, folder},
};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use tokio::task::spawn_blocking;

const POLL: Duration = Duration::from_millis(200);
const DISK_POLL_MIN: Duration = Duration::from_millis(250);

/// What a sandbox may use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    /// Bytes of memory.
    pub memory: u64,
    /// Processes and threads.
    pub tasks: u64,
    /// Bytes on disk.
    pub disk: u64,
}

/// What is watched.
#[derive(Clone)]
pub(super) struct Watch {
    /// Limits that the kernel keeps; the others are kept by polling.
    pub group: Group,
    pub allowance: Allowance,
    /// The folders that count as the sandbox's disk.
    pub folders: Vec<PathBuf>,
}

impl Watch {
    /// Returns when the tree below the process `root` has gone over a limit; never, if it does not.
    pub(super) async fn exceeded(&self, root: i32) -> EndedBy {
        let (mut disk_due, mut room) = (Instant::now(), Room::default());
        loop {
            tokio::time::sleep(POLL).await;
            if let Some(limit) = self.kernel_limit() {
                return limit;
            }
            if !(self.group.limits_memory() && self.group.limits_tasks()) {
                let usage = spawn_blocking(move || processes::tree_usage(root)).await.unwrap_or_default();
                if !self.group.limits_memory() && usage.memory > self.allowance.memory {
                    return EndedBy::Memory;
                }
                if !self.group.limits_tasks() && usage.tasks >= self.allowance.tasks {
                    return EndedBy::Processes;
                }
            }
            if disk_due <= Instant::now() || room.may_be_used_up(&self.folders) {
                let started = Instant::now();
                room = Room::before(&self.folders);
                match self.disk_left().await {
                    Some(left) => room.left = left,
                    None => return EndedBy::Disk,
                }
                // A large tree is measured less often: never more than a tenth of the time.
                disk_due = Instant::now() + (started.elapsed() * 10).max(DISK_POLL_MIN);
            }
        }
    }

    /// The limit that the kernel has enforced so far.
    pub(super) fn kernel_limit(&self) -> Option<EndedBy> {
        if self.group.memory_exhausted() {
            return Some(EndedBy::Memory);
        }
        self.group.tasks_exhausted().then_some(EndedBy::Processes)
    }

    /// The sandbox's folders hold more than they may.
    pub(super) async fn disk_exceeded(&self) -> bool {
        self.disk_left().await.is_none()
    }

    /// Bytes that the sandbox may still write; `None` when it has gone over.
    async fn disk_left(&self) -> Option<u64> {
        let (folders, limit) = (self.folders.clone(), self.allowance.disk);
        let size = spawn_blocking(move || folder::size(&folders, limit)).await;
        match size {
            Ok(folder::Size::Bytes(bytes)) => limit.checked_sub(bytes),
            Ok(folder::Size::TooDeep) => None,
            Err(_) => Some(limit),
        }
    }
}

/// What the sandbox had left, and what its file system had free, at the last measurement.
#[derive(Default)]
struct Room {
    left: u64,
    free: Option<Free>,
}

impl Room {
    /// To be made before the folders are measured: what is written meanwhile counts.
    fn before(folders: &[PathBuf]) -> Self {
        Self { left: u64::MAX, free: folders.first().and_then(|folder| disk::free(folder)) }
    }

    /// The file system has lost as much as the sandbox had left, by whomever: between two measurements of a large
    /// tree, several processes could otherwise fill the disk.
    fn may_be_used_up(&self, folders: &[PathBuf]) -> bool {
        let now = folders.first().and_then(|folder| disk::free(folder));
        let (Some(then), Some(now)) = (&self.free, &now) else { return false };
        then.bytes.saturating_sub(now.bytes) > self.left
            || then.files.saturating_sub(now.files).saturating_mul(folder::LEAST) > self.left
    }
}
