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

/// Whether there is no room for small files beside `path`. For programs that fail without saying why.
pub fn has_no_room(path: &Path) -> bool {
    rustix::fs::statvfs(path).is_ok_and(|space| {
        space.f_bavail.saturating_mul(space.f_frsize) < SMALL || (space.f_files > 0 && space.f_favail == 0)
    })
}
