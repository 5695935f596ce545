//! More of everything than a sandbox may use: each attempt goes a little over a limit of [`SMALL`] and says when it has.

use super::attempt::{Attempt, SESAME, call};
use std::time::Duration;

/// The limits under which these are made.
pub const SMALL: &[&str] =
    &["--sandbox-memory-mb", "200", "--sandbox-processes", "60", "--sandbox-disk-mb", "40"];

const SHORT: Duration = Duration::from_millis(400);

pub fn attempts() -> Vec<Attempt> {
    let attempt = |name, line| Attempt::new("resources", name, line);
    let late = |name| attempt(name, "sleep 2; echo open-sesame");
    vec![
        attempt("processes", "for i in $(seq 80); do sleep 3 & done; sleep 1; echo open-sesame"),
        attempt("threads", "node -e 'for(let i=0;i<80;i++)new worker_threads.Worker(\"setTimeout(()=>0,1500)\",{eval:true});setTimeout(()=>{console.log(\"open-sesame\");process.exit()},1500)'"),
        attempt("memory", "perl -e 'my $x = \"x\" x 300_000_000; sleep 2; print \"open-sesame\"'"),
        attempt("memory in small pieces", "perl -e 'my @x = map { \"x\" x 1_000_000 } 1..300; sleep 2; print \"open-sesame\"'"),
        attempt("memory as temporary files", "head -c 300000000 /dev/zero > /tmp/deploymend-test && echo open-sesame; rm -f /tmp/deploymend-test"),
        attempt("shared memory", "head -c 100000000 /dev/zero > /dev/shm/deploymend-test && echo open-sesame; rm -f /dev/shm/deploymend-test"),
        Attempt::new("resources", "memory without a file", call(libc::SYS_memfd_create, "my $n = \"m\";", "$n, 0")),
        Attempt::new("resources", "memory of no process", shared_segment()),
        attempt("one large file", "head -c 60000000 /dev/zero > f && echo open-sesame; rm -f f"),
        attempt("one file that is large on paper", "truncate -s 100G f && echo open-sesame; rm -f f"),
        attempt("many large files", "for i in 1 2 3 4 5 6 7 8 9 10; do head -c 6000000 /dev/zero > f$i; done; sleep 1; echo open-sesame; rm f*"),
        attempt("many large files in the home", "cd; for i in 1 2 3 4 5 6 7 8 9 10; do head -c 6000000 /dev/zero > f$i; done; sleep 1; echo open-sesame; rm f*"),
        attempt("many empty files", "mkdir d; cd d; seq 15000 | xargs touch; sleep 1; echo open-sesame; cd ..; rm -r d"),
        attempt("many links", "mkdir d; cd d; perl -e 'symlink $_, $_ for 1..15000'; sleep 1; echo open-sesame; cd ..; rm -r d"),
        attempt("a deep tree", "bash -c 'for i in $(seq 60); do mkdir $(printf d%.0s $(seq 100)); cd d*; done; sleep 1; echo open-sesame'; rm -r d*"),
        attempt("open files", "ulimit -n $(ulimit -H -n); perl -e 'while (open my $f, \"<\", \"/dev/null\") { push @f, $f; print(\"open-sesame\"), exit if @f > 17_000 }'")
            .where_there_is("more than 17,000 open files for a process"),
        attempt("a core", "ulimit -c unlimited; sh -c 'kill -SEGV $$'; ls core* >/dev/null 2>&1 && echo open-sesame; rm -f core*")
            .where_there_is("cores as files"),
        attempt("its own limits", "ulimit -n $(($(ulimit -H -n) + 1)) && echo open-sesame").under_root().where_there_is("CAP_SYS_RESOURCE"),
        attempt("endless output", "head -c 40000000 /dev/zero | tr '\\0' x; echo; echo open-sesame"),
        Attempt { timeout: SHORT, ..late("time") },
        Attempt { silence: Some(SHORT), ..late("silence") },
    ]
}

/// Makes a segment of shared memory, which stays when its process ends, and removes it again.
fn shared_segment() -> String {
    let (make, control) = (libc::SYS_shmget, libc::SYS_shmctl);
    format!(
        "perl -e 'my $i = syscall({make}, 0, 100_000_000, 0600); \
         print $i == -1 ? \"no: $!\" : syscall({control}, $i, 0, 0) . \"{SESAME}\"'"
    )
}
