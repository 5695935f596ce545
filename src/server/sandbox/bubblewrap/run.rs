//! Runs one started sandbox to its end: carries its streams, keeps its limits, and leaves nothing behind.

use super::{processes, spawn, watch::Watch};
use crate::server::sandbox::{Activity, EndedBy, Stream};
use rustix::process::{Pid, Signal, kill_process_group};
use std::{
    any::Any,
    io,
    os::unix::process::{CommandExt, ExitStatusExt},
    process::{Command, ExitStatus},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::Child,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// How long streams may stay open after everything in the sandbox has ended.
const DRAIN: Duration = Duration::from_secs(2);

/// One run and its limits.
pub(super) struct Run {
    pub command: Command,
    pub marker: String,
    pub stdin: Option<Vec<u8>>,
    pub timeout: Duration,
    pub silence: Option<Duration>,
    pub activity: Activity,
    pub cancel: CancellationToken,
    pub output_bytes: usize,
    pub watch: Watch,
    /// Kept until the last process is gone, even if the caller stops waiting: what makes the folders ours.
    pub hold: Box<dyn Any + Send>,
}

/// How a run ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// The wrapper's exit status.
    pub status: ExitStatus,
    /// The limit, if one ended it.
    pub ended_by: Option<EndedBy>,
    pub seconds: f64,
}

impl Ended {
    /// The exit code, or 128 plus the signal's number.
    pub(super) fn code(&self) -> i32 {
        self.status.code().or_else(|| self.status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
    }
}

/// Ends the run's processes when it is dropped, so also when nobody waits for it any more.
struct Leash {
    group: Option<Pid>,
    marker: String,
    watch: Watch,
    hold: Option<Box<dyn Any + Send>>,
}

impl Leash {
    fn kill(&self) {
        if let Some(group) = self.group {
            // Gone already is as good.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        let Some(hold) = self.hold.take() else { return };
        self.kill();
        let (marker, group) = (std::mem::take(&mut self.marker), self.watch.group.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = processes::end_marked(&marker).await {
                    tracing::error!(%error, "sandbox processes outlive their run");
                }
                group.remove().await;
                drop(hold);
            });
        }
    }
}

/// Runs it. `sink` gets the bytes of both streams in the order of arrival.
pub(super) async fn run(mut run: Run, sink: &mut (dyn FnMut(Stream, &[u8]) + Send)) -> io::Result<Ended> {
    let started = Instant::now();
    run.command.process_group(0);
    // From here on, dropping this future cleans up.
    let mut leash = Leash { group: None, marker: run.marker, watch: run.watch, hold: Some(run.hold) };
    let mut child = spawn::spawn(run.command).await?;
    let root = child.id().and_then(|id| i32::try_from(id).ok()).unwrap_or_default();
    leash.group = Pid::from_raw(root);
    feed(&mut child, run.stdin);

    let mut streams = Streams::new(&mut child, run.output_bytes);
    run.activity.touch();
    let limit = async {
        tokio::select! {
            () = sleep(run.timeout.saturating_sub(started.elapsed())) => EndedBy::Timeout,
            () = run.activity.silent_for(run.silence) => EndedBy::Silence,
            () = run.cancel.cancelled() => EndedBy::Cancelled,
            limit = leash.watch.exceeded(root) => limit,
        }
    };
    tokio::pin!(limit);
    let mut ended_by = None;
    let status = loop {
        tokio::select! {
            biased;
            limit = &mut limit => {
                ended_by = Some(limit);
                break None;
            }
            status = child.wait() => break Some(status?),
            more = streams.next(sink), if streams.open() => match more {
                Flow::Some => run.activity.touch(),
                Flow::Over => {
                    ended_by = Some(EndedBy::OutputLimit);
                    break None;
                }
                Flow::End => {}
            },
        }
    };
    let status = match status {
        Some(status) => status,
        None => {
            leash.kill();
            child.wait().await?
        }
    };
    // Waited for: the number may belong to somebody else from now on.
    leash.group = None;
    processes::end_marked(&leash.marker).await?;
    // Everything that could write is gone, so what is left in the pipes is all there is.
    let rest = async { while streams.open() && streams.next(sink).await != Flow::Over {} };
    drop(timeout(DRAIN, rest).await);
    if ended_by.is_none() && !status.success() {
        ended_by = leash.watch.kernel_limit();
    }
    if ended_by.is_none() && leash.watch.disk_exceeded().await {
        ended_by = Some(EndedBy::Disk);
    }
    leash.watch.group.remove().await;
    leash.hold = None;
    Ok(Ended { status, ended_by, seconds: started.elapsed().as_secs_f64() })
}

/// Writes standard input in the background and closes it.
fn feed(child: &mut Child, bytes: Option<Vec<u8>>) {
    let Some(mut stdin) = child.stdin.take() else { return };
    if let Some(bytes) = bytes {
        // A command that does not read its input ends this with an error that is of no interest.
        tokio::spawn(async move { drop(stdin.write_all(&bytes).await) });
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Some,
    End,
    Over,
}

/// Both output streams of the child.
struct Streams {
    stdout: Option<Box<dyn AsyncRead + Send + Unpin>>,
    stderr: Option<Box<dyn AsyncRead + Send + Unpin>>,
    buffers: Box<[[u8; 32 * 1024]; 2]>,
    left: usize,
}

impl Streams {
    fn new(child: &mut Child, limit: usize) -> Self {
        Self {
            stdout: child.stdout.take().map(|stream| Box::new(stream) as _),
            stderr: child.stderr.take().map(|stream| Box::new(stream) as _),
            buffers: Box::new([[0; 32 * 1024]; 2]),
            left: limit,
        }
    }

    const fn open(&self) -> bool {
        self.stdout.is_some() || self.stderr.is_some()
    }

    async fn next(&mut self, sink: &mut (dyn FnMut(Stream, &[u8]) + Send)) -> Flow {
        let [out, err] = &mut *self.buffers;
        let (stream, length) = tokio::select! {
            length = read(&mut self.stdout, out) => (Stream::Stdout, length),
            length = read(&mut self.stderr, err) => (Stream::Stderr, length),
        };
        let (source, buffer) = match stream {
            Stream::Stdout => (&mut self.stdout, &*out),
            Stream::Stderr => (&mut self.stderr, &*err),
        };
        if length == 0 {
            *source = None;
            return Flow::End;
        }
        let allowed = length.min(self.left);
        self.left -= allowed;
        sink(stream, &buffer[..allowed]);
        if allowed < length { Flow::Over } else { Flow::Some }
    }
}

/// Reads what is there. A stream that is closed or broken gives 0 once; one that was taken away never returns.
async fn read(source: &mut Option<Box<dyn AsyncRead + Send + Unpin>>, buffer: &mut [u8]) -> usize {
    match source {
        Some(source) => source.read(buffer).await.unwrap_or(0),
        None => std::future::pending().await,
    }
}
