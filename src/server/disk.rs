//! What the machine's disk has to say.

use std::io::{Error, ErrorKind};

/// Whether the file system refuses for want of room.
pub fn is_full(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}
