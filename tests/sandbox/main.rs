//! The sandbox and the agent on this machine, with real bubblewrap, Git, Node.js and OpenCode.
//!
//! Tests marked `#[ignore]` are started by others in a process of their own: as an ordinary user, with an open
//! handle on a secret, or to be killed.

#![cfg(feature = "ssr")]
#![expect(clippy::unwrap_used, reason = "tests")]

mod crash;
mod escapes;
mod isolation;
mod limits;
mod model;
mod opencode;
mod patches;
mod support;
