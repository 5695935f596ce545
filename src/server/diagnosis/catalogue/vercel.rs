//! Vercel's own words about functions, frameworks and plans.

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
        needles: &["routes-manifest", "Missing public directory", "find lambda for route"],
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
        needles: &[
            "Function Runtimes must",
            "Conflicting functions",
            "invalid maxDuration",
            "must have a maxDuration",
            "must have a memory",
        ],
        pattern: r"Function Runtimes must have a valid version|Conflicting functions and builds|invalid maxDuration value|must have a (?:maxDuration|memory)",
        touches: &["vercel.json"],
        samples: &[
            "Error: Function Runtimes must have a valid version, for example `now-php@1.0.0`.",
            "Error: Builder returned invalid maxDuration value for Serverless Function \"api/chat\".",
        ],
        ..VERCEL
    },
    Entry {
        id: "vercel.cron",
        needles: &["limited to daily cron jobs", "would run more than once per day"],
        pattern: r"limited to daily cron jobs|would run more than once per day",
        touches: &["vercel.json"],
        samples: &[
            "Error: Hobby accounts are limited to daily cron jobs. This cron expression (0 * * * *) would run more than once per day.",
        ],
        ..VERCEL
    },
    Entry {
        id: "vercel.build-script",
        needles: &["Missing build script", "Missing required \"build\" script"],
        pattern: r#"^Error: Missing (?:required "(?:vercel-|now-)?build" script|build script)"#,
        touches: &["package.json"],
        samples: &[
            "Error: Missing build script",
            "Error: Missing required \"build\" script in \"package.json\"",
        ],
        ..VERCEL
    },
    Entry {
        id: "vercel.edge-modules",
        error_type: ErrorType::Build,
        needles: &["is referencing unsupported modules"],
        pattern: r"The Edge Function .* is referencing unsupported modules",
        samples: &["Error: The Edge Function \"src/middleware\" is referencing unsupported modules:"],
        confidence: 0.88,
        ..VERCEL
    },
    Entry {
        id: "git.server-error",
        docs: Some("https://git-scm.com/docs/git-clone"),
        tool: "network",
        rank: Rank::Error,
        error_type: ErrorType::Other,
        needles: &["requested URL returned error: 5", "RPC failed"],
        pattern: r"[Rr]equested URL returned error: 5\d\d|^error: RPC failed; (?:curl|HTTP)",
        verdict: Verdict::Flaky,
        advice: Some("The Git server did not answer as it should: deploy the same commit again {redeploy}."),
        samples: &[
            "fatal: unable to access 'https://github.com/acme/shop.git/': The requested URL returned error: 503",
            "error: RPC failed; HTTP 500 curl 22 The requested URL returned error: 500",
        ],
        ..VERCEL
    },
];
