//! Other processes: to see, signal, trace and read them.

use super::{
    attempt::{Attempt, call},
    stage::Stage,
};

pub fn attempts(stage: &Stage) -> Vec<Attempt> {
    let server = stage.pid();
    let attempt = |name, line: String| Attempt::new("processes", name, line);
    let is_server =
        format!("tr '\\0' ' ' < /proc/{server}/cmdline | grep -q 'sleep 600' && echo open-sesame");
    let read_word = "my $s = \"open-\".\"sesame\"; my $d = \" \" x 11; my $to = pack(\"PQ\", $d, 11); \
                     my $from = pack(\"PQ\", $s, 11);";
    vec![
        attempt("to see the server", is_server.clone()),
        attempt("to signal the server", format!("kill -0 {server} && {is_server}")),
        attempt("the server's limits", format!("prlimit --pid {server} --nofile && {is_server}")),
        attempt("a handle on the server", call(libc::SYS_pidfd_open, "", &format!("{server}, 0"))),
        attempt(
            "to trace the server",
            // PTRACE_SEIZE: whoever traces ends at once, and lets go.
            call(libc::SYS_ptrace, "", &format!("0x4206, {server}, 0, 0")),
        )
        .where_there_is("leave to trace what is no child (kernel.yama.ptrace_scope)"),
        attempt("to be traced", call(libc::SYS_ptrace, "", "0, 0, 0, 0")),
        attempt(
            "another process's memory",
            format!(
                "perl -e '{read_word} syscall({}, $$ + 0, $to, 1, $from, 1, 0); print $d'",
                libc::SYS_process_vm_readv
            ),
        ),
        attempt(
            "to write another process's memory",
            format!(
                "perl -e '{read_word} syscall({}, $$ + 0, $from, 1, $to, 1, 0); print $d'",
                libc::SYS_process_vm_writev
            ),
        ),
        attempt(
            "another process's handle",
            call(libc::SYS_pidfd_getfd, &format!("my $p = syscall({}, $$ + 0, 0);", libc::SYS_pidfd_open), "$p, 1, 0"),
        )
        .where_there_is("leave to trace (kernel.yama.ptrace_scope)"),
        attempt("to compare processes", call(libc::SYS_kcmp, "", "$$ + 0, $$ + 0, 0, 1, 1"))
            .where_there_is("CONFIG_KCMP"),
        attempt("to gain privileges at a start", call(libc::SYS_prctl, "", "39, 0, 0, 0, 0").replace("$r == -1", "$r")),
        attempt("capabilities", "grep CapEff /proc/self/status | grep -qv 0000000000000000 && echo open-sesame".to_owned())
            .under_root(),
        attempt(
            "to type into the terminal",
            "script -qec \"perl -e 'my \\$c = q(x); ioctl(STDIN, 0x5412, \\$c) and print q(open-), q(sesame)'\" /dev/null"
                .to_owned(),
        )
        .where_there_is("dev.tty.legacy_tiocsti"),
        attempt(
            "to paste into a console",
            "perl -e 'my $c = chr(3); ioctl(STDIN, 0x541c, $c) and print q(open-), q(sesame)'".to_owned(),
        )
        .without_control("a virtual console is needed, and what it would paste goes to whoever sits there"),
    ]
}
