//! The Git steps against bare repositories on this machine.

use super::{
    testing::{Origin, plain},
    *,
};
use crate::model::Timestamp;
use std::path::{Path, PathBuf};

const PATCH: &[u8] =
    b"diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n";

fn octo() -> Identity {
    Identity { name: "Octo Dev".into(), email: "42+octo-dev@users.noreply.github.com".into() }
}

async fn commit(checkout: &Checkout, patch: &[u8]) -> String {
    let staged = checkout.stage(patch).await.expect("staged");
    let at: Timestamp = chrono::DateTime::from_timestamp(1_800_000_000, 5_000_000).expect("a time");
    let octo = octo();
    let commit = Commit { author: &octo, committer: &octo, at, message: "Fix it\n\nWith a body." };
    checkout.commit(&staged, &commit).await.expect("committed")
}

#[tokio::test]
async fn the_same_fix_twice_is_one_commit_and_one_push() {
    let origin = Origin::new(&[]);
    let first = origin.clone_to("one").await;
    assert_eq!(first.head().await.expect("a head"), origin.failing);
    assert!(!first.dir().join("later.txt").exists());
    let sha = commit(&first, PATCH).await;
    assert_eq!(std::fs::read(first.dir().join("a.txt")).expect("read"), b"one\nTWO\nthree\n");
    assert_eq!(first.push(&origin.remote(), "fix/x", None).await.expect("pushed"), Pushed::Now);

    let second = origin.clone_to("two").await;
    assert_eq!(commit(&second, PATCH).await, sha);
    assert_eq!(second.push(&origin.remote(), "fix/x", None).await.expect("pushed"), Pushed::Before);
    assert_eq!(origin.git(&["rev-parse", "refs/heads/fix/x"]), sha);
    assert_eq!(origin.git(&["rev-parse", "fix/x^"]), origin.failing);
    assert_eq!(
        origin.git(&["log", "-1", "--format=%an|%ae|%at|%cn|%ce|%ct|%s", "fix/x"]),
        "Octo Dev|42+octo-dev@users.noreply.github.com|1800000000|Octo Dev|\
         42+octo-dev@users.noreply.github.com|1800000000|Fix it"
    );
    assert_eq!(second.remote_branch(&origin.remote(), "fix/x").await.expect("asked"), Some(sha));
    assert_eq!(second.remote_branch(&origin.remote(), "x").await.expect("asked"), None);
    let diff = second.diff(&origin.failing).await.expect("a diff");
    assert!(diff.contains("-two\n+TWO\n"), "{diff}");
}

#[tokio::test]
async fn a_push_needs_the_lease() {
    let origin = Origin::new(&[]);
    let checkout = origin.clone_to("one").await;
    let sha = commit(&checkout, PATCH).await;
    origin.git(&["branch", "fix/x", &origin.first]);
    let push = async |expected: Option<&str>| checkout.push(&origin.remote(), "fix/x", expected).await;
    assert!(matches!(push(None).await, Err(GitError::LeaseLost)));
    assert!(matches!(push(Some(&origin.failing)).await, Err(GitError::LeaseLost)));
    assert_eq!(origin.git(&["rev-parse", "fix/x"]), origin.first);
    assert_eq!(push(Some(&origin.first)).await.expect("pushed"), Pushed::Now);
    assert_eq!(origin.git(&["rev-parse", "fix/x"]), sha);
}

#[tokio::test]
async fn a_refusal_of_the_host_is_told_from_a_lost_lease() {
    let origin = Origin::new(&[]);
    let checkout = origin.clone_to("one").await;
    commit(&checkout, PATCH).await;
    let hook = origin.bare().join("hooks/pre-receive");
    std::fs::write(&hook, "#!/bin/sh\necho branch is protected >&2\nexit 1\n").expect("written");
    make_executable(&hook);
    match checkout.push(&origin.remote(), "fix/x", None).await {
        Err(GitError::PushRefused { detail }) => assert!(detail.contains("branch is protected"), "{detail}"),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[tokio::test]
async fn clones_say_what_is_missing() {
    let origin = Origin::new(&[]);
    let clone = async |remote: &Remote, sha: &str, branch: Option<&str>, name: &str| {
        Checkout::clone_at(remote, sha, branch, &origin.folder.path().join(name)).await.map(drop)
    };
    let unknown = "1234567890123456789012345678901234567890";
    assert!(matches!(clone(&origin.remote(), unknown, None, "a").await, Err(GitError::NotFound)));
    assert!(matches!(clone(&origin.remote(), unknown, Some("main"), "b").await, Err(GitError::NotFound)));
    assert!(matches!(clone(&origin.remote(), unknown, Some("nope"), "c").await, Err(GitError::NotFound)));
    let nowhere = Remote::folder(&origin.folder.path().join("nowhere.git"));
    assert!(matches!(clone(&nowhere, unknown, None, "d").await, Err(GitError::NotFound)));
    for odd in ["HEAD", "--upload-pack=x", "abc"] {
        assert!(matches!(clone(&origin.remote(), odd, None, "e").await, Err(GitError::Invalid(_))));
    }
    let sha = origin.failing.clone();
    for odd in ["--mirror", "a..b", "", "a b", "refs/heads/x:y"] {
        let checkout =
            Checkout::clone_at(&origin.remote(), &sha, None, &tempdir(&origin)).await.expect("a clone");
        assert!(
            matches!(checkout.push(&origin.remote(), odd, None).await, Err(GitError::Invalid(_))),
            "{odd}"
        );
    }
    // A folder that holds something is left alone.
    assert!(matches!(clone(&origin.remote(), &sha, None, "work").await, Err(GitError::Invalid(_))));
}

fn tempdir(origin: &Origin) -> PathBuf {
    tempfile::tempdir_in(origin.folder.path()).expect("a folder").keep()
}

#[tokio::test]
async fn a_host_without_single_commits_is_asked_for_the_branch() {
    let origin = Origin::new(&[]);
    let checkout = origin.clone_to("one").await;
    assert!(checkout.reset_to(&origin.first).await.is_err(), "the clone must hold one commit only");
    checkout.fetch_history(&origin.remote(), &origin.first, "main").await.expect("fetched");
    checkout.reset_to(&origin.first).await.expect("there");
    assert!(!checkout.dir().join("a.txt").exists());
}

#[tokio::test]
async fn reads_files_and_changes_as_blobs() {
    let origin = Origin::new(&[("src/a b.ts", "x\n"), ("gone.txt", "gone\n")]);
    let checkout = origin.clone_to("one").await;
    let files = checkout.files().await.expect("files");
    assert_eq!(files, ["README.md", "a.txt", "gone.txt", "src/a b.ts"]);
    assert_eq!(checkout.read("src/a b.ts").await.expect("read"), Some(b"x\n".to_vec()));
    for absent in ["nope", "src", "../a.txt", "/etc/passwd", ".git/config"] {
        assert_eq!(checkout.read(absent).await.expect("read"), None, "{absent}");
    }
    let patch = b"diff --git a/gone.txt b/gone.txt\ndeleted file mode 100644\n--- a/gone.txt\n+++ /dev/null\n\
        @@ -1 +0,0 @@\n-gone\ndiff --git a/run.sh b/run.sh\nnew file mode 100755\n--- /dev/null\n+++ b/run.sh\n\
        @@ -0,0 +1 @@\n+hi\ndiff --git a/src/a b.ts b/src/c.ts\nsimilarity index 100%\n\
        rename from src/a b.ts\nrename to src/c.ts\n";
    let changes = checkout.stage(patch).await.expect("staged").changes;
    let blob = |mode, text: &str| Some(Blob { mode, content: text.as_bytes().to_vec() });
    let change = |old: &str, path: &str, before, after| Change {
        path: path.into(),
        old_path: old.into(),
        before,
        after,
    };
    assert_eq!(
        changes,
        [
            change("gone.txt", "gone.txt", blob(Mode::File, "gone\n"), None),
            change("run.sh", "run.sh", None, blob(Mode::Executable, "hi\n")),
            change("src/a b.ts", "src/c.ts", blob(Mode::File, "x\n"), blob(Mode::File, "x\n")),
        ]
    );
    assert!(checkout.dir().join("gone.txt").exists(), "staging must not touch the files");
}

fn new_file(path: &str, mode: &str, content: &str) -> String {
    format!(
        "diff --git a/{path} b/{path}\nnew file mode {mode}\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n\
         +{content}\n\\ No newline at end of file\n"
    )
}

#[tokio::test]
async fn refuses_patches_that_reach_outside() {
    let origin = Origin::new(&[]);
    let checkout = origin.clone_to("one").await;
    let commit = "1234567890123456789012345678901234567890";
    let beyond =
        new_file("link", "120000", "/etc") + &new_file("link/passwd", "100644", "root::0:0::/:/bin/sh");
    let bad = [
        new_file("../x", "100644", "x"),
        new_file(".git/hooks/post-checkout", "100755", "x"),
        new_file("sub/.GIT/config", "100644", "x"),
        new_file("link", "120000", "/etc/passwd"),
        new_file("deep/link", "120000", "../../x"),
        new_file("link", "120000", ".git/config"),
        new_file("module", "160000", &format!("Subproject commit {commit}")),
        beyond,
        "diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-nothing like it\n+x\n"
            .to_owned(),
        "no patch at all".to_owned(),
        String::new(),
    ];
    for patch in bad {
        let refused = checkout.stage(patch.as_bytes()).await.map(|staged| staged.changes);
        assert!(matches!(refused, Err(GitError::PatchRefused { .. })), "{patch}: {refused:?}");
    }
    let inside = checkout.stage(new_file("deep/link", "120000", "../a.txt").as_bytes()).await;
    assert_eq!(inside.expect("staged").changes.len(), 1);
}

fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("permissions");
}

#[tokio::test]
async fn no_hook_runs_even_if_one_is_there() {
    let origin = Origin::new(&[]);
    let checkout = origin.clone_to("one").await;
    let marker = origin.folder.path().join("ran");
    let hooks = checkout.dir().join(".git/hooks");
    std::fs::create_dir_all(&hooks).expect("a folder");
    for name in [
        "post-checkout",
        "pre-commit",
        "post-commit",
        "pre-push",
        "reference-transaction",
        "post-index-change",
    ] {
        let hook = hooks.join(name);
        std::fs::write(&hook, format!("#!/bin/sh\ntouch '{}'\n", marker.display())).expect("written");
        make_executable(&hook);
    }
    commit(&checkout, PATCH).await;
    checkout.push(&origin.remote(), "fix/x", None).await.expect("pushed");
    checkout.reset_to(&origin.failing).await.expect("reset");
    assert!(!marker.exists(), "a hook ran");
    // Plain git would have run it.
    plain(checkout.dir(), origin.folder.path(), &["checkout", "-q", "-B", "other"]);
    assert!(marker.exists(), "the control shows nothing");
}

#[tokio::test]
async fn attributes_and_settings_in_the_tree_run_nothing() {
    let marker_dir = tempfile::tempdir().expect("a folder");
    let marker = marker_dir.path().join("ran");
    let filter = format!(
        "[filter \"evil\"]\n\tsmudge = touch '{0}'; cat\n\tclean = touch '{0}'; cat\n\trequired\n",
        marker.display()
    );
    let origin = Origin::new(&[
        (".gitattributes", "*.txt filter=evil diff=evil merge=evil\n"),
        (".gitconfig", &filter),
        (".gitmodules", "[submodule \"x\"]\n\tpath = x\n\turl = -u./x\n"),
    ]);
    let checkout = origin.clone_to("one").await;
    commit(&checkout, PATCH).await;
    checkout.diff(&origin.failing).await.expect("a diff");
    assert!(!marker.exists(), "a filter ran");
    // With the same text as its settings, plain git runs the filter.
    std::fs::write(origin.folder.path().join(".gitconfig"), &filter).expect("written");
    plain(origin.folder.path(), origin.folder.path(), &["clone", "-q", "origin.git", "control"]);
    assert!(marker.exists(), "the control shows nothing");
}
