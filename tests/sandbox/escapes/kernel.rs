//! Namespaces, mounts and the calls into parts of the kernel that no build needs.

use super::attempt::{Attempt, SESAME, call, probe};

/// `CLONE_NEW*` by name.
const NAMESPACES: [(&str, u32); 7] = [
    ("a mount namespace", 0x0002_0000),
    ("a control group namespace", 0x0200_0000),
    ("a host name namespace", 0x0400_0000),
    ("an IPC namespace", 0x0800_0000),
    ("a process namespace", 0x2000_0000),
    ("a network namespace", 0x4000_0000),
    ("a time namespace", 0x0000_0080),
];

/// A child that is made ends at once.
const CHILD: &str = "exit if !$r;";

pub fn attempts() -> Vec<Attempt> {
    [namespaces(), mounts(), parts(), administration(), sockets(), abis()].into_iter().flatten().collect()
}

fn attempt(name: &'static str, line: String) -> Attempt {
    Attempt::new("kernel", name, line)
}

fn namespaces() -> Vec<Attempt> {
    let of_child = |line: String| line.replace("print $r", &format!("{CHILD} print $r"));
    let clone3 = "my $a = pack(\"Q8\", 0x10000000, 0, 0, 0, 17, 0, 0, 0);";
    let needs = "user namespaces for everybody";
    let mut all = vec![
        attempt("a user namespace", "unshare -Ur echo open-sesame".to_owned()).where_there_is(needs),
        attempt("a user namespace by clone", of_child(call(libc::SYS_clone, "", "0x10000011, 0, 0, 0, 0")))
            .where_there_is(needs),
        attempt("a user namespace by clone3", of_child(call(libc::SYS_clone3, clone3, "$a, 64")))
            .where_there_is(needs),
        attempt(
            "to enter a namespace",
            call(libc::SYS_setns, "open my $n, \"<\", \"/proc/self/ns/uts\";", "fileno($n), 0"),
        )
        .under_root(),
        attempt("the first process's namespaces", "nsenter -t 1 -u echo open-sesame".to_owned())
            .under_root()
            .where_there_is("leave to look at the first process"),
    ];
    all.extend(
        NAMESPACES
            .map(|(name, flag)| attempt(name, call(libc::SYS_unshare, "", &flag.to_string())).under_root()),
    );
    all
}

fn mounts() -> Vec<Attempt> {
    let apart = |line: &str| format!("unshare -m sh -c '{line}'");
    let mounts = |name, line: &str| attempt(name, line.to_owned()).outside(apart(line)).under_root();
    vec![
        mounts("a file system", "mkdir -p m && mount -t tmpfs x m && echo open-sesame"),
        mounts("a folder in another place", "mkdir -p m && mount --bind /usr m && echo open-sesame"),
        mounts("a writable system", "mount -o remount,rw,bind / && echo open-sesame"),
        mounts("a mount less", "mkdir -p m && mount -t tmpfs x m; umount m && echo open-sesame")
            .outside(apart("mkdir -p m && mount -t tmpfs x m; umount m && echo open-sesame")),
        attempt("another root", "perl -e 'chroot(\"/usr\") and print \"open-sesame\"'".to_owned())
            .under_root(),
        attempt("a copy of a mount", call(libc::SYS_open_tree, "my $p = \"/\";", "-100, $p, 0")),
        attempt("a file system by fsopen", call(libc::SYS_fsopen, "my $t = \"tmpfs\";", "$t, 0"))
            .under_root(),
        attempt("to turn the root", probe(libc::SYS_pivot_root, "my $p = \"/nowhere\";", "$p, $p"))
            .under_root(),
        attempt(
            "a mount's attributes",
            probe(
                libc::SYS_mount_setattr,
                "my $p = \"/nowhere\"; my $a = \"\\0\" x 32;",
                "-100, $p, 0, $a, 32",
            ),
        )
        .under_root(),
    ]
}

fn parts() -> Vec<Attempt> {
    let key = "my ($t, $d, $p) = (\"user\", \"deploymend-test\", \"x\");";
    let bpf = "my $a = pack(\"L4\", 2, 4, 4, 1) . \"\\0\" x 112;";
    let perf = "my $a = pack(\"LLQQQQQ\", 1, 112, 0, 0, 0, 0, 0x60) . \"\\0\" x 64;";
    let handle = format!(
        "my $h = pack(\"Ii\", 128, 0) . \"\\0\" x 128; my $m = pack(\"i\", 0); my $n = \".\"; \
         syscall({}, -100, $n, $h, $m, 0); open my $f, \"<\", \".\";",
        libc::SYS_name_to_handle_at
    );
    vec![
        // In the process's own ring, which goes with it.
        attempt("a key ring", call(libc::SYS_add_key, key, "$t, $d, $p, 1, -2"))
            .where_there_is("CONFIG_KEYS"),
        attempt("the session's keys", call(libc::SYS_keyctl, "", "0, -2, 1")).where_there_is("CONFIG_KEYS"),
        attempt("an asked-for key", probe(libc::SYS_request_key, key, "$t, $d, 0, 0"))
            .where_there_is("CONFIG_KEYS"),
        attempt("a BPF map", call(libc::SYS_bpf, bpf, "0, $a, 128")).under_root(),
        attempt("a counter of events", call(libc::SYS_perf_event_open, perf, "$a, 0, -1, -1, 0"))
            .where_there_is("kernel.perf_event_paranoid below 3"),
        attempt("page faults by hand", call(libc::SYS_userfaultfd, "", "1"))
            .where_there_is("CONFIG_USERFAULTFD"),
        attempt("an io_uring", call(libc::SYS_io_uring_setup, "my $p = \"\\0\" x 120;", "1, $p"))
            .where_there_is("kernel.io_uring_disabled=0"),
        attempt("a file without a path", call(libc::SYS_open_by_handle_at, &handle, "fileno($f), $h, 0"))
            .under_root()
            .where_there_is("a file system with handles"),
        attempt("to watch all files", call(libc::SYS_fanotify_init, "", "0, 0")).under_root(),
        attempt("an executable heap", call(libc::SYS_personality, "", "0x0400000")),
    ]
}

fn administration() -> Vec<Attempt> {
    let path = "my $p = \"/nowhere\";";
    let own_name = "open my $f, \"<\", \"/proc/sys/kernel/hostname\"; my $n = <$f>; chomp $n;";
    vec![
        attempt("a kernel module", probe(libc::SYS_finit_module, "my $o = \"\";", "-1, $o, 0"))
            .under_root()
            .where_there_is("kernel modules"),
        attempt("another kernel", probe(libc::SYS_kexec_load, "", "0, 17, 0, 0"))
            .under_root()
            .where_there_is("kexec"),
        attempt("a restart", probe(libc::SYS_reboot, "", "0, 0, 0, 0")).under_root(),
        attempt("more swap", probe(libc::SYS_swapon, path, "$p, 0")).under_root(),
        attempt("less swap", probe(libc::SYS_swapoff, path, "$p")).under_root(),
        attempt("other quotas", probe(libc::SYS_quotactl, path, "-1, $p, 0, 0"))
            .where_there_is("CONFIG_QUOTACTL"),
        attempt("another time", call(libc::SYS_settimeofday, "", "0, 0")).under_root(),
        attempt("another speed of time", call(libc::SYS_adjtimex, "my $t = \"\\0\" x 208;", "$t")),
        attempt("the kernel's messages", call(libc::SYS_syslog, "", "10, 0, 0")).under_root(),
        attempt("another host name", call(libc::SYS_sethostname, own_name, "$n, length $n")).under_root(),
    ]
}

fn sockets() -> Vec<Attempt> {
    let socket = |name, family: u32, kind: u32, protocol: u32| {
        attempt(name, call(libc::SYS_socket, "", &format!("{family}, {kind}, {protocol}")))
    };
    vec![
        socket("raw frames", 17, 3, 0).under_root(),
        socket("raw packets", 2, 3, 1).under_root(),
        socket("the kernel's ciphers", 38, 5, 0).where_there_is("AF_ALG"),
        socket("the machine's hypervisor", 40, 1, 0).where_there_is("AF_VSOCK"),
        socket("news of devices", 16, 3, 15),
        socket("everybody's connections", 16, 3, 4).where_there_is("CONFIG_INET_DIAG"),
    ]
}

fn abis() -> Vec<Attempt> {
    let mut all = Vec::new();
    if cfg!(target_arch = "x86_64") {
        all.extend([
            attempt("ports of the processor", call(172, "", "3"))
                .under_root()
                .where_there_is("CONFIG_X86_IOPL_IOPERM"),
            attempt("another table of segments", call(154, "my $t = \"\\0\" x 16;", "0, $t, 16"))
                .where_there_is("CONFIG_MODIFY_LDT_SYSCALL"),
            attempt("a call of the x32 ABI", call(0x4000_0027, "", "")).where_there_is("the x32 ABI"),
            attempt("a call of the 32-bit ABI", thirty_two_bit()).where_there_is("programs for 32-bit x86"),
        ]);
    }
    all
}

/// Writes and starts a program for 32-bit x86 that greets with `write` and leaves.
fn thirty_two_bit() -> String {
    const BASE: u32 = 0x0804_8000;
    const HEADERS: u32 = 52 + 32;
    let length = u8::try_from(SESAME.len()).unwrap();
    let code: Vec<u8> = [
        &[0xb8, 4, 0, 0, 0, 0xbb, 1, 0, 0, 0, 0xb9][..],
        // The text stands behind the code.
        &(BASE + HEADERS + 31).to_le_bytes(),
        &[0xba, length, 0, 0, 0, 0xcd, 0x80, 0xb8, 1, 0, 0, 0, 0x31, 0xdb, 0xcd, 0x80],
    ]
    .concat();
    let size = HEADERS + u32::try_from(code.len() + SESAME.len()).unwrap();
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>();
    let halves = |halves: &[u16]| halves.iter().flat_map(|half| half.to_le_bytes()).collect::<Vec<_>>();
    let program = [
        b"\x7fELF\x01\x01\x01".to_vec(),
        vec![0; 9],
        // An executable for 386, version 1, its start, its table of segments, none of sections, no flags.
        halves(&[2, 3]),
        words(&[1, BASE + HEADERS, 52, 0, 0]),
        halves(&[52, 32, 1, 0, 0, 0]),
        // One segment: the whole file, to be read and executed.
        words(&[1, 0, BASE, BASE, size, size, 5, 0x1000]),
        code,
        SESAME.as_bytes().to_vec(),
    ]
    .concat();
    let program: String = program.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("perl -e 'print pack(\"H*\", \"{program}\")' > small; chmod +x small; ./small")
}
