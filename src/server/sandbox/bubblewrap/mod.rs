//! The sandbox made with bubblewrap: namespaces of an ordinary user and one package to install.
//!
//! ```text
//! {folder of sandboxes}/{fix_id}/
//!     marker            what the fix's processes carry in their environment
//!     run/              sockets and hand-over files, read-only inside
//!     agent/ verify/    the slots: repo, home, base.git
//! ```
//!
//! [`guest`] says what the inside looks like, [`run`] keeps the limits, [`super::source`] does the Git work, [`proxy`]
//! is the only way out.

mod account;
mod addresses;
mod cgroup;
mod check;
mod guest;
mod limits;
mod processes;
mod proxy;
mod run;
mod seccomp;
mod settings;
mod spawn;
mod task;
mod watch;
mod workspace;

pub use check::{Isolation, Layer};
pub use processes::{MARKER, marked};
pub use settings::Settings;

use super::{Sandbox, SandboxError, Workspace, folder};
use async_trait::async_trait;
use cgroup::Parents;
use seccomp::Filters;
use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::OnceCell;
use workspace::BubblewrapWorkspace;

/// Makes workspaces with bubblewrap.
#[derive(Debug)]
pub struct Bubblewrap {
    shared: Arc<Shared>,
    isolation: OnceCell<Isolation>,
}

/// What all workspaces share.
#[derive(Debug)]
struct Shared {
    settings: Settings,
    cgroups: Parents,
    filters: Filters,
}

impl Bubblewrap {
    /// A sandbox with these settings. Looks at the machine's control groups, starts nothing yet.
    pub fn new(settings: Settings) -> Self {
        let (cgroups, filters) = (Parents::detect(), Filters::detect());
        Self { shared: Arc::new(Shared { settings, cgroups, filters }), isolation: OnceCell::new() }
    }

    /// Finds out by trying which isolation this machine gives, and what to do where it gives none.
    pub async fn check(&self) -> Isolation {
        check::check(&self.shared).await
    }

    async fn require_isolation(&self) -> Result<(), SandboxError> {
        let isolation = self.isolation.get_or_try_init(|| async {
            let found = self.check().await;
            // Only good news is kept: a repaired machine works without a restart.
            found.require(self.shared.settings.allow_weak).map(|()| found)
        });
        isolation.await.map(drop)
    }

    fn folder(&self, fix_id: &str) -> Result<PathBuf, SandboxError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if fix_id.is_empty() || !fix_id.bytes().all(plain) {
            return Err(SandboxError::io("name the sandbox's folder")(ErrorKind::InvalidInput.into()));
        }
        Ok(self.shared.settings.folder.join(fix_id))
    }
}

#[async_trait]
impl Sandbox for Bubblewrap {
    async fn ready(&self) -> Result<(), SandboxError> {
        self.require_isolation().await
    }

    async fn create(&self, fix_id: &str, marker: &str) -> Result<Arc<dyn Workspace>, SandboxError> {
        let folder = self.folder(fix_id)?;
        self.require_isolation().await?;
        end_processes(&folder).await?;
        folder::remove(&folder).await?;
        Ok(Arc::new(BubblewrapWorkspace::new(Arc::clone(&self.shared), folder, marker)?))
    }

    async fn sweep(&self, folder: &Path) -> Result<usize, SandboxError> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(SandboxError::io("list the sandboxes")(error)),
        };
        let mut removed = 0;
        for entry in entries {
            let sandbox = entry.map_err(SandboxError::io("list the sandboxes"))?.path();
            end_processes(&sandbox).await?;
            folder::remove(&sandbox).await?;
            removed += 1;
        }
        self.shared.cgroups.sweep(&settings::group_prefix(folder));
        Ok(removed)
    }
}

/// Ends what a crash left running in a workspace's folder.
async fn end_processes(folder: &Path) -> Result<(), SandboxError> {
    match fs::read_to_string(folder.join(workspace::MARKER_FILE)) {
        Ok(marker) if !marker.is_empty() => {
            processes::end_marked(&marker).await.map_err(SandboxError::io("end stray processes"))
        }
        _ => Ok(()),
    }
}
