//! Files, environments, handles and devices of the machine.

use super::{
    attempt::{Attempt, SESAME},
    stage::Stage,
};
use std::path::Path;

/// `data` is the server's own folder.
pub fn attempts(stage: &Stage, data: &Path) -> Vec<Attempt> {
    let (home, data, server) = (stage.home.path().display(), data.display(), stage.pid());
    let word = stage.word.as_str();
    let reads = |name, line: String| Attempt::new("files", name, line).printing(word);
    // A file is opened and nothing is written.
    let opens = |name, path: &str, mode: u32| {
        let line = format!("perl -e 'sysopen(F, \"{path}\", {mode}) and print \"{SESAME}\" or print $!'");
        Attempt::new("files", name, line)
    };
    const WRITE: u32 = 1;
    const BOTH: u32 = 2;
    const NONBLOCK: u32 = 0o4000;
    vec![
        reads("the server's environment", format!("tr '\\0' '\\n' < /proc/{server}/environ")),
        // Nothing but the word is kept: what else is on the machine is none of a test's business.
        reads(
            "every environment",
            format!(
                "for p in /proc/[0-9]*; do tr '\\0' '\\n' < $p/environ; done 2>/dev/null | grep -ao {word}"
            ),
        ),
        Attempt::new("files", "its own environment", "echo $SECRET_IN_ENVIRONMENT | sed s/secret/open-sesame/"),
        reads("the data folder", format!("cat {data}/deploymend.db")),
        reads("the server's home", format!("cat {home}/.token")),
        reads("a link out of the repository", format!("ln -sfn {home} link; cat link/.token")),
        reads("a path out of the repository", format!("cat /repo/../../../../../..{home}/.token; cat {home}/.token")),
        reads(
            "another root by /proc",
            format!("for p in /proc/[0-9]*; do cat $p/root{home}/.token; done 2>/dev/null"),
        ),
        reads(
            "another folder by /proc",
            format!("(cd {home} && exec sleep 9) & sleep 1; cat /proc/[0-9]*/cwd/.token 2>/dev/null; kill $!"),
        ),
        Attempt::new("files", "an inherited handle", "cat <&9 | sed s/secret/open-sesame/"),
        Attempt::new(
            "files",
            "another process's handles",
            // Files only: to read from somebody's pipe would wait, and take what is not ours.
            "for h in /proc/*/fd/9; do [ -f $h ] && head -c 99 $h; done | sed s/secret/open-sesame/",
        ),
        reads(
            "objects of another repository",
            format!(
                "mkdir -p .git/objects/info; echo {home}/other/.git/objects > .git/objects/info/alternates; \
                 git cat-file -p $(printf '{word}' | git hash-object --stdin)"
            ),
        )
        .outside(format!(
            "git init -q {home}/other; printf '{word}' | git -C {home}/other hash-object -w --stdin >/dev/null; \
             git init -q c; cd c; echo {home}/other/.git/objects > .git/objects/info/alternates; \
             git cat-file -p $(printf '{word}' | git hash-object --stdin)"
        )),
        Attempt::new("files", "to change a program", "touch /usr/bin/deploymend-test && rm /usr/bin/deploymend-test && echo open-sesame").under_root(),
        Attempt::new("files", "to change a library's settings", ": >> /etc/ld.so.preload && echo open-sesame")
            .outside("[ -w /etc ] && echo open-sesame")
            .under_root(),
        Attempt::new("files", "a link to a file of root", "ln /etc/shadow stolen && rm stolen && echo open-sesame")
            .outside("head -c 0 /etc/shadow && echo open-sesame")
            .under_root(),
        Attempt::new("files", "a device file", "mknod disk b 8 0 && rm disk && echo open-sesame").under_root(),
        Attempt::new(
            "files",
            "the machine's disk",
            "for d in $(awk 'NR > 2 { print $4 }' /proc/partitions); do head -c 1 /dev/$d >/dev/null && echo open-sesame; done",
        )
        .under_root()
        .where_there_is("a disk of its own"),
        opens("the kernel's log", "/dev/kmsg", NONBLOCK).under_root().where_there_is("/dev/kmsg"),
        opens("the machine's memory", "/dev/mem", 0).under_root().where_there_is("/dev/mem"),
        opens("the kernel's memory", "/proc/kcore", 0).under_root().where_there_is("/proc/kcore"),
        opens("a file system of its own", "/dev/fuse", BOTH).where_there_is("/dev/fuse"),
        opens("a virtual machine of its own", "/dev/kvm", BOTH).where_there_is("/dev/kvm"),
        opens("a program for cores", "/proc/sys/kernel/core_pattern", WRITE).under_root(),
        opens("the emergency keys", "/proc/sysrq-trigger", WRITE).under_root().where_there_is("/proc/sysrq-trigger"),
        Attempt::new("files", "the control groups", "ls /sys/fs/cgroup | grep -q . && echo open-sesame")
            .where_there_is("control groups"),
        Attempt::new("files", "the kernel's settings of devices", "ls /sys/kernel | grep -q . && echo open-sesame"),
    ]
}
