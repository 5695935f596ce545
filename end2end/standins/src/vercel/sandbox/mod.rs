//! Vercel Sandbox: named sandboxes, their sessions, and commands that really run.
//!
//! A session's machine is one long-lived bubblewrap process with namespaces of its own and a private, writable root
//! folder; the host's `/usr` is shown read-only below it. Its first program, `init.mjs`, starts the commands, so that
//! they share one process namespace: what a command leaves in the background lives on, and ends with the session.
//!
//! Where the stand-in differs from the platform:
//! - The platform enforces network policies at the machine's edge, whatever a program does. Here the machine has no
//!   network but a proxy on its loopback address, which every command finds in its environment. It looks at each new
//!   connection: TLS and plain HTTP alike, and with no list of hosts that go around it.
//! - There is one user. A command with `sudo` runs as it, too, with root's environment and `SUDO_USER` set; as all of
//!   the root folder belongs to that user, it can do what root needs to do there.
//! - Ports have routes, behind which nobody answers.
//! - `source`, `mounts`, snapshots, drives, forks, rules for domains and changes of a sandbox's settings are refused.
//!
//! Where the platform does not say what it answers, the stand-in takes what is harder on the client: a session that
//! has ended answers everything but questions about itself with 410, and a name stays taken until it is deleted.

pub mod actions;
mod asked;
mod channel;
mod commands;
mod files;
mod output;
pub mod policy;
mod proxy;
mod sandboxes;
mod sessions;
pub mod state;
mod vm;
mod wire;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::world::World;

/// The routes that the product may call.
pub fn router() -> Router<Arc<World>> {
    let session = Router::new()
        .route("/", get(sessions::one))
        .route("/cmd", post(commands::run))
        .route("/cmd/{command}", get(commands::one))
        .route("/cmd/{command}/logs", get(commands::logs))
        .route("/cmd/{command}/kill", post(commands::kill))
        .route("/fs/write", post(files::write))
        .route("/fs/read", post(files::read))
        .route("/fs/mkdir", post(files::mkdir))
        .route("/network-policy", post(sessions::network_policy))
        .route("/extend-timeout", post(sessions::extend_timeout))
        .route("/stop", post(sessions::stop));
    Router::new()
        .route("/v3/sandboxes", post(sandboxes::create_from_image))
        .route("/v2/sandboxes", get(sandboxes::list).post(sandboxes::create_with_runtime))
        .route("/v2/sandboxes/{name}", get(sandboxes::one).delete(sandboxes::delete))
        .nest("/v2/sandboxes/sessions/{session}", session)
}
