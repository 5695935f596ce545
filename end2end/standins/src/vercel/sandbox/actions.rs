//! What happens to sandboxes without an API call of the product, and how they misbehave. Used by the control API and
//! by tests.

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::state::Status;
use super::vm;
use crate::world::World;

/// How sandboxes behave; what is not given stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Settings {
    /// Sessions of one team that may run at once, in place of the plan's number.
    pub concurrent: Option<usize>,
    /// So many of the next streams of logs break off in the middle.
    pub breaking_streams: Option<u32>,
}

/// Applies the settings that are given.
pub fn set(world: &World, settings: &Settings) {
    let mut state = world.state();
    let sandboxes = &mut state.vercel.sandboxes;
    sandboxes.concurrent = settings.concurrent.or(sandboxes.concurrent);
    sandboxes.breaking_streams = settings.breaking_streams.unwrap_or(sandboxes.breaking_streams);
}

/// Takes the machine of a sandbox's session away, as if its host had failed: everything that is asked of the session
/// from then on is answered with 410.
///
/// # Errors
/// No sandbox of that name has a session that runs.
pub async fn lose(world: &World, name: &str) -> anyhow::Result<()> {
    let ending = {
        let state = world.state();
        let found = state.vercel.sandboxes.list.iter().filter(|sandbox| sandbox.name == name);
        let vm = found.filter_map(|sandbox| sandbox.session().vm.as_ref()).next();
        vm.with_context(|| format!("no sandbox {name} that runs"))?.end(Status::Aborted)
    };
    vm::ended(ending).await;
    Ok(())
}

/// Ends all machines, and forgets all sandboxes.
pub async fn end_all(world: &World) {
    let sandboxes = std::mem::take(&mut world.state().vercel.sandboxes);
    let vms = sandboxes.list.iter().filter_map(|sandbox| sandbox.session().vm.as_ref());
    let ending: Vec<_> = vms.map(|vm| vm.end(Status::Stopped)).collect();
    for one in ending {
        vm::ended(one).await;
    }
}
