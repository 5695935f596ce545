//! Reads the host's process table: who carries a marker, what a tree of processes uses, and ends what is left.

use rustix::process::{Pid, PidfdFlags, Signal, getpid, pidfd_open, pidfd_send_signal};
use std::{collections::HashMap, fs, io, time::Duration};

/// The variable by which everything started for a fix is found again.
pub const MARKER: &str = "DEPLOYMEND_MARKER";

/// What a tree of processes uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// Processes and threads.
    pub tasks: u64,
    /// Memory that is nobody else's, in bytes.
    pub memory: u64,
}

/// The ids of all processes on the host.
fn all() -> impl Iterator<Item = i32> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse().ok()))
}

fn carries(pid: i32, marker: &str) -> bool {
    let Ok(environ) = fs::read(format!("/proc/{pid}/environ")) else { return false };
    environ.split(|&byte| byte == 0).any(|variable| {
        variable
            .strip_prefix(MARKER.as_bytes())
            .and_then(|rest| rest.strip_prefix(b"="))
            .is_some_and(|value| value == marker.as_bytes())
    })
}

/// The processes that carry the marker `marker` in their environment.
pub fn marked(marker: &str) -> Vec<i32> {
    let own = getpid().as_raw_nonzero().get();
    all().filter(|&pid| pid != own && carries(pid, marker)).collect()
}

fn kill_marked(marker: &str) -> usize {
    let pids = marked(marker);
    for &pid in &pids {
        // The handle pins the process before the second look, so a reused id is never hit.
        let handle = Pid::from_raw(pid).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        if let Some(handle) = handle
            && carries(pid, marker)
        {
            // Gone in between is as good.
            let _ = pidfd_send_signal(handle, Signal::KILL);
        }
    }
    pids.len()
}

/// Ends every process that carries `marker`, and returns when none is left.
pub(super) async fn end_marked(marker: &str) -> io::Result<()> {
    let mut pause = Duration::from_millis(2);
    for _ in 0..60 {
        let marker = marker.to_owned();
        if tokio::task::spawn_blocking(move || kill_marked(&marker)).await.map_err(io::Error::other)? == 0 {
            return Ok(());
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(250));
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, "processes of the sandbox do not end"))
}

/// What the process `root` and everything below it uses.
pub(super) fn tree_usage(root: i32) -> Usage {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for pid in all() {
        if let Some(parent) =
            fs::read_to_string(format!("/proc/{pid}/stat")).ok().as_deref().and_then(parent_in_stat)
        {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut usage = Usage::default();
    let mut open = vec![root];
    while let Some(pid) = open.pop() {
        if let Ok(status) = fs::read_to_string(format!("/proc/{pid}/status")) {
            let field = |name: &str| number_in_status(&status, name);
            usage.tasks += field("Threads:").unwrap_or(1);
            usage.memory += (field("RssAnon:").unwrap_or(0) + field("RssShmem:").unwrap_or(0)) * 1024;
        }
        open.extend(children.remove(&pid).unwrap_or_default());
    }
    usage
}

/// Processes and threads of the user `uid`, over the whole host.
pub(super) fn tasks_of(uid: u32) -> u64 {
    all()
        .filter_map(|pid| fs::read_to_string(format!("/proc/{pid}/status")).ok())
        .filter(|status| number_in_status(status, "Uid:") == Some(u64::from(uid)))
        .map(|status| number_in_status(&status, "Threads:").unwrap_or(1))
        .sum()
}

/// The parent's id in `/proc/PID/stat`. The name before it may hold spaces and parentheses.
fn parent_in_stat(stat: &str) -> Option<i32> {
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// The first number behind `name` in `/proc/PID/status`.
fn number_in_status(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_name_with_parentheses_does_not_hide_the_parent() {
        assert_eq!(parent_in_stat("12 (a) R 1) S 34 12 12 0 -1"), Some(34));
        assert_eq!(parent_in_stat("12"), None);
    }

    #[test]
    fn numbers_are_read_from_status() {
        let status = "Name:\tnode\nUid:\t1000\t1000\t1000\t1000\nRssAnon:\t    1234 kB\nThreads:\t11\n";
        assert_eq!(number_in_status(status, "RssAnon:"), Some(1234));
        assert_eq!(number_in_status(status, "Uid:"), Some(1000));
        assert_eq!(number_in_status(status, "VmSwap:"), None);
    }

    #[tokio::test]
    async fn marked_processes_are_found_and_ended_and_others_live_on() {
        let marker = crate::server::clock::new_id();
        let start = |value: &str| Command::new("sleep").arg("60").env(MARKER, value).spawn().unwrap();
        let (mut marked_child, mut other) = (start(&marker), start("another"));
        assert!(tree_usage(getpid().as_raw_nonzero().get()).tasks >= 3);
        // A child reads as its parent until it has become `sleep`.
        while marked(&marker).is_empty() {
            tokio::task::yield_now().await;
        }
        let wait = tokio::task::spawn_blocking(move || marked_child.wait().unwrap());
        end_marked(&marker).await.unwrap();
        assert!(!wait.await.unwrap().success());
        assert_eq!(other.try_wait().unwrap(), None);
        other.kill().unwrap();
        other.wait().unwrap();
    }
}
