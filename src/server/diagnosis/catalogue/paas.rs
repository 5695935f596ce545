//! Render, Railway, Heroku, Fly: how they choose a build, and how they start what was built.

use super::{Entry, Rank};
use crate::model::{ErrorType, Verdict};

const PAAS: Entry = Entry {
    tool: "platform",
    rank: Rank::Cause,
    error_type: ErrorType::Config,
    confidence: 0.92,
    ..Entry::BASE
};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "paas.no-plan",
        pattern: r"(?:unable to generate a build plan|could not determine how to build|Error creating build plan|No buildpack groups passed detection|No default language could be detected|app does not have a Dockerfile or buildpacks)",
        confidence: 0.9,
        samples: &[
            "Nixpacks was unable to generate a build plan for this app.",
            "✖ Railpack could not determine how to build the app.",
            "ERROR: No buildpack groups passed detection.",
            "!     No default language could be detected for this app.",
        ],
        ..PAAS
    },
    Entry {
        id: "paas.no-start",
        docs: Some("https://render.com/docs/deploys"),
        pattern: r"(?i)(?:no start command (?:specified|could be found|was found|found)|could not find a procfile or start command)",
        confidence: 0.85,
        samples: &["==> No start command specified", "No start command could be found"],
        ..PAAS
    },
    Entry {
        id: "paas.runtime",
        pattern: r"(?:Requested runtime \(?'?[\w.-]+'?\)? is not available for this stack|==> The PYTHON_VERSION must provide|Could not resolve Node version )",
        samples: &[
            "!     Requested runtime 'python-3.7.1' is not available for this stack (heroku-22).",
            "==> The PYTHON_VERSION must provide a major, minor, and patch version, e.g. 3.8.1. You have requested 3.8.",
        ],
        ..PAAS
    },
    Entry {
        id: "paas.port",
        rank: Rank::Error,
        error_type: ErrorType::Runtime,
        pattern: r"(?:failed to bind to \$PORT within|failed to start and listen on the port defined|Timed out after waiting for internal health check|smoke checks for \S+ failed)",
        confidence: 0.8,
        samples: &[
            "Error R10 (Boot timeout) -> Web process failed to bind to $PORT within 60 seconds of launch",
            "==> Timed out after waiting for internal health check to return a successful response code at: app:10000 /",
        ],
        ..PAAS
    },
    Entry {
        id: "cloudflare.root-directory",
        docs: Some("https://developers.cloudflare.com/pages/configuration/build-configuration/"),
        verdict: Verdict::Config,
        pattern: r#"Project root directory "[^"]+" not found"#,
        advice: Some(
            "The folder that the project builds in does not exist on this branch: correct the root directory {root}.",
        ),
        samples: &["Failed: Project root directory \"/web\" not found"],
        ..PAAS
    },
    Entry {
        id: "wrangler.binding",
        tool: "wrangler",
        rank: Rank::Error,
        pattern: r"^✘ \[ERROR\] .*(?:must provide a D1 database_id|KV namespace '[^']+' not found|workers\.dev subdomain|binding .* must (?:have|generate))",
        touches: &["wrangler.toml"],
        confidence: 0.85,
        samples: &[
            "✘ [ERROR] KV namespace 'ab12' not found. [code: 10041]",
            "✘ [ERROR] You must provide a D1 database_id",
        ],
        ..PAAS
    },
    // The other lines below it say why.
    Entry {
        id: "wrangler.request",
        tool: "wrangler",
        rank: Rank::Place,
        pattern: r"A request to the Cloudflare API \(\S+\) failed",
        confidence: 0.6,
        samples: &["✘ [ERROR] A request to the Cloudflare API (/accounts/x/workers/scripts/y) failed."],
        ..PAAS
    },
    Entry {
        id: "vercel.plan-value",
        pattern: r"(?:limited to daily cron jobs|invalid maxDuration value for|are limited to \d+ ?mb of memory for personal accounts|exceed(?:s|ing) .*number of cron jobs)",
        touches: &["vercel.json"],
        confidence: 0.9,
        samples: &[
            "Error: Hobby accounts are limited to daily cron jobs. This cron expression (*/5 * * * *) would run more than once per day.",
            "Error: Serverless Functions are limited to 1024 mb of memory for personal accounts (Hobby plan).",
        ],
        ..PAAS
    },
    Entry {
        id: "vercel.conflicting-config",
        pattern: r"(?:Conflicting functions and builds configuration|Mixed routing properties|property cannot be used in conjunction with the)",
        touches: &["vercel.json"],
        samples: &[
            "Error: Mixed routing properties",
            "Error: Conflicting functions and builds configuration",
        ],
        ..PAAS
    },
    Entry {
        id: "vercel.no-entrypoint",
        pattern: r"No (?:\w+ )?entrypoint found",
        confidence: 0.9,
        samples: &[
            "Error: No flask entrypoint found. Add an 'app' script to pyproject.toml or define an entrypoint",
            "Error: No entrypoint found in output directory: \"dist\".",
        ],
        ..PAAS
    },
    Entry {
        id: "vercel.edge-modules",
        error_type: ErrorType::Build,
        pattern: r"Edge Function .* is referencing unsupported modules",
        samples: &["Error: The Edge Function \"middleware\" is referencing unsupported modules:"],
        ..PAAS
    },
    Entry {
        id: "netlify.filename",
        pattern: r"Deploy did not succeed .*Invalid filename '",
        confidence: 0.88,
        samples: &[
            "Deploy did not succeed with HTTP Error 400: [PUT /deploys/{deploy_id}][400] Invalid filename 'a#b.html'",
        ],
        ..PAAS
    },
    Entry {
        id: "netlify.config-error",
        rank: Rank::Error,
        pattern: r"(?:^(?:Failing build: )?Failed to parse configuration|[Cc]onfiguration error in netlify\.toml)",
        touches: &["netlify.toml"],
        confidence: 0.85,
        samples: &["Failing build: Failed to parse configuration"],
        ..PAAS
    },
    Entry {
        id: "wrangler.validation",
        tool: "wrangler",
        rank: Rank::Error,
        pattern: r"(?:Configuration file for Pages projects (?:does not|requires)|Running configuration file validation for Pages)",
        touches: &["wrangler.toml"],
        samples: &[
            "✘ [ERROR] Running configuration file validation for Pages:",
            "- Configuration file for Pages projects does not support \"build\"",
        ],
        ..PAAS
    },
    // pyenv, ruby-build, asdf, mise and the platforms' own scripts around them.
    Entry {
        id: "version-manager",
        pattern: r"(?:^(?:python|ruby|node)-build: definition not found: |^Error setting \w+ version from the \w+ environment variable|^No compatible versions available for |^version \S+ is not installed for \w+|^(?:mise ERROR|✖) .*(?:no versions? found|failed to install|not found in mise tool registry))",
        confidence: 0.9,
        samples: &[
            "python-build: definition not found: 3.99.0",
            "Error setting python version from the PYTHON_VERSION environment variable",
            "mise ERROR no versions found for core:python matching date filter",
        ],
        ..PAAS
    },
];
