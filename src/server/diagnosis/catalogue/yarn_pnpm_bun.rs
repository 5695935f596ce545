//! pnpm, Yarn 1 and 4, Bun, Corepack.

use super::{Entry, REGISTRY_DOWN, REGISTRY_REFUSED, Rank};
use crate::model::{ErrorType, Verdict};

const INSTALL: Entry = Entry {
    rank: Rank::Error,
    error_type: ErrorType::Dependency,
    confidence: 0.95,
    touches: &["package.json"],
    ..Entry::BASE
};
const PNPM: Entry = Entry { tool: "pnpm", ..INSTALL };
const YARN: Entry = Entry { tool: "yarn", ..INSTALL };
const BUN: Entry = Entry { tool: "bun", ..INSTALL };
const FOOTER: Entry =
    Entry { rank: Rank::Footer, confidence: 0.2, touches: &[], error_type: ErrorType::Other, ..INSTALL };

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "pnpm.specifiers",
        rank: Rank::Cause,
        pattern: r"specifiers in the lockfile .*don't match spec(?:s|ifiers) in package\.json|^specifiers in the lockfile don't match",
        touches: &["pnpm-lock.yaml", "package.json"],
        samples: &[
            "specifiers in the lockfile don't match specifiers in package.json:",
            "specifiers in the lockfile ({\"a\":\"1\"}) don't match specs in package.json ({\"a\":\"2\"})",
        ],
        docs: Some("https://pnpm.io/errors"),
        ..PNPM
    },
    Entry {
        id: "pnpm.outdated-lockfile",
        pattern: r#"ERR_PNPM_OUTDATED_LOCKFILE|Cannot install with "frozen-lockfile" because pnpm-lock\.yaml"#,
        touches: &["pnpm-lock.yaml", "package.json"],
        samples: &[
            "ERR_PNPM_OUTDATED_LOCKFILE  Cannot install with \"frozen-lockfile\" because pnpm-lock.yaml is not up to date with <ROOT>/package.json",
        ],
        docs: Some("https://pnpm.io/errors"),
        ..PNPM
    },
    Entry {
        id: "pnpm.lockfile",
        pattern: r"ERR_PNPM_(?:NO_LOCKFILE|LOCKFILE\w+|BROKEN_LOCKFILE)",
        touches: &["pnpm-lock.yaml", "package.json"],
        samples: &[
            "ERR_PNPM_LOCKFILE_CONFIG_MISMATCH  Cannot proceed with the frozen installation. The current \"overrides\" configuration doesn't match the value found in the lockfile",
        ],
        docs: Some("https://pnpm.io/errors"),
        ..PNPM
    },
    Entry {
        id: "pnpm.registry-down",
        docs: Some("https://pnpm.io/errors"),
        tool: "network",
        rank: Rank::Cause,
        pattern: r"ERR_PNPM_FETCH_5\d\d|ERR_PNPM_META_FETCH_FAIL.*(?:E(?:CONNRE|NOTFOUND|TIMEDOUT|AI_AGAIN)|socket hang up|timeout)",
        error_type: ErrorType::Other,
        verdict: Verdict::Flaky,
        confidence: 0.88,
        touches: &[],
        advice: Some(REGISTRY_DOWN),
        samples: &[
            "ERR_PNPM_FETCH_503  GET https://registry.npmjs.org/next: Service Unavailable - 503",
            "ERR_PNPM_META_FETCH_FAIL  GET https://registry.npmjs.org/next: request failed, reason: connect ECONNREFUSED 104.16.0.1:443",
        ],
        ..PNPM
    },
    Entry {
        id: "pnpm.tool-version",
        pattern: r"ERR_PNPM_META_FETCH_FAIL|ERR_INVALID_THIS|must be of type URLSearchParams",
        error_type: ErrorType::Config,
        confidence: 0.85,
        samples: &[
            "ERR_PNPM_META_FETCH_FAIL  GET https://registry.npmjs.org/react: Value of \"this\" must be of type URLSearchParams",
        ],
        docs: Some("https://pnpm.io/errors"),
        ..PNPM
    },
    Entry {
        id: "pnpm.engine",
        touches: &[],
        rank: Rank::Cause,
        pattern: r"ERR_PNPM_(?:UNSUPPORTED_ENGINE|BAD_PM_VERSION)",
        error_type: ErrorType::Config,
        samples: &["ERR_PNPM_UNSUPPORTED_ENGINE  Unsupported environment (bad pnpm and/or Node.js version)"],
        docs: Some("https://pnpm.io/package_json"),
        ..PNPM
    },
    Entry {
        id: "pnpm.resolution",
        pattern: r"ERR_PNPM_(?:NO_MATCHING_VERSION|FETCH_404|PEER_DEP_ISSUES|WORKSPACE_PKG_NOT_FOUND|NO_MATCHING_VERSION_INSIDE_WORKSPACE|SPEC_NOT_SUPPORTED\w*|PATCH\w*|NO_VERSIONS|TARBALL_INTEGRITY|UNEXPECTED_STORE|IGNORED_BUILDS|TRUST_DOWNGRADE|MISSING_TIME)",
        samples: &[
            "ERR_PNPM_NO_MATCHING_VERSION  No matching version found for is-odd@^47.0.0",
            "ERR_PNPM_FETCH_404  GET https://registry.npmjs.org/left-padd: Not Found - 404",
            "ERR_PNPM_WORKSPACE_PKG_NOT_FOUND  In apps/web: \"@acme/ui@workspace:*\" is in the dependencies but no package named \"@acme/ui\" is present in the workspace",
        ],
        docs: Some("https://pnpm.io/errors"),
        ..PNPM
    },
    Entry {
        id: "pnpm.no-manifest",
        rank: Rank::Cause,
        pattern: r"ERR_PNPM_NO_(?:PKG_MANIFEST|IMPORTER_MANIFEST_FOUND)",
        error_type: ErrorType::Config,
        verdict: Verdict::Config,
        advice: Some(
            "There is no package.json in the folder the platform builds: correct the root directory {root}.",
        ),
        samples: &["ERR_PNPM_NO_PKG_MANIFEST  No package.json found in /vercel/path0"],
        docs: Some("https://pnpm.io/package_json"),
        ..PNPM
    },
    Entry {
        id: "pnpm.access",
        docs: Some("https://pnpm.io/errors"),
        pattern: r"ERR_PNPM_FETCH_40[13]",
        verdict: Verdict::Config,
        confidence: 0.85,
        touches: &[],
        advice: Some(REGISTRY_REFUSED),
        samples: &["ERR_PNPM_FETCH_401  GET https://npm.pkg.github.com/@acme%2Fui: Unauthorized - 401"],
        ..PNPM
    },
    Entry {
        id: "pnpm.other",
        pattern: r"\bERR_PNPM_[A-QS-Z]\w+",
        confidence: 0.75,
        samples: &[
            "ERR_PNPM_ABORTED_REMOVE_MODULES_DIR_NO_TTY  Aborted removal of modules directory due to no TTY",
        ],
        docs: Some("https://pnpm.io/errors"),
        ..PNPM
    },
    Entry {
        id: "yarn.frozen",
        pattern: r"Your lockfile needs to be updated|The lockfile would have been (?:modified|created) by this install",
        touches: &["yarn.lock", "package.json"],
        samples: &[
            "error Your lockfile needs to be updated, but yarn was run with `--frozen-lockfile`.",
            "➤ YN0028: │ The lockfile would have been modified by this install, which is explicitly forbidden.",
        ],
        docs: Some("https://yarnpkg.com/advanced/error-codes#yn0028---frozen_lockfile_exception"),
        ..YARN
    },
    Entry {
        id: "yarn.engine",
        rank: Rank::Cause,
        pattern: r#"The engine "\w+" is incompatible with this module|Found incompatible module"#,
        error_type: ErrorType::Config,
        samples: &[
            "error next@15.0.0: The engine \"node\" is incompatible with this module. Expected version \"^18.18.0 || >= 20.0.0\". Got \"16.20.2\"",
        ],
        ..YARN
    },
    Entry {
        id: "yarn.resolution",
        pattern: r"Couldn't find (?:any versions for|package) |No candidates found|YN0035|Workspace not found|doesn't seem to be present in your lockfile",
        samples: &[
            "error Couldn't find any versions for \"is-odd\" that matches \"^47.0.0\"",
            "➤ YN0082: │ is-odd@npm:^47.0.0: No candidates found",
        ],
        docs: Some("https://yarnpkg.com/advanced/error-codes"),
        ..YARN
    },
    Entry {
        id: "yarn.missing-command",
        rank: Rank::Cause,
        pattern: r#"^(?:error |ERR_PNPM_\w+ +)?Command "(?P<name>[^"]+)" not found|Couldn't find a script named "#,
        error_type: ErrorType::Config,
        samples: &[
            "error Command \"build\" not found.",
            "Usage Error: Couldn't find a script named \"build\".",
        ],
        ..YARN
    },
    Entry {
        id: "corepack.version",
        tool: "corepack",
        rank: Rank::Cause,
        pattern: r#"(?:This project's package\.json defines "packageManager"|Cannot find matching keyid|This project is configured to use (?:yarn|pnpm|npm)|Usage Error: This project|Corepack must currently be enabled)"#,
        error_type: ErrorType::Config,
        confidence: 0.9,
        samples: &[
            "error This project's package.json defines \"packageManager\": \"yarn@4.1.0\". However the current global version of Yarn is 1.22.22.",
            "Error: Cannot find matching keyid: {\"signatures\":[]}",
        ],
        ..YARN
    },
    Entry {
        id: "yarn.registry-down",
        docs: Some("https://docs.npmjs.com/common-errors"),
        tool: "network",
        rank: Rank::Cause,
        error_type: ErrorType::Other,
        verdict: Verdict::Flaky,
        confidence: 0.9,
        touches: &[],
        pattern: r#"^error An unexpected error occurred: "https?://[^"]*(?:ESOCKETTIMEDOUT|ETIMEDOUT|ECONNRE|ENOTFOUND|EAI_AGAIN|Request failed \\?"5)|^error: (?:ConnectionRefused|ConnectionClosed|Timeout|FailedToOpenSocket)\b.*(?:downloading|fetching)"#,
        advice: Some(REGISTRY_DOWN),
        samples: &[
            "error An unexpected error occurred: \"https://registry.yarnpkg.com/next/-/next-15.0.0.tgz: ESOCKETTIMEDOUT\".",
            "error: ConnectionRefused downloading package manifest next",
        ],
        ..PNPM
    },
    Entry {
        id: "yarn.package",
        pattern: r#"^error An unexpected error occurred: "https?://\S+(?: Not found|\s*Request failed \\?"40)"#,
        confidence: 0.88,
        touches: &["package.json"],
        samples: &[
            "error An unexpected error occurred: \"https://registry.yarnpkg.com/@acme%2fui: Not found\".",
        ],
        ..PNPM
    },
    Entry {
        id: "yarn.checksum",
        docs: Some("https://yarnpkg.com/advanced/error-codes"),
        pattern: r"^➤ YN00(?:18|16|41|33|09): ",
        confidence: 0.85,
        touches: &[],
        samples: &["➤ YN0018: │ react@npm:18.2.0: The remote archive doesn't match the expected checksum"],
        ..PNPM
    },
    Entry {
        id: "yarn.internal",
        pattern: r"^(?:Internal|Usage) Error: \S",
        error_type: ErrorType::Config,
        confidence: 0.7,
        touches: &[],
        samples: &[
            "Internal Error: Cache path does not exist.",
            "Usage Error: The project in /app doesn't seem to have been installed",
        ],
        ..PNPM
    },
    Entry {
        id: "yarn.footer",
        pattern: r"^(?:error Command failed|info Visit |Failed with errors|➤ YN0000: (?:· )?Failed)",
        tool: "wrapper",
        samples: &["error Command failed with exit code 1."],
        ..FOOTER
    },
    Entry {
        id: "bun.frozen",
        pattern: r"^error: lockfile had changes, but lockfile is frozen",
        touches: &["bun.lock", "package.json"],
        samples: &["error: lockfile had changes, but lockfile is frozen"],
        docs: Some("https://bun.com/docs/pm/cli/install"),
        ..BUN
    },
    Entry {
        id: "bun.resolution",
        pattern: r#"^error: (?:No version matching|\S+@\S+ failed to resolve|InvalidPackageResolution|GET https?://.* - 404|Workspace dependency "[^"]+" not found)"#,
        samples: &[
            "error: No version matching \"^47.0.0\" found for specifier \"is-odd\" (but package exists)",
            "error: is-odd@^47.0.0 failed to resolve",
            "error: GET https://registry.npmjs.org/left-padd - 404",
        ],
        docs: Some("https://bun.com/docs/pm/cli/install"),
        ..BUN
    },
    Entry {
        id: "bun.missing-script",
        rank: Rank::Cause,
        pattern: r#"^error: Script not found "(?P<name>[^"]+)""#,
        error_type: ErrorType::Config,
        samples: &["error: Script not found \"build\""],
        ..BUN
    },
    Entry {
        id: "bun.footer",
        pattern: r#"^error: (?:script )?"[^"]+" exited with code \d+|^error: script "[^"]+" was terminated"#,
        tool: "wrapper",
        samples: &["error: script \"build\" exited with code 1"],
        ..FOOTER
    },
];
