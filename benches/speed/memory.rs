//! A process → the memory that it holds.

use crate::{
    app::App,
    report::{Figure, Row},
};
use anyhow::Context as _;

/// What the process has in memory now, its own program text included.
pub fn row(what: &'static str, aim: &'static str, app: &App) -> anyhow::Result<Row> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", app.child.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(Row::new(what, aim, vec![Figure::new("resident", kib / 1024.0, "MiB")]))
}
