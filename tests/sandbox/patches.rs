//! Copies in, patches out: exact to the byte, whatever the agent does to the copy's own Git folder.

use crate::support::{MINUTE, Place, git};
use deploymend::server::sandbox::{Exec, SandboxError, Slot};
use std::{
    fs,
    io::Write,
    os::unix::fs::MetadataExt,
    path::Path,
    process::{Command, Stdio},
};

const FILES: &[(&str, &str)] = &[
    ("src/a.ts", "let a = 1\n"),
    ("src/gone.ts", "gone\n"),
    ("src/windows.ts", "one\r\ntwo\r\n"),
    ("src/hidden.ts", "let hidden = 1\n"),
    ("lib/tracked.js", "tracked\n"),
    (".gitignore", "out/\nlib/\n"),
    (".gitattributes", "* text=auto\nsrc/hidden.ts -diff\n*.ts filter=evil ident\n"),
];

async fn patch(place: &Place) -> String {
    String::from_utf8(place.workspace.patch(Slot::Agent).await.unwrap()).unwrap()
}

/// Applies a patch to the clean clone as a check of it.
fn apply(clone: &Path, patch: &str) {
    let mut apply = Command::new("git");
    apply.args(["apply", "--index", "-"]).current_dir(clone).stdin(Stdio::piped());
    let mut apply = apply.spawn().unwrap();
    apply.stdin.take().unwrap().write_all(patch.as_bytes()).unwrap();
    assert!(apply.wait().unwrap().success(), "{patch}");
}

#[tokio::test]
async fn a_patch_holds_what_changed_and_nothing_else() {
    let place = Place::new(FILES, &[]).await;
    assert_eq!(patch(&place).await, "");
    place.shell(
        "echo 'let a = 2' > src/a.ts; rm src/gone.ts; printf 'one\\r\\n2\\r\\n' > src/windows.ts; \
         echo 'let hidden = 2' > src/hidden.ts; echo changed > lib/tracked.js; echo new > 'src/new file.ts'; \
         printf '\\0\\1\\2' > binary; ln -s /etc/passwd link; chmod +x README.md; \
         mkdir -p out node_modules/x packages/p/node_modules .next; echo x > out/x; echo x > node_modules/x/x; \
         echo x > packages/p/node_modules/x; echo x > .next/x; echo x > lib/new.js; git commit -qam 'By the agent'",
    ).await;
    let patch = patch(&place).await;
    let names: Vec<_> = patch.lines().filter_map(|line| line.strip_prefix("diff --git ")).collect();
    assert_eq!(
        names,
        [
            "a/README.md b/README.md",
            "a/binary b/binary",
            "a/lib/tracked.js b/lib/tracked.js",
            "a/link b/link",
            "a/src/a.ts b/src/a.ts",
            "a/src/gone.ts b/src/gone.ts",
            "a/src/hidden.ts b/src/hidden.ts",
            "a/src/new file.ts b/src/new file.ts",
            "a/src/windows.ts b/src/windows.ts",
        ]
    );
    for part in [
        "-two\r\n+2\r\n",
        "-let hidden = 1\n+let hidden = 2\n",
        "old mode 100644\nnew mode 100755\n",
        "GIT binary patch",
    ] {
        assert!(patch.contains(part), "{part:?} is not in {patch}");
    }
    assert!(patch.contains("new file mode 120000") && !patch.contains("root:"), "a link is a link: {patch}");
    apply(place.clone.path(), &patch);
    for name in ["src/a.ts", "src/windows.ts", "src/new file.ts", "binary"] {
        assert_eq!(
            fs::read(place.repo().join(name)).unwrap(),
            fs::read(place.clone.path().join(name)).unwrap()
        );
    }
}

#[tokio::test]
async fn what_the_agent_does_to_git_has_no_effect() {
    let place = Place::new(FILES, &[]).await;
    place.shell(
        "for f in ~/.gitconfig .git/config; do printf '[core]\\nfsmonitor = touch /repo/pwned\\nhooksPath = /repo/hooks\\n\
         pager = touch /repo/pwned\\n[diff]\\nexternal = touch /repo/pwned\\n[filter \"evil\"]\\nclean = sh -c \"echo evil\"\\n' >> $f; done; \
         mkdir -p ~/.config/git; echo '*' > ~/.config/git/ignore; echo '*' > .git/info/exclude; \
         echo '* binary' > .git/info/attributes; echo 'let a = 2' > src/a.ts; echo new > src/new.ts; \
         git init -q nested; rm -rf .git/objects; mkdir hooks; echo 'touch /repo/pwned' > hooks/post-index-change; chmod +x hooks/*",
    ).await;
    let text = patch(&place).await;
    assert!(text.contains("+let a = 2\n") && text.contains("+new\n") && !text.contains("evil"), "{text}");
    assert!(!place.repo().join("pwned").exists());
    place.shell("rm -rf .git; echo 'gitdir: /proc/1' > .git").await;
    assert_eq!(patch(&place).await, text);
}

#[tokio::test]
async fn a_copy_shares_nothing_with_the_clean_clone() {
    let place = Place::new(FILES, &[]).await;
    let repo = place.repo();
    assert_eq!(fs::read_to_string(repo.join("src/windows.ts")).unwrap(), "one\r\ntwo\r\n");
    assert_eq!(
        place.shell("git rev-parse HEAD; git status --short").await,
        git(place.clone.path(), "rev-parse HEAD").trim()
    );
    let everything =
        Command::new("grep").args(["-rl", place.clone.path().to_str().unwrap()]).arg(&repo).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&everything.stdout), "", "the clone's place is named");
    assert!(!repo.join(".git/objects/info/alternates").exists() && !repo.join(".git/hooks").exists());
    let mut open = vec![repo.join(".git/objects")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let metadata = entry.metadata().unwrap();
            assert!(metadata.is_dir() || metadata.nlink() == 1, "{:?} is shared", entry.path());
            open.extend(metadata.is_dir().then(|| entry.path()));
        }
    }
}

#[tokio::test]
async fn loading_again_forgets_everything() {
    let place = Place::new(FILES, &[]).await;
    place.shell("echo x > src/a.ts; echo x > ~/x; mkdir -p d/d; chmod 0 d; ln -s / root").await;
    place.workspace.load(Slot::Agent, place.clone.path()).await.unwrap();
    assert_eq!(place.shell("cat src/a.ts; ls -A ~; git status --short").await, "let a = 1");
    assert!(matches!(place.workspace.patch(Slot::Verify).await, Err(SandboxError::NotLoaded)));
    place.workspace.load(Slot::Verify, place.clone.path()).await.unwrap();
    place.shell("echo x > src/a.ts").await;
    assert_eq!(place.workspace.patch(Slot::Verify).await.unwrap(), b"");
}

#[tokio::test]
async fn bad_requests_have_their_own_errors() {
    let place = Place::new(FILES, &[]).await;
    place.shell("head -c 5000000 /dev/urandom | base64 > big").await;
    assert!(matches!(place.workspace.patch(Slot::Agent).await, Err(SandboxError::PatchTooLarge { .. })));
    let exec = async |exec| place.workspace.exec(Slot::Agent, exec, &mut |_| {}).await;
    let missing = exec(Exec::new(["no-such-program"], MINUTE)).await;
    assert!(
        matches!(&missing, Err(SandboxError::NotStarted { detail }) if detail.contains("no-such-program")),
        "{missing:?}"
    );
    for cwd in ["..", "/etc", "a/../.."] {
        assert!(exec(Exec { cwd: cwd.into(), ..Exec::shell("pwd", MINUTE) }).await.is_err(), "{cwd}");
    }
    let option = ("A".to_owned(), "x\0--bind\0/\0/host".to_owned());
    assert!(exec(Exec { env: vec![option], ..Exec::shell("ls /host", MINUTE) }).await.is_err());
    assert_eq!(
        exec(Exec { cwd: "src".into(), ..Exec::shell("pwd", MINUTE) }).await.unwrap().tail,
        "/repo/src"
    );
    place.workspace.destroy().await.unwrap();
    place.workspace.destroy().await.unwrap();
    assert!(matches!(exec(Exec::shell("pwd", MINUTE)).await, Err(SandboxError::Destroyed)));
}
