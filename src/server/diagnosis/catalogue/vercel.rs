//! Vercel's own words about functions and frameworks.

use super::{Entry, Files, Rank};
use crate::model::{ErrorType, Verdict};

const VERCEL: Entry = Entry {
    tool: "platform",
    rank: Rank::Cause,
    error_type: ErrorType::Config,
    confidence: 0.92,
    files: Files::None,
    docs: Some("https://vercel.com/docs/errors/error-list"),
    ..Entry::BASE
};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "vercel.routes-manifest",
        pattern: r#"routes-manifest(?:-deterministic)?\.json["']? couldn't be found|^Error: Missing public directory|Unable to find lambda for route"#,
        verdict: Verdict::Config,
        advice: Some(
            "The build writes somewhere else than the framework's preset looks: set the output directory {output} to the folder the build makes.",
        ),
        samples: &[
            "Error: The file \"/vercel/path0/.next/routes-manifest.json\" couldn't be found. This is often caused by a misconfiguration in your project.",
            "Error: Missing public directory",
            "Error: Unable to find lambda for route: /about",
        ],
        ..VERCEL
    },
    Entry {
        id: "vercel.functions",
        pattern: r"invalid maxDuration value|must have a (?:maxDuration|memory)",
        touches: &["vercel.json"],
        samples: &["Error: Builder returned invalid maxDuration value for Serverless Function \"api/chat\"."],
        ..VERCEL
    },
    Entry {
        id: "vercel.build-script",
        pattern: r#"^Error: Missing (?:required "(?:vercel-|now-)?build" script|build script)"#,
        touches: &["package.json"],
        samples: &[
            "Error: Missing build script",
            "Error: Missing required \"build\" script in \"package.json\"",
        ],
        ..VERCEL
    },
];
