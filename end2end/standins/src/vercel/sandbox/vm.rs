//! A session's machine: one bubblewrap process, ended with its session, with the stand-in, or when it is dropped.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::{Context, bail};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::UnixListener;
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use super::channel::Channel;
use super::policy::Policy;
use super::proxy;
use super::state::Status;
use crate::world::World;

/// Where commands run if they do not say otherwise.
pub(super) const WORK: &str = "/vercel/sandbox";
const USER: &str = "vercel-sandbox";
const HOME: &str = "/home/vercel-sandbox";
/// The folder shared with the stand-in.
const SHARED: &str = "/run/vercel";
/// Where the machine finds Node.js if it is not below `/usr`.
const RUNTIME: &str = "/vercel/runtimes/node";
const PROXY_PORT: u16 = 3128;
/// Node.js knows only its own list of authorities; the machine's may have one more for a company's proxy.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";
/// For the machine to say that it is ready.
const START: Duration = Duration::from_secs(20);
/// For the machine to end before it is killed.
const END: Duration = Duration::from_secs(3);

/// Folders of the root that are there from the start.
const FOLDERS: [&str; 12] = [
    "usr",
    "etc",
    "proc",
    "dev",
    "run",
    "opt",
    "root",
    "tmp",
    "var/tmp",
    "vercel/sandbox",
    "home/vercel-sandbox",
    "srv",
];
/// Files of the root that are there from the start.
const FILES: [(&str, &str); 5] = [
    (
        "etc/passwd",
        "root:x:0:0:root:/root:/bin/bash\nvercel-sandbox:x:1000:1000::/home/vercel-sandbox:/bin/bash\n",
    ),
    ("etc/group", "root:x:0:\nvercel-sandbox:x:1000:\n"),
    ("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
    ("etc/hosts", "127.0.0.1 localhost vercel-sandbox\n::1 localhost\n"),
    ("etc/hostname", "vercel-sandbox\n"),
];
/// Folders of the host that the machine shows read-only beside `/usr`.
const HOST: [&str; 4] = ["/etc/ssl/certs", "/etc/ca-certificates", "/etc/alternatives", "/etc/ld.so.cache"];

/// What becomes of a machine.
#[derive(Debug, Clone, Copy)]
struct Order {
    deadline: Instant,
    end: Option<Status>,
}

/// A running machine. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Vm {
    pub channel: Channel,
    started: Instant,
    orders: watch::Sender<Order>,
    policy: watch::Sender<Policy>,
    ended: watch::Receiver<bool>,
}

/// A machine to start.
#[derive(Debug)]
pub(super) struct Machine {
    /// The sandbox's folder.
    pub folder: Arc<TempDir>,
    /// The session, which its own folder is called after.
    pub session: String,
    /// Whether the root folder is kept as the session before has left it.
    pub keep_root: bool,
    pub policy: Policy,
    /// In ms.
    pub timeout: u64,
}

impl Vm {
    /// Starts a machine, and waits until it takes orders. When its time is over or it is lost, the session says so.
    ///
    /// # Errors
    /// bubblewrap or Node.js is missing, or may not do what it must.
    pub(super) async fn start(world: &Arc<World>, machine: Machine) -> anyhow::Result<Vm> {
        let root = machine.folder.path().join("root");
        let shared = machine.folder.path().join(&machine.session);
        prepare(&root, &shared, machine.keep_root).context("the machine's folder")?;
        let listener = UnixListener::bind(shared.join("proxy.sock")).context("the proxy's socket")?;
        let mut child = command(&root, &shared).spawn().context("bwrap: run scripts/setup.sh run")?;
        let ready = timeout(START, ready(&mut child)).await.context("the machine does not get ready")?;
        ready?;
        let started = Instant::now();
        let deadline = started + Duration::from_millis(machine.timeout);
        let (orders, received) = watch::channel(Order { deadline, end: None });
        let (policy, policies) = watch::channel(machine.policy);
        let (ending, ended) = watch::channel(false);
        let channel = Channel::new(&shared);
        tokio::spawn(proxy::serve(listener, policies));
        let keeper = Keeper {
            world: Arc::downgrade(world),
            session: machine.session,
            channel: channel.clone(),
            _folder: machine.folder,
        };
        tokio::spawn(keeper.keep(child, received, ending));
        Ok(Vm { channel, started, orders, policy, ended })
    }

    /// Ends the machine so many ms after its start.
    pub(super) fn set_timeout(&self, timeout: u64) {
        let deadline = self.started + Duration::from_millis(timeout);
        self.orders.send_modify(|order| order.deadline = deadline);
    }

    /// Applies to new connections from now on.
    pub(super) fn set_policy(&self, policy: Policy) {
        self.policy.send_replace(policy);
    }

    /// Begins to end the machine, after which its session has this status. Wait for it with [`ended`].
    pub(super) fn end(&self, status: Status) -> watch::Receiver<bool> {
        self.orders.send_modify(|order| order.end = order.end.or(Some(status)));
        self.ended.clone()
    }
}

/// Waits until the machine has ended, and the state says so.
pub(super) async fn ended(mut ended: watch::Receiver<bool>) {
    // An error means that the keeper is gone, and the machine with it.
    let _ = ended.wait_for(|ended| *ended).await;
}

/// Watches over a machine for as long as it runs.
struct Keeper {
    world: Weak<World>,
    session: String,
    channel: Channel,
    /// Not to be removed while processes still write to it.
    _folder: Arc<TempDir>,
}

impl Keeper {
    async fn keep(self, mut child: Child, mut orders: watch::Receiver<Order>, ending: watch::Sender<bool>) {
        let status = loop {
            let order = *orders.borrow_and_update();
            if let Some(status) = order.end {
                break status;
            }
            tokio::select! {
                _ = child.wait() => break Status::Aborted,
                () = sleep_until(order.deadline) => break Status::Stopped,
                // The sender is gone with its session.
                changed = orders.changed() => if changed.is_err() { break Status::Stopped },
            }
        };
        self.tell(Status::Stopping);
        // It goes by itself, so that all of its processes have gone when bubblewrap has.
        let asked = self.channel.end().await.is_ok();
        if !(asked && timeout(END, child.wait()).await.is_ok()) {
            let _ = child.kill().await;
        }
        self.tell(status);
        // Whoever waits may end this process next, and the files should be gone by then.
        drop(self);
        let _ = ending.send(true);
    }

    fn tell(&self, status: Status) {
        let Some(world) = self.world.upgrade() else { return };
        let mut state = world.state();
        if let Some((sandbox, index)) = state.vercel.sandboxes.session(&self.session) {
            sandbox.sessions[index].becomes(status);
        }
    }
}

/// Makes the folders that the machine is shown.
fn prepare(root: &Path, shared: &Path, keep_root: bool) -> io::Result<()> {
    if !keep_root && root.exists() {
        fs::remove_dir_all(root)?;
    }
    if !root.exists() {
        for folder in FOLDERS {
            fs::create_dir_all(root.join(folder))?;
        }
        for (name, text) in FILES {
            fs::write(root.join(name), text)?;
        }
        for name in ["tmp", "var/tmp"] {
            fs::set_permissions(root.join(name), fs::Permissions::from_mode(0o1777))?;
        }
        for name in ["bin", "sbin", "lib", "lib32", "lib64"] {
            if Path::new("/usr").join(name).is_dir() {
                symlink(format!("usr/{name}"), root.join(name))?;
            }
        }
    }
    fs::create_dir_all(shared)?;
    fs::write(shared.join("init.mjs"), include_str!("init.mjs"))
}

fn command(root: &Path, shared: &Path) -> Command {
    let mut command = Command::new("bwrap");
    command.args(["--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]);
    command.args(["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]);
    command.args(["--hostname", USER, "--uid", "1000", "--gid", "1000"]);
    command.arg("--bind").arg(root).arg("/").args(["--ro-bind", "/usr", "/usr"]);
    for path in HOST {
        command.args(["--ro-bind-try", path, path]);
    }
    if let Some(prefix) = node_prefix() {
        command.arg("--ro-bind").arg(prefix).arg(RUNTIME);
    }
    command.args(["--proc", "/proc", "--dev", "/dev"]).arg("--bind").arg(shared).arg(SHARED);
    command.args(["--chdir", WORK, "--clearenv", "--setenv", "PATH", &search_path(), "--"]);
    command.arg("node").arg(format!("{SHARED}/init.mjs")).arg(SHARED).arg(PROXY_PORT.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Waits for the one line that the machine's first program writes.
async fn ready(child: &mut Child) -> anyhow::Result<()> {
    let mut line = String::new();
    let stdout = child.stdout.take().context("no standard output")?;
    BufReader::new(stdout).read_line(&mut line).await?;
    if line == "ready\n" {
        return Ok(());
    }
    let mut said = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut said).await?;
    }
    bail!("the machine does not start: {}", said.trim())
}

fn search_path() -> String {
    let node = node_prefix().map_or(String::new(), |_| format!("{RUNTIME}/bin:"));
    format!("{node}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
}

/// Where Node.js is installed, if not below `/usr`, which every machine shows anyway.
fn node_prefix() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found =
        std::env::split_paths(&path).map(|folder| folder.join("node")).find(|program| program.is_file())?;
    let program = fs::canonicalize(found).ok()?;
    let prefix = program.parent()?.parent()?.to_owned();
    (!program.starts_with("/usr") && prefix.join("bin/node").is_file()).then_some(prefix)
}

/// A command's environment: the machine's, then the sandbox's, then its own.
pub(super) fn environment(
    sandbox: &BTreeMap<String, String>,
    own: &BTreeMap<String, String>,
    sudo: bool,
) -> BTreeMap<String, String> {
    let (user, home) = if sudo { ("root", "/root") } else { (USER, HOME) };
    let path = search_path();
    let proxy = format!("http://127.0.0.1:{PROXY_PORT}");
    let mut variables = vec![("PATH", path.as_str()), ("HOME", home), ("USER", user), ("LOGNAME", user)];
    variables.extend([("SHELL", "/bin/bash"), ("LANG", "C.UTF-8")]);
    if sudo {
        variables.extend([("SUDO_USER", USER), ("SUDO_UID", "1000"), ("SUDO_GID", "1000")]);
    }
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"] {
        variables.push((name, &proxy));
    }
    variables.extend([("npm_config_proxy", proxy.as_str()), ("npm_config_https_proxy", &proxy)]);
    if Path::new(AUTHORITIES).is_file() {
        variables.push(("NODE_EXTRA_CA_CERTS", AUTHORITIES));
    }
    let machine = variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let own = sandbox.iter().chain(own).map(|(name, value)| (name.clone(), value.clone()));
    machine.chain(own).collect()
}
