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

pub mod addresses;
pub mod agent;
pub mod audit;
pub mod auth;
pub mod clock;
pub mod commands;
pub mod config;
pub mod crypto;
pub mod db;
pub mod diagnosis;
pub mod disk;
pub mod fix;
pub mod github;
pub mod home;
pub mod http;
pub mod intake;
pub mod integrations;
pub mod live;
pub mod metrics;
pub mod notify;
pub mod parts;
pub mod queue;
pub mod retention;
pub mod rules;
pub mod sandbox;
pub mod source;
pub mod state;
pub mod telemetry;
pub mod trace;
pub mod views;
