//! What the sandbox takes from the server's settings, checked and with absolute paths.

use super::{addresses::Allowed, guest::Programs, watch::Allowance};
use crate::server::config::Config;
use std::{
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    sync::Arc,
};

const MIB: u64 = 1024 * 1024;

/// The settings of [`super::Bubblewrap`].
#[derive(Clone, Debug)]
pub struct Settings {
    pub(super) folder: PathBuf,
    pub(super) programs: Programs,
    pub(super) allowance: Allowance,
    pub(super) allowed: Arc<[Allowed]>,
    pub(super) allow_weak: bool,
}

impl Settings {
    /// Sandboxes in `folder`. Entries of the allow list that are not `host:port` are left out, with a warning in the
    /// log.
    pub fn new(config: &Config, folder: &Path) -> Self {
        let allowed = config.sandbox_allow.iter().filter_map(|entry| {
            let parsed = Allowed::parse(entry);
            if parsed.is_none() {
                tracing::warn!(entry, "not a host:port pair in the sandbox's allow list");
            }
            parsed
        });
        let opencode = fs::canonicalize(&config.opencode).ok();
        Self {
            folder: std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()),
            programs: Programs {
                bubblewrap: "bwrap".into(),
                node_prefix: node_prefix(),
                opencode: opencode.and_then(|program| Some(program.parent()?.to_owned())),
            },
            allowance: Allowance {
                memory: config.sandbox_memory_mb * MIB,
                tasks: config.sandbox_processes,
                disk: config.sandbox_disk_mb * MIB,
            },
            allowed: allowed.collect(),
            allow_weak: config.allow_weak_sandbox,
        }
    }

    /// Bytes of `/tmp`, which is memory: a quarter of what there is, and 2 GiB at most.
    pub(super) fn tmp_bytes(&self) -> u64 {
        (self.allowance.memory / 4).clamp(16 * MIB, 2048 * MIB)
    }
}

/// What the names of control groups begin with: those of sandboxes in other folders have others.
pub(super) fn group_prefix(folder: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    folder.hash(&mut hasher);
    format!("{:016x}-", hasher.finish())
}

/// Where Node.js is installed, if not below `/usr`, which every sandbox shows anyway.
fn node_prefix() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let found =
        env::split_paths(&path).map(|folder| folder.join("node")).find(|program| program.is_file())?;
    let program = fs::canonicalize(found).ok()?;
    let prefix = program.parent()?.parent()?.to_owned();
    (!program.starts_with("/usr") && prefix.join("bin/node").is_file()).then_some(prefix)
}
