//! Turns a commit on GitHub and a patch into a pushed branch, with the real `git` outside the sandbox.
//!
//! git runs only on clones made here, which nothing else writes to. It reads no setting of the machine or the
//! repository, runs no hook, filter or helper, never sees a token in its arguments, and touches no file through
//! a symbolic link: patches are applied to an index of their own, contents are read as blobs.

mod blobs;
mod checkout;
mod error;
mod patch;
mod process;
mod remote;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use blobs::{Blob, Change, Mode};
pub use checkout::{Checkout, Commit, Identity, Pushed, Staged};
pub use error::GitError;
pub use patch::{FileHeader, PatchError, parse as parse_patch};
pub use remote::Remote;
