//! Everything behind the pages. One way through it:
//!
//! ```text
//! webhook ─┐
//!          ├─► intake ─► diagnosis ─► rules ─► sandbox + agent ─► guard + verify ─► pull request ─► watch
//! poll ────┘   Admission  Finding     skip /    FixAttempt         Patch, exit       PR number       merged, or green
//! ```
//!
//! One type per arrow, one public function per stage, one caller: `fix::run`. Every step appends a fix event
//! (`live`) in the transaction that changes the row.

pub mod auth;
pub mod clock;
pub mod config;
pub mod crypto;
pub mod db;
pub mod integrations;
