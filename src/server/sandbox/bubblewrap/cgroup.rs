//! Memory and process limits by control groups, where this machine lets us make one; version 1 and 2.
//!
//! Where it does not, [`super::watch`] polls the process table instead.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// Where groups can be made. Found once per server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parents {
    memory: Option<Parent>,
    pids: Option<Parent>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parent {
    folder: PathBuf,
    version: Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    V1,
    V2,
}

/// One command's groups. Removed by [`Group::remove`].
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    memory: Option<(PathBuf, Version)>,
    pids: Option<(PathBuf, Version)>,
}

impl Parents {
    /// Looks at this machine by trying: a group is made and removed again.
    pub(super) fn detect() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let root = rustix::process::geteuid().is_root();
        let found = Self::from_tables(&read("/proc/self/mountinfo"), &read("/proc/self/cgroup"), root);
        let probe = format!("deploymend-probe-{}", crate::server::clock::new_id());
        let works = |parent: &Parent| {
            let folder = parent.folder.join(&probe);
            // A folder that is not a control group would take any name, but not bring its files along.
            fs::create_dir(&folder).is_ok() && {
                let real = folder.join("cgroup.procs").exists();
                fs::remove_dir(&folder).is_ok() && real
            }
        };
        Self { memory: found.memory.filter(works), pids: found.pids.filter(works) }
    }

    fn from_tables(mountinfo: &str, cgroup: &str, root: bool) -> Self {
        let v1 = |controller: &str| {
            let mount = mounts(mountinfo, "cgroup").find(|mount| mount.has(controller))?;
            let own = cgroup.lines().find_map(|line| {
                let mut fields = line.splitn(3, ':').skip(1);
                fields.next()?.split(',').any(|name| name == controller).then(|| fields.next())?
            })?;
            Some(Parent { folder: mount.inside(own)?, version: Version::V1 })
        };
        let v2 = |controller: &str| {
            let mount = mounts(mountinfo, "cgroup2").next()?;
            let own = mount.inside(cgroup.lines().find_map(|line| line.strip_prefix("0::"))?)?;
            // The top belongs to root; below it only a group without processes may have groups with limits.
            let top = root.then(|| PathBuf::from(mount.point));
            top.into_iter()
                .chain([own])
                .find(|folder| enable(folder, controller))
                .map(|folder| Parent { folder, version: Version::V2 })
        };
        Self { memory: v1("memory").or_else(|| v2("memory")), pids: v1("pids").or_else(|| v2("pids")) }
    }

    /// Removes the empty groups that a crash left behind, those whose name begins with `prefix`.
    pub(super) fn sweep(&self, prefix: &str) {
        let prefix = format!("deploymend-{prefix}");
        for parent in self.memory.iter().chain(&self.pids) {
            for entry in fs::read_dir(&parent.folder).into_iter().flatten().flatten() {
                if entry.file_name().to_string_lossy().starts_with(&prefix) {
                    // One that is in use stays.
                    drop(fs::remove_dir(entry.path()));
                }
            }
        }
    }

    /// What limits memory, for people.
    pub(super) fn memory(&self) -> &'static str {
        describe(self.memory.as_ref())
    }

    /// What limits processes, for people.
    pub(super) fn pids(&self) -> &'static str {
        describe(self.pids.as_ref())
    }

    /// Makes a group with limits. Where that fails, the field stays empty and polling takes over.
    pub(super) fn group(&self, name: &str, memory: u64, tasks: u64) -> Group {
        let make = |parent: Option<&Parent>, limits: &dyn Fn(&Path, Version) -> io::Result<()>| {
            let parent = parent?;
            let folder = parent.folder.join(format!("deploymend-{name}"));
            fs::create_dir(&folder).ok()?;
            if limits(&folder, parent.version).is_err() {
                drop(fs::remove_dir(&folder));
                return None;
            }
            Some((folder, parent.version))
        };
        Group {
            memory: make(self.memory.as_ref(), &|folder, version| match version {
                Version::V1 => {
                    fs::write(folder.join("memory.limit_in_bytes"), memory.to_string())?;
                    // Swap is counted only by some kernels.
                    drop(fs::write(folder.join("memory.memsw.limit_in_bytes"), memory.to_string()));
                    Ok(())
                }
                Version::V2 => {
                    fs::write(folder.join("memory.max"), memory.to_string())?;
                    drop(fs::write(folder.join("memory.swap.max"), "0"));
                    Ok(())
                }
            }),
            pids: if self.pids == self.memory && self.memory.is_some() {
                // Version 2 has one group for both: filled in below.
                None
            } else {
                make(self.pids.as_ref(), &|folder, _| fs::write(folder.join("pids.max"), tasks.to_string()))
            },
        }
        .share(self, tasks)
    }
}

impl Group {
    fn share(mut self, parents: &Parents, tasks: u64) -> Self {
        if parents.pids == parents.memory
            && let Some((folder, version)) = &self.memory
            && fs::write(folder.join("pids.max"), tasks.to_string()).is_ok()
        {
            self.pids = Some((folder.clone(), *version));
        }
        self
    }

    fn folders(&self) -> impl Iterator<Item = &PathBuf> {
        let pids = self.pids.iter().filter(|pids| self.memory.as_ref() != Some(*pids));
        self.memory.iter().chain(pids).map(|(folder, _)| folder)
    }

    /// The files into which a process writes its id to join.
    pub(super) fn join_files(&self) -> Vec<PathBuf> {
        self.folders().map(|folder| folder.join("cgroup.procs")).collect()
    }

    /// Memory is limited here.
    pub(super) const fn limits_memory(&self) -> bool {
        self.memory.is_some()
    }

    /// Processes are limited here.
    pub(super) const fn limits_tasks(&self) -> bool {
        self.pids.is_some()
    }

    /// The kernel ended a process because the memory was used up.
    pub(super) fn memory_exhausted(&self) -> bool {
        self.memory.as_ref().is_some_and(|(folder, version)| {
            let file = match version {
                Version::V1 => "memory.oom_control",
                Version::V2 => "memory.events",
            };
            counter(&folder.join(file), "oom_kill") > 0
        })
    }

    /// The kernel refused to start a process because there are too many.
    pub(super) fn tasks_exhausted(&self) -> bool {
        self.pids.as_ref().is_some_and(|(folder, _)| counter(&folder.join("pids.events"), "max") > 0)
    }

    /// Removes the groups; their processes have ended, but the kernel may need a moment to see it.
    pub(super) async fn remove(&self) {
        for folder in self.folders() {
            for _ in 0..50 {
                match fs::remove_dir(folder) {
                    Err(error) if error.raw_os_error() == Some(rustix::io::Errno::BUSY.raw_os_error()) => {
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                    _ => break,
                }
            }
        }
    }
}

const fn describe(parent: Option<&Parent>) -> &'static str {
    match parent {
        Some(Parent { version: Version::V1, .. }) => "control group (version 1)",
        Some(Parent { version: Version::V2, .. }) => "control group (version 2)",
        None => "polling the process table",
    }
}

/// The number behind `name` in a file of `name number` lines.
fn counter(file: &Path, name: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok()).unwrap_or(0)
}

/// Makes a controller available to the groups below a version 2 group.
fn enable(folder: &Path, controller: &str) -> bool {
    let has = |file: &str| {
        fs::read_to_string(folder.join(file))
            .is_ok_and(|names| names.split_ascii_whitespace().any(|name| name == controller))
    };
    let control = "cgroup.subtree_control";
    has("cgroup.controllers")
        && (has(control) || fs::write(folder.join(control), format!("+{controller}")).is_ok() && has(control))
}

struct Mount<'a> {
    root: &'a str,
    point: &'a str,
    options: &'a str,
}

impl Mount<'_> {
    fn has(&self, controller: &str) -> bool {
        self.options.split(',').any(|option| option == controller)
    }

    /// Where the group `path` is in the file system.
    fn inside(&self, path: &str) -> Option<PathBuf> {
        let below = Path::new(path).strip_prefix(self.root).ok()?;
        Some(Path::new(self.point).join(below))
    }
}

/// The mounts of a kind in `/proc/self/mountinfo`: `id parent dev root point options … - kind source options`.
fn mounts<'a>(mountinfo: &'a str, kind: &'a str) -> impl Iterator<Item = Mount<'a>> {
    mountinfo.lines().filter_map(move |line| {
        let (left, right) = line.split_once(" - ")?;
        let mut left = left.split(' ').skip(3);
        let mut right = right.split(' ');
        (right.next()? == kind).then_some(())?;
        Some(Mount { root: left.next()?, point: left.next()?, options: right.nth(1)? })
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn version_1_groups_are_found_below_the_servers_own() {
        let mountinfo = "30 20 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
                         31 20 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
                         32 20 0:28 /box /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n";
        let found = Parents::from_tables(mountinfo, "8:pids:/box/in\n4:memory:/own/x\n0::/\n", false);
        let folder = |parent: &Option<Parent>| parent.as_ref().map(|parent| parent.folder.clone());
        assert_eq!(folder(&found.memory), Some("/sys/fs/cgroup/memory/own/x".into()));
        assert_eq!(folder(&found.pids), Some("/sys/fs/cgroup/pids/in".into()));
        let elsewhere = Parents::from_tables(mountinfo, "8:pids:/out\n", false);
        assert_eq!(elsewhere, Parents::default());
    }

    #[test]
    fn version_2_needs_controllers_for_the_groups_below() {
        let mount = tempfile::tempdir().unwrap();
        let own = mount.path().join("own");
        fs::create_dir(&own).unwrap();
        for folder in [mount.path(), &own] {
            fs::write(folder.join("cgroup.controllers"), "cpu memory pids\n").unwrap();
        }
        fs::write(mount.path().join("cgroup.subtree_control"), "memory pids\n").unwrap();
        fs::write(own.join("cgroup.subtree_control"), "cpu\n").unwrap();
        let mountinfo = format!("31 20 0:27 / {} rw - cgroup2 cgroup2 rw\n", mount.path().display());
        let found = |root| Parents::from_tables(&mountinfo, "0::/own\n", root);
        assert_eq!(found(true).memory.unwrap().folder, mount.path());
        // A plain file keeps what is written, here "+memory", as the kernel would not: so it does not count.
        assert_eq!(found(false), Parents::default());
        fs::write(own.join("cgroup.subtree_control"), "memory pids\n").unwrap();
        assert_eq!(found(false).pids.unwrap().folder, own);
    }

    #[test]
    fn a_sweep_removes_only_groups_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let parents = Parents {
            memory: Some(Parent { folder: folder.path().to_owned(), version: Version::V1 }),
            pids: None,
        };
        for name in ["deploymend-a-1", "deploymend-b-1", "other"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        parents.sweep("a-");
        let left = |name: &str| folder.path().join(name).exists();
        assert!(!left("deploymend-a-1") && left("deploymend-b-1") && left("other"));
    }

    #[test]
    fn limits_of_version_2_share_one_group() {
        let folder = tempfile::tempdir().unwrap();
        let parent = Some(Parent { folder: folder.path().to_owned(), version: Version::V2 });
        let group = Parents { memory: parent.clone(), pids: parent }.group("x", 1024, 7);
        let made = folder.path().join("deploymend-x");
        assert_eq!(group.join_files(), [made.join("cgroup.procs")]);
        assert_eq!(fs::read_to_string(made.join("memory.max")).unwrap(), "1024");
        assert_eq!(fs::read_to_string(made.join("pids.max")).unwrap(), "7");
        assert!(!group.memory_exhausted() && !group.tasks_exhausted());
        fs::write(made.join("memory.events"), "low 0\noom 2\noom_kill 1\n").unwrap();
        fs::write(made.join("pids.events"), "max 3\n").unwrap();
        assert!(group.memory_exhausted() && group.tasks_exhausted());
    }
}
