//! Platforms' own messages about what the repository asks of them: sizes, runtimes, plugins, scans.

use super::{Entry, Files, Rank};
use crate::model::{ErrorType, Verdict};

const HOST: Entry = Entry {
    tool: "platform",
    rank: Rank::Cause,
    error_type: ErrorType::Config,
    confidence: 0.93,
    ..Entry::BASE
};

pub(super) const ENTRIES: &[Entry] = &[
    // What is packed is the repository's choice.
    Entry {
        id: "vercel.function-size",
        pattern: r"(?:Function has exceeded the unzipped maximum size|Function .* exceeds the maximum size limit of \d+)",
        samples: &[
            "Error: A Serverless Function has exceeded the unzipped maximum size of 250 MB.",
            "Error: The Serverless Function \"api/shop\" is 61.2mb which exceeds the maximum size limit of 50mb.",
        ],
        ..HOST
    },
    Entry {
        id: "cloudflare.file-size",
        pattern: r"(?:Pages only supports files up to [\d.]+ |Asset too large|supports assets with sizes of up to .* We found a file (?P<file>\S+) with a size)",
        files: Files::Below,
        samples: &[
            "✘ [ERROR] Error: Pages only supports files up to 25 MiB in size",
            "✘ [ERROR] Asset too large.",
            "Cloudflare Workers supports assets with sizes of up to 25 MiB. We found a file /opt/buildhome/repo/public/intro.mp4 with a size of 31 MiB.",
        ],
        ..HOST
    },
    Entry {
        id: "cloudflare.output-directory",
        docs: Some("https://developers.cloudflare.com/pages/configuration/build-configuration/"),
        verdict: Verdict::Config,
        pattern: r#"Output directory "(?P<name>[^"]+)" not found"#,
        confidence: 0.95,
        advice: Some(
            "The build makes no folder of that name: set the build command {build} and the output directory {output} to what the project makes.",
        ),
        samples: &["Error: Output directory \"dist\" not found."],
        ..HOST
    },
    Entry {
        id: "vercel.runtime-version",
        pattern: r"(?:Function Runtimes must have a valid version|The package `[^`]+` is not published on the npm registry)",
        touches: &["vercel.json"],
        samples: &["Error: Function Runtimes must have a valid version, for example `now-php@1.0.0`."],
        ..HOST
    },
    // An old adapter writes what the platform no longer runs.
    Entry {
        id: "vercel.runtime-retired",
        pattern: r#"Functions? contains? an invalid "runtime""#,
        touches: &["package.json"],
        confidence: 0.92,
        samples: &["Error: The following Serverless Functions contain an invalid \"runtime\":"],
        ..HOST
    },
    Entry {
        id: "netlify.base-directory",
        pattern: r"^(?:Error: )?Base directory does not exist: ",
        touches: &["netlify.toml"],
        samples: &["Base directory does not exist: /opt/build/repo/web"],
        ..HOST
    },
    Entry {
        id: "netlify.config",
        pattern: r"^(?:Could not parse configuration file|Configuration property \S+|When resolving config file )",
        touches: &["netlify.toml"],
        samples: &[
            "Could not parse configuration file",
            "Configuration property build.command must be a string",
            "When resolving config file /opt/build/repo/netlify.toml:",
        ],
        ..HOST
    },
    Entry {
        id: "netlify.likely-secret",
        docs: Some("https://docs.netlify.com/manage/security/secret-scanning/"),
        verdict: Verdict::Config,
        pattern: r#"^"[^"]+" detected as a likely secret"#,
        files: Files::Below,
        advice: Some(
            "The secrets scan takes a value for a secret: remove it, or name it in SECRETS_SCAN_SMART_DETECTION_OMIT_VALUES {env}.",
        ),
        samples: &["\"AKIA***\" detected as a likely secret:"],
        ..HOST
    },
    Entry {
        id: "netlify.plugin",
        tool: "netlify-plugin",
        rank: Rank::Place,
        error_type: ErrorType::Dependency,
        pattern: r#"^Plugin "(?P<module>[^"]+)" (?:failed|internal error|not found|is invalid)$"#,
        touches: &["netlify.toml"],
        confidence: 0.6,
        samples: &["Plugin \"@acme/plugin-audit\" failed"],
        ..HOST
    },
    Entry {
        id: "cloudflare.api-down",
        docs: Some("https://developers.cloudflare.com/fundamentals/api/"),
        error_type: ErrorType::Other,
        verdict: Verdict::Flaky,
        pattern: r"(?:Received a malformed response from the API|(?:An unknown error has occurred|Service unavailable|Internal error|Upstream error)\S* .*\[code: (?:7\d{3}|10013|10001|8000000)\])",
        confidence: 0.9,
        advice: Some("Cloudflare's API failed: deploy the same commit again {redeploy}."),
        samples: &[
            "✘ [ERROR] Received a malformed response from the API",
            "Service unavailable [code: 7010]",
        ],
        ..HOST
    },
    Entry {
        id: "shell.carriage-return",
        tool: "shell",
        pattern: r"(?:^(?P<file>[\w./-]+): line \d+: .*\$'\\r': command not found|env: ['‘]?\w+\\r['’]?: No such file|(?:^|: )(?P<script>[\w./-]+): .*bad interpreter|\$'\\r': command not found|/\w*sh\^M: bad interpreter)",
        files: Files::Here,
        samples: &[
            "./build.sh: line 2: $'\\r': command not found",
            "/usr/bin/env: ‘bash\\r’: No such file or directory",
            "/bin/sh: ./build.sh: /bin/bash^M: bad interpreter: No such file or directory",
        ],
        ..HOST
    },
    // Not a package of the project, but what the build machine has installed.
    Entry {
        id: "shell.toolchain-missing",
        tool: "shell",
        pattern: r"^(?:[\w/.-]*sh: )?(?:line ?\d+: |\d+: )?(?P<name>cargo|rustc|rustup|wasm-pack|go|php|composer|ruby|bundle|gem|java|javac|mvn|gradle|dotnet|hugo|mix|elixir|make|cmake|gcc|g\+\+|cc|python|python2|python3|pip|pip3|git|zip|unzip|wget|curl|docker|protoc|jq): (?:command )?not found$",
        confidence: 0.9,
        touches: &["Dockerfile"],
        samples: &[
            "/bin/sh: 1: cargo: not found",
            "bash: line 1: hugo: command not found",
            "sh: make: not found",
        ],
        ..HOST
    },
    Entry {
        id: "render.no-port-yet",
        tool: "wrapper",
        rank: Rank::Footer,
        pattern: r"No open ports detected(?: on 0\.0\.0\.0)?, continuing",
        confidence: 0.3,
        samples: &["==> No open ports detected, continuing to scan..."],
        ..HOST
    },
    // A compiler or a server says that it was killed.
    Entry {
        id: "platform.killed-program",
        docs: Some("https://vercel.com/kb/guide/troubleshooting-sigkill-out-of-memory-errors"),
        error_type: ErrorType::Runtime,
        verdict: Verdict::Platform,
        pattern: r"(?:\(signal: 9, SIGKILL|Killed signal terminated program|internal compiler error: Killed|^==> Exited with status 137|was sent SIGKILL! Perhaps out of memory)",
        confidence: 0.88,
        advice: Some(
            "The build was killed for using too much memory: build on a larger machine {usage}, or make the build smaller.",
        ),
        samples: &[
            "error: process didn't exit successfully: `rustc` (signal: 9, SIGKILL: kill)",
            "g++: fatal error: Killed signal terminated program cc1plus",
            "==> Exited with status 137",
            "[ERROR] Worker (pid:52) was sent SIGKILL! Perhaps out of memory?",
        ],
        ..HOST
    },
];
