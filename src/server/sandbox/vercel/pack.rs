//! Folders and files of this server → the archives in which they travel to a machine.

use crate::server::sandbox::{GuestFile, SandboxError};
use flate2::{Compression, write::GzEncoder};
use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};
use tar::{Builder, EntryType, Header};
use tempfile::NamedTempFile;

/// A `.tar.gz` on this server's disk. Removed when dropped.
#[derive(Debug)]
pub(super) struct Archive(NamedTempFile);

impl Archive {
    /// Its bytes, read as they are sent.
    pub(super) async fn body(&self) -> Result<reqwest::Body, SandboxError> {
        let file = tokio::fs::File::open(self.0.path()).await;
        file.map(Into::into).map_err(SandboxError::io("read an archive for the sandbox"))
    }
}

/// Packs folders, each under the path that it has inside. Links are packed as links. The archive is kept in `place`.
pub(super) async fn folders(
    place: PathBuf,
    folders: Vec<(PathBuf, &'static str)>,
) -> Result<Archive, SandboxError> {
    packed(place, move |archive| {
        for (folder, inside) in &folders {
            archive.append_dir_all(relative(Path::new(inside))?, folder)?;
        }
        Ok(())
    })
    .await
}

/// Packs a program under the path that it has inside.
pub(super) async fn program(
    place: PathBuf,
    program: PathBuf,
    inside: PathBuf,
) -> Result<Archive, SandboxError> {
    packed(place, move |archive| {
        let mut file = File::open(&program)?;
        archive.append_file(relative(&inside)?, &mut file)
    })
    .await
}

/// Packs small files in memory, readable for all.
pub(super) fn files(files: &[GuestFile]) -> io::Result<Vec<u8>> {
    let mut archive = builder(Vec::new());
    for file in files {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_size(file.bytes.len() as u64);
        archive.append_data(&mut header, relative(&file.path)?, &*file.bytes)?;
    }
    archive.into_inner()?.finish()
}

async fn packed(
    place: PathBuf,
    pack: impl FnOnce(&mut Builder<GzEncoder<NamedTempFile>>) -> io::Result<()> + Send + 'static,
) -> Result<Archive, SandboxError> {
    let work = move || {
        let mut archive = builder(NamedTempFile::new_in(place)?);
        pack(&mut archive)?;
        archive.into_inner()?.finish().map(Archive)
    };
    let packed = tokio::task::spawn_blocking(work).await.map_err(io::Error::other).flatten();
    packed.map_err(SandboxError::io("pack an archive for the sandbox"))
}

/// What is packed travels once: fast beats small.
fn builder<W: Write>(to: W) -> Builder<GzEncoder<W>> {
    let mut archive = Builder::new(GzEncoder::new(to, Compression::fast()));
    archive.follow_symlinks(false);
    archive
}

/// Archives are unpacked at the root.
fn relative(path: &Path) -> io::Result<&Path> {
    path.strip_prefix("/").map_err(io::Error::other)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use std::{fs, io::Read as _, os::unix::fs::symlink};

    fn listed(bytes: impl io::Read) -> Vec<(String, u32, String)> {
        let mut archive = tar::Archive::new(GzDecoder::new(bytes));
        let entries = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let (path, mode) = (entry.path().unwrap().display().to_string(), entry.header().mode().unwrap());
            let mut text = String::new();
            match entry.link_name().unwrap() {
                Some(target) => text = format!("-> {}", target.display()),
                None => drop(entry.read_to_string(&mut text)),
            }
            (path, mode & 0o777, text)
        });
        let mut entries: Vec<_> = entries.collect();
        entries.sort();
        entries
    }

    #[test]
    fn small_files_are_at_their_places() {
        let file = GuestFile { path: "/opt/agent/a.json".into(), bytes: b"{}".to_vec() };
        let bytes = files(&[file]).unwrap();
        assert_eq!(listed(&*bytes), [("opt/agent/a.json".to_owned(), 0o644, "{}".to_owned())]);
    }

    #[test]
    fn a_path_that_is_not_absolute_has_no_place() {
        assert!(files(&[GuestFile { path: "a".into(), bytes: Vec::new() }]).is_err());
    }

    #[tokio::test]
    async fn folders_keep_links_as_links_and_programs_stay_programs() {
        let place = tempfile::tempdir().unwrap();
        let repo = place.path().join("repo");
        fs::create_dir(&repo).unwrap();
        fs::write(repo.join("file"), "text").unwrap();
        symlink("/etc/passwd", repo.join("link")).unwrap();
        let archive = folders(place.path().to_owned(), vec![(repo.clone(), "/repo")]).await.unwrap();
        let entries = listed(File::open(archive.0.path()).unwrap());
        let of = |name: &str| entries.iter().find(|(path, ..)| path == name).map(|entry| entry.2.clone());
        assert_eq!(of("repo/file").as_deref(), Some("text"));
        assert_eq!(of("repo/link").as_deref(), Some("-> /etc/passwd"));

        let tool = place.path().join("tool");
        fs::write(&tool, "#!").unwrap();
        fs::set_permissions(&tool, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let archive = program(place.path().to_owned(), tool, "/opt/tool".into()).await.unwrap();
        let entries = listed(File::open(archive.0.path()).unwrap());
        assert_eq!(entries, [("opt/tool".to_owned(), 0o755, "#!".to_owned())]);
    }
}
