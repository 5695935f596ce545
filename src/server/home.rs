//! A process's own folder below the data folder, locked for as long as the process lives. So what a crash left behind
//! is told from the work of the other processes on this machine.
//!
//! ```text
//! data_dir/work/
//!     lock            held while somebody looks for abandoned folders, or makes one
//!     {process id}/
//!         lock        held by the process
//!         sandboxes/ clones/
//! ```

use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

const LOCK: &str = "lock";

/// The folder of one process. Its lock goes with it, also when the process is killed.
#[derive(Debug)]
pub struct Home {
    folder: PathBuf,
    _lock: File,
}

impl Home {
    /// Makes the folder of the process `owner`.
    ///
    /// # Errors
    /// The file system's.
    pub fn make(data_dir: &Path, owner: &str) -> io::Result<Self> {
        let all = std::path::absolute(data_dir)?.join("work");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&all)?;
        // Between the two steps the folder would pass for an abandoned one.
        let _turn = turn(&all)?;
        let folder = all.join(owner);
        fs::DirBuilder::new().mode(0o700).create(&folder)?;
        let lock = File::create(folder.join(LOCK))?;
        lock.lock()?;
        Ok(Self { folder, _lock: lock })
    }

    /// The folders of processes that are gone. They are this process's own from now on.
    ///
    /// # Errors
    /// The file system's.
    pub fn abandoned(&self) -> io::Result<Vec<Self>> {
        let Some(all) = self.folder.parent() else { return Ok(Vec::new()) };
        let _turn = turn(all)?;
        let mut found = Vec::new();
        for entry in fs::read_dir(all)? {
            let folder = entry?.path();
            if folder == self.folder || !folder.is_dir() {
                continue;
            }
            // A folder without a lock is one whose removal was cut short.
            let lock = File::create(folder.join(LOCK))?;
            match lock.try_lock() {
                Ok(()) => found.push(Self { folder, _lock: lock }),
                Err(fs::TryLockError::WouldBlock) => {}
                Err(fs::TryLockError::Error(error)) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Where the process's sandboxes are.
    pub fn sandboxes(&self) -> PathBuf {
        self.folder.join("sandboxes")
    }

    /// Where the process's clean clones are.
    pub fn clones(&self) -> PathBuf {
        self.folder.join("clones")
    }

    /// Removes the folder, whose sandboxes are gone. One that is gone already is fine.
    ///
    /// # Errors
    /// The file system's.
    pub fn remove(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

fn turn(all: &Path) -> io::Result<File> {
    let lock = File::create(all.join(LOCK))?;
    lock.lock()?;
    Ok(lock)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::Home;
    use std::{
        fs, thread,
        time::{Duration, Instant},
    };

    /// A program that another test starts holds every lock of this process, too, until it has become itself.
    fn soon(look: impl Fn() -> Vec<Home>) -> Vec<Home> {
        let begun = Instant::now();
        loop {
            let found = look();
            if !found.is_empty() || begun.elapsed() > Duration::from_secs(20) {
                return found;
            }
            thread::yield_now();
        }
    }

    #[test]
    fn only_the_folders_of_processes_that_are_gone_are_found_once() {
        let data = tempfile::tempdir().unwrap();
        let make = |owner| Home::make(data.path(), owner).unwrap();
        let (own, other, gone) = (make("own"), make("other"), make("gone"));
        fs::create_dir_all(gone.clones().join("fix")).unwrap();
        assert!(own.abandoned().unwrap().is_empty(), "all of them live");

        let left = gone.folder.clone();
        drop(gone);
        let found = soon(|| own.abandoned().unwrap());
        assert_eq!(found.iter().map(|home| &home.folder).collect::<Vec<_>>(), [&left]);
        assert!(other.abandoned().unwrap().is_empty(), "it has its finder");
        found[0].remove().unwrap();
        found[0].remove().unwrap();
        assert!(!left.exists() && own.folder.exists() && other.folder.exists());
    }

    #[test]
    fn a_removal_that_was_cut_short_is_taken_up() {
        let data = tempfile::tempdir().unwrap();
        let own = Home::make(data.path(), "own").unwrap();
        fs::create_dir_all(data.path().join("work/gone/sandboxes")).unwrap();
        let found = own.abandoned().unwrap();
        assert_eq!(found.len(), 1);
        found[0].remove().unwrap();
        assert!(own.abandoned().unwrap().is_empty());
    }
}
