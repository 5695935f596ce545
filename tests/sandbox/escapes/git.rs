//! Traps for Git: planted inside, sprung where the server works with the copy. The control is a Git that works with such
//! a copy without our settings.

use super::attempt::shell;
use crate::support::Place;
use deploymend::server::sandbox::Slot;
use std::{fs, path::Path, time::Duration};

/// One trap.
struct Trap {
    name: &'static str,
    /// Planted in the repository's folder. `TRAP` is a command that leaves its mark outside.
    plant: &'static str,
    /// What an unsuspecting user of the copy runs.
    sprung_by: &'static str,
}

const TRAPS: &[Trap] = &[
    Trap {
        name: "a hook",
        plant: "mkdir -p .git/hooks; printf '#!/bin/sh\\nTRAP\\n' > .git/hooks/post-index-change; chmod +x .git/hooks/*",
        sprung_by: "git add -A",
    },
    Trap {
        name: "a folder of hooks",
        plant: "mkdir -p hooks; printf '#!/bin/sh\\nTRAP\\n' > hooks/post-index-change; chmod +x hooks/*; \
                git config core.hooksPath $PWD/hooks",
        sprung_by: "git add -A",
    },
    Trap {
        name: "a hook for a commit",
        plant: "mkdir -p .git/hooks; printf '#!/bin/sh\\nTRAP\\n' > .git/hooks/pre-commit; chmod +x .git/hooks/*",
        sprung_by: "git add -A; git commit -m x",
    },
    Trap { name: "a watcher of files", plant: "git config core.fsmonitor 'TRAP;:'", sprung_by: "git status" },
    Trap {
        name: "an alias of the user",
        plant: "git config --global core.fsmonitor 'TRAP;:'",
        sprung_by: "git status",
    },
    Trap {
        name: "another file of settings",
        plant: "printf '[core]\\nfsmonitor = \"TRAP;:\"\\n' > more; git config include.path ../more",
        sprung_by: "git status",
    },
    Trap {
        name: "settings of a work tree",
        plant: "git config extensions.worktreeConfig true; printf '[core]\\nfsmonitor = \"TRAP;:\"\\n' > .git/config.worktree",
        sprung_by: "git status",
    },
    Trap {
        name: "a .git that is a file",
        plant: "git config core.fsmonitor 'TRAP;:'; git config core.worktree $PWD; mv .git real; echo 'gitdir: real' > .git",
        sprung_by: "git status",
    },
    Trap {
        name: "a program for differences",
        plant: "git config diff.external 'TRAP;:'",
        sprung_by: "git diff",
    },
    Trap {
        name: "a text form of a file",
        plant: "git config diff.evil.textconv 'TRAP;cat'; echo '*.md diff=evil' > .gitattributes",
        sprung_by: "git diff",
    },
    Trap {
        name: "a filter",
        plant: "git config filter.evil.clean 'TRAP;cat'; echo '*.md filter=evil' > .gitattributes",
        sprung_by: "git add -A",
    },
    Trap {
        name: "a filter that stays",
        plant: "git config filter.evil.process 'TRAP;:'; echo '*.md filter=evil' > .gitattributes",
        sprung_by: "git add -A",
    },
    Trap {
        name: "a pointer of LFS",
        plant: "git config filter.lfs.smudge 'TRAP;cat'; echo '*.md filter=lfs' > .gitattributes; \
                printf 'version https://git-lfs.github.com/spec/v1\\noid sha256:0\\nsize 1\\n' > README.md; \
                git -c filter.lfs.clean=cat add -A; git -c filter.lfs.clean=cat commit -qm x; rm README.md",
        sprung_by: "git checkout -f .",
    },
    Trap {
        name: "a submodule",
        plant: "git init -q sub; git -C sub commit -q --allow-empty -m x; printf '[submodule \"sub\"]\\npath = sub\\nurl = ./sub\\n' > .gitmodules; \
                git add -A; git commit -qm x; git submodule -q init; git config submodule.sub.update '!TRAP;:'; \
                git -C sub commit -q --allow-empty -m y",
        sprung_by: "git submodule update --force",
    },
    Trap {
        name: "a repository inside",
        plant: "git init -q inner; git -C inner config core.fsmonitor 'TRAP;:'; git -C inner commit -q --allow-empty -m x",
        sprung_by: "git add -A; git status",
    },
];

/// Traps that are no command: what would be read, written or waited for in the wrong place. `HOME` is a folder outside,
/// `WORD` what is in its file `.token`.
const LINKS: &[Trap] = &[
    Trap {
        name: "a link to a file",
        plant: "rm README.md; ln -s HOME/.token README.md",
        sprung_by: "cat README.md",
    },
    Trap {
        name: "a link in place of a folder",
        plant: "rm -rf src; ln -s HOME src",
        sprung_by: "cat src/.token",
    },
    Trap {
        name: "a link in place of Git's folder",
        plant: "rm -rf .git; ln -s HOME .git",
        sprung_by: "cat .git/.token",
    },
    Trap {
        name: "a link to the root by /proc",
        plant: "rm README.md; ln -s /proc/self/root/HOME/.token README.md",
        sprung_by: "cat README.md",
    },
    Trap {
        name: "a path out",
        plant: "mkdir -p a; ln -s ../../../../../../../HOME/.token a/link",
        sprung_by: "cat a/link",
    },
    Trap {
        name: "a pipe",
        plant: "mkfifo pipe; ln -s pipe README.link",
        sprung_by: "timeout 1 cat pipe; test $? = 124 && echo WORD",
    },
    Trap {
        name: "a device",
        plant: "mknod zero c 1 5 || ln -s /dev/zero zero",
        sprung_by: "head -c 9 zero | grep -q . || echo WORD",
    },
];

/// Names and whether they held, with the control that worked.
pub async fn attempts(place: &Place, word: &str, home: &Path) -> Vec<&'static str> {
    let mark = home.join("sprung");
    let trap = format!("touch {}", mark.display());
    let identity = "git config user.name Test; git config user.email test@example.com";
    let mut held = Vec::new();
    for Trap { name, plant, sprung_by } in TRAPS {
        let plant = format!(
            "{identity}; export GIT_AUTHOR_NAME=T GIT_AUTHOR_EMAIL=t@e GIT_COMMITTER_NAME=T GIT_COMMITTER_EMAIL=t@e; \
             echo more >> README.md; {}",
            plant.replace("TRAP", &trap)
        );
        let copy = tempfile::tempdir().unwrap();
        fs::write(copy.path().join("README.md"), "hello\n").unwrap();
        let start = format!("git init -q; {identity}; git add -A; git commit -qm Start");
        shell(copy.path(), &start);
        let said = shell(copy.path(), &format!("{plant}; {sprung_by}"));
        assert!(mark.exists(), "{name}: the control does not work outside: {said}");
        fs::remove_file(&mark).unwrap();

        place.shell(&plant).await;
        works_on(place, name).await;
        assert!(!mark.exists(), "{name}: it was sprung outside the sandbox");
        held.push(*name);
    }
    let home = home.display().to_string();
    for Trap { name, plant, sprung_by } in LINKS {
        let plant = plant.replace("HOME", &home);
        let copy = tempfile::tempdir().unwrap();
        let said = shell(copy.path(), &format!("git init -q; {plant}; {}", sprung_by.replace("WORD", word)));
        assert!(said.contains(word), "{name}: the control does not work outside: {said}");
        place.shell(&plant).await;
        let patch = works_on(place, name).await;
        assert!(!patch.contains(word), "{name}: what is outside is in the patch");
        assert_eq!(
            fs::read_to_string(format!("{home}/.token")).unwrap(),
            word,
            "{name}: what is outside was changed"
        );
        held.push(*name);
    }
    held
}

/// All that the server does with a copy: reads the patch, and lays the copy anew. Gives the patch.
async fn works_on(place: &Place, name: &str) -> String {
    let work = async {
        let patch = place.workspace.patch(Slot::Agent).await;
        place.workspace.load(Slot::Agent, place.clone.path()).await.unwrap();
        // A copy that Git cannot read is refused, which is as good.
        patch.unwrap_or_default()
    };
    let done = tokio::time::timeout(Duration::from_secs(60), work).await;
    String::from_utf8_lossy(&done.unwrap_or_else(|_| panic!("{name}: the server hangs"))).into_owned()
}
