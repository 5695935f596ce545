//! One fix's place on this machine.

use super::{
    Shared,
    account::Account,
    guest::{self, BASE_FILES, Bind},
    processes, proxy,
    task::Task,
};
use crate::server::{
    sandbox::{
        Activity, EndedBy, Exec, ExecOutcome, Network, OutputLine, REPO, SandboxError, Slot, Stream,
        Workspace, folder,
        lines::{MAX_OUTPUT, Sink, Told},
        source::{self, Folders, MAX_PATCH, PATCH_TIME},
    },
    trace,
};
use async_trait::async_trait;
use std::{
    fs,
    hash::{BuildHasher, RandomState},
    io,
    os::{
        fd::AsRawFd,
        unix::{
            fs::{PermissionsExt, chown},
            net::UnixListener as StdUnixListener,
        },
    },
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::{
    net::UnixListener,
    sync::{Mutex, OwnedMutexGuard},
    task::AbortHandle,
};
use tokio_util::sync::CancellationToken;

/// Holds the marker of the workspace's processes.
pub(super) const MARKER_FILE: &str = "marker";

/// See [`Workspace`].
pub(super) struct BubblewrapWorkspace {
    pub(super) shared: Arc<Shared>,
    pub(super) folder: PathBuf,
    pub(super) marker: String,
    pub(super) account: Arc<Account>,
    proxy: AbortHandle,
    pub(super) ended: CancellationToken,
    pub(super) counter: AtomicU64,
    /// One thing at a time happens to the folders.
    state: Arc<Mutex<State>>,
}

/// What is in the folders.
#[derive(Default)]
pub(super) struct State {
    loaded: [bool; 2],
    /// The socket of the last model listener.
    pub model: Option<PathBuf>,
}

impl BubblewrapWorkspace {
    /// Makes the folder and starts the proxy.
    pub(super) fn new(shared: Arc<Shared>, folder: PathBuf, marker: &str) -> Result<Self, SandboxError> {
        let run = folder.join("run");
        let account = Account::allocate(RandomState::new().hash_one(marker));
        let prepare = || {
            let sandboxes = folder.parent().unwrap_or(&folder);
            folder::create_private(sandboxes)?;
            fs::set_permissions(sandboxes, fs::Permissions::from_mode(0o700))?;
            // The folder above lets nobody but us in; from where root shows them, the sandbox's user passes.
            folder::create_passable(&folder)?;
            folder::create_passable(&run)?;
            fs::write(folder.join(MARKER_FILE), marker)?;
            for (name, _, content) in BASE_FILES {
                fs::write(run.join(name), content)?;
                // Whatever the server's umask is: another user reads them.
                fs::set_permissions(run.join(name), fs::Permissions::from_mode(0o644))?;
            }
            let filters = run.join("filters");
            folder::create_private(&filters)?;
            for (number, program) in shared.filters.programs().iter().enumerate() {
                fs::write(filters.join(number.to_string()), program)?;
            }
            listen(&run, "proxy.sock", &account)
        };
        let listener = prepare().map_err(SandboxError::io("prepare the sandbox's folder"))?;
        let proxy = proxy::serve(listener, Arc::clone(&shared.settings.allowed));
        let proxy = tokio::spawn(trace::carried(proxy)).abort_handle();
        Ok(Self {
            shared,
            folder,
            marker: marker.to_owned(),
            account: Arc::new(account),
            proxy,
            ended: CancellationToken::new(),
            counter: AtomicU64::new(0),
            state: Arc::default(),
        })
    }

    fn slot(&self, slot: Slot) -> Folders {
        Folders::new(self.folder.join(slot.as_str()))
    }

    fn all_slots(&self) -> Vec<PathBuf> {
        Slot::ALL.into_iter().map(|slot| self.slot(slot).top).collect()
    }

    async fn lock(&self) -> Result<OwnedMutexGuard<State>, SandboxError> {
        let state = Arc::clone(&self.state).lock_owned().await;
        if self.ended.is_cancelled() { Err(SandboxError::Destroyed) } else { Ok(state) }
    }

    async fn lock_loaded(&self, slot: Slot) -> Result<OwnedMutexGuard<State>, SandboxError> {
        let state = self.lock().await?;
        if state.loaded[slot as usize] { Ok(state) } else { Err(SandboxError::NotLoaded) }
    }

    /// Runs a task that needs no slot; gives its exit code and the limit that ended it.
    pub(super) async fn run_task(
        &self,
        task: Task,
        sink: Sink<'_>,
    ) -> Result<(i32, Option<EndedBy>), SandboxError> {
        let state = self.lock().await?;
        let ended = self.run_locked(task, state, sink).await?;
        Ok((ended.code(), ended.ended_by))
    }

    /// Ends everything and removes the folder.
    pub(super) async fn remove(&self) -> Result<(), SandboxError> {
        self.ended.cancel();
        self.proxy.abort();
        let _state = Arc::clone(&self.state).lock_owned().await;
        processes::end_marked(&self.marker).await.map_err(SandboxError::io("end the sandbox's processes"))?;
        folder::remove(&self.folder).await
    }
}

impl Drop for BubblewrapWorkspace {
    fn drop(&mut self) {
        // Commands hold what they need; the folder is left to `destroy` and `sweep`.
        self.ended.cancel();
        self.proxy.abort();
    }
}

/// A socket that the sandbox's user may connect to, in a folder that nobody else gets into.
fn listen(folder: &Path, name: &str, account: &Account) -> io::Result<UnixListener> {
    // A socket's address is limited to 107 bytes, a path is not: the folder's handle is a short name for it.
    let handle = fs::File::open(folder)?;
    let listener = StdUnixListener::bind(format!("/proc/self/fd/{}/{name}", handle.as_raw_fd()))?;
    if let Some(id) = account.dedicated() {
        chown(folder.join(name), Some(id), Some(id))?;
    }
    listener.set_nonblocking(true)?;
    UnixListener::from_std(listener)
}

#[async_trait]
impl Workspace for BubblewrapWorkspace {
    async fn load(&self, slot: Slot, clean_clone: &Path) -> Result<(), SandboxError> {
        let mut state = self.lock().await?;
        state.loaded[slot as usize] = false;
        source::load(&self.slot(slot), clean_clone, self.account.dedicated()).await?;
        state.loaded[slot as usize] = true;
        Ok(())
    }

    async fn exec(
        &self,
        slot: Slot,
        exec: Exec,
        output: &mut (dyn FnMut(OutputLine) + Send),
    ) -> Result<ExecOutcome, SandboxError> {
        let state = self.lock_loaded(slot).await?;
        let folders = self.slot(slot);
        let cwd = exec.folder()?;
        let task = Task {
            exec,
            cwd,
            binds: vec![Bind::write(folders.repo, REPO), Bind::write(folders.home, guest::HOME)],
            watched: self.all_slots(),
            output_bytes: MAX_OUTPUT,
        };
        let mut told = Told::new(output);
        let ended = self.run_locked(task, state, &mut |stream, bytes| told.push(stream, bytes)).await?;
        Ok(ExecOutcome {
            exit_code: ended.ended_by.is_none().then(|| ended.code()),
            ended_by: ended.ended_by,
            seconds: ended.seconds,
            tail: told.finish(),
        })
    }

    async fn patch(&self, slot: Slot) -> Result<Vec<u8>, SandboxError> {
        let state = self.lock_loaded(slot).await?;
        let folders = self.slot(slot);
        let exec = Exec {
            env: source::patch_environment(),
            activity: Activity::default(),
            network: Network::None,
            ..Exec::new(source::patch_command(), PATCH_TIME)
        };
        let task = Task {
            exec,
            cwd: REPO.into(),
            binds: vec![Bind::read(folders.repo, REPO), Bind::read(folders.base, source::BASE)],
            watched: Vec::new(),
            output_bytes: MAX_PATCH,
        };
        let (mut patch, mut said) = (Vec::new(), Vec::new());
        let mut sink = |stream: Stream, bytes: &[u8]| match stream {
            Stream::Stdout => patch.extend_from_slice(bytes),
            Stream::Stderr => said.extend_from_slice(bytes),
        };
        let ended = self.run_locked(task, state, &mut sink).await?;
        let failed = |detail: String| SandboxError::Git { what: "make the patch", detail };
        match ended.ended_by {
            Some(EndedBy::OutputLimit) => Err(SandboxError::PatchTooLarge { limit: MAX_PATCH }),
            Some(limit) => Err(failed(limit.sentence().to_owned())),
            None if ended.code() != 0 => Err(failed(source::short(&said))),
            None => Ok(patch),
        }
    }

    async fn model_listener(&self) -> Result<UnixListener, SandboxError> {
        let mut state = self.lock().await?;
        let name = format!("model-{}.sock", self.counter.fetch_add(1, Ordering::Relaxed));
        let folder = self.folder.join("run");
        let listener =
            listen(&folder, &name, &self.account).map_err(SandboxError::io("open the model's socket"))?;
        state.model = Some(folder.join(name));
        Ok(listener)
    }

    async fn destroy(&self) -> Result<(), SandboxError> {
        self.remove().await
    }
}
