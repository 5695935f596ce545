//! Prepares one command of a workspace, runs it and looks at whether it was started at all.

use super::{
    account::Account,
    guest::{Bind, Guest, Handover},
    processes,
    run::{self, Ended, Run},
    settings::group_prefix,
    watch::Watch,
    workspace::{BubblewrapWorkspace, State},
};
use crate::server::{
    clock::new_id,
    sandbox::{
        Exec, GuestFile, SandboxError, Stream, folder,
        lines::{Lines, MAX_OUTPUT, Sink, Tail},
        source,
    },
};
use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;

/// A command with what is shown to it.
pub(super) struct Task {
    pub exec: Exec,
    pub cwd: PathBuf,
    pub binds: Vec<Bind>,
    pub watched: Vec<PathBuf>,
    pub output_bytes: usize,
}

impl Task {
    /// A command that is shown nothing of ours.
    pub(super) fn new<const N: usize>(argv: [&str; N], timeout: Duration) -> Self {
        Self {
            exec: Exec::new(argv, timeout),
            cwd: "/".into(),
            binds: Vec::new(),
            watched: Vec::new(),
            output_bytes: MAX_OUTPUT,
        }
    }
}

impl BubblewrapWorkspace {
    /// Runs a task while `state` is held.
    pub(super) async fn run_locked(
        &self,
        task: Task,
        state: OwnedMutexGuard<State>,
        sink: Sink<'_>,
    ) -> Result<Ended, SandboxError> {
        let Task { exec, cwd, mut binds, watched, output_bytes } = task;
        exec.command()?;
        let own = self.folder.join(format!("run/{}", self.counter.fetch_add(1, Ordering::Relaxed)));
        folder::create_passable(&own).map_err(SandboxError::io("prepare a command"))?;
        binds.extend(self.guest_files(&own, &exec.files).map_err(SandboxError::io("prepare a command"))?);

        let settings = &self.shared.settings;
        let allowance = settings.allowance;
        let name = group_prefix(&settings.folder) + &new_id();
        let group = self.shared.cgroups.group(&name, allowance.memory, allowance.tasks);
        let own_tasks = match *self.account {
            Account::Own => processes::tasks_of(rustix::process::getuid().as_raw()),
            Account::Dedicated(_) => 0,
        };
        let guest = Guest {
            programs: &settings.programs,
            account: &self.account,
            marker: &self.marker,
            folder: self.folder.clone(),
            binds,
            network: exec.network,
            cwd,
            env: exec.env,
            argv: exec.argv,
            tmp_bytes: settings.tmp_bytes(),
            // bubblewrap's own few, and room for a control group to be the one that notices.
            max_tasks: own_tasks + allowance.tasks + 16,
            max_file: allowance.disk,
            filters: self.shared.filters.programs().len(),
            cgroup_files: group.join_files(),
        };
        let base = self.folder.join("run");
        let handover = Handover {
            options: own.join("options"),
            status: own.join("status"),
            filters: base.join("filters"),
            proxy: base.join("proxy.sock"),
            model: state.model.clone().unwrap_or_else(|| base.join("none")),
            base,
        };
        let (command, options) = guest.command(&handover);
        fs::write(&handover.options, options).map_err(SandboxError::io("prepare a command"))?;

        let mut said = Tail::default();
        let mut errors = Lines::new(Stream::Stderr);
        let mut both = |stream: Stream, bytes: &[u8]| {
            if stream == Stream::Stderr {
                errors.push(bytes, &mut |line| said.push(&line.text));
            }
            sink(stream, bytes);
        };
        let cancel = self.ended.child_token();
        let _forward = forward(&exec.cancel, &cancel);
        let ended = run::run(
            Run {
                command,
                marker: self.marker.clone(),
                stdin: exec.stdin,
                timeout: exec.timeout,
                silence: exec.silence,
                activity: exec.activity,
                cancel,
                output_bytes,
                watch: Watch { group, allowance, folders: watched },
                hold: Box::new((state, Arc::clone(&self.account))),
            },
            &mut both,
        )
        .await
        .map_err(SandboxError::io("run a command in the sandbox"))?;
        let status = fs::read_to_string(&handover.status).unwrap_or_default();
        drop(fs::remove_dir_all(&own));
        if ended.ended_by.is_none() && !status.contains("\"exit-code\"") {
            errors.finish(&mut |line| said.push(&line.text));
            return Err(SandboxError::NotStarted { detail: source::short(said.into_text().as_bytes()) });
        }
        Ok(ended)
    }

    fn guest_files(&self, own: &Path, files: &[GuestFile]) -> io::Result<Vec<Bind>> {
        let mut binds = Vec::new();
        for (number, file) in files.iter().enumerate() {
            let host = own.join(format!("file-{number}"));
            fs::write(&host, &file.bytes)?;
            fs::set_permissions(&host, fs::Permissions::from_mode(0o644))?;
            binds.push(Bind::read(host, &file.path));
        }
        Ok(binds)
    }
}

/// Carries a cancellation over for as long as the result lives.
fn forward(from: &CancellationToken, to: &CancellationToken) -> impl Drop + use<> {
    let (from, to) = (from.clone(), to.clone());
    let stop = CancellationToken::new();
    let guard = stop.clone().drop_guard();
    tokio::spawn(async move {
        tokio::select! {
            () = from.cancelled() => to.cancel(),
            () = stop.cancelled() => {}
        }
    });
    guard
}
