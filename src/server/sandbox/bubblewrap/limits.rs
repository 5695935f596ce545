//! The limits of `setrlimit` under which everything inside runs, as arguments of `prlimit`.

use rustix::process::{Resource, getrlimit};

/// A core file of this size is none, and the kernel starts no helper outside to take one in. With a limit of 0 it
/// would start the helper.
const CORE: u64 = 1;
/// Open files of one process.
const FILES: u64 = 16_384;
/// Signals that wait for a process of the user.
const SIGNALS: u64 = 16_384;
const MIB: u64 = 1024 * 1024;

/// `tasks`: processes and threads of the user; `file`: bytes of one file.
pub(super) fn arguments(tasks: u64, file: u64) -> Vec<String> {
    let limits = [
        ("nproc", Resource::Nproc, tasks),
        ("fsize", Resource::Fsize, file),
        ("core", Resource::Core, CORE),
        ("nofile", Resource::Nofile, FILES),
        ("memlock", Resource::Memlock, 64 * MIB),
        ("sigpending", Resource::Sigpending, SIGNALS),
        ("msgqueue", Resource::Msgqueue, MIB),
    ];
    let argument = |(name, resource, limit): (&str, Resource, u64)| {
        // Nobody but root may go above what the server itself was given.
        let limit = getrlimit(resource).maximum.map_or(limit, |most| most.min(limit));
        format!("--{name}={limit}")
    };
    limits.into_iter().map(argument).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_limit_is_higher_than_the_servers_own() {
        let arguments = arguments(u64::MAX, u64::MAX);
        assert_eq!(arguments.len(), 7);
        for (argument, resource) in arguments.iter().zip([Resource::Nproc, Resource::Fsize]) {
            let most = getrlimit(resource).maximum.unwrap_or(u64::MAX);
            assert!(argument.ends_with(&format!("={most}")), "{argument}");
        }
    }
}
