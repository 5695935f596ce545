//! What the machine's disk has to say.

use std::{
    io::{Error, ErrorKind},
    path::Path,
};

/// Bytes. With less, a program fails at its next small file.
const SMALL: u64 = 1 << 20;

/// Whether the file system refuses for want of room.
pub fn is_full(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

/// Whether that is what a program printed about it, in the words of the C library for `ENOSPC` and `EDQUOT`.
pub fn is_told_full(text: &str) -> bool {
    text.contains("No space left on device") || text.contains("Disk quota exceeded")
}

/// What a file system has left for this user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Free {
    /// Bytes that can still be written.
    pub bytes: u64,
    /// Files and folders that can still be made; the largest number where the file system has no limit of them.
    pub files: u64,
}

/// What the file system of `path` has left. `None` where nobody can say.
pub fn free(path: &Path) -> Option<Free> {
    let found = rustix::fs::statvfs(path).ok()?;
    let files = if found.f_files == 0 { u64::MAX } else { found.f_favail };
    Some(Free { bytes: found.f_bavail.saturating_mul(found.f_frsize), files })
}

/// Whether there is no room for small files beside `path`. For programs that fail without saying why.
pub fn has_no_room(path: &Path) -> bool {
    free(path).is_some_and(|free| free.bytes < SMALL || free.files == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use rustix::io::Errno;

    #[rstest]
    #[case(Errno::NOSPC, true)]
    #[case(Errno::DQUOT, true)]
    #[case(Errno::ACCESS, false)]
    fn a_full_disk_is_known_by_its_error_and_by_what_programs_print(
        #[case] errno: Errno,
        #[case] full: bool,
    ) {
        let error = Error::from(errno);
        assert_eq!(is_full(&error), full);
        assert_eq!(is_told_full(&format!("fatal: cannot write: {error}")), full);
    }
}
