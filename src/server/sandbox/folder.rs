//! File-system work on folders that hostile code has written to: nothing here follows a link out of them.

use crate::server::sandbox::SandboxError;
use std::{
    ffi::OsStr,
    fs,
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};
use tokio::process::Command;

/// Makes a folder for this user alone, and those above it.
pub(super) fn create_private(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes a folder that others may pass through, but not list.
pub(super) fn create_passable(path: &Path) -> io::Result<()> {
    create_private(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o711))
}

/// Removes a folder with all that is in it. One that is not there is fine.
///
/// The system's `rm` is used for its two virtues: it never follows a link, and it gets down a tree of any depth
/// with few file handles. Nothing of the sandbox may run meanwhile.
pub(super) async fn remove(path: &Path) -> Result<(), SandboxError> {
    if fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Ok(());
    }
    if run("rm", [OsStr::new("-rf"), OsStr::new("--"), path.as_os_str()]).await.is_ok() {
        return Ok(());
    }
    // Folders may have been made unreadable; their owner can undo that.
    let mode = [OsStr::new("-R"), OsStr::new("u+rwX"), OsStr::new("--"), path.as_os_str()];
    drop(run("chmod", mode).await);
    run("rm", [OsStr::new("-rf"), OsStr::new("--"), path.as_os_str()])
        .await
        .map_err(SandboxError::io("remove a folder of the sandbox"))
}

/// Gives a tree to a user of the host; links change hands themselves, not what they point to.
pub(super) async fn give(path: &Path, id: u32) -> Result<(), SandboxError> {
    let owner = format!("{id}:{id}");
    run("chown", [OsStr::new("-RhP"), OsStr::new(&owner), OsStr::new("--"), path.as_os_str()])
        .await
        .map_err(SandboxError::io("hand a folder to the sandbox's user"))
}

async fn run<const N: usize>(program: &str, arguments: [&OsStr; N]) -> io::Result<()> {
    let output = Command::new(program).args(arguments).env_remove("POSIXLY_CORRECT").output().await?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(said.chars().take(300).collect::<String>()))
}

/// How much a tree takes on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// This many bytes, or a little less while it is being changed.
    Bytes(u64),
    /// It is nested so deeply that it cannot be measured.
    TooDeep,
}

/// What every file and folder counts at least, so that a flood of empty ones is seen.
pub(super) const LEAST: u64 = 4096;

/// Measures `roots` together; stops early above `enough` bytes. Every file and folder counts as [`LEAST`].
pub(super) fn size(roots: &[PathBuf], enough: u64) -> Size {
    let mut open = roots.to_vec();
    let mut total = 0_u64;
    while let Some(folder) = open.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NAMETOOLONG.raw_os_error()) => {
                return Size::TooDeep;
            }
            // Gone or closed to us since it was listed.
            Err(_) => continue,
        };
        for entry in entries.flatten() {
            // Of the entry itself: this does not follow links.
            let Ok(metadata) = entry.metadata() else { continue };
            total = total.saturating_add((metadata.blocks() * 512).max(LEAST));
            if metadata.is_dir() {
                open.push(entry.path());
            }
        }
        if total > enough {
            break;
        }
    }
    Size::Bytes(total)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[tokio::test]
    async fn links_out_of_the_folder_are_removed_not_followed() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("kept"), "x").unwrap();
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("slot");
        create_private(&folder.join("a/b")).unwrap();
        symlink(outside.path(), folder.join("a/link")).unwrap();
        fs::set_permissions(folder.join("a/b"), fs::Permissions::from_mode(0o0)).unwrap();
        assert!(matches!(size(std::slice::from_ref(&folder), u64::MAX), Size::Bytes(8192..=40_000)));
        remove(&folder).await.unwrap();
        remove(&folder).await.unwrap();
        assert!(!folder.exists() && outside.path().join("kept").exists());
    }

    #[tokio::test]
    async fn a_tree_deeper_than_a_path_is_seen_and_removed() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("slot");
        create_private(&folder).unwrap();
        let script = "for i in $(seq 60); do mkdir $(printf 'd%.0s' $(seq 100)); cd d*; done";
        let done = Command::new("bash").args(["-c", script]).current_dir(&folder).status().await.unwrap();
        assert!(done.success());
        assert_eq!(size(std::slice::from_ref(&folder), u64::MAX), Size::TooDeep);
        remove(&folder).await.unwrap();
        assert!(!folder.exists());
    }
}
