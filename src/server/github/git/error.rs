//! Why a Git step failed, sorted by what the caller does about it.

use crate::server::disk;

/// Why a Git step failed. No variant holds a token.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The `git` program is not on the path.
    #[error("git is not installed")]
    NotInstalled,
    /// The address of the host is neither https nor http on loopback.
    #[error("only https is allowed for Git, or http on loopback")]
    Protocol,
    /// A commit id, branch name, author or path that git must not be given.
    #[error("{0} is not usable")]
    Invalid(&'static str),
    /// GitHub refused the token.
    #[error("the Git host refused the token")]
    TokenRefused,
    /// The repository, the branch or the commit is not there, or the token may not see it.
    #[error("the Git host does not know it, or the token may not see it")]
    NotFound,
    /// The network or the host failed: worth trying again.
    #[error("the Git host cannot be reached right now: {detail}")]
    Unreachable {
        /// git's words, cut.
        detail: String,
    },
    /// Something answers that is no Git host: an error page, a proxy, a half of an answer.
    #[error("what answers is no Git host: {detail}")]
    Garbage {
        /// git's words, cut.
        detail: String,
    },
    /// The patch does not fit the commit, or reaches for what it may not change.
    #[error("the patch cannot be applied: {detail}")]
    PatchRefused {
        /// git's words, or ours, cut.
        detail: String,
    },
    /// The remote branch is not where the lease says: somebody else pushed to it.
    #[error("the branch was changed by somebody else")]
    LeaseLost,
    /// The host refused the push by a rule of its own (protected branch, secret scanning, workflow scope).
    #[error("the host refused the push: {detail}")]
    PushRefused {
        /// The host's words, cut.
        detail: String,
    },
    /// It took too long.
    #[error("git took too long ({what})")]
    TimedOut {
        /// The step.
        what: &'static str,
    },
    /// There is more of it than is read.
    #[error("git's output is too large ({what})")]
    TooLarge {
        /// The step.
        what: &'static str,
    },
    /// git ended with an error that has no name above.
    #[error("git failed ({what}): {detail}")]
    Failed {
        /// The step.
        what: &'static str,
        /// Its exit code; `None` after a signal.
        code: Option<i32>,
        /// git's words, cut.
        detail: String,
    },
    /// The machine failed.
    #[error("git could not be run ({what})")]
    Io {
        /// The step.
        what: &'static str,
        /// Why.
        source: std::io::Error,
    },
}

impl GitError {
    /// Trying again later can help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Garbage { .. })
    }

    /// Sorts what git says about a remote. Its words are fixed by `LC_ALL=C`.
    pub(super) fn from_remote(what: &'static str, code: Option<i32>, detail: String) -> Self {
        let has = |words: &str| detail.contains(words);
        if has("Authentication failed")
            || has("could not read Username")
            || has("could not read Password")
            || has("error: 401")
            || has("error: 403")
        {
            Self::TokenRefused
        } else if has("not found")
            || has("error: 404")
            || has("does not appear to be a git repository")
            || has("couldn't find remote ref")
            || has("not our ref")
            || has("error: 301")
        {
            Self::NotFound
        } else if has("Could not resolve host")
            || has("Failed to connect")
            || has("Couldn't connect")
            || has("Connection")
            || has("error: 5")
            || has("error: 429")
            || has("timed out")
            || has("early EOF")
            || has("Operation too slow")
            || has("hung up unexpectedly")
            || has("RPC failed")
        {
            Self::Unreachable { detail }
        } else if has("error: 30")
            // An answer without an end, see `process`.
            || has("Out of memory")
            || has("not valid: is this a git repository")
            || has("invalid server response")
            || has("invalid content-type")
            // What git takes for a host of before 2010: it looks for files.
            || has("dumb http transport")
            || has("http-push failed")
            || has("protocol error")
            || has("unexpected disconnect")
            || has("expected flush")
            || has("expected 'packfile'")
            || has("bad pack header")
            || has("index-pack failed")
        {
            Self::Garbage { detail }
        } else {
            Self::Failed { what, code, detail }
        }
    }

    /// Whether there is no room left: the machine's own words, or git's about them.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Io { source, .. } => disk::is_full(source),
            Self::Failed { detail, .. }
            | Self::Unreachable { detail }
            | Self::Garbage { detail }
            | Self::PatchRefused { detail } => disk::is_told_full(detail),
            _ => false,
        }
    }
}
