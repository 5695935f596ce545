//! Ports for programs that are told theirs before they start.

use anyhow::Context as _;
use std::{
    net::TcpListener,
    sync::atomic::{AtomicU16, Ordering},
};

/// The lowest one that is given away.
const FIRST: u16 = 10_240;
/// How many have been tried in this process.
static TRIED: AtomicU16 = AtomicU16::new(0);

/// A free port that is given away once. It lies below those from which the kernel takes one for whoever asks for any:
/// of these, another test could get the same before the program listens, or while it is started again.
pub fn port() -> anyhow::Result<u16> {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range")?;
    let of_the_kernel: u16 = range.split_whitespace().next().context("no range of ports")?.parse()?;
    let ports = of_the_kernel.checked_sub(FIRST).filter(|ports| *ports > 0);
    let ports = ports.with_context(|| format!("the kernel gives away the ports from {of_the_kernel} on"))?;
    // Two runs at once do not begin at the same one.
    let offset = std::process::id() % u32::from(ports);
    for _ in 0..ports {
        let tried = TRIED.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + u16::try_from((offset + u32::from(tried)) % u32::from(ports))?;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    anyhow::bail!("no port is free")
}
