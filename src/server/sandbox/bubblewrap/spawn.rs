//! Starts processes from one thread that lives as long as the server.
//!
//! bubblewrap ends the sandbox when its parent dies, and to the kernel the parent is the *thread* that started
//! it: started from a pool's worker, a sandbox would end when the pool retires that worker.

use std::{
    io,
    process::Command,
    sync::{OnceLock, mpsc},
    thread,
};
use tokio::{process::Child, runtime::Handle, sync::oneshot};

struct Job {
    command: Command,
    runtime: Handle,
    reply: oneshot::Sender<io::Result<Child>>,
}

static JOBS: OnceLock<Option<mpsc::Sender<Job>>> = OnceLock::new();

fn jobs() -> Option<&'static mpsc::Sender<Job>> {
    JOBS.get_or_init(|| {
        let (sender, receiver) = mpsc::channel::<Job>();
        let thread = thread::Builder::new().name("sandbox-spawner".to_owned());
        // Never joined: it ends with the process, as the sender is never dropped.
        let started = thread.spawn(move || {
            for Job { command, runtime, reply } in receiver {
                let _entered = runtime.enter();
                let child = tokio::process::Command::from(command).kill_on_drop(true).spawn();
                // Nobody waits any more: dropping the child ends it.
                drop(reply.send(child));
            }
        });
        started.ok().map(|_| sender)
    })
    .as_ref()
}

/// Starts `command`. The child is ended when it is dropped, and when the server ends.
pub(super) async fn spawn(command: Command) -> io::Result<Child> {
    let gone = || io::Error::other("the spawning thread is gone");
    let (reply, child) = oneshot::channel();
    let job = Job { command, runtime: Handle::current(), reply };
    jobs().ok_or_else(gone)?.send(job).map_err(|_| gone())?;
    child.await.map_err(|_| gone())?
}
