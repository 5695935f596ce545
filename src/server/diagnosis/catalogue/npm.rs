//! npm: installs, the lock file, scripts, and the footers it closes with.

use super::{Entry, Files, REGISTRY_DOWN, REGISTRY_REFUSED, Rank};
use crate::model::{ErrorType, Verdict};

const NPM: Entry = Entry {
    tool: "npm",
    error_type: ErrorType::Dependency,
    confidence: 0.95,
    touches: &["package.json"],
    ..Entry::BASE
};
const NOISE: Entry =
    Entry { rank: Rank::Footer, confidence: 0.2, touches: &[], error_type: ErrorType::Other, ..NPM };

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "npm.installed",
        rank: Rank::Passed,
        pattern: r"^(?:added|changed|removed) \d+ packages?\b|^up to date(?:,| in)",
        samples: &[
            "added 752 packages, and audited 753 packages in 20s",
            "up to date, audited 2 packages in 1s",
        ],
        ..NOISE
    },
    // An unresolvable tree: the line with the range is the cause, the code is only its headline.
    Entry {
        id: "npm.peer-conflict",
        rank: Rank::Cause,
        pattern: r"^npm (?:error|ERR!) (?:peer|peerOptional) (?P<module>\S+)@.+ from \S+@\S+$",
        samples: &["npm error peer next@\"^12.2.5 || ^13 || ^14\" from next-auth@4.24.5"],
        docs: Some("https://docs.npmjs.com/cli/v11/configuring-npm/package-json"),
        ..NPM
    },
    Entry {
        id: "npm.eresolve",
        pattern: r"^npm (?:error|ERR!) (?:code )?ERESOLVE(?: .*)?$",
        samples: &[
            "npm error ERESOLVE could not resolve",
            "npm ERR! ERESOLVE unable to resolve dependency tree",
        ],
        docs: Some("https://docs.npmjs.com/cli/v11/configuring-npm/package-json"),
        ..NPM
    },
    Entry {
        id: "npm.lock-missing",
        rank: Rank::Cause,
        pattern: r"^npm (?:error|ERR!) (?:Missing: \S+ from lock file|Invalid: lock file's \S+ does not satisfy \S+)",
        touches: &["package.json", "package-lock.json"],
        samples: &[
            "npm error Missing: is-even@1.0.0 from lock file",
            "npm ERR! Invalid: lock file's react@17.0.2 does not satisfy react@18.2.0",
        ],
        docs: Some("https://docs.npmjs.com/cli/v11/commands/npm-ci"),
        ..NPM
    },
    Entry {
        id: "npm.lock-absent",
        docs: Some("https://docs.npmjs.com/cli/v11/commands/npm-ci"),
        pattern: r"(?:`npm ci` (?:command )?|cipm )can only install with an existing package-lock\.json",
        touches: &["package-lock.json"],
        samples: &[
            "npm error The `npm ci` command can only install with an existing package-lock.json or",
            "npm ERR! cipm can only install with an existing package-lock.json or npm-shrinkwrap.json",
        ],
        ..NPM
    },
    Entry {
        id: "npm.lock-out-of-sync",
        pattern: r"`npm ci` can only install packages when",
        touches: &["package.json", "package-lock.json"],
        samples: &[
            "npm error `npm ci` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync.",
        ],
        docs: Some("https://docs.npmjs.com/cli/v11/commands/npm-ci"),
        ..NPM
    },
    Entry {
        id: "npm.no-version",
        pattern: r"^npm (?:error|ERR!) notarget No matching version found for (?P<module>[^ ]+?)\.?$",
        samples: &["npm error notarget No matching version found for is-odd@^47.0.0."],
        docs: Some("https://docs.npmjs.com/common-errors"),
        ..NPM
    },
    Entry {
        id: "npm.no-package",
        pattern: r"^npm (?:error|ERR!) 404 +(?:Not Found|'[^']+' is not in|'[^']+' could not be found|The requested resource '[^']+' could not)",
        samples: &[
            "npm error 404 Not Found - GET https://registry.npmjs.org/left-padd - Not found",
            "npm error 404  'left-padd@*' is not in this registry.",
        ],
        docs: Some("https://docs.npmjs.com/common-errors"),
        ..NPM
    },
    Entry {
        id: "npm.access",
        rank: Rank::Cause,
        pattern: r"^npm (?:error|ERR!) (?:40[13] (?:Unauthorized|Forbidden|403)|.*requires an authentication token|.*[Uu]nable to authenticate)",
        error_type: ErrorType::Dependency,
        verdict: Verdict::Config,
        confidence: 0.9,
        advice: Some(REGISTRY_REFUSED),
        samples: &[
            "npm ERR! 403 403 Forbidden - GET https://npm.pkg.github.com/@acme%2fui",
            "npm error 401 Unauthorized - GET https://npm.pkg.github.com/@acme%2fui - authentication token not provided",
        ],
        touches: &[".npmrc"],
        docs: Some("https://docs.npmjs.com/using-private-packages-in-a-ci-cd-workflow"),
        ..NPM
    },
    Entry {
        id: "npm.access-code",
        docs: Some("https://docs.npmjs.com/using-private-packages-in-a-ci-cd-workflow"),
        pattern: r"^npm (?:error|ERR!) code E40[13]$",
        verdict: Verdict::Config,
        confidence: 0.88,
        advice: Some(REGISTRY_REFUSED),
        samples: &["npm error code E401", "npm ERR! code E403"],
        touches: &[".npmrc"],
        ..NPM
    },
    Entry {
        id: "npm.no-package-json",
        rank: Rank::Cause,
        pattern: r"^npm (?:error|ERR!) enoent (?:Could not read package\.json|ENOENT: no such file or directory, open '.*package\.json')",
        error_type: ErrorType::Config,
        verdict: Verdict::Config,
        advice: Some(
            "There is no package.json in the folder the platform builds: correct the root directory {root}.",
        ),
        samples: &[
            "npm error enoent Could not read package.json: Error: ENOENT: no such file or directory, open '/vercel/path0/package.json'",
        ],
        docs: Some("https://docs.npmjs.com/cli/v11/configuring-npm/package-json"),
        ..NPM
    },
    Entry {
        id: "npm.bad-json",
        rank: Rank::Cause,
        pattern: r"^npm (?:error|ERR!) JSON\.parse (?:Invalid package\.json|Failed to parse|Unexpected)",
        error_type: ErrorType::Config,
        confidence: 0.85,
        samples: &[
            "npm error JSON.parse Invalid package.json: JSONParseError: Expected double-quoted property name in JSON at position 54",
        ],
        docs: Some("https://docs.npmjs.com/cli/v11/configuring-npm/package-json"),
        ..NPM
    },
    Entry {
        id: "npm.missing-script",
        rank: Rank::Cause,
        pattern: r#"(?:^npm (?:error|ERR!) )?[Mm]issing script:? "?(?P<name>[\w:.-]+)"?"#,
        error_type: ErrorType::Config,
        samples: &[
            "npm error Missing script: \"compile\"",
            "npm ERR! missing script: build",
            "ERR_PNPM_NO_SCRIPT  Missing script: build",
        ],
        docs: Some("https://docs.npmjs.com/cli/v11/configuring-npm/package-json"),
        ..NPM
    },
    Entry {
        id: "npm.engine",
        rank: Rank::Cause,
        pattern: r"^npm (?:error|ERR!) (?:notsup (?:Unsupported engine|Not compatible|Required)|engine Not compatible)",
        error_type: ErrorType::Config,
        advice: Some("Choose a Node.js version that package.json allows {node}."),
        samples: &["npm error notsup Not compatible with your version of node/npm: shop@1.0.0"],
        docs: Some("https://docs.npmjs.com/cli/v11/configuring-npm/package-json"),
        ..NPM
    },
    Entry {
        id: "npm.platform-package",
        pattern: r"^npm (?:error|ERR!) (?:code EBADPLATFORM|notsup Unsupported platform)",
        samples: &[
            "npm error notsup Unsupported platform for @esbuild/darwin-arm64@0.21.5: wanted {\"os\":\"darwin\",\"cpu\":\"arm64\"}",
        ],
        docs: Some("https://docs.npmjs.com/cli/v11/configuring-npm/package-json"),
        ..NPM
    },
    Entry {
        id: "npm.integrity",
        pattern: r"^npm (?:error|ERR!) (?:code EINTEGRITY|.*EINTEGRITY.*|sha512-.* integrity checksum failed)",
        touches: &["package-lock.json"],
        samples: &["npm error code EINTEGRITY"],
        docs: Some("https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json"),
        ..NPM
    },
    Entry {
        id: "npm.registry-down",
        tool: "network",
        rank: Rank::Cause,
        pattern: r"^npm (?:error|ERR!) (?:FetchError: |50[0234] |network request to .*ENOTFOUND|network timeout at|network Invalid response body)",
        error_type: ErrorType::Other,
        verdict: Verdict::Flaky,
        confidence: 0.88,
        touches: &[],
        advice: Some(REGISTRY_DOWN),
        samples: &[
            "npm error FetchError: request to https://registry.npmjs.org/next failed, reason: connect ECONNREFUSED 104.16.0.1:443",
            "npm ERR! 503 Service Unavailable - GET https://registry.npmjs.org/next",
            "npm error network Invalid response body while trying to fetch https://registry.npmjs.org/next: aborted",
        ],
        docs: Some("https://docs.npmjs.com/common-errors"),
        ..NPM
    },
    Entry {
        id: "npm.crashed",
        rank: Rank::Error,
        pattern: r"^npm (?:error|ERR!) (?:Exit handler never called|cb\(\) never called|Invalid Version|Cannot read properties of null \(reading '\w+'\))",
        error_type: ErrorType::Other,
        verdict: Verdict::Flaky,
        confidence: 0.8,
        touches: &[],
        advice: Some(
            "npm itself crashed during the install: deploy again without the build cache {redeploy}.",
        ),
        samples: &["npm error Exit handler never called!"],
        docs: Some("https://docs.npmjs.com/common-errors"),
        ..NPM
    },
    Entry {
        id: "npm.manifest",
        pattern: r#"^npm (?:error|ERR!) (?:Invalid package name |Could not install from |Invalid (?:tag|version) )"#,
        confidence: 0.88,
        samples: &[
            "npm error Invalid package name \"_shop\" of package",
            "npm ERR! Could not install from \"../ui\" as it does not contain a package.json file.",
        ],
        ..NPM
    },
    Entry {
        id: "npm.git-dependency",
        pattern: r"^npm (?:error|ERR!) (?:An? (?:unknown )?git (?:connection )?error occurred|git dep preparation failed)",
        confidence: 0.85,
        samples: &["npm error An unknown git error occurred", "npm ERR! git dep preparation failed"],
        ..NPM
    },
    Entry {
        id: "npm.workspace-protocol",
        pattern: r"^npm (?:error|ERR!) (?:code EUNSUPPORTEDPROTOCOL|Unsupported URL Type)",
        samples: &["npm error Unsupported URL Type \"workspace:\": workspace:*"],
        docs: Some("https://docs.npmjs.com/cli/v11/configuring-npm/package-json"),
        ..NPM
    },
    Entry {
        id: "npm.registry-code",
        tool: "network",
        pattern: r"^npm (?:error|ERR!) code (?:ECONNREFUSED|ENOTFOUND|E50[0234])$",
        error_type: ErrorType::Other,
        verdict: Verdict::Flaky,
        confidence: 0.85,
        touches: &[],
        advice: Some(REGISTRY_DOWN),
        samples: &["npm error code ECONNREFUSED", "npm ERR! code E503"],
        docs: Some("https://docs.npmjs.com/common-errors"),
        ..NPM
    },
    Entry {
        id: "npm.lifecycle",
        rank: Rank::Footer,
        pattern: r"^npm (?:error|ERR!) code ELIFECYCLE$",
        samples: &["npm ERR! code ELIFECYCLE"],
        ..NOISE
    },
    Entry {
        id: "npm.code",
        rank: Rank::Place,
        pattern: r"^npm (?:error|ERR!) code (?P<name>E[A-Z]{3,})$",
        confidence: 0.6,
        samples: &["npm error code EUSAGE", "npm ERR! code ETARGET"],
        docs: Some("https://docs.npmjs.com/common-errors"),
        ..NPM
    },
    // What node-gyp tells of itself on npm's error channel.
    Entry {
        id: "npm.gyp-chatter",
        rank: Rank::Footer,
        pattern: r"^(?:npm (?:error|ERR!) )?(?:node-pre-)?gyp (?:info|http|verb)\b|prebuild-install (?:info|http)",
        samples: &["npm error gyp info spawn args 'build',", "gyp http GET https://nodejs.org/download"],
        ..NOISE
    },
    // The shell cannot find a tool that a package would have brought.
    Entry {
        id: "shell.python-command-not-found",
        tool: "shell",
        rank: Rank::Cause,
        pattern: r"^(?:[\w/.-]*sh: )?(?:line ?\d+: |\d+: )?(?P<name>gunicorn|uvicorn|flask|django-admin|poetry|uv|pipenv|streamlit|celery|daphne|hypercorn|alembic|pytest): (?:command )?not found$",
        confidence: 0.9,
        touches: &["requirements.txt"],
        samples: &["bash: line 1: gunicorn: command not found"],
        docs: Some("https://www.gnu.org/software/bash/manual/html_node/Exit-Status.html"),
        ..NPM
    },
    Entry {
        id: "shell.command-not-found",
        tool: "shell",
        rank: Rank::Cause,
        pattern: r"^(?:[\w/.-]*sh: )?(?:line ?\d+: |\d+: )?(?P<name>[@\w.-]+): (?:command )?not found$|^'(?:[\w-]+)' is not recognized as an internal or external command|^command not found: [\w-]+$|^/bin/[a-z]*sh: [\w-]+: not found$",
        confidence: 0.92,
        samples: &[
            "sh: 1: vite: not found",
            "/usr/bin/bash: line 1: next: command not found",
            "sh: line 1: tsc: command not found",
            "bash: line 1: yarn: command not found",
        ],
        docs: Some("https://www.gnu.org/software/bash/manual/html_node/Exit-Status.html"),
        ..NPM
    },
    Entry {
        id: "command.usage",
        tool: "shell",
        error_type: ErrorType::Config,
        pattern: r"^(?:[Ee]rror:? |ERROR:? )?(?:[Uu]nknown|[Ii]nvalid|[Uu]nrecognized) (?:command|option|argument|flag)s?: ?\S",
        files: Files::None,
        touches: &["package.json"],
        confidence: 0.8,
        samples: &["Invalid command: package", "error: Unknown option: --experimental-app"],
        ..NPM
    },
    Entry {
        id: "prebuild.missing",
        tool: "node-gyp",
        rank: Rank::Place,
        pattern: r"prebuild-install warn install No prebuilt binaries found",
        confidence: 0.75,
        samples: &[
            "prebuild-install warn install No prebuilt binaries found (target=22.0.0 runtime=node arch=x64)",
        ],
        ..NPM
    },
    Entry {
        id: "shell.refused",
        tool: "shell",
        rank: Rank::Place,
        error_type: ErrorType::Build,
        pattern: r"^(?:/bin/)?(?:mkdir|cp|mv|rm|ln|cat|chmod|chown|tar|touch|install): (?:cannot|can't|missing|omitting|target|invalid|failed) ",
        files: Files::None,
        touches: &[],
        confidence: 0.6,
        last: true,
        samples: &[
            "mkdir: cannot create directory ‘/config’: File exists",
            "cp: cannot stat 'dist/.': No such file or directory",
        ],
        ..NPM
    },
    Entry {
        id: "yarn.absent",
        tool: "shell",
        rank: Rank::Cause,
        error_type: ErrorType::Config,
        pattern: r"(?:Yarn|yarn|Node\.js|npm|pnpm) executable was not (?:detected|found)",
        files: Files::None,
        touches: &[],
        samples: &["Yarn executable was not detected in the system."],
        ..NPM
    },
    Entry {
        id: "npm.executable-missing",
        tool: "shell",
        rank: Rank::Cause,
        pattern: r"(?:could not determine executable to run|spawn (?P<name>[\w.-]+) ENOENT)",
        files: Files::None,
        confidence: 0.88,
        samples: &["npm error could not determine executable to run", "Error: spawn vite ENOENT"],
        ..NPM
    },
];
