//! CI runners: GitHub Actions, its setup actions and Pages, GitLab; Git in their work folders.

use super::{Entry, Rank};
use crate::model::{ErrorType, Verdict};

const RUNNER: Entry = Entry {
    tool: "runner",
    rank: Rank::Cause,
    error_type: ErrorType::Config,
    confidence: 0.9,
    ..Entry::BASE
};
const FAULT: Entry = Entry { error_type: ErrorType::Other, verdict: Verdict::Flaky, ..RUNNER };

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "actions.workflow",
        pattern: r"(?:Input required and not supplied: (?P<name>\w+)|Unable to resolve action `?|The workflow is not valid\.|uses a deprecated version of `actions/|Missing download info for actions/)",
        samples: &[
            "Error: Input required and not supplied: token",
            "Error: Unable to resolve action `acme/setup@v9`, unable to find version `v9`",
            "Error: This request has been automatically failed because it uses a deprecated version of `actions/upload-artifact: v2`.",
        ],
        ..RUNNER
    },
    Entry {
        id: "actions.setup-version",
        pattern: r"^(?:Error: )?(?:Version \S+ (?:with arch \S+ )?was not found in the local cache|The version '[^']+' with architecture '[^']+' was not found for|.*version that satisf(?:ied|ies) version spec|Unable to find Node version '|Could not find satisfied version for)",
        samples: &[
            "Error: The version '3.6' with architecture 'x64' was not found for Ubuntu 24.04.",
            "Error: Version 3.99 was not found in the local cache.",
            "Error: Unable to find Node version '99' for platform linux and architecture x64.",
        ],
        ..RUNNER
    },
    Entry {
        id: "actions.cache-file",
        pattern: r"^(?:Error: )?(?:No file in \S+ matched to \[|Dependencies lock file is not found in )",
        samples: &[
            "Error: No file in /home/runner/work/shop/shop matched to [**/requirements.txt or **/pyproject.toml], make sure you have checked out the target repository",
            "Error: Dependencies lock file is not found in /home/runner/work/shop/shop. Supported file patterns: package-lock.json",
        ],
        ..RUNNER
    },
    Entry {
        id: "actions.permission",
        pattern: r"(?:Resource not accessible by integration|denied to github-actions\[bot\])",
        samples: &["Error: Resource not accessible by integration"],
        ..RUNNER
    },
    Entry {
        id: "pages.disabled",
        docs: Some("https://docs.github.com/en/pages"),
        verdict: Verdict::Config,
        pattern: r"(?:Get Pages site failed|Ensure GitHub Pages has been enabled)",
        advice: Some(
            "GitHub Pages is off for this repository: turn it on in the repository's Pages settings, with GitHub Actions as its source.",
        ),
        samples: &[
            "Error: Get Pages site failed. Please verify that the repository has Pages enabled and configured to build using GitHub Actions",
        ],
        ..RUNNER
    },
    Entry {
        id: "pages.deploy",
        docs: Some("https://docs.github.com/en/pages"),
        rank: Rank::Error,
        pattern: r"^(?:Error: )?Deployment failed, try again later",
        confidence: 0.85,
        advice: Some("GitHub Pages could not publish: run the job again {redeploy}."),
        samples: &["Error: Deployment failed, try again later."],
        ..FAULT
    },
    Entry {
        id: "runner.stopped",
        docs: Some("https://docs.github.com/en/actions"),
        rank: Rank::Error,
        pattern: r"(?:runner has received a shutdown signal|lost communication with the server|Job failed \(system failure\))",
        confidence: 0.85,
        advice: Some("The runner was stopped: run the job again {redeploy}."),
        samples: &[
            "The runner has received a shutdown signal. This can happen when the runner service is stopped, or a manually started runner is canceled.",
            "ERROR: Job failed (system failure): prepare environment: exit status 1.",
        ],
        ..FAULT
    },
    Entry {
        id: "runner.timeout",
        docs: Some("https://docs.github.com/en/actions"),
        verdict: Verdict::Platform,
        pattern: r"(?:Job failed: execution took longer than|has exceeded the maximum execution time of)",
        confidence: 0.88,
        advice: Some("The job took longer than it may: raise its time limit, or make the build shorter."),
        samples: &["ERROR: Job failed: execution took longer than 1h0m0s seconds"],
        ..FAULT
    },
    Entry {
        id: "git.ownership",
        tool: "git",
        pattern: r"^fatal: (?:detected dubious ownership in repository|not a git repository)",
        rank: Rank::Error,
        confidence: 0.8,
        samples: &[
            "fatal: detected dubious ownership in repository at '/app'",
            "fatal: not a git repository (or any of the parent directories): .git",
        ],
        ..RUNNER
    },
    Entry {
        id: "make.rule",
        tool: "make",
        pattern: r"^g?make(?:\[\d+\])?: \*\*\* No (?:rule to make target|targets specified and no makefile found)",
        samples: &[
            "make: *** No rule to make target 'bild'.  Stop.",
            "make: *** No targets specified and no makefile found.  Stop.",
        ],
        ..RUNNER
    },
    Entry {
        id: "cmake.error",
        tool: "cmake",
        rank: Rank::Error,
        pattern: r"^CMake Error at (?P<file>[\w./-]+):\d+",
        error_type: ErrorType::Build,
        samples: &["CMake Error at CMakeLists.txt:3 (find_package):"],
        files: super::Files::Here,
        confidence: 0.85,
        ..RUNNER
    },
    Entry {
        id: "c.link",
        tool: "cc",
        rank: Rank::Error,
        pattern: r"(?:undefined reference to [`']|collect2: error: ld returned)",
        error_type: ErrorType::Build,
        confidence: 0.8,
        samples: &[
            "cart.c:(.text+0x5): undefined reference to `total'",
            "collect2: error: ld returned 1 exit status",
        ],
        ..RUNNER
    },
];
