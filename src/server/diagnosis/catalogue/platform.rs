//! The platforms' own messages: settings, limits, clones, memory, and the wrappers that close a log.

use super::{Entry, Files, Rank};
use crate::model::{ErrorType, Verdict};

const SETTING: Entry = Entry {
    tool: "platform",
    rank: Rank::Cause,
    error_type: ErrorType::Config,
    verdict: Verdict::Config,
    confidence: 0.95,
    ..Entry::BASE
};
const LIMIT: Entry = Entry { verdict: Verdict::Platform, ..SETTING };
const FAULT: Entry = Entry {
    tool: "platform",
    rank: Rank::Cause,
    error_type: ErrorType::Other,
    verdict: Verdict::Platform,
    confidence: 0.9,
    ..Entry::BASE
};
const FOOTER: Entry = Entry { tool: "wrapper", rank: Rank::Footer, confidence: 0.2, ..Entry::BASE };

pub(super) const ENTRIES: &[Entry] = &[
    // What closes a log.
    Entry {
        id: "vercel.command-exited",
        needles: &["exited with"],
        pattern: r#"^(?:Error: |ERROR: ?)?(?:Command )?["'`].+["'`] exited with (?:code )?(?:SIG\w+|\d+)"#,
        samples: &["Error: Command \"npm run build\" exited with 1", "ERROR: \"build:kit\" exited with 1."],
        ..FOOTER
    },
    Entry {
        id: "cloudflare.command-failed",
        needles: &["Failed: "],
        pattern: r"^Failed: (?:Error while executing user command|build command exited|error occurred while|an? error occurred while)",
        samples: &[
            "Failed: Error while executing user command. Exited with error code: 1",
            "Failed: error occurred while running build command",
        ],
        ..FOOTER
    },
    Entry {
        id: "render.exited",
        needles: &["==> "],
        pattern: r"^==> (?:Exited|Build failed|Common ways|Application exited|Deploy failed|Update failed|Running '|Using |Cloning|Checking out|Docs )",
        samples: &[
            "==> Exited with status 1",
            "==> Build failed 😞",
            "==> Common ways to troubleshoot your deploy: https://render.com/docs/troubleshooting-deploys",
        ],
        ..FOOTER
    },
    Entry {
        id: "render.build-passed",
        rank: Rank::Passed,
        tool: "*",
        needles: &["Build successful", "Build succeeded"],
        pattern: r"^==> Build (?:successful|succeeded)",
        samples: &["==> Build successful 🎉"],
        ..FOOTER
    },
    Entry {
        id: "netlify.build-failed",
        needles: &[
            "uild failed due to",
            "ailing build:",
            "ailed during stage",
            "build.command\" failed",
            "non-zero exit code",
            "rror running command",
            "Command failed with exit code",
            "Failed to build site",
            "error during build command",
        ],
        pattern: r#"(?i)^(?:error: )?(?:build failed due to a user error|failing build:|failed during stage|"build\.command" failed|build script returned non-zero|error running command|command failed with exit code|failed to build site)"#,
        samples: &[
            "Build failed due to a user error: Build script returned non-zero exit code: 2",
            "Failing build: Failed to build site",
            "\"build.command\" failed",
            "Command failed with exit code 1: npm run build (https://ntl.fyi/exit-code-1)",
        ],
        ..FOOTER
    },
    Entry {
        id: "actions.exit-code",
        needles: &[
            "ompleted with exit code",
            "failed with exit code",
            "xited with code",
            "xit status ",
            "exit code: ",
        ],
        pattern: r"^(?:Error: )?(?:Process completed with exit code|The process '.+' failed with exit code|(?:Process |Command |npm )?[Ee]xited with code|exit status \d+|exit code: \d+|│ exit code: \d+)",
        samples: &[
            "Process completed with exit code 1.",
            "exit status 1",
            "Error: The process '/usr/bin/npm' failed with exit code 1",
        ],
        ..FOOTER
    },
    Entry {
        id: "docker.step-failed",
        needles: &["failed to solve", "did not complete successfully", "returned a non-zero code"],
        pattern: r"^(?:ERROR: |error: )?(?:failed to solve: )?(?:process .+ did not complete successfully: exit code|.*returned a non-zero code|executor failed running)",
        samples: &[
            "ERROR: failed to solve: process \"/bin/sh -c npm run build\" did not complete successfully: exit code: 1",
            "The command '/bin/sh -c npm ci' returned a non-zero code: 1",
        ],
        ..FOOTER
    },
    Entry {
        id: "make.target",
        needles: &["make: ***", "make[", "gmake"],
        pattern: r"^g?make(?:\[\d+\])?: \*\*\* (?:\[.+\] )?Error \d+|^g?make(?:\[\d+\])?: \*\*\* \[.+\]",
        samples: &["make: *** [Makefile:3: build] Error 2"],
        ..FOOTER
    },
    Entry {
        id: "monorepo.task-failed",
        needles: &[
            "run failed",
            "Failed: ",
            "Running target",
            "lerna ERR!",
            "Failed tasks",
            " Failed:",
            "command finished with error",
            "failed tasks",
        ],
        pattern: r"^(?:ERROR +run failed: command +exited|Failed: +\S+#\S+|NX +(?:Running target .+ failed|Ran target .+ failed)|Failed tasks:|lerna ERR! .+ exited \d+|.*command finished with error)",
        samples: &[
            "ERROR  run failed: command  exited (1)",
            "Failed:    web#build",
            "lerna ERR! npm run build exited 1 in 'web'",
        ],
        ..FOOTER
    },
    // Memory.
    Entry {
        id: "node.heap",
        needles: &["heap out of memory", "Reached heap limit", "heap limit Allocation failed"],
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
        ..LIMIT
    },
    Entry {
        id: "platform.killed",
        needles: &[
            "illed",
            "SIGKILL",
            "exit code 137",
            "status 137",
            "out of memory",
            "Out of memory",
            "OOM",
            "memory limit",
            "memory usage",
        ],
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
        ..LIMIT
    },
    Entry {
        id: "platform.killed-code",
        needles: &["137", "SIGKILL"],
        pattern: r"(?:exit(?:ed)?(?: with)?(?: error)?(?: code| status)?:? ?\(?137\b|exited with SIGKILL|code ELIFECYCLE 137|signal SIGKILL)",
        rank: Rank::Place,
        error_type: ErrorType::Runtime,
        confidence: 0.85,
        advice: Some(
            "The build was killed for using too much memory: build on a larger machine {usage}, or make the build smaller.",
        ),
        samples: &["ELIFECYCLE Command failed with exit code 137.", "exited with 137"],
        ..LIMIT
    },
    Entry {
        id: "platform.disk-full",
        needles: &["ENOSPC", "o space left on device", "isk quota exceeded"],
        pattern: r"(?:ENOSPC|[Nn]o space left on device|[Dd]isk quota exceeded)",
        advice: Some(
            "The build machine's disk is full: clear the build cache {redeploy}, or build on a larger machine {usage}.",
        ),
        samples: &[
            "npm error nospc ENOSPC: no space left on device, write",
            "OSError: [Errno 28] No space left on device",
        ],
        ..FAULT
    },
    // Settings.
    Entry {
        id: "vercel.output-directory",
        needles: &[
            "No Output Directory named",
            "utput directory",
            "eploy directory",
            "ublish directory",
            "utput Directory",
        ],
        pattern: r#"(?:No Output Directory named "(?P<name>[^"]+)" found|Output directory "[^"]+" not found|Deploy directory '[^']+' does not exist|Publish directory \S+ does not exist|The Output Directory "[^"]+" is empty)"#,
        touches: &["vercel.json"],
        advice: Some(
            "The build writes somewhere else than the platform looks: set the output directory {output} to the folder the build makes.",
        ),
        samples: &[
            "Error: No Output Directory named \"public\" found after the Build completed. Configure the Output Directory in your Project Settings.",
            "Error: Output directory \"dist\" not found.",
            "==> Publish directory dist does not exist!",
            "Deploy did not succeed: Deploy directory 'build' does not exist",
        ],
        ..SETTING
    },
    Entry {
        id: "platform.root-directory",
        needles: &["Root Directory", "root directory", "Cannot find cwd"],
        pattern: r#"(?:[Rr]oot [Dd]irectory "[^"]+" (?:does not exist|is missing)|specified Root Directory .*does not exist|Cannot find cwd|root directory (?:not found|does not exist))"#,
        advice: Some(
            "The folder that the project builds in does not exist on this branch: correct the root directory {root}.",
        ),
        samples: &[
            "Error: The specified Root Directory \"apps/web\" does not exist. Please update your Project Settings.",
            "==> Service Root Directory \"/opt/render/project/src/web\" is missing.",
            "Failed: Cannot find cwd: /opt/buildhome/repo/web",
        ],
        ..SETTING
    },
    Entry {
        id: "vercel.no-framework",
        needles: &[
            "No Next.js version",
            "No Next.js version could be detected",
            "Could not identify Next.js",
        ],
        pattern: r"No Next\.js version (?:could be )?detected|Could not identify Next\.js version",
        files: Files::None,
        touches: &["package.json"],
        advice: Some(
            "There is no Next.js in the folder the platform builds: correct the root directory {root}, or the framework preset {build}.",
        ),
        samples: &[
            "Error: No Next.js version detected. Make sure your package.json has \"next\" in either \"dependencies\" or \"devDependencies\".",
        ],
        ..SETTING
    },
    Entry {
        id: "next.no-app-directory",
        needles: &["`pages` or `app` directory"],
        pattern: r"Couldn't find any `pages` or `app` directory",
        advice: Some(
            "Next.js runs in a folder without pages or app: correct the root directory {root}, or check that the folder is committed.",
        ),
        confidence: 0.93,
        samples: &[
            "[Error: > Couldn't find any `pages` or `app` directory. Please create one under the project root]",
        ],
        ..SETTING
    },
    Entry {
        id: "vercel.node-version",
        needles: &["Node.js Version", "Node.js version"],
        pattern: r#"(?:invalid|discontinued) Node\.js [Vv]ersion|Node\.js [Vv]ersion "?[\w.]+"? is discontinued|[Uu]nsupported Node\.js version|You are using Node\.js \S+\. For Next\.js, Node\.js version|Node\.js version \S+ is (?:not supported|required)|requires (?:a )?Node\.js version"#,
        verdict: Verdict::Code,
        touches: &["package.json"],
        advice: Some("Choose a supported Node.js version {node}, or set engines.node in package.json."),
        samples: &[
            "Error: Found invalid Node.js Version: \"18.x\". Please set Node.js Version to 22.x in your Project Settings.",
            "You are using Node.js 16.20.2. For Next.js, Node.js version >= v18.17.0 is required.",
        ],
        ..SETTING
    },
    Entry {
        id: "vercel.config-file",
        needles: &[
            "defined in `functions`",
            "vercel.json",
            "`functions` property",
            "should NOT have additional",
        ],
        pattern: r"(?:Invalid vercel\.json|vercel\.json.*(?:schema validation failed|should NOT have|should be)|The pattern .* defined in `functions` doesn't match|(?:request body|vercel\.json) should NOT have additional property|Couldn't parse JSON file .*vercel\.json)",
        verdict: Verdict::Code,
        touches: &["vercel.json"],
        samples: &[
            "Error: Invalid vercel.json - should NOT have additional property `builder`. Please remove it.",
            "Error: The pattern \"api/**/*.js\" defined in `functions` doesn't match any Serverless Functions inside the `api` directory.",
        ],
        ..SETTING
    },
    Entry {
        id: "cloudflare.wrangler-config",
        tool: "wrangler",
        needles: &[
            "wrangler.toml",
            "wrangler.json",
            "entry-point",
            "Entry-point",
            "assets directory",
            "wrangler config",
        ],
        pattern: r#"(?:entry-point file at "(?P<file>[^"]+)" was not found|Missing entry-point|(?:✘ \[ERROR\] ).*wrangler\.(?:toml|jsonc?)|The directory specified by the "assets\.directory" field|Processing wrangler\.(?:toml|jsonc?) configuration:)"#,
        verdict: Verdict::Code,
        rank: Rank::Error,
        files: Files::Here,
        touches: &["wrangler.toml"],
        samples: &[
            "✘ [ERROR] The entry-point file at \"src/index.ts\" was not found.",
            "✘ [ERROR] Missing entry-point to Worker script or to assets directory",
        ],
        ..SETTING
    },
    Entry {
        id: "cloudflare.authentication",
        needles: &[
            "uthentication error [code: 10000]",
            "In a non-interactive environment",
            "CLOUDFLARE_API_TOKEN",
            "CLOUDFLARE_ACCOUNT_ID",
        ],
        pattern: r"(?:Authentication error \[code: 10000\]|In a non-interactive environment, it's necessary to set)",
        advice: Some("The deploy step has no valid Cloudflare token: set CLOUDFLARE_API_TOKEN {env}."),
        samples: &[
            "✘ [ERROR] In a non-interactive environment, it's necessary to set a CLOUDFLARE_API_TOKEN environment variable for wrangler to work.",
        ],
        ..SETTING
    },
    Entry {
        id: "platform.ports",
        needles: &["No open ports detected", "Port scan timeout"],
        pattern: r"(?:No open ports detected|Port scan timeout reached)",
        verdict: Verdict::Code,
        error_type: ErrorType::Runtime,
        rank: Rank::Place,
        confidence: 0.75,
        samples: &[
            "==> Port scan timeout reached, no open ports detected. Bind your service to at least one port.",
        ],
        ..SETTING
    },
    Entry {
        id: "netlify.secret-detected",
        needles: &["Secret env var"],
        pattern: r#"Secret env var "(?P<name>[^"]+)"'s value detected"#,
        advice: Some(
            "A variable marked as secret is part of the build's output: unmark {name} {env}, or leave it out of what the browser gets.",
        ),
        samples: &["Secret env var \"VITE_BACKEND_URL\"'s value detected:"],
        touches: &["netlify.toml"],
        ..SETTING
    },
    Entry {
        id: "script.permission",
        needles: &["ermission denied"],
        pattern: r"^(?:[\w/.-]+: )?(?:line ?\d+: |\d+: )?(?:(?:\./)?(?P<file>[\w./-]+): [Pp]ermission denied$|error: .*\bEACCES\b)",
        tool: "shell",
        verdict: Verdict::Code,
        files: Files::Here,
        samples: &[
            "/bin/sh: 1: ./build.sh: Permission denied",
            "tools/ci-gate.sh: line 80: ./gradlew: Permission denied",
        ],
        ..SETTING
    },
    Entry {
        id: "shell.no-such-file",
        tool: "shell",
        needles: &["No such file or directory", "not found", "directory not found", "does not exist"],
        pattern: r"^(?:\S*sh: )?(?:line ?\d+: |\d+: )?cd: (?:can't cd to )?\S+|^(?:\S*sh: )(?:line ?\d+: |\d+: )?(?P<name>[\w.-]*/[\w./-]*): (?:No such file or directory|not found)$|^stat \S+: directory not found$",
        files: Files::None,
        verdict: Verdict::Config,
        confidence: 0.85,
        advice: Some(
            "The build command names a path that does not exist: correct the build command {build} or the root directory {root}.",
        ),
        samples: &[
            "bash: line 1: cd: web: No such file or directory",
            "stat /opt/render/project/go/src/github.com/a/b/cmd/bot: directory not found",
            "/bin/sh: 1: ./scripts/build.sh: not found",
        ],
        ..SETTING
    },
    // Limits.
    Entry {
        id: "platform.function-size",
        needles: &[
            "unzipped maximum size",
            "maximum size limit",
            "size limit",
            "exceeds the size",
            "exceeded the size",
            "25 MiB",
            "unction size",
        ],
        pattern: r"(?i)(?:exceeds? the (?:unzipped )?(?:maximum )?size limit|exceeded the (?:unzipped maximum )?size|function .* size is .* and your plan size limit is|pages only supports files up to|your worker exceeded the size limit|max(?:imum)? serverless function size)",
        advice: Some(
            "The function or file is larger than the plan allows: leave out what is not needed at run time, or use a larger plan {usage}.",
        ),
        confidence: 0.92,
        samples: &[
            "Error: A Serverless Function has exceeded the unzipped maximum size of 250 MB.",
            "Error: The Edge Function \"middleware\" size is 1.04 MB and your plan size limit is 1 MB.",
            "✘ [ERROR] Your Worker exceeded the size limit of 3 MiB. Please upgrade to a paid plan",
            "Error: Pages only supports files up to 25 MiB in size",
        ],
        ..LIMIT
    },
    Entry {
        id: "vercel.function-count",
        needles: &["Serverless Functions can be added"],
        pattern: r"No more than \d+ Serverless Functions can be added",
        advice: Some(
            "The project has more functions than the plan allows: merge some, or use a larger plan {usage}.",
        ),
        samples: &[
            "Error: No more than 12 Serverless Functions can be added to a Deployment on the Hobby plan.",
        ],
        ..LIMIT
    },
    Entry {
        id: "platform.quota",
        needles: &[
            "Resource is limited",
            "per-day",
            "ayment required",
            "build minutes",
            "plan limit",
            "quota",
            "Quota",
            "rate limited",
            "Too many requests",
            "pipeline minutes",
        ],
        pattern: r"(?i)(?:resource is limited - try again|api-deployments-\w+-per-day|payment required|(?:out of|exceeded|no remaining|run out of).{0,30}(?:build|pipeline) minutes|exceeded .{0,30}\bquota|quota (?:exceeded|has been)|plan limit (?:reached|exceeded))",
        advice: Some("The plan's limit is reached: wait until it resets, or raise it {usage}."),
        confidence: 0.9,
        samples: &[
            "Error: Resource is limited - try again in 24 hours (more than 100, code: \"api-deployments-free-per-day\").",
        ],
        ..FAULT
    },
    Entry {
        id: "platform.author",
        needles: &[
            "must have access",
            "not a member of the",
            "Git author",
            "commit author",
            "not authorized to deploy",
        ],
        pattern: r"(?i)(?:git author \S+ must have access|not a member of (?:the|this) team|commit author .{0,40}(?:required|not|must)|is attempting to deploy a commit)",
        advice: Some(
            "The platform does not accept this commit's author: add the author to the team {members}, or deploy with a member's commit.",
        ),
        samples: &[
            "Error: Git author someone@example.com must have access to the team Acme on Vercel to create deployments.",
        ],
        ..FAULT
    },
    Entry {
        id: "platform.timeout",
        needles: &[
            "Timed Out",
            "maximum duration",
            "timed out",
            "time limit",
            "Timed out",
            "exceeded the maximum",
            "timeout",
        ],
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
        ..FAULT
    },
    Entry {
        id: "platform.internal",
        needles: &[
            "nternal error",
            "unexpected error happened",
            "nternal Server Error",
            "n internal error",
            "unexpected internal",
        ],
        pattern: r"(?i)(?:we encountered an internal error|an unexpected (?:internal )?error happened when running this build|failed: an internal error occurred|vercel internal error|^internal error(?:\.|$)|error: internal error\.? please)",
        verdict: Verdict::Flaky,
        advice: Some("The platform had an internal error: deploy the same commit again {redeploy}."),
        samples: &[
            "Failed: an internal error occurred. If this continues, contact support",
            "Error: An unexpected error happened when running this build. We have been notified of the problem.",
        ],
        ..FAULT
    },
    // Clones.
    Entry {
        id: "git.access",
        tool: "git",
        needles: &[
            "could not read Username",
            "ermission denied (publickey)",
            "epository not found",
            "could not read from remote",
            "permanent problem cloning",
            "Authentication failed for",
            "ailed to clone",
            "rror cloning",
            "Host key verification failed",
            "terminal prompts disabled",
        ],
        pattern: r"(?i)(?:could not read username for|permission denied \(publickey\)|repository not found|there was a permanent problem cloning|authentication failed for 'https?://|host key verification failed|failed to clone repository|error cloning)",
        advice: Some("The platform cannot read the repository or one of its submodules: reconnect it {git}."),
        confidence: 0.88,
        samples: &[
            "fatal: could not read Username for 'https://github.com': terminal prompts disabled",
            "git@github.com: Permission denied (publickey).",
            "Failed: There was a permanent problem cloning the repo.",
        ],
        ..FAULT
    },
    Entry {
        id: "git.missing-reference",
        tool: "git",
        needles: &[
            "Remote branch",
            "couldn't find remote ref",
            "reference is not a tree",
            "upload-pack: not our ref",
            "unable to checkout",
        ],
        pattern: r"(?:Remote branch \S+ not found|couldn't find remote ref|reference is not a tree|not our ref)",
        advice: Some(
            "The commit or branch is no longer in the repository: deploy the branch's newest commit {redeploy}.",
        ),
        samples: &[
            "fatal: Remote branch feature/x not found in upstream origin",
            "fatal: reference is not a tree: 3f2a9bd",
        ],
        ..FAULT
    },
    Entry {
        id: "network.reset",
        tool: "network",
        needles: &[
            "ECONNRESET",
            "ETIMEDOUT",
            "EAI_AGAIN",
            "socket hang up",
            "ERR_SOCKET_TIMEOUT",
            "Connection reset by peer",
            "TLS handshake",
            "502 Bad Gateway",
            "503 Service",
            "504 Gateway",
            "Temporary failure in name resolution",
            "network timeout",
            "Could not resolve host",
            "early EOF",
            "RPC failed",
            "connection timed out",
            "Read timed out",
            "ReadTimeoutError",
            "operation timed out",
            "ENETUNREACH",
            "UND_ERR",
        ],
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
        ..FAULT
    },
];
