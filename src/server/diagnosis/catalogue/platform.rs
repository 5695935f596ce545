//! Settings of the platforms that do not fit the project: folders, versions, configuration files, tokens.

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

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "vercel.output-directory",
        pattern: r#"(?:No Output Directory named "(?P<name>[^"]+)" found|Deploy directory '[^']+' does not exist|Publish directory \S+ does not exist|The Output Directory "[^"]+" is empty)"#,
        touches: &["vercel.json"],
        advice: Some(
            "The build writes somewhere else than the platform looks: set the output directory {output} to the folder the build makes.",
        ),
        samples: &[
            "Error: No Output Directory named \"public\" found after the Build completed. Configure the Output Directory in your Project Settings.",
            "==> Publish directory dist does not exist!",
            "Deploy did not succeed: Deploy directory 'build' does not exist",
        ],
        docs: Some("https://vercel.com/docs/errors/error-list#missing-public-directory"),
        ..SETTING
    },
    Entry {
        id: "platform.root-directory",
        pattern: r#"(?:[Rr]oot [Dd]irectory "[^"]+" (?:does not exist|is missing)|specified Root Directory .*does not exist|Cannot find cwd|root directory (?:not found|does not exist))"#,
        advice: Some(
            "The folder that the project builds in does not exist on this branch: correct the root directory {root}.",
        ),
        samples: &[
            "Error: The specified Root Directory \"apps/web\" does not exist. Please update your Project Settings.",
            "==> Service Root Directory \"/opt/render/project/src/web\" is missing.",
            "Failed: Cannot find cwd: /opt/buildhome/repo/web",
        ],
        docs: Some("https://vercel.com/docs/builds/configure-a-build#root-directory"),
        ..SETTING
    },
    Entry {
        id: "vercel.no-framework",
        pattern: r"No Next\.js version (?:could be )?detected|Could not identify Next\.js version",
        files: Files::None,
        touches: &["package.json"],
        advice: Some(
            "There is no Next.js in the folder the platform builds: correct the root directory {root}, or the framework preset {build}.",
        ),
        samples: &[
            "Error: No Next.js version detected. Make sure your package.json has \"next\" in either \"dependencies\" or \"devDependencies\".",
        ],
        docs: Some("https://vercel.com/docs/frameworks/full-stack/nextjs"),
        ..SETTING
    },
    Entry {
        id: "next.no-app-directory",
        pattern: r"Couldn't find any `pages` or `app` directory",
        advice: Some(
            "Next.js runs in a folder without pages or app: correct the root directory {root}, or check that the folder is committed.",
        ),
        confidence: 0.93,
        samples: &[
            "[Error: > Couldn't find any `pages` or `app` directory. Please create one under the project root]",
        ],
        docs: Some("https://nextjs.org/docs/app/getting-started/project-structure"),
        ..SETTING
    },
    Entry {
        id: "vercel.node-version",
        pattern: r#"(?:invalid|discontinued) Node\.js [Vv]ersion|Node\.js [Vv]ersion "?[\w.]+"? is discontinued|[Uu]nsupported Node\.js version|You are using Node\.js \S+\. For Next\.js, Node\.js version|Node\.js version \S+ is (?:not supported|required)|requires (?:a )?Node\.js version"#,
        verdict: Verdict::Code,
        touches: &["package.json"],
        advice: Some("Choose a supported Node.js version {node}, or set engines.node in package.json."),
        samples: &[
            "Error: Found invalid Node.js Version: \"18.x\". Please set Node.js Version to 22.x in your Project Settings.",
            "You are using Node.js 16.20.2. For Next.js, Node.js version >= v18.17.0 is required.",
        ],
        docs: Some("https://vercel.com/docs/functions/runtimes/node-js/node-js-versions"),
        ..SETTING
    },
    Entry {
        id: "vercel.config-file",
        pattern: r"(?:Invalid vercel\.json|vercel\.json.*(?:schema validation failed|should NOT have|should be)|The pattern .* defined in `functions` doesn't match|(?:request body|vercel\.json) should NOT have additional property|Couldn't parse JSON file .*vercel\.json)",
        verdict: Verdict::Code,
        touches: &["vercel.json"],
        samples: &[
            "Error: Invalid vercel.json - should NOT have additional property `builder`. Please remove it.",
            "Error: The pattern \"api/**/*.js\" defined in `functions` doesn't match any Serverless Functions inside the `api` directory.",
        ],
        docs: Some("https://vercel.com/docs/errors/error-list#unmatched-function-pattern"),
        ..SETTING
    },
    Entry {
        id: "cloudflare.wrangler-config",
        tool: "wrangler",
        pattern: r#"(?:entry-point file at "(?P<file>[^"]+)" was not found|Missing entry-point|(?:✘ \[ERROR\] ).*wrangler\.(?:toml|jsonc?)|The directory specified by the "assets\.directory" field|Processing wrangler\.(?:toml|jsonc?) configuration:)"#,
        verdict: Verdict::Code,
        rank: Rank::Error,
        files: Files::Here,
        touches: &["wrangler.toml"],
        samples: &[
            "✘ [ERROR] The entry-point file at \"src/index.ts\" was not found.",
            "✘ [ERROR] Missing entry-point to Worker script or to assets directory",
        ],
        docs: Some("https://developers.cloudflare.com/workers/wrangler/configuration/"),
        ..SETTING
    },
    Entry {
        id: "cloudflare.authentication",
        pattern: r"(?:Authentication error \[code: 10000\]|In a non-interactive environment, it's necessary to set)",
        advice: Some("The deploy step has no valid Cloudflare token: set CLOUDFLARE_API_TOKEN {env}."),
        samples: &[
            "✘ [ERROR] In a non-interactive environment, it's necessary to set a CLOUDFLARE_API_TOKEN environment variable for wrangler to work.",
        ],
        docs: Some("https://developers.cloudflare.com/workers/wrangler/system-environment-variables/"),
        ..SETTING
    },
    Entry {
        id: "platform.ports",
        pattern: r"Port scan timeout reached",
        verdict: Verdict::Code,
        error_type: ErrorType::Runtime,
        rank: Rank::Place,
        confidence: 0.75,
        samples: &[
            "==> Port scan timeout reached, no open ports detected. Bind your service to at least one port.",
        ],
        docs: Some("https://render.com/docs/web-services#port-binding"),
        ..SETTING
    },
    Entry {
        id: "netlify.secret-detected",
        pattern: r#"Secret env var "(?P<name>[^"]+)"'s value detected"#,
        advice: Some(
            "A variable marked as secret is part of the build's output: unmark {name} {env}, or leave it out of what the browser gets.",
        ),
        samples: &["Secret env var \"VITE_BACKEND_URL\"'s value detected:"],
        touches: &["netlify.toml"],
        docs: Some("https://docs.netlify.com/manage/security/secret-scanning/"),
        ..SETTING
    },
    Entry {
        id: "script.permission",
        pattern: r"^(?:[\w/.-]+: )?(?:line ?\d+: |\d+: )?(?:(?:\./)?(?P<file>[\w./-]+): [Pp]ermission denied$|error: .*\bEACCES\b)",
        tool: "shell",
        verdict: Verdict::Code,
        files: Files::Here,
        samples: &[
            "/bin/sh: 1: ./build.sh: Permission denied",
            "tools/ci-gate.sh: line 80: ./gradlew: Permission denied",
        ],
        docs: Some("https://www.gnu.org/software/bash/manual/html_node/Exit-Status.html"),
        ..SETTING
    },
    Entry {
        id: "shell.no-such-file",
        tool: "shell",
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
        docs: Some("https://www.gnu.org/software/bash/manual/html_node/Exit-Status.html"),
        ..SETTING
    },
];
