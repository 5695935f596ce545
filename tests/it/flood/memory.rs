//! What a process holds in memory over time.

use crate::app::App;
use anyhow::Context as _;
use std::time::{Duration, Instant};

const LOOK: Duration = Duration::from_millis(500);

/// Resident memory in MiB, look by look.
pub struct Memory(Vec<f64>);

impl Memory {
    /// Looks until the time is over.
    pub async fn watch(app: &App, time: Duration) -> anyhow::Result<Self> {
        let (end, mut looks) = (Instant::now() + time, Vec::new());
        while Instant::now() < end {
            let status = std::fs::read_to_string(format!("/proc/{}/status", app.child.id()))?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
            let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
            looks.push(kib / 1024.0);
            tokio::time::sleep(LOOK.min(time / 4)).await;
        }
        Ok(Self(looks))
    }

    pub fn most(&self) -> f64 {
        self.0.iter().copied().fold(0.0, f64::max)
    }

    /// The most of the last quarter against the most of the second: pools and caches have filled by then.
    pub fn grown(&self) -> f64 {
        let quarter = self.0.len() / 4;
        let most = |from: usize, to: usize| self.0[from..to].iter().copied().fold(0.0, f64::max);
        (most(quarter * 3, self.0.len()) - most(quarter, quarter * 2)).max(0.0)
    }
}
