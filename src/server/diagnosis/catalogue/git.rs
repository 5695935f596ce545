//! Git beyond the platform's own clone: submodules, large files, packages from repositories.

use super::{Entry, Files, Rank};
use crate::model::{ErrorType, Verdict};

const GIT: Entry = Entry {
    tool: "git",
    rank: Rank::Cause,
    error_type: ErrorType::Config,
    confidence: 0.93,
    files: Files::Here,
    ..Entry::BASE
};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "git.submodule-url",
        pattern: r"No (?:url found for submodule path|submodule mapping found in \.gitmodules for path) '",
        files: Files::None,
        touches: &[".gitmodules"],
        confidence: 0.96,
        samples: &[
            "Error checking out submodules: fatal: No url found for submodule path 'themes/ink' in .gitmodules",
            "fatal: No submodule mapping found in .gitmodules for path 'themes/ink'",
        ],
        ..GIT
    },
    Entry {
        id: "git.no-repository",
        pattern: r"^fatal: repository '/[^']+' does not exist",
        files: Files::None,
        touches: &[".gitmodules"],
        confidence: 0.86,
        samples: &["fatal: repository '/opt/acme/theme' does not exist"],
        ..GIT
    },
    Entry {
        id: "git.submodule-commit",
        pattern: r"(?:Fetched in submodule path '(?P<file>[^']+)', but it did not contain|Unable to (?:checkout|fetch|find current revision).* in submodule path '(?P<path>[^']+)')",
        samples: &[
            "Fetched in submodule path 'themes/ink', but it did not contain 3f2a9bd. Direct fetching of that commit failed.",
            "fatal: Unable to checkout '3f2a9bd' in submodule path 'themes/ink'",
        ],
        ..GIT
    },
    Entry {
        id: "git.unadvertised",
        rank: Rank::Error,
        pattern: r"Server does not allow request for unadvertised object",
        files: Files::None,
        confidence: 0.8,
        samples: &["error: Server does not allow request for unadvertised object 3f2a9bd"],
        ..GIT
    },
    Entry {
        id: "git.lfs-quota",
        docs: Some("https://docs.github.com/en/billing"),
        error_type: ErrorType::Other,
        verdict: Verdict::Platform,
        pattern: r"repository (?:is over its data quota|exceeded its LFS budget)",
        files: Files::None,
        advice: Some(
            "The repository's Git LFS bandwidth is used up: raise it with the repository's host, or wait until it resets.",
        ),
        samples: &[
            "batch response: This repository is over its data quota. Account responsible for LFS bandwidth should purchase more data packs to restore access.",
            "batch response: This repository exceeded its LFS budget. The account responsible for the budget should increase it",
        ],
        ..GIT
    },
    Entry {
        id: "git.lfs",
        rank: Rank::Error,
        error_type: ErrorType::Other,
        pattern: r"smudge filter lfs failed|external filter 'git-lfs filter-process' failed",
        files: Files::None,
        confidence: 0.7,
        samples: &["fatal: assets/hero.png: smudge filter lfs failed"],
        ..GIT
    },
    // A package manager, not the platform, reads another repository over SSH.
    Entry {
        id: "git.ssh-dependency",
        error_type: ErrorType::Dependency,
        pattern: r"^(?:Arguments: |npm (?:error|ERR!) (?:command|\S*git\S*) .*|.*Command failed: git .*)ls-remote .*(?:ssh://|git@)",
        files: Files::None,
        touches: &["package.json"],
        confidence: 0.9,
        samples: &[
            "Arguments: ls-remote --tags --heads ssh://git@github.com/acme/cart.git",
            "npm error command git --no-replace-objects ls-remote ssh://git@github.com/acme/cart.git",
        ],
        ..GIT
    },
    Entry {
        id: "git.program",
        pattern: r"\bgit .*(?:fetch|clone|pull|ls-remote)\b.*(?:Host key verification failed|Permission denied \(publickey\))",
        files: Files::None,
        confidence: 0.85,
        samples: &[
            "app 1.0 | Error:  git '--git-dir=/builds/a/b/.git' fetch 'upstream' 2>&1: Host key verification failed.",
        ],
        ..GIT
    },
    Entry {
        id: "git.denied",
        docs: Some("https://git-scm.com/docs/git-clone"),
        error_type: ErrorType::Other,
        verdict: Verdict::Platform,
        pattern: r"(?:^fatal: repository '\S+' not found|^fatal: unable to access '\S+': The requested URL returned error: 40\d|^==> (?:Unable to clone|Failed to clone repo))",
        files: Files::None,
        confidence: 0.85,
        advice: Some("The platform cannot read the repository or one of its submodules: reconnect it {git}."),
        samples: &[
            "fatal: repository 'https://github.com/acme/cart/' not found",
            "fatal: unable to access 'https://gitlab.com/acme/cart.git/': The requested URL returned error: 403",
            "==> Unable to clone https://github.com/acme/cart",
        ],
        ..GIT
    },
    Entry {
        id: "git.server-down",
        docs: Some("https://git-scm.com/docs/git-clone"),
        error_type: ErrorType::Other,
        verdict: Verdict::Flaky,
        pattern: r"(?:The requested URL returned error: 5\d\d|^remote: Internal Server Error)",
        files: Files::None,
        advice: Some("The repository's host did not answer: deploy the same commit again {redeploy}."),
        samples: &[
            "fatal: unable to access 'https://github.com/acme/cart.git/': The requested URL returned error: 503",
        ],
        ..GIT
    },
];
