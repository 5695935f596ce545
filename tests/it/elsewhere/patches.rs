//! Copies in, patches out, over the network: exact to the byte.

use super::place::{MINUTE, Place, git};
use deploymend::server::sandbox::{Exec, Slot};
use std::fs;

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_is_exact_to_the_byte() -> anyhow::Result<()> {
    let place = Place::new().await?;
    assert_eq!(place.workspace.patch(Slot::Agent).await?, b"", "nothing has changed");
    // Text that is no UTF-8, bytes that are no text, a new file, a deletion, a mode, a link; and what no repair is.
    let edit = "printf 'one\\n\\351t\\351\\n' > file.txt; printf '\\000\\377\\376' > bytes.bin; mkdir new; echo new > new/a; \
                rm app/run.sh; ln -s ../file.txt new/link; mkdir node_modules; echo x > node_modules/x; chmod +x file.txt";
    assert_eq!(place.sh(edit).await?.exit_code, Some(0));
    let patch = place.workspace.patch(Slot::Agent).await?;
    // Asked again, it is the same.
    assert_eq!(place.workspace.patch(Slot::Agent).await?, patch);
    place.apply(&patch)?;
    let clone = place.clone.path();
    assert_eq!(fs::read(clone.join("file.txt"))?, b"one\n\xe9t\xe9\n");
    assert_eq!(fs::read(clone.join("bytes.bin"))?, [0, 255, 254]);
    assert_eq!(fs::read_link(clone.join("new/link"))?.to_str(), Some("../file.txt"));
    let status = git(clone, "status --porcelain")?;
    let mut lines: Vec<&str> = status.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        ["A  new/a", "A  new/link", "D  app/run.sh", "M  bytes.bin", "M  file.txt"],
        "{status}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_copy_is_the_commit_alone_without_a_way_back() -> anyhow::Result<()> {
    let place = Place::empty().await?;
    fs::write(place.clone.path().join("not-committed"), "x")?;
    fs::write(place.clone.path().join(".git/hooks/post-checkout"), "#!/bin/sh\ntouch /tmp/hooked\n")?;
    place.workspace.load(Slot::Agent, place.clone.path()).await?;
    let look = "git status --porcelain; git log --format=%s; git remote; ls .git/hooks 2>/dev/null; ls not-committed 2>/dev/null; cat .git/FETCH_HEAD 2>/dev/null; true";
    assert_eq!(place.sh(look).await?.tail, "Start");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_is_loaded_again_is_another_machine() -> anyhow::Result<()> {
    let place = Place::new().await?;
    place.sh("echo changed > file.txt; echo left > /tmp/left; git config core.hooksPath /tmp").await?;
    let first = place.machine(Slot::Agent)?.session_id;
    place.workspace.load(Slot::Agent, place.clone.path()).await?;
    assert_eq!(
        place.sh("cat file.txt; cat /tmp/left 2>/dev/null; git config core.hooksPath").await?.tail,
        "one\ntwo"
    );
    assert_ne!(place.machine(Slot::Agent)?.session_id, first);
    // The slots know nothing of each other.
    place.workspace.load(Slot::Verify, place.clone.path()).await?;
    place.sh("echo changed > file.txt").await?;
    let verify = place.workspace.exec(Slot::Verify, Exec::shell("cat file.txt", MINUTE), &mut |_| {}).await?;
    assert_eq!(verify.tail, "one\ntwo");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_spoils_git_spoils_its_own_patch_alone() -> anyhow::Result<()> {
    let place = Place::new().await?;
    place.sh("rm -rf .git /base.git; echo changed > file.txt").await?;
    let refused = place.workspace.patch(Slot::Agent).await;
    assert!(matches!(&refused, Err(deploymend::server::sandbox::SandboxError::Git { .. })), "{refused:?}");
    // Its own .git does not count.
    place.workspace.load(Slot::Agent, place.clone.path()).await?;
    place.sh("rm -rf .git; echo changed > file.txt").await?;
    let patch = String::from_utf8(place.workspace.patch(Slot::Agent).await?)?;
    assert!(patch.contains("+changed") && patch.matches("diff --git").count() == 1, "{patch}");
    Ok(())
}
