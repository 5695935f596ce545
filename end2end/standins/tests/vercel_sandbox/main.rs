//! Vercel Sandbox as a strict client sees it. The machines are real: these tests need bubblewrap and Node.js.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod bench;
mod commands;
mod life;
mod refusals;
