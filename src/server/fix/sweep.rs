//! Folders of processes that are gone → nothing left of them: no process, no sandbox, no clone.

use super::FixContext;
use crate::server::sandbox::SandboxError;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often a worker looks for what others on its machine left behind.
const INTERVAL: Duration = Duration::from_secs(15);

/// Removes what processes of this machine left behind that are gone. Gives the number of sandboxes.
///
/// # Errors
/// Of the first folder that could not be removed. It is found again.
pub async fn sweep(ctx: &FixContext) -> Result<usize, SandboxError> {
    let mut removed = 0;
    for left in ctx.home.abandoned().map_err(SandboxError::io("look for folders of earlier runs"))? {
        removed += ctx.sandbox.sweep(&left.sandboxes()).await?;
        left.remove().map_err(SandboxError::io("remove the folder of an earlier run"))?;
    }
    if removed > 0 {
        tracing::warn!(removed, "Sandboxes of a process that is gone were removed");
    }
    Ok(removed)
}

/// Sweeps every few seconds until `stop` is cancelled.
pub async fn keep_sweeping(ctx: FixContext, stop: CancellationToken) {
    loop {
        tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(INTERVAL) => {} }
        if let Err(error) = sweep(&ctx).await {
            tracing::error!(%error, "What a process left behind cannot be removed; trying again");
        }
    }
}
