//! The sandbox at Vercel: virtual machines made with the user's own token, on the user's own account.
//!
//! ```text
//! fix ─► workspace ─► a machine for each slot ─► commands, over Vercel's REST API
//!                         │ network policy: nothing, or the registries and this server
//!                         └─► {public address}/api/model/{door} ─► model gateway
//! ```
//!
//! A machine is the border: whoever is in it may do there what they like, root's work included. So the agent has one,
//! patches are proven in another that it never touched, and neither holds a token of the platform or of GitHub.
//! [`client`] speaks the API, [`machine`] runs commands, [`policy`] says what they reach, [`workspace`] joins them.

mod client;
mod follow;
mod machine;
mod pack;
mod policy;
mod wire;
mod workspace;

use super::{Sandbox, SandboxError, Workspace, bubblewrap::MARKER, doors::Doors, folder};
use crate::server::{
    clock::Clock,
    config::Config,
    integrations::{
        Access,
        connection_manager::{Unreachable, gateway_url},
    },
};
use async_trait::async_trait;
use client::Client;
use pack::Archive;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::OnceCell;
use url::Url;
use workspace::VercelWorkspace;

/// The Node.js of the machines, as [`RUNTIME`] names it.
const NODE: &str = "22";
const RUNTIME: &str = "node22";

/// Memory of a machine per processor, in MiB.
const MEMORY_PER_CPU: u64 = 2048;

/// Makes sandboxes at Vercel for whoever has a token.
#[derive(Clone, Debug)]
pub struct VercelSandboxes {
    shared: Arc<Shared>,
}

/// What all workspaces share.
#[derive(Debug)]
struct Shared {
    client: Client,
    /// Sockets and archives on their way are kept here.
    folder: PathBuf,
    doors: Doors,
    /// Under which doors are reached from Vercel.
    gateway_url: Result<Url, Unreachable>,
    /// Names of the registries' hosts.
    registries: Vec<String>,
    cpus: u64,
    opencode: PathBuf,
    /// The agent's program as it is sent, made when first needed.
    agent: OnceCell<Archive>,
}

impl VercelSandboxes {
    /// Sandboxes by the settings. Files on their way are kept in `folder`.
    ///
    /// # Errors
    /// When the TLS stack of the machine cannot be set up.
    pub fn new(config: &Config, folder: &Path, doors: Doors, clock: Clock) -> Result<Self, reqwest::Error> {
        let registries = config.sandbox_allow.iter().filter_map(|entry| {
            let (host, _) = entry.trim().rsplit_once(':')?;
            Some(host.to_owned())
        });
        Ok(Self {
            shared: Arc::new(Shared {
                client: Client::new(config.vercel_sandbox_api.clone(), clock)?,
                folder: folder.to_owned(),
                doors,
                gateway_url: gateway_url(config),
                registries: registries.collect(),
                cpus: config.sandbox_memory_mb.div_ceil(MEMORY_PER_CPU).max(1),
                opencode: config.opencode.clone(),
                agent: OnceCell::new(),
            }),
        })
    }

    /// The sandbox of a project, made with `access`, whose team or user must be named by it.
    pub fn of(&self, access: Access, project_id: String) -> VercelSandbox {
        VercelSandbox { shared: Arc::clone(&self.shared), place: Arc::new(Place { access, project_id }) }
    }
}

/// Whose machines they are.
#[derive(Debug)]
struct Place {
    access: Access,
    project_id: String,
}

/// Makes the workspaces of one project.
#[derive(Debug)]
pub struct VercelSandbox {
    shared: Arc<Shared>,
    place: Arc<Place>,
}

#[async_trait]
impl Sandbox for VercelSandbox {
    async fn ready(&self) -> Result<(), SandboxError> {
        if !cfg!(target_arch = "x86_64") {
            let reason = "machines at Vercel take the agent's program from a server with an x86-64 processor";
            return Err(SandboxError::Unavailable { reason: reason.to_owned() });
        }
        if !self.shared.doors.are_answered() {
            let reason = "agents at Vercel reach the model through this process, which listens for nobody: \
                          set DEPLOYMEND_GATEWAY_LISTEN and DEPLOYMEND_GATEWAY_URL";
            return Err(SandboxError::Unavailable { reason: reason.to_owned() });
        }
        match self.shared.gateway_url {
            Ok(_) => Ok(()),
            Err(why) => {
                let reason = why.no_builds_elsewhere().trim_end_matches('.').to_owned();
                Err(SandboxError::Unavailable { reason })
            }
        }
    }

    async fn create(&self, fix_id: &str, marker: &str) -> Result<Arc<dyn Workspace>, SandboxError> {
        self.ready().await?;
        let folder = self.shared.folder.join(fix_id);
        folder::remove(&folder).await?;
        folder::create_private(&folder).map_err(SandboxError::io("make a folder for the sandbox"))?;
        let workspace =
            VercelWorkspace::new(Arc::clone(&self.shared), Arc::clone(&self.place), folder, fix_id, marker);
        workspace.remove_machines().await?;
        Ok(Arc::new(workspace))
    }

    /// What a process has left at Vercel ends by its own time limit there, or when its fix is taken over. What it has
    /// left here is in the same folder as the sandboxes of this machine, and swept with them.
    async fn sweep(&self, _: &Path) -> Result<usize, SandboxError> {
        Ok(0)
    }
}
