//! What a platform refuses or fails at: memory, disk, quotas, clones, the network.

use super::{Entry, Rank};
use crate::model::{ErrorType, Verdict};

const FAULT: Entry = Entry {
    tool: "platform",
    rank: Rank::Cause,
    error_type: ErrorType::Other,
    verdict: Verdict::Platform,
    confidence: 0.9,
    ..Entry::BASE
};
const LIMIT: Entry =
    Entry { verdict: Verdict::Platform, error_type: ErrorType::Config, confidence: 0.95, ..FAULT };

pub(super) const ENTRIES: &[Entry] = &[
    // Memory.
    Entry {
        id: "node.heap",
        pattern: r"(?:FATAL ERROR: .*heap|JavaScript heap out of memory|Reached heap limit)",
        error_type: ErrorType::Runtime,
        confidence: 0.95,
        advice: Some(
            "The build ran out of memory: raise the heap with NODE_OPTIONS=--max-old-space-size {env}, or build on a larger machine {usage}.",
        ),
        samples: &[
            "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
            "FATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory",
        ],
        docs: Some("https://nodejs.org/api/cli.html#--max-old-space-sizesize-in-megabytes"),
        ..LIMIT
    },
    Entry {
        id: "platform.killed",
        pattern: r"(?:^Killed$|^(?:[\w/.-]+: )?(?:line ?\d+: +)?\d+ [Kk]illed\b|^[\w/.-]+: line ?\d+: +\d+ [Kk]illed|was killed with SIGKILL|signal: SIGKILL|^Killed: 9|==> Out of memory|Ran out of memory|[Oo]ut of memory \(used over|OOMKilled|exceeded (?:its|the) memory limit|At least one .*Out of Memory|\bOut [Oo]f Memory.*event)",
        error_type: ErrorType::Runtime,
        confidence: 0.92,
        advice: Some(
            "The build was killed for using too much memory: build on a larger machine {usage}, or make the build smaller.",
        ),
        samples: &[
            "Killed",
            "sh: line 1: 1303 Killed vite build",
            "==> Out of memory (used over 512Mi)",
            "Error: Command \"next build\" was killed with SIGKILL",
            "==> Ran out of memory (used over 8GB) while building your code.",
        ],
        docs: Some("https://vercel.com/kb/guide/troubleshooting-sigkill-out-of-memory-errors"),
        ..LIMIT
    },
    Entry {
        id: "platform.killed-code",
        pattern: r"(?:exit(?:ed)?(?: with)?(?: error)?(?: code| status)?:? ?\(?137\b|exited with SIGKILL|code ELIFECYCLE 137|signal SIGKILL)",
        rank: Rank::Place,
        error_type: ErrorType::Runtime,
        confidence: 0.85,
        advice: Some(
            "The build was killed for using too much memory: build on a larger machine {usage}, or make the build smaller.",
        ),
        samples: &["ELIFECYCLE Command failed with exit code 137.", "exited with 137"],
        docs: Some("https://vercel.com/kb/guide/troubleshooting-sigkill-out-of-memory-errors"),
        ..LIMIT
    },
    Entry {
        id: "platform.disk-full",
        pattern: r"(?:ENOSPC|[Nn]o space left on device|[Dd]isk quota exceeded)",
        advice: Some(
            "The build machine's disk is full: clear the build cache {redeploy}, or build on a larger machine {usage}.",
        ),
        samples: &[
            "npm error nospc ENOSPC: no space left on device, write",
            "OSError: [Errno 28] No space left on device",
        ],
        docs: Some("https://man7.org/linux/man-pages/man3/errno.3.html"),
        ..FAULT
    },
    // Limits.
    Entry {
        id: "platform.function-size",
        pattern: r"(?i)(?:exceeds? the (?:unzipped )?(?:maximum )?size limit|exceeded the (?:unzipped maximum )?size|function .* size is .* and your plan size limit is|pages only supports files up to|your worker exceeded the size limit|max(?:imum)? serverless function size)",
        advice: Some(
            "The function or file is larger than the plan allows: leave out what is not needed at run time, or use a larger plan {usage}.",
        ),
        confidence: 0.92,
        samples: &[
            "Error: The Edge Function \"middleware\" size is 1.04 MB and your plan size limit is 1 MB.",
            "✘ [ERROR] Your Worker exceeded the size limit of 3 MiB. Please upgrade to a paid plan",
        ],
        docs: Some("https://vercel.com/docs/functions/limitations"),
        ..LIMIT
    },
    Entry {
        id: "vercel.function-count",
        pattern: r"No more than \d+ Serverless Functions can be added",
        advice: Some(
            "The project has more functions than the plan allows: merge some, or use a larger plan {usage}.",
        ),
        samples: &[
            "Error: No more than 12 Serverless Functions can be added to a Deployment on the Hobby plan.",
        ],
        docs: Some("https://vercel.com/docs/limits"),
        ..LIMIT
    },
    Entry {
        id: "platform.quota",
        pattern: r"(?i)(?:resource is limited - try again|api-deployments-\w+-per-day|payment required|(?:out of|exceeded|no remaining|run out of).{0,30}(?:build|pipeline) minutes|exceeded .{0,30}\bquota|quota (?:exceeded|has been)|plan limit (?:reached|exceeded))",
        advice: Some("The plan's limit is reached: wait until it resets, or raise it {usage}."),
        confidence: 0.9,
        samples: &[
            "Error: Resource is limited - try again in 24 hours (more than 100, code: \"api-deployments-free-per-day\").",
        ],
        docs: Some("https://vercel.com/docs/limits"),
        ..FAULT
    },
    Entry {
        id: "platform.author",
        pattern: r"(?i)(?:git author \S+ must have access|not a member of (?:the|this) team|commit author .{0,40}(?:required|not|must)|is attempting to deploy a commit)",
        advice: Some(
            "The platform does not accept this commit's author: add the author to the team {members}, or deploy with a member's commit.",
        ),
        samples: &[
            "Error: Git author someone@example.com must have access to the team Acme on Vercel to create deployments.",
        ],
        docs: Some("https://vercel.com/docs/deployments/troubleshoot-project-collaboration"),
        ..FAULT
    },
    Entry {
        id: "platform.timeout",
        pattern: r"(?i)(?:build (?:step |job )?(?:exceeded|timed out|has exceeded|reached).{0,30}(?:maximum duration|time ?out|time limit|minutes|$)|build exceeded maximum|command timed out after|==> timed out|execution timeout of|the job running on runner .* has exceeded the maximum execution time|initializing build environment.*timed out)",
        advice: Some(
            "The build took longer than the plan allows: deploy again {redeploy}, or make the build shorter.",
        ),
        confidence: 0.88,
        samples: &[
            "Error: Build exceeded maximum duration of 45 minutes.",
            "==> Timed Out",
            "Command timed out after 20 minutes",
        ],
        docs: Some(
            "https://vercel.com/kb/guide/troubleshooting-build-error-build-step-did-not-complete-within-45-minutes",
        ),
        ..FAULT
    },
    Entry {
        id: "platform.internal",
        pattern: r"(?i)(?:we encountered an internal error|an unexpected (?:internal )?error happened when running this build|failed: an internal error occurred|vercel internal error|^internal error(?:\.|$)|error: internal error\.? please)",
        verdict: Verdict::Flaky,
        advice: Some("The platform had an internal error: deploy the same commit again {redeploy}."),
        samples: &[
            "Failed: an internal error occurred. If this continues, contact support",
            "Error: An unexpected error happened when running this build. We have been notified of the problem.",
        ],
        docs: Some("https://vercel.com/docs/deployments/troubleshoot-a-build"),
        ..FAULT
    },
    // Clones.
    Entry {
        id: "git.access",
        tool: "git",
        pattern: r"(?i)(?:could not read username for|permission denied \(publickey\)|repository not found|there was a permanent problem cloning|authentication failed for 'https?://|host key verification failed|failed to clone repository|error cloning)",
        advice: Some("The platform cannot read the repository or one of its submodules: reconnect it {git}."),
        confidence: 0.88,
        samples: &[
            "fatal: could not read Username for 'https://github.com': terminal prompts disabled",
            "git@github.com: Permission denied (publickey).",
            "Failed: There was a permanent problem cloning the repo.",
        ],
        docs: Some(
            "https://docs.github.com/en/authentication/troubleshooting-ssh/error-permission-denied-publickey",
        ),
        ..FAULT
    },
    Entry {
        id: "git.missing-reference",
        tool: "git",
        pattern: r"(?:Remote branch \S+ not found|couldn't find remote ref|reference is not a tree|not our ref)",
        advice: Some(
            "The commit or branch is no longer in the repository: deploy the branch's newest commit {redeploy}.",
        ),
        samples: &[
            "fatal: Remote branch feature/x not found in upstream origin",
            "fatal: reference is not a tree: 3f2a9bd",
        ],
        docs: Some("https://git-scm.com/docs/git-clone"),
        ..FAULT
    },
    Entry {
        id: "network.reset",
        tool: "network",
        pattern: r"(?:^npm (?:error|ERR!) (?:code |network |errno |.*(?:request to|reason:).*)(?:.*\b)?(?:ECONNRESET|ETIMEDOUT|EAI_AGAIN|ERR_SOCKET_TIMEOUT|ENETUNREACH|socket hang up|network timeout)|^(?:error|ERROR|fatal|warning: spurious|pip\S*|urllib3\S*|info There appears|\S*ERR_PNPM\S*|error An unexpected error occurred:|➤ YN0001)\b.*(?:ECONNRESET|ETIMEDOUT|EAI_AGAIN|socket hang up|Connection reset by peer|TLS handshake|50[234] (?:Bad Gateway|Service|Gateway)|Temporary failure in name resolution|Could not resolve host|early EOF|RPC failed|[Tt]imed out|ReadTimeoutError|UND_ERR))",
        verdict: Verdict::Flaky,
        error_type: ErrorType::Other,
        confidence: 0.9,
        advice: Some(
            "The network failed while the build was downloading: deploy the same commit again {redeploy}.",
        ),
        samples: &[
            "npm error code ECONNRESET",
            "npm error network request to https://registry.npmjs.org/next failed, reason: read ECONNRESET",
            "npm ERR! code ETIMEDOUT",
            "error An unexpected error occurred: \"https://registry.yarnpkg.com/next/-/next-14.0.0.tgz: ETIMEDOUT\".",
            "fatal: unable to access 'https://github.com/a/b.git/': Could not resolve host: github.com",
        ],
        docs: Some("https://nodejs.org/api/errors.html#common-system-errors"),
        ..FAULT
    },
];
