//! The worker: it takes a stored failure to a verified pull request.
//!
//! [`jobs`] wakes it, [`run`] is the state machine, [`plan`] finds the commands, [`runtime`] their Node.js, [`prompt`] tells the agent, [`guard`]
//! judges its patch, [`watch`] follows the pull request, [`sweep`] clears up after processes that are gone, [`at_work`]
//! keeps a process from working on a fix twice.

pub mod actions;
pub mod at_work;
pub mod capacity;
pub mod guard;
pub mod jobs;
pub mod plan;
pub mod prompt;
pub mod run;
pub mod runtime;
pub mod sweep;
pub mod watch;

use crate::{
    model::{EventKind, FixStatus, Trouble},
    server::{
        agent::gateway::Gateway,
        clock::Clock,
        config::Config,
        crypto::KeyRing,
        db::{
            Db, DbError,
            entity::deployment,
            fixes::{self, FixChange},
        },
        home::Home,
        integrations::Registry,
        live::Bus,
        metrics,
        sandbox::{Sandbox, doors::Doors, vercel::VercelSandboxes},
    },
};
use at_work::AtWork;
use capacity::Capacity;
use std::sync::Arc;

/// What is wrong with GitHub, if that is what a fix with this reason waits for.
pub fn waiting_for_github(reason_code: &str) -> Option<Trouble> {
    match reason_code {
        run::GITHUB_UNAVAILABLE => Some(Trouble::Unreachable),
        run::GITHUB_ANSWER => Some(Trouble::Unreadable),
        _ => None,
    }
}

/// Everything that a fix may touch.
#[derive(Clone)]
pub struct FixContext {
    /// The database.
    pub db: Db,
    /// Opens stored tokens.
    pub keys: Arc<KeyRing>,
    /// The platforms.
    pub registry: Arc<Registry>,
    /// The settings.
    pub config: Arc<Config>,
    /// Time.
    pub clock: Clock,
    /// Tells open pages that a fix has news.
    pub bus: Bus,
    /// Where foreign code runs.
    pub sandbox: Arc<dyn Sandbox>,
    /// Where it runs for those who want it at Vercel.
    pub vercel_sandboxes: VercelSandboxes,
    /// Ways for agents there to the gateway.
    pub doors: Doors,
    /// The model, for the agent in there.
    pub gateway: Gateway,
    /// This process in leases: a new one for each start.
    pub owner: String,
    /// Where it keeps its sandboxes and clones.
    pub home: Arc<Home>,
    /// Whether there is room for another one.
    pub capacity: Capacity,
    /// What this process works on now.
    pub at_work: AtWork,
}

impl FixContext {
    /// Writes a change with its events in one transaction, then tells the open pages.
    pub async fn record(
        &self,
        fix: &mut deployment::Model,
        change: FixChange,
        events: Vec<EventKind>,
    ) -> Result<(), DbError> {
        let before = fix.fix_status.clone();
        fixes::transition(&self.db, fix, change, events, self.clock.now()).await?;
        if let Some(status) = FixStatus::parse(&fix.fix_status)
            && fix.fix_status != before
            && !status.is_unfinished()
        {
            metrics::ended(status, fix.reason_code.as_deref());
        }
        self.bus.notify(&fix.id);
        Ok(())
    }
}

/// A point at which a test can kill the process. Nothing in a build without the feature `failpoints`.
macro_rules! crash_point {
    ($name:literal) => {
        fail::fail_point!($name, |_| {
            // As the kernel would end it: no destructor, no flush.
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
            std::process::abort()
        })
    };
}
pub(crate) use crash_point;
