//! One virtual machine at Vercel: made, filled, and one command at a time run in it.

use super::{
    MARKER, Place, RUNTIME, Shared,
    client::Client,
    follow::{Follow, Heard},
    policy,
    wire::{NewCommand, NewSandbox, Resources},
};
use crate::server::{
    integrations::PlatformError,
    sandbox::{
        EndedBy, Exec, Network, SandboxError,
        lines::{MAX_OUTPUT, Sink},
    },
};
use serde_json::{Map, Value};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How long a machine lives unless its life is extended: what every plan allows.
const LIFE: Duration = Duration::from_secs(45 * 60);
/// What a machine should still live for after a command.
const RESERVE: Duration = Duration::from_secs(120);
/// How long a machine may take to start.
const START_TIME: Duration = Duration::from_secs(120);
const START_PAUSE: Duration = Duration::from_millis(500);
/// How long the end of a command's processes may take.
const END_TIME: Duration = Duration::from_secs(30);

/// Folders outside the home of the machine's user that we use.
const PREPARE: &str = "install -d -m 0777 /repo /base.git /opt/opencode /opt/agent /opt/command";
/// Ends what carries the marker, round by round until nothing does.
const END: &str = "for round in 1 2 3 4 5 6 7 8 9 10; do left=; for each in /proc/[0-9]*; do \
                   tr '\\0' '\\n' < $each/environ 2>/dev/null | grep -qxF \"$1\" || continue; \
                   left=1; kill -9 \"${each#/proc/}\" 2>/dev/null; done; [ -n \"$left\" ] || exit 0; sleep 0.1; done";

/// A machine.
pub(super) struct Machine {
    shared: Arc<Shared>,
    place: Arc<Place>,
    session: String,
    marker: String,
    /// When it ends by itself.
    ends_at: Instant,
    policy: Value,
    pub(super) has_agent: bool,
}

/// How a command ended.
pub(super) struct Ended {
    pub exit_code: i32,
    pub ended_by: Option<EndedBy>,
}

impl Machine {
    /// A machine of that name. One that has it already is removed first.
    pub(super) async fn start(
        shared: Arc<Shared>,
        place: Arc<Place>,
        name: &str,
        marker: &str,
    ) -> Result<Self, SandboxError> {
        let client = &shared.client;
        client.delete(&place, name).await?;
        let policy = policy::closed();
        let new = NewSandbox {
            name,
            project_id: &place.project_id,
            runtime: RUNTIME,
            timeout: u64::try_from(LIFE.as_millis()).unwrap_or(u64::MAX),
            resources: Resources { vcpus: shared.cpus },
            persistent: false,
            network_policy: &policy,
            env: Map::new(),
        };
        let ends_at = Instant::now() + LIFE;
        let made = client.create(&place, &new).await?;
        let started = timeout(START_TIME, running(client, &place, made.id, made.status)).await;
        let session = started.unwrap_or(Err(PlatformError::Transient { retry_after: None }))?;
        let machine =
            Self { shared, place, session, marker: marker.to_owned(), ends_at, policy, has_agent: false };
        machine.must(PREPARE, &[], "prepare the machine").await?;
        Ok(machine)
    }

    /// Unpacks an archive at the root.
    pub(super) async fn unpack(&self, archive: reqwest::Body) -> Result<(), SandboxError> {
        Ok(self.shared.client.unpack(&self.place, &self.session, archive).await?)
    }

    /// Bytes of a file, `limit` and one at most.
    pub(super) async fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, SandboxError> {
        Ok(self.shared.client.read(&self.place, &self.session, path, limit).await?)
    }

    /// Lets us write to a folder that was sealed.
    pub(super) async fn open(&self, folder: &str) -> Result<(), SandboxError> {
        self.must("chmod -R a+rwX \"$1\"", &[folder], "prepare files in the machine").await
    }

    /// Makes what was put into a folder root's where there is one, so that nobody changes it in passing.
    pub(super) async fn seal(&self, folder: &str) -> Result<(), SandboxError> {
        let script = "chown -R 0:0 \"$1\" 2>/dev/null; chmod -R a+rX,a-w \"$1\"";
        self.must(script, &[folder], "protect files in the machine").await
    }

    /// Runs a command in `folder` to its end, with everything it started.
    pub(super) async fn run(
        &mut self,
        exec: &Exec,
        folder: &str,
        stop: &CancellationToken,
        sink: Sink<'_>,
    ) -> Result<Ended, SandboxError> {
        self.allow(exec.network).await?;
        self.live_for(exec.timeout).await;
        let started = Instant::now();
        let mut env: Map<String, Value> = environment();
        env.extend(exec.env.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))));
        // Not the caller's to change.
        env.insert(MARKER.to_owned(), Value::from(self.marker.as_str()));
        let (program, arguments) = exec.command()?;
        let command = NewCommand {
            command: program,
            args: arguments,
            cwd: folder,
            env,
            sudo: false,
            wait: true,
            logs: true,
        };
        let (client, place, session) = (&self.shared.client, &*self.place, self.session.as_str());
        // From here on, dropping this future ends what it has started.
        let mut leash = Leash { machine: Some(self.handle()), command: None };
        let begun = async {
            let answer = client.run(place, session, &command).await?;
            Follow::begin(client, place, session, answer).await
        };
        let mut follow = begun.await.map_err(not_started)?;
        leash.command = Some(follow.id().to_owned());
        exec.activity.touch();
        let limit = async {
            tokio::select! {
                () = sleep(exec.timeout.saturating_sub(started.elapsed())) => EndedBy::Timeout,
                () = exec.activity.silent_for(exec.silence) => EndedBy::Silence,
                () = exec.cancel.cancelled() => EndedBy::Cancelled,
                () = stop.cancelled() => EndedBy::Cancelled,
            }
        };
        tokio::pin!(limit);
        let mut room = MAX_OUTPUT;
        let (mut exit_code, mut ended_by) = (-1, None);
        loop {
            let heard = tokio::select! {
                biased;
                limit = &mut limit => {
                    ended_by = Some(limit);
                    break;
                }
                heard = follow.next() => heard,
            };
            match heard {
                Ok(Heard::Output(stream, text)) => {
                    exec.activity.touch();
                    let allowed = text.len().min(room);
                    room -= allowed;
                    sink(stream, &text.as_bytes()[..allowed]);
                    if allowed < text.len() {
                        ended_by = Some(EndedBy::OutputLimit);
                        break;
                    }
                }
                Ok(Heard::Exit(code)) => {
                    exit_code = code;
                    break;
                }
                // The machine's own time was over before the command's.
                Err(PlatformError::NotFound) if Instant::now() >= self.ends_at => {
                    ended_by = Some(EndedBy::Timeout);
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
        if ended_by.is_some() {
            // One that is over already, or whose machine is, needs no ending.
            drop(client.kill(place, session, follow.id()).await);
        }
        leash.machine = None;
        match self.handle().end().await {
            Err(PlatformError::NotFound) if ended_by.is_some() => {}
            ended => ended?,
        }
        Ok(Ended { exit_code, ended_by })
    }

    /// Lets the machine reach what the next command may.
    async fn allow(&mut self, network: Network) -> Result<(), SandboxError> {
        let gateway = self.shared.gateway_url.as_ref().ok();
        let policy = policy::policy(network, &self.shared.registries, gateway);
        if policy != self.policy {
            self.shared.client.set_policy(&self.place, &self.session, &policy).await?;
            self.policy = policy;
        }
        Ok(())
    }

    /// Sees to it, as far as the user's plan allows, that the machine does not end before the command.
    async fn live_for(&mut self, time: Duration) {
        let wanted = Instant::now() + time + RESERVE;
        let Some(more) = wanted.checked_duration_since(self.ends_at).filter(|more| !more.is_zero()) else {
            return;
        };
        match self.shared.client.extend(&self.place, &self.session, more).await {
            Ok(()) => self.ends_at += more,
            Err(error) => tracing::debug!(%error, "A machine's life is not extended"),
        }
    }

    fn handle(&self) -> Handle {
        Handle {
            shared: Arc::clone(&self.shared),
            place: Arc::clone(&self.place),
            session: self.session.clone(),
            marker: self.marker.clone(),
        }
    }

    /// Runs a short script of ours as root.
    async fn must(&self, script: &str, arguments: &[&str], what: &'static str) -> Result<(), SandboxError> {
        match self.handle().script(script, arguments).await? {
            0 => Ok(()),
            code => {
                let detail = format!("it could not {what}: exit code {code}");
                Err(SandboxError::NotStarted { detail })
            }
        }
    }
}

/// What ends a command, also after nobody waits for it any more.
struct Handle {
    shared: Arc<Shared>,
    place: Arc<Place>,
    session: String,
    marker: String,
}

impl Handle {
    /// Gives the exit code of a script that root runs. Its output is nobody's.
    async fn script(&self, script: &str, arguments: &[&str]) -> Result<i32, PlatformError> {
        let mut args = vec!["-c".to_owned(), script.to_owned(), "sh".to_owned()];
        args.extend(arguments.iter().map(|&argument| argument.to_owned()));
        let command = NewCommand {
            command: "/bin/sh",
            args: &args,
            cwd: "/",
            env: Map::new(),
            sudo: true,
            wait: true,
            logs: true,
        };
        let (client, place, session) = (&self.shared.client, &*self.place, self.session.as_str());
        let run = async {
            let answer = client.run(place, session, &command).await?;
            let mut follow = Follow::begin(client, place, session, answer).await?;
            loop {
                if let Heard::Exit(code) = follow.next().await? {
                    return Ok(code);
                }
            }
        };
        timeout(END_TIME, run).await.unwrap_or(Err(PlatformError::Transient { retry_after: None }))
    }

    /// Ends every process that a command has left.
    async fn end(&self) -> Result<(), PlatformError> {
        self.script(END, &[&format!("{MARKER}={}", self.marker)]).await.map(drop)
    }
}

/// Ends a command whose future is dropped.
struct Leash {
    machine: Option<Handle>,
    command: Option<String>,
}

impl Drop for Leash {
    fn drop(&mut self) {
        let Some(machine) = self.machine.take() else { return };
        let command = self.command.take();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Some(id) = command {
                    drop(machine.shared.client.kill(&machine.place, &machine.session, &id).await);
                }
                if let Err(error) = machine.end().await {
                    tracing::warn!(%error, "A command at Vercel was left to its machine's end");
                }
            });
        }
    }
}

/// Waits until a machine runs.
async fn running(
    client: &Client,
    place: &Place,
    id: String,
    mut status: String,
) -> Result<String, PlatformError> {
    loop {
        match status.as_str() {
            "running" => return Ok(id),
            "pending" => sleep(START_PAUSE).await,
            other => {
                tracing::warn!(status = other, "A machine at Vercel did not start");
                return Err(PlatformError::Transient { retry_after: None });
            }
        }
        status = client.session(place, &id).await?.status;
    }
}

/// What the commands of every sandbox find in their environment, besides the machine's own.
fn environment() -> Map<String, Value> {
    let variables = [
        ("LANG", "C.UTF-8"),
        ("TERM", "dumb"),
        ("NO_COLOR", "1"),
        ("CI", "1"),
        ("npm_config_update_notifier", "false"),
        ("npm_config_audit", "false"),
        ("npm_config_fund", "false"),
        ("COREPACK_ENABLE_DOWNLOAD_PROMPT", "0"),
        ("COREPACK_INTEGRITY_KEYS", "0"),
        ("COREPACK_NPM_REGISTRY", "https://registry.npmjs.org"),
    ];
    variables.map(|(name, value)| (name.to_owned(), Value::from(value))).into_iter().collect()
}

/// A command that the machine would not take was not started; everything else is the machine's trouble.
fn not_started(error: PlatformError) -> SandboxError {
    match error {
        PlatformError::Rejected { status: 400, message, .. } => SandboxError::NotStarted { detail: message },
        other => other.into(),
    }
}
