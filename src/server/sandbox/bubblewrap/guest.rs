//! What the inside of the sandbox looks like: turns paths and limits into a bubblewrap command line.

use super::{account::Account, limits, processes::MARKER};
use crate::server::sandbox::{MODEL_PORT, Network, OPENCODE};
use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Port on the sandbox's own loopback that leads to the registry proxy.
pub(super) const PROXY_PORT: u16 = 47_101;
/// Home folder inside.
pub(super) const HOME: &str = "/home/agent";
const PROXY_SOCKET: &str = "/run/host/proxy.sock";
const MODEL_SOCKET: &str = "/run/host/model.sock";
const FORWARDER: &str = "/run/host/forward.js";
const NODE: &str = "/opt/node";
/// Node.js knows only its own list of authorities; the machine's may have one more for a company's proxy.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Joins its control groups, lets go of whatever handle the server itself was started with, and becomes the
/// rest of its command line with the option list on 3, the status file on 4 and the filters from 5 on.
const WRAPPER: &str = r#"
options=$1 status=$2 filters=$3; shift 3
while [ "$1" != -- ]; do echo $$ > "$1" || exit 126; shift; done; shift
# When memory runs out anyway, the server should not be the one to go.
echo 500 > /proc/self/oom_score_adj
for handle in /proc/self/fd/*; do
  handle=${handle##*/}; [ "$handle" -gt 2 ] && eval "exec $handle>&-"
done
exec 3< "$options" 4> "$status"
number=5
for filter in "$filters"/*; do
  [ -f "$filter" ] && eval "exec $number< \"\$filter\"" && number=$((number + 1))
done
"#;

/// The handle of the first filter: see [`WRAPPER`].
const FIRST_FILTER: usize = 5;

/// Run by root in a mount namespace of its own: shows each folder at `STAGE/NUMBER`.
const STAGE: &str = r#"
stage=$1 number=0; shift
mount -t tmpfs -o mode=755,nosuid,nodev,size=64k sandbox "$stage" || exit 126
while [ "$1" != -- ]; do
  mkdir "$stage/$number" && mount --bind "$1" "$stage/$number" || exit 126
  shift; number=$((number + 1))
done; shift
"#;

const BECOME: &str = "exec \"$@\"";

/// A folder or file of the host that is shown inside.
#[derive(Clone, Debug)]
pub(super) struct Bind {
    pub host: PathBuf,
    pub guest: PathBuf,
    pub writable: bool,
}

impl Bind {
    /// Shown read-only.
    pub(super) fn read(host: impl Into<PathBuf>, guest: impl Into<PathBuf>) -> Self {
        Self { host: host.into(), guest: guest.into(), writable: false }
    }

    /// Shown writable.
    pub(super) fn write(host: impl Into<PathBuf>, guest: impl Into<PathBuf>) -> Self {
        Self { writable: true, ..Self::read(host, guest) }
    }
}

/// Programs of this machine.
#[derive(Clone, Debug)]
pub(super) struct Programs {
    /// bubblewrap, a name or a path.
    pub bubblewrap: PathBuf,
    /// Node.js's folder with `bin` in it, when it is not below `/usr`.
    pub node_prefix: Option<PathBuf>,
    /// The folder of the OpenCode program.
    pub opencode: Option<PathBuf>,
}

/// Everything about one start of the sandbox.
pub(super) struct Guest<'a> {
    pub programs: &'a Programs,
    pub account: &'a Account,
    pub marker: &'a str,
    /// The workspace's own folder.
    pub folder: PathBuf,
    pub binds: Vec<Bind>,
    pub network: Network,
    pub cwd: PathBuf,
    pub env: Vec<(String, String)>,
    pub argv: Vec<String>,
    /// Bytes of `/tmp`.
    pub tmp_bytes: u64,
    /// Processes and threads of the user.
    pub max_tasks: u64,
    /// Bytes of one file.
    pub max_file: u64,
    /// The number of files in [`Handover::filters`].
    pub filters: usize,
    pub cgroup_files: Vec<PathBuf>,
}

/// Files of the host through which a start is arranged.
pub(super) struct Handover {
    /// bubblewrap's options, separated by zero bytes: on its command line they would be seen from inside.
    pub options: PathBuf,
    /// bubblewrap writes here whether the command was started.
    pub status: PathBuf,
    /// The folder with the programs that decide about system calls.
    pub filters: PathBuf,
    /// The small files that every sandbox shows: [`BASE_FILES`].
    pub base: PathBuf,
    /// The sockets.
    pub proxy: PathBuf,
    /// See [`Handover::proxy`].
    pub model: PathBuf,
}

/// Name in [`Handover::base`], path inside, content.
pub(super) const BASE_FILES: [(&str, &str, &str); 5] = [
    ("passwd", "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nagent:x:1000:1000::/home/agent:/bin/sh\n"),
    ("group", "/etc/group", "root:x:0:\nagent:x:1000:\n"),
    ("nsswitch.conf", "/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"),
    ("hosts", "/etc/hosts", "127.0.0.1 localhost sandbox\n::1 localhost\n"),
    ("forward.js", FORWARDER, include_str!("forward.js")),
];

impl Guest<'_> {
    fn all_binds(&self, handover: &Handover) -> Vec<Bind> {
        let mut binds: Vec<_> =
            BASE_FILES.iter().map(|(name, guest, _)| Bind::read(handover.base.join(name), guest)).collect();
        binds.extend(self.programs.node_prefix.as_ref().map(|node| Bind::read(node, NODE)));
        binds.extend(self.programs.opencode.as_ref().map(|folder| Bind::read(folder, OPENCODE)));
        binds.extend(self.network.registries().then(|| Bind::read(&handover.proxy, PROXY_SOCKET)));
        binds.extend(self.network.model().then(|| Bind::read(&handover.model, MODEL_SOCKET)));
        binds.extend(self.binds.iter().cloned());
        binds
    }

    /// The command to spawn, and the bytes to put into [`Handover::options`] before.
    pub(super) fn command(&self, handover: &Handover) -> (Command, Vec<u8>) {
        let mut binds = self.all_binds(handover);
        let mut command;
        if let Some(id) = self.account.dedicated() {
            // The made-up user has no way through folders closed to it, such as root's home. So root shows it
            // what it needs at a place of its own, and steps down. All of this becomes bubblewrap in the end
            // and forks nothing: a parent in between could not end it when the server dies.
            let (stage, roots) = self.stage(&mut binds);
            command = Command::new("unshare");
            command.args(["--mount", "--propagation", "private", "--", "/bin/bash", "-c"]);
            command.arg(format!("{WRAPPER}{STAGE}{BECOME}")).arg("sandbox");
            command.args([&handover.options, &handover.status, &handover.filters]);
            command.args(&self.cgroup_files).arg("--");
            command.arg(stage).args(roots).arg("--");
            let (user, group) = (format!("--reuid={id}"), format!("--regid={id}"));
            command.args(["setpriv", &user, &group, "--clear-groups", "--"]);
        } else {
            command = Command::new("/bin/bash");
            command.args(["-c", &format!("{WRAPPER}{BECOME}"), "sandbox"]);
            command.args([&handover.options, &handover.status, &handover.filters]);
            command.args(&self.cgroup_files).arg("--");
        }
        command.arg("prlimit").args(limits::arguments(self.max_tasks, self.max_file)).arg("--");
        command.arg(&self.programs.bubblewrap).args(["--args", "3", "--"]).args(self.inner_argv());
        command
            .env_clear()
            .env(MARKER, self.marker)
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
        command.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        (command, self.options(&binds))
    }

    /// Rewrites the binds to where root shows their folders; gives that place and the folders.
    fn stage(&self, binds: &mut [Bind]) -> (&'static Path, Vec<PathBuf>) {
        let mut roots = vec![self.folder.clone()];
        roots.extend(self.programs.node_prefix.clone());
        roots.extend(self.programs.opencode.clone());
        // It covers what is there, so none of the folders may be below it.
        let free = |place: &&&str| !roots.iter().any(|root| root.starts_with(place));
        let stage = Path::new(["/mnt", "/srv", "/tmp"].iter().find(free).copied().unwrap_or("/run"));
        for bind in binds {
            let staged = roots.iter().enumerate().find_map(|(number, root)| {
                let rest = bind.host.strip_prefix(root).ok()?;
                Some(stage.join(number.to_string()).join(rest))
            });
            bind.host = staged.unwrap_or_else(|| std::mem::take(&mut bind.host));
        }
        (stage, roots)
    }

    fn inner_argv(&self) -> Vec<OsString> {
        let mut routes = Vec::new();
        if self.network.registries() {
            routes.push(format!("{PROXY_PORT}={PROXY_SOCKET}"));
        }
        if self.network.model() {
            routes.push(format!("{MODEL_PORT}={MODEL_SOCKET}"));
        }
        let command = self.argv.iter().map(OsString::from);
        if routes.is_empty() {
            return command.collect();
        }
        let head =
            ["node".to_owned(), FORWARDER.to_owned()].into_iter().chain(routes).chain(["--".to_owned()]);
        head.map(OsString::from).chain(command).collect()
    }

    fn options(&self, binds: &[Bind]) -> Vec<u8> {
        let mut list = Options::default();
        for flag in ["user", "pid", "ipc", "uts", "cgroup-try", "net"] {
            list.push([format!("--unshare-{flag}")]);
        }
        list.push(["--die-with-parent", "--new-session", "--json-status-fd", "4"]);
        list.push(["--hostname", "sandbox", "--uid", "1000", "--gid", "1000"]);
        list.push(["--ro-bind", "/usr", "/usr"]);
        for name in ["bin", "sbin", "lib", "lib32", "lib64"] {
            let target = Path::new("/usr").join(name);
            if target.is_dir() {
                list.push([
                    OsStr::new("--symlink"),
                    target.as_os_str(),
                    Path::new("/").join(name).as_os_str(),
                ]);
            }
        }
        for path in ["/etc/ssl/certs", "/etc/ca-certificates", "/etc/alternatives"] {
            list.push(["--ro-bind-try", path, path]);
        }
        list.push(["--proc", "/proc", "--dev", "/dev"]);
        list.push(["--size", "67108864", "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]);
        list.push(["--size", &self.tmp_bytes.to_string(), "--tmpfs", "/tmp"]);
        for Bind { host, guest, writable } in binds {
            let how = OsStr::new(if *writable { "--bind" } else { "--ro-bind" });
            list.push([how, host.as_os_str(), guest.as_os_str()]);
        }
        list.push(["--remount-ro", "/", "--disable-userns", "--cap-drop", "ALL"]);
        for handle in (FIRST_FILTER..).take(self.filters) {
            list.push(["--add-seccomp-fd", &handle.to_string()]);
        }
        list.push([OsStr::new("--chdir"), self.cwd.as_os_str()]);
        list.push(["--clearenv"]);
        for (name, value) in self.environment() {
            list.push(["--setenv", &name, &value]);
        }
        list.0
    }

    fn environment(&self) -> Vec<(String, String)> {
        let node = self.programs.node_prefix.as_ref().map_or("", |_| "/opt/node/bin:");
        let path = format!("{node}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        let mut variables = vec![("PATH", path.as_str()), (MARKER, self.marker), ("HOME", HOME)];
        variables.extend([("USER", "agent"), ("LOGNAME", "agent"), ("SHELL", "/bin/sh"), ("TMPDIR", "/tmp")]);
        variables.extend([("LANG", "C.UTF-8"), ("TERM", "dumb"), ("NO_COLOR", "1"), ("CI", "1")]);
        for name in ["npm_config_update_notifier", "npm_config_audit", "npm_config_fund"] {
            variables.push((name, "false"));
        }
        variables.push(("COREPACK_ENABLE_DOWNLOAD_PROMPT", "0"));
        // Older releases know only keys that the registry no longer signs with, and refuse every download.
        variables.push(("COREPACK_INTEGRITY_KEYS", "0"));
        // Newer Yarn would otherwise come from a host that is on no list.
        variables.push(("COREPACK_NPM_REGISTRY", "https://registry.npmjs.org"));
        if Path::new(AUTHORITIES).is_file() {
            variables.push(("NODE_EXTRA_CA_CERTS", AUTHORITIES));
        }
        let proxy = format!("http://127.0.0.1:{PROXY_PORT}");
        if self.network.registries() {
            for name in [
                "HTTPS_PROXY",
                "HTTP_PROXY",
                "https_proxy",
                "http_proxy",
                "YARN_HTTPS_PROXY",
                "YARN_HTTP_PROXY",
            ] {
                variables.push((name, &proxy));
            }
            variables.extend([("NO_PROXY", "127.0.0.1,localhost"), ("no_proxy", "127.0.0.1,localhost")]);
        }
        let own = variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        // The marker is not the caller's to change.
        own.chain(self.env.iter().filter(|(name, _)| name != MARKER).cloned()).collect()
    }
}

/// Arguments, each ended by a zero byte.
#[derive(Default)]
struct Options(Vec<u8>);

impl Options {
    fn push<I>(&mut self, arguments: I)
    where
        I: IntoIterator,
        I::Item: AsRef<OsStr>,
    {
        for argument in arguments {
            self.0.extend_from_slice(argument.as_ref().as_encoded_bytes());
            self.0.push(0);
        }
    }
}
