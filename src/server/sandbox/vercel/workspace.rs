//! One fix's place at Vercel: a machine for each slot.

use super::{
    NODE, Place, Shared,
    machine::{Ended, Machine},
    pack,
};
use crate::server::{
    integrations::PlatformError,
    sandbox::{
        EndedBy, Exec, ExecOutcome, GuestFile, OPENCODE, OutputLine, REPO, SandboxError, Slot, Stream,
        Workspace,
        doors::{self, Door},
        folder,
        lines::Told,
        source::{self, Folders, MAX_PATCH, PATCH_TIME},
    },
};
use async_trait::async_trait;
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex as StdMutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};
use tokio::{
    net::UnixListener,
    sync::{Mutex, MutexGuard},
};
use tokio_util::sync::CancellationToken;

/// Where the agent's own files are: see [`crate::server::agent`].
const AGENT_FILES: &str = "/opt/agent";
/// Where a command finds its standard input.
const INPUT: &str = "/opt/command/input";
/// Where the patch is put.
const PATCH: &str = "/tmp/deploymend.patch";

/// See [`Workspace`].
pub(super) struct VercelWorkspace {
    shared: Arc<Shared>,
    place: Arc<Place>,
    folder: PathBuf,
    name: String,
    marker: String,
    ended: CancellationToken,
    machines: [Mutex<Option<Machine>>; 2],
    door: StdMutex<Option<Door>>,
    counter: AtomicU64,
}

impl VercelWorkspace {
    pub(super) fn new(
        shared: Arc<Shared>,
        place: Arc<Place>,
        folder: PathBuf,
        fix_id: &str,
        marker: &str,
    ) -> Self {
        Self {
            shared,
            place,
            folder,
            name: format!("deploymend-{}", fix_id.to_lowercase()),
            marker: marker.to_owned(),
            ended: CancellationToken::new(),
            machines: Default::default(),
            door: StdMutex::default(),
            counter: AtomicU64::new(0),
        }
    }

    fn machine_name(&self, slot: Slot) -> String {
        format!("{}-{}", self.name, slot.as_str())
    }

    /// Removes the machines of this workspace's names.
    pub(super) async fn remove_machines(&self) -> Result<(), PlatformError> {
        let remove = async |slot| self.shared.client.delete(&self.place, &self.machine_name(slot)).await;
        let (agent, verify) = tokio::join!(remove(Slot::Agent), remove(Slot::Verify));
        agent.and(verify)
    }

    async fn lock(&self, slot: Slot) -> Result<MutexGuard<'_, Option<Machine>>, SandboxError> {
        let machine = self.machines[slot as usize].lock().await;
        if self.ended.is_cancelled() { Err(SandboxError::Destroyed) } else { Ok(machine) }
    }

    /// Puts in place what a command is to find.
    async fn provide(&self, machine: &mut Machine, exec: &mut Exec) -> Result<(), SandboxError> {
        if exec.argv.first().is_some_and(|program| Path::new(program).starts_with(OPENCODE))
            && !machine.has_agent
        {
            let make = || {
                let program = self.shared.opencode.clone();
                pack::program(self.shared.folder.clone(), program, Path::new(OPENCODE).join("opencode"))
            };
            let agent = self.shared.agent.get_or_try_init(make).await?;
            machine.unpack(agent.body().await?).await?;
            machine.has_agent = true;
        }
        let mut files = std::mem::take(&mut exec.files);
        let seal = files.iter().any(|file| file.path.starts_with(AGENT_FILES));
        if let Some(bytes) = exec.stdin.take() {
            files.push(GuestFile { path: INPUT.into(), bytes });
            let script = format!("exec \"$@\" < {INPUT}");
            let head = ["/bin/sh", "-c", script.as_str(), "sh"].map(str::to_owned);
            exec.argv = head.into_iter().chain(std::mem::take(&mut exec.argv)).collect();
        }
        if files.is_empty() {
            return Ok(());
        }
        if seal {
            machine.open(AGENT_FILES).await?;
        }
        let archive = pack::files(&files).map_err(SandboxError::io("pack files for the sandbox"))?;
        machine.unpack(archive.into()).await?;
        if seal {
            machine.seal(AGENT_FILES).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Workspace for VercelWorkspace {
    async fn load(&self, slot: Slot, clean_clone: &Path) -> Result<(), SandboxError> {
        let mut held = self.lock(slot).await?;
        // A machine in which something has run is not clean again.
        *held = None;
        let folders = Folders::new(self.folder.join(slot.as_str()));
        source::load(&folders, clean_clone, None).await?;
        let packed = vec![(folders.repo.clone(), REPO), (folders.base.clone(), source::BASE)];
        let archive = pack::folders(self.folder.clone(), packed).await?;
        folder::remove(&folders.top).await?;
        let name = self.machine_name(slot);
        let start = Machine::start(Arc::clone(&self.shared), Arc::clone(&self.place), &name, &self.marker);
        let machine = start.await?;
        machine.unpack(archive.body().await?).await?;
        *held = Some(machine);
        Ok(())
    }

    async fn exec(
        &self,
        slot: Slot,
        mut exec: Exec,
        output: &mut (dyn FnMut(OutputLine) + Send),
    ) -> Result<ExecOutcome, SandboxError> {
        let started = Instant::now();
        let mut held = self.lock(slot).await?;
        let machine = held.as_mut().ok_or(SandboxError::NotLoaded)?;
        exec.command()?;
        let folder = exec.folder()?;
        self.provide(machine, &mut exec).await?;
        let mut told = Told::new(output);
        let mut sink = |stream: Stream, bytes: &[u8]| told.push(stream, bytes);
        let ended = machine.run(&exec, &folder.to_string_lossy(), &self.ended, &mut sink).await?;
        Ok(ExecOutcome {
            exit_code: ended.ended_by.is_none().then_some(ended.exit_code),
            ended_by: ended.ended_by,
            seconds: started.elapsed().as_secs_f64(),
            tail: told.finish(),
        })
    }

    async fn patch(&self, slot: Slot) -> Result<Vec<u8>, SandboxError> {
        let mut held = self.lock(slot).await?;
        let machine = held.as_mut().ok_or(SandboxError::NotLoaded)?;
        // To a file: the stream of a command's output is text, and a patch is bytes.
        let script = format!("rm -rf /tmp/objects /tmp/index /tmp/said; exec \"$@\" > {PATCH}");
        let head = ["/bin/sh", "-c", script.as_str(), "sh"].map(str::to_owned);
        let exec = Exec {
            env: source::patch_environment(),
            ..Exec::new(head.into_iter().chain(source::patch_command()), PATCH_TIME)
        };
        let mut said = Vec::new();
        let mut sink = |_: Stream, bytes: &[u8]| said.extend_from_slice(bytes);
        let Ended { exit_code, ended_by } = machine.run(&exec, REPO, &self.ended, &mut sink).await?;
        let failed = |detail: String| SandboxError::Git { what: "make the patch", detail };
        match (ended_by, exit_code) {
            (Some(EndedBy::OutputLimit), _) => Err(SandboxError::PatchTooLarge { limit: MAX_PATCH }),
            (Some(limit), _) => Err(failed(limit.sentence().to_owned())),
            (None, 0) => {
                let patch = machine.read(PATCH, MAX_PATCH).await?;
                if patch.len() > MAX_PATCH {
                    return Err(SandboxError::PatchTooLarge { limit: MAX_PATCH });
                }
                Ok(patch)
            }
            (None, _) => Err(failed(source::short(&said))),
        }
    }

    async fn model_listener(&self) -> Result<UnixListener, SandboxError> {
        let socket = self.folder.join(format!("m{}", self.counter.fetch_add(1, Ordering::Relaxed)));
        let listener = UnixListener::bind(&socket).map_err(SandboxError::io("open the model's socket"))?;
        let door = self.shared.doors.open(&socket).map_err(|error| {
            SandboxError::io("open a way to the model")(std::io::Error::other(error.to_string()))
        })?;
        *self.door.lock().unwrap_or_else(PoisonError::into_inner) = Some(door);
        Ok(listener)
    }

    fn model_url(&self) -> String {
        let base = self.shared.gateway_url.as_ref().map_or("", |url| url.as_str());
        let door = self.door.lock().unwrap_or_else(PoisonError::into_inner);
        let name = door.as_ref().map_or("", Door::name);
        format!("{}{}/{name}", base.trim_end_matches('/'), doors::PATH)
    }

    fn node(&self) -> Option<&'static str> {
        Some(NODE)
    }

    async fn destroy(&self) -> Result<(), SandboxError> {
        self.ended.cancel();
        self.door.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (mut agent, mut verify) = (self.machines[0].lock().await, self.machines[1].lock().await);
        (*agent, *verify) = (None, None);
        let removed = self.remove_machines().await;
        folder::remove(&self.folder).await?;
        Ok(removed?)
    }
}

impl Drop for VercelWorkspace {
    fn drop(&mut self) {
        self.ended.cancel();
    }
}
