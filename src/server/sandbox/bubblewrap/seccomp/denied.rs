//! The calls that neither a build nor the agent needs, by what they are answered with.

use seccompiler::TargetArch;
use serde_json::{Value, json};

/// What a denied call returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// `EPERM`.
    NotPermitted,
    /// `ENOSYS`: programs fall back to an older call.
    Missing,
    /// `EAFNOSUPPORT`.
    NoSuchFamily,
    /// 0, although nothing was done.
    Ignored,
}

impl Answer {
    /// All.
    pub(super) const ALL: [Self; 4] = [Self::NotPermitted, Self::Missing, Self::NoSuchFamily, Self::Ignored];

    /// The number that Linux has for it on x86-64 and aarch64.
    pub(super) const fn errno(self) -> u32 {
        match self {
            Self::NotPermitted => 1,
            Self::Missing => 38,
            Self::NoSuchFamily => 97,
            Self::Ignored => 0,
        }
    }
}

/// A call by name, and when it is denied: if all conditions hold.
pub(super) struct Rule {
    pub call: &'static str,
    pub when: Vec<Condition>,
}

/// Something about an argument. Of numbers the lower half is looked at, since the kernel takes no more of them.
pub(super) enum Condition {
    Is(u8, u32),
    IsNot(u8, u32),
    /// All bits of the number are set.
    Has(u8, u32),
    /// A pointer that is not null.
    Given(u8),
}

impl Condition {
    /// In seccompiler's words.
    pub(super) fn to_json(&self) -> Value {
        let (index, length, op, value) = match *self {
            Self::Is(index, value) => (index, "dword", json!("eq"), value),
            Self::IsNot(index, value) => (index, "dword", json!("ne"), value),
            Self::Has(index, value) => (index, "dword", json!({ "masked_eq": value }), value),
            Self::Given(index) => (index, "qword", json!("ne"), 0),
        };
        json!({ "index": index, "type": length, "op": op, "val": value })
    }
}

/// Other processes' memory and state; mounts in the old and the new way; namespaces; keys; the kernel's own
/// virtual machines and counters; files without a path; what only an administrator does.
const NOT_PERMITTED: &[&str] = &[
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "process_mrelease",
    "pidfd_getfd",
    "kcmp",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "open_tree",
    "move_mount",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "setns",
    "add_key",
    "request_key",
    "keyctl",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "fanotify_init",
    "open_by_handle_at",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "reboot",
    "swapon",
    "swapoff",
    "quotactl",
    "quotactl_fd",
    "acct",
    "syslog",
    "vhangup",
    "sethostname",
    "setdomainname",
    "settimeofday",
    "clock_settime",
    "clock_adjtime",
    "adjtimex",
];
const NOT_PERMITTED_X86: &[&str] = &["iopl", "ioperm", "modify_ldt", "uselib"];

/// What libraries try first and do without; and memory that belongs to no process, so that it is seen by nobody who
/// adds up what the sandbox's processes use.
const MISSING: &[&str] = &[
    "clone3",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "memfd_create",
    "memfd_secret",
    "shmget",
];

/// `CLONE_NEW*`: time, mount, cgroup, UTS, IPC, user, process and network namespace.
const NAMESPACES: [u32; 8] =
    [0x0000_0080, 0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000];
/// In `clone`, the lowest byte is a signal: a new time namespace is only for `unshare`.
const TIME_NAMESPACE: u32 = NAMESPACES[0];

const TIOCSTI: u32 = 0x5412;
const TIOCLINUX: u32 = 0x541c;
const RLIMIT_CORE: u32 = 4;
/// `personality` of plain Linux, and the question what it is.
const PERSONALITIES: [u32; 2] = [0, 0xffff_ffff];

const UNIX: u32 = 1;
const INET: u32 = 2;
const INET6: u32 = 10;
const NETLINK: u32 = 16;
const NETLINK_ROUTE: u32 = 0;

/// The rules with that answer.
pub(super) fn rules(answer: Answer, architecture: TargetArch) -> Vec<Rule> {
    use Condition::{Given, Has, Is, IsNot};
    let rule = |call, when| Rule { call, when };
    let always =
        |calls: &[&'static str]| calls.iter().map(|&call| rule(call, Vec::new())).collect::<Vec<_>>();
    match answer {
        Answer::NotPermitted => {
            let mut rules = always(NOT_PERMITTED);
            if architecture == TargetArch::x86_64 {
                rules.extend(always(NOT_PERMITTED_X86));
            }
            rules.extend(NAMESPACES.map(|flag| rule("unshare", vec![Has(0, flag)])));
            let of_clone = NAMESPACES.into_iter().filter(|&flag| flag != TIME_NAMESPACE);
            rules.extend(of_clone.map(|flag| rule("clone", vec![Has(0, flag)])));
            rules.extend([TIOCSTI, TIOCLINUX].map(|request| rule("ioctl", vec![Is(1, request)])));
            rules.push(rule("personality", PERSONALITIES.map(|value| IsNot(0, value)).into()));
            rules
        }
        Answer::Missing => always(MISSING),
        Answer::NoSuchFamily => vec![
            rule("socket", [UNIX, INET, INET6, NETLINK].map(|family| IsNot(0, family)).into()),
            rule("socket", vec![Is(0, NETLINK), IsNot(2, NETLINK_ROUTE)]),
            rule("socketpair", vec![IsNot(0, UNIX)]),
        ],
        // The limit is one byte, at which the kernel makes no core and starts no helper outside. With a limit of none
        // at all it would start the helper.
        Answer::Ignored => vec![
            rule("setrlimit", vec![Is(0, RLIMIT_CORE)]),
            rule("prlimit64", vec![Is(1, RLIMIT_CORE), Given(2)]),
        ],
    }
}
