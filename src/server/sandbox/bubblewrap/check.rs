//! Says which isolation this machine gives, by starting a sandbox, and what to do where it gives none.

use super::{Settings, Shared, seccomp::Filters, task::Task, workspace::BubblewrapWorkspace};
use crate::server::{
    clock::new_id,
    sandbox::{SandboxError, Stream},
};
use std::{fs, sync::Arc, time::Duration};

/// What this machine gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Isolation {
    /// Why no sandbox can run here, and what to do about it; `None` when one has run.
    pub problem: Option<String>,
    /// What stands between a sandbox and the machine, one by one. Empty when no sandbox can run.
    pub layers: Vec<Layer>,
}

/// One of the things that stand between a sandbox and the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Which.
    pub name: &'static str,
    /// How it is kept, or what is missing and what to do about it.
    pub found: Result<String, String>,
}

impl Isolation {
    /// Whether fixes may run: namespaces, no privileges, a filter for system calls and limits are what it takes.
    /// With `allow_weak`, a sandbox that runs is enough.
    pub(super) fn require(&self, allow_weak: bool) -> Result<(), SandboxError> {
        let missing = |layer: &Layer| {
            let what = layer.found.as_ref().err()?;
            Some(format!("{}: {what}", layer.name))
        };
        let weak: Vec<_> = self.layers.iter().filter_map(missing).collect();
        let reason = self.problem.clone().unwrap_or_else(|| weak.join("; "));
        if self.problem.is_none() && allow_weak && !weak.is_empty() {
            tracing::warn!(
                missing = reason,
                "Fixes run with less isolation than they should, as the setting allows"
            );
        } else if self.problem.is_some() || !weak.is_empty() {
            return Err(SandboxError::Unavailable { reason });
        }
        Ok(())
    }
}

/// Printed inside: what the layers are read off.
const REPORT: &str = "cat /proc/self/status /proc/self/limits; \
    for name in user pid mnt net ipc uts; do echo \"ns/$name: $(readlink /proc/self/ns/$name)\"; done; \
    sed 's/^ *\\([^:]*\\):.*/interface: \\1/' /proc/net/dev";

/// Starts a sandbox that describes itself.
pub(super) async fn check(shared: &Arc<Shared>) -> Isolation {
    match try_out(shared).await {
        Ok(report) => Isolation { problem: None, layers: layers(shared, &report) },
        Err(error) => Isolation { problem: Some(explain(&error)), layers: Vec::new() },
    }
}

async fn try_out(shared: &Arc<Shared>) -> Result<String, SandboxError> {
    let id = format!("check-{}", new_id());
    let workspace = BubblewrapWorkspace::new(Arc::clone(shared), shared.settings.folder.join(&id), &id)?;
    let task = Task::new(["/bin/sh", "-c", REPORT], Duration::from_secs(30));
    let mut report = Vec::new();
    let mut keep = |stream, bytes: &[u8]| {
        if stream == Stream::Stdout {
            report.extend_from_slice(bytes);
        }
    };
    let outcome = workspace.run_task(task, &mut keep).await;
    workspace.remove().await?;
    match outcome? {
        (0, _) => Ok(String::from_utf8_lossy(&report).into_owned()),
        (code, _) => Err(SandboxError::NotStarted { detail: format!("exit code {code}") }),
    }
}

fn layers(shared: &Shared, report: &str) -> Vec<Layer> {
    let Settings { allowance, allowed, .. } = &shared.settings;
    let root = rustix::process::geteuid().is_root();
    let mib = |bytes: u64| bytes / (1024 * 1024);
    let layer = |name, found| Layer { name, found };
    vec![
        layer("namespaces", namespaces(report)),
        layer("privileges", privileges(report)),
        layer("system calls", system_calls(report, &shared.filters)),
        layer("user", Ok(if root { "one of its own for every fix" } else { "the server's own" }.to_owned())),
        layer("memory", Ok(format!("{} MiB, kept by {}", mib(allowance.memory), shared.cgroups.memory()))),
        layer(
            "processes",
            limited(report, "Max processes", || {
                format!("{}, kept by {}", allowance.tasks, shared.cgroups.pids())
            }),
        ),
        layer("open files", limited(report, "Max open files", || "limited for each process".to_owned())),
        layer(
            "disk",
            limited(report, "Max file size", || {
                format!("{} MiB, measured while a command runs", mib(allowance.disk))
            }),
        ),
        layer("network", network(report, allowed.len())),
    ]
}

/// What stands behind `name` on its line.
fn field<'a>(report: &'a str, name: &str) -> Option<&'a str> {
    report.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

fn namespaces(report: &str) -> Result<String, String> {
    let kinds = ["user", "pid", "mnt", "net", "ipc", "uts"];
    let shared = |kind: &&&str| {
        let own = fs::read_link(format!("/proc/self/ns/{kind}")).unwrap_or_default();
        let inside = field(report, &format!("ns/{kind}:")).unwrap_or_default();
        inside.is_empty() || own.as_os_str() == inside
    };
    let shared: Vec<_> = kinds.iter().filter(shared).copied().collect();
    if shared.is_empty() {
        Ok("own users, processes, mounts, network, IPC and host name".to_owned())
    } else {
        Err(format!("shared with the machine: {}. Allow the server to make namespaces.", shared.join(", ")))
    }
}

fn privileges(report: &str) -> Result<String, String> {
    let none = |set: &str| field(report, set).is_some_and(|bits| bits.bytes().all(|digit| digit == b'0'));
    let kept = ["CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"].into_iter().all(none);
    if kept && field(report, "NoNewPrivs:") == Some("1") {
        Ok("no capabilities, and no program gains any".to_owned())
    } else {
        Err("a process inside has capabilities or may gain some. Use another build of bubblewrap.".to_owned())
    }
}

fn system_calls(report: &str, filters: &Filters) -> Result<String, String> {
    let programs = filters.programs().len();
    match filters.problem() {
        Some(problem) => Err(problem.to_owned()),
        None if field(report, "Seccomp:") == Some("2") => Ok(format!("seccomp with {programs} programs")),
        None => Err("the seccomp filter is not in force. Use bubblewrap 0.8 or later.".to_owned()),
    }
}

fn limited(report: &str, name: &str, kept: impl Fn() -> String) -> Result<String, String> {
    // The row has the soft limit, the hard one and a unit.
    let hard = field(report, name).and_then(|row| row.split_ascii_whitespace().nth(1));
    match hard {
        Some(hard) if hard.bytes().all(|digit| digit.is_ascii_digit()) => Ok(kept()),
        _ => Err("not limited. Check that prlimit of util-linux is installed.".to_owned()),
    }
}

fn network(report: &str, hosts: usize) -> Result<String, String> {
    let interfaces = report.lines().filter_map(|line| line.strip_prefix("interface: "));
    let others: Vec<_> = interfaces.filter(|name| *name != "lo").collect();
    if others.is_empty() {
        Ok(format!("none of its own; a proxy to {hosts} listed hosts and the model's gateway"))
    } else {
        Err(format!("it has the interfaces {}. Allow the server to make namespaces.", others.join(", ")))
    }
}

/// Turns what bubblewrap says into what to do.
fn explain(error: &SandboxError) -> String {
    let text = error.to_string();
    let setting =
        |path: &str| fs::read_to_string(path).map(|value| value.trim().to_owned()).unwrap_or_default();
    let missing = |program: &str| text.contains(&format!("{program}: ")) && text.contains("not found");
    if missing("bwrap")
        || text.contains("‘bwrap’")
        || (text.contains("to execute ") && text.contains("bwrap: No such file"))
    {
        return "bubblewrap is not installed: install the package bubblewrap.".to_owned();
    }
    if text.contains("disable-userns") || text.contains("add-seccomp-fd") {
        return format!("bubblewrap is too old: version 0.8 or later is needed. ({text})");
    }
    let reason = if setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1" {
        "AppArmor keeps programs from making user namespaces: give bwrap an AppArmor profile that allows \
         userns, or set kernel.apparmor_restrict_unprivileged_userns=0."
    } else if setting("/proc/sys/kernel/unprivileged_userns_clone") == "0" {
        "User namespaces are switched off: set kernel.unprivileged_userns_clone=1."
    } else if setting("/proc/sys/user/max_user_namespaces") == "0" {
        "User namespaces are switched off: set user.max_user_namespaces to a few thousand."
    } else if text.contains("namespace") || text.contains("Operation not permitted") {
        "This machine does not let the server make namespaces. A container needs to be started with user \
         namespaces and mounts allowed."
    } else {
        return text;
    };
    format!("{reason} ({text})")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::server::{config::Config, sandbox::bubblewrap::cgroup::Parents};
    use clap::Parser;
    use std::path::Path;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        config: Config,
    }

    fn shared(data: &Path, filters: Filters) -> Shared {
        let config = Cli::parse_from(["deploymend", "--data-dir", data.to_str().unwrap()]).config;
        Shared {
            settings: Settings::new(&config, &data.join("sandboxes")),
            cgroups: Parents::detect(),
            filters,
        }
    }

    fn code(required: Result<(), SandboxError>) -> String {
        required.map_or_else(|error| error.to_string(), |()| "ok".to_owned())
    }

    #[tokio::test]
    async fn this_machine_gives_all_layers() {
        let data = tempfile::tempdir().unwrap();
        let found = check(&Arc::new(shared(data.path(), Filters::detect()))).await;
        assert_eq!(code(found.require(false)), "ok", "{found:?}");
        assert_eq!(found.layers.len(), 9);
    }

    #[tokio::test]
    async fn without_a_filter_fixes_are_refused_unless_told() {
        let data = tempfile::tempdir().unwrap();
        let found = check(&Arc::new(shared(data.path(), Filters::none()))).await;
        assert_eq!(found.problem, None);
        assert_eq!(
            code(found.require(false)),
            "this machine cannot run the sandbox: system calls: the kernel filters no system calls: it needs \
             CONFIG_SECCOMP_FILTER"
        );
        assert_eq!(code(found.require(true)), "ok");
    }

    #[tokio::test]
    async fn without_bubblewrap_no_setting_helps() {
        let data = tempfile::tempdir().unwrap();
        let mut shared = shared(data.path(), Filters::detect());
        shared.settings.programs.bubblewrap = "/nowhere/bwrap".into();
        let found = check(&Arc::new(shared)).await;
        for allow_weak in [false, true] {
            assert!(code(found.require(allow_weak)).contains("install the package bubblewrap"), "{found:?}");
        }
    }

    #[test]
    fn a_report_of_something_weaker_is_told() {
        let inside = |name: &str| fs::read_link(format!("/proc/self/ns/{name}")).unwrap();
        let shared = format!("ns/user: other\nns/pid: {}\nns/mnt: other\n", inside("pid").display());
        assert_eq!(
            namespaces(&shared),
            Err("shared with the machine: pid, net, ipc, uts. Allow the server to make namespaces."
                .to_owned())
        );
        assert!(privileges("CapPrm:\t00\nCapEff:\t00\nCapBnd:\t01\nCapAmb:\t00\nNoNewPrivs:\t1\n").is_err());
        assert!(privileges("CapPrm:\t00\nCapEff:\t00\nCapBnd:\t00\nCapAmb:\t00\nNoNewPrivs:\t0\n").is_err());
        let limit = |row: &str| limited(row, "Max open files", String::new);
        assert!(limit("Max open files            1024                 4096                 files\n").is_ok());
        assert!(
            limit("Max open files            1024                 unlimited            files\n").is_err()
        );
        assert!(network("interface: lo\ninterface: eth0\n", 2).is_err());
        assert!(system_calls("Seccomp:\t0\n", &Filters::detect()).is_err());
    }
}
