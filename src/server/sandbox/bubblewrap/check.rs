//! Says which isolation this machine gives, by starting a sandbox, and what to do where it gives none.

use super::{Shared, task::Task, workspace::BubblewrapWorkspace};
use crate::server::{clock::new_id, sandbox::SandboxError};
use std::{fs, sync::Arc, time::Duration};

/// What this machine gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Isolation {
    /// Why no sandbox can run here, and what to do about it; `None` when all is well.
    pub problem: Option<String>,
    /// How processes in the sandbox are kept from the server's files, beside the namespaces.
    pub user: &'static str,
    /// What limits memory.
    pub memory: &'static str,
    /// What limits the number of processes.
    pub processes: &'static str,
}

/// Starts `true` in a sandbox.
pub(super) async fn check(shared: &Arc<Shared>) -> Isolation {
    let root = rustix::process::geteuid().is_root();
    Isolation {
        problem: try_out(shared).await.err().map(|error| explain(&error)),
        user: if root { "a user of its own for every fix" } else { "the server's own user" },
        memory: shared.cgroups.memory(),
        processes: shared.cgroups.pids(),
    }
}

async fn try_out(shared: &Arc<Shared>) -> Result<(), SandboxError> {
    let id = format!("check-{}", new_id());
    let workspace = BubblewrapWorkspace::new(Arc::clone(shared), shared.settings.folder.join(&id), &id)?;
    let task = Task::new(["/usr/bin/true"], Duration::from_secs(30));
    let outcome = workspace.run_task(task, &mut |_, _| {}).await;
    workspace.remove().await?;
    match outcome? {
        (0, _) => Ok(()),
        (code, _) => Err(SandboxError::NotStarted { detail: format!("exit code {code}") }),
    }
}

/// Turns what bubblewrap says into what to do.
fn explain(error: &SandboxError) -> String {
    let text = error.to_string();
    let setting =
        |path: &str| fs::read_to_string(path).map(|value| value.trim().to_owned()).unwrap_or_default();
    let missing = |program: &str| text.contains(&format!("{program}: ")) && text.contains("not found");
    if missing("bwrap") || text.contains("‘bwrap’") || text.contains("to execute bwrap") {
        return "bubblewrap is not installed: install the package bubblewrap.".to_owned();
    }
    let reason = if setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1" {
        "AppArmor keeps programs from making user namespaces: give bwrap an AppArmor profile that allows \
         userns, or set kernel.apparmor_restrict_unprivileged_userns=0."
    } else if setting("/proc/sys/kernel/unprivileged_userns_clone") == "0" {
        "User namespaces are switched off: set kernel.unprivileged_userns_clone=1."
    } else if setting("/proc/sys/user/max_user_namespaces") == "0" {
        "User namespaces are switched off: set user.max_user_namespaces to a few thousand."
    } else if text.contains("namespace") || text.contains("Operation not permitted") {
        "This machine does not let the server make namespaces. A container needs to be started with user \
         namespaces and mounts allowed."
    } else {
        return text;
    };
    format!("{reason} ({text})")
}
