//! Wrangler and Cloudflare's API, which mark every error as esbuild does: `✘ [ERROR]`.

use super::{Entry, Files, Rank};
use crate::model::{ErrorType, Verdict};

const WRANGLER: Entry = Entry {
    tool: "cloudflare",
    rank: Rank::Cause,
    error_type: ErrorType::Config,
    confidence: 0.88,
    docs: Some("https://developers.cloudflare.com/workers/wrangler/configuration/"),
    ..Entry::BASE
};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "wrangler.no-routes",
        rank: Rank::Guess,
        pattern: r"No routes found when building Functions directory",
        confidence: 0.3,
        samples: &[
            "✘ [ERROR] No routes found when building Functions directory: /opt/buildhome/repo/functions",
        ],
        ..WRANGLER
    },
    Entry {
        id: "cloudflare.output-links",
        pattern: r"build output directory contains links to files that can't be accessed",
        samples: &["Failed: build output directory contains links to files that can't be accessed"],
        ..WRANGLER
    },
    Entry {
        id: "wrangler.node-version",
        pattern: r"Wrangler requires at least Node\.js",
        verdict: Verdict::Config,
        confidence: 0.95,
        advice: Some("Choose a Node.js version that Wrangler accepts {node}, then deploy again."),
        samples: &["Failed: Wrangler requires at least Node.js v20.0.0. You are using v18.17.0."],
        ..WRANGLER
    },
    Entry {
        id: "wrangler.configuration",
        pattern: r#"(?:Configuration file for (?:Pages|Workers) projects does not support|Unexpected fields found in|[Rr]unning configuration file validation|compiled Open Next config|^(?:✘ \[ERROR\] )?Unknown arguments?: |"[\w.\[\]]+" bindings should|should have a string "binding" field)"#,
        files: Files::None,
        samples: &[
            "- Unexpected fields found in top-level field: \"site\"",
            "ERROR Could not find compiled Open Next config, did you run the build command?",
            "✘ [ERROR] Unknown arguments: compatibility-date",
        ],
        ..WRANGLER
    },
    Entry {
        id: "wrangler.module-missing",
        pattern: r#"No such module "(?P<name>[^"]+)"|Failed to publish your Function\. Got error"#,
        confidence: 0.84,
        samples: &["Failed to publish your Function. Got error: Uncaught Error: No such module \"node:fs\"."],
        ..WRANGLER
    },
    Entry {
        id: "wrangler.api-code",
        pattern: r"\S \[code: \d{4,6}\]\s*$",
        samples: &[
            "KV namespace '0f2a' is not valid. Please verify the namespace_id in your configuration. [code: 10042]",
        ],
        ..WRANGLER
    },
];
