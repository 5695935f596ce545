//! Turborepo, Nx, Lerna: what they refuse before any task runs.

use super::{Entry, Rank};
use crate::model::ErrorType;

const SETUP: Entry = Entry {
    tool: "monorepo",
    rank: Rank::Error,
    error_type: ErrorType::Config,
    confidence: 0.9,
    ..Entry::BASE
};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "turbo.package-manager",
        pattern: r"[Ww]e did not find a package manager|[Mm]issing `?packageManager`? field",
        touches: &["package.json"],
        samples: &[
            "x could not resolve workspaces: We did not find a package manager",
            "× Missing `packageManager` field in package.json",
        ],
        ..SETUP
    },
    Entry {
        id: "turbo.config",
        pattern: r"(?i)^(?:[x×] )?(?:ERROR +)?(?:error preparing engine: |run failed: )*(?:could not find (?:`?turbo\.json`?|task `?\S+`? in project)|found `?pipeline`? field instead of `?tasks`?|could not resolve workspaces|missing tasks in project|no package found with name|invalid package dependency graph|(?:invalid turbo\.json|failed to parse turbo\.json)|cyclic dependency detected)",
        touches: &["turbo.json"],
        samples: &[
            "× could not find turbo.json",
            "x Found `pipeline` field instead of `tasks`.",
            "ERROR  run failed: error preparing engine: Could not find task \"lint\" in project",
            "× No package found with name 'web' in workspace",
        ],
        ..SETUP
    },
    Entry {
        id: "nx.config",
        pattern: r"(?:Cannot find configuration for (?:task|target)|[Cc](?:annot|ould not) find project '?\S+'?|[Ff]ailed to (?:process|create) (?:the )?project graph|The projects in the following directories have no name|(?:Cannot|Could not) (?:read|parse) .*nx\.json|NX +(?:Cannot|Could not|Unable to|The ['\x22]?\S+['\x22]? (?:target|executor)|Project \S+ does not))",
        samples: &[
            "Error: Cannot find configuration for task @acme/theme:build",
            "NX   Cannot find project 'shop'",
            "NX   Failed to process project graph.",
            "Error: Could not find project \"shop\"",
        ],
        confidence: 0.86,
        ..SETUP
    },
    Entry {
        id: "lerna.config",
        pattern: r"^lerna ERR! (?:ENOLERNA|ENOWORKSPACES|ENOPKG|EUSAGE|ECYCLE|JSONError|ENOGIT|ENOPACKAGES)\b",
        touches: &["lerna.json"],
        samples: &["lerna ERR! ENOLERNA `lerna.json` does not exist, have you run `lerna init`?"],
        ..SETUP
    },
];
