//! Node.js itself: modules, ESM and CommonJS, old versions, native add-ons, and code that throws.

use super::{Entry, Files, Rank, When};
use crate::model::{ErrorType, Verdict};

const NODE: Entry = Entry {
    tool: "node",
    error_type: ErrorType::Runtime,
    confidence: 0.9,
    files: Files::Stack,
    ..Entry::BASE
};
const MODULE_PATTERN: &str = r#"^(?:\S*Error(?: \[\w+\])?: |⨯ |error: |\[?\w+\]? ?)*[Cc]annot find (?:module|package) ['"](?P<module>[^'"]+)['"](?: imported from '?(?P<file>[^\s']+)'?)?"#;

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "node.package",
        when: When::Package,
        rank: Rank::Cause,
        error_type: ErrorType::Dependency,
        pattern: MODULE_PATTERN,
        touches: &["package.json"],
        confidence: 0.92,
        samples: &[
            "Error: Cannot find module 'fast-glob'",
            "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'zod' imported from /vercel/path0/src/a.js",
            "error: Cannot find module \"hono\" from \"/opt/render/project/src/index.ts\"",
        ],
        docs: Some("https://nodejs.org/api/errors.html#err_module_not_found"),
        ..NODE
    },
    Entry {
        id: "node.entry-file",
        when: When::OwnFile,
        error_type: ErrorType::Config,
        pattern: r"^Error: Cannot find module '(?P<module>/[^']+)'$",
        confidence: 0.8,
        touches: &["package.json"],
        files: Files::None,
        samples: &["Error: Cannot find module '/opt/render/project/src/index.js'"],
        ..NODE
    },
    Entry {
        id: "node.file",
        when: When::OwnFile,
        pattern: MODULE_PATTERN,
        confidence: 0.85,
        samples: &[
            "Error [ERR_MODULE_NOT_FOUND]: Cannot find module '/vercel/path0/scripts/lib/pages.js' imported from /vercel/path0/scripts/build.js",
            "Error: Cannot find module './routes/auth'",
        ],
        docs: Some("https://nodejs.org/api/errors.html#err_module_not_found"),
        ..NODE
    },
    Entry {
        id: "node.system-library",
        tool: "node-gyp",
        rank: Rank::Cause,
        error_type: ErrorType::Dependency,
        pattern: r"(?:Package '?(?P<name>[\w.+-]+)'?,? was not found in the pkg-config search path|Package '(?:[\w.+-]+)', required by '|Call to 'pkg-config )",
        confidence: 0.88,
        samples: &[
            "npm error Package pixman-1 was not found in the pkg-config search path.",
            "Package cairo was not found in the pkg-config search path.",
            "gyp: Call to 'pkg-config pixman-1 --libs' returned exit status 1 while in binding.gyp.",
        ],
        ..NODE
    },
    Entry {
        id: "node.exports",
        rank: Rank::Cause,
        error_type: ErrorType::Dependency,
        pattern: r#"^.*(?:Package (?:subpath|import specifier) ['"][^'"]+['"] is not defined|No "exports" main defined|Missing "[^"]+" (?:specifier|export) in "[^"]+" package)"#,
        files: Files::None,
        touches: &["package.json"],
        samples: &[
            "Error [ERR_PACKAGE_PATH_NOT_EXPORTED]: Package subpath './lib/tokenize' is not defined by \"exports\" in /vercel/path0/node_modules/postcss/package.json",
            "Error: Missing \"./dist/style.css\" specifier in \"swiper\" package",
        ],
        docs: Some("https://nodejs.org/api/packages.html#package-entry-points"),
        ..NODE
    },
    Entry {
        id: "node.openssl",
        rank: Rank::Cause,
        error_type: ErrorType::Config,
        pattern: r"error:0308010C:digital envelope routines::unsupported|ERR_OSSL_EVP_UNSUPPORTED",
        files: Files::None,
        touches: &["package.json"],
        samples: &["Error: error:0308010C:digital envelope routines::unsupported"],
        docs: Some("https://nodejs.org/api/cli.html#--openssl-legacy-provider"),
        ..NODE
    },
    Entry {
        id: "node.too-old",
        rank: Rank::Cause,
        error_type: ErrorType::Config,
        pattern: r"(?:crypto\$?\d*\.hash is not a function|Unexpected token 'with'|SyntaxError: Unexpected token [=?.]$|structuredClone is not defined|crypto\$?\d*\.getRandomValues is not a function|Unexpected token '(?:\?\?=|\|\|=|\?|\.)'$|ReferenceError: (?:fetch|CustomEvent|File|ReadableStream) is not defined|\.(?:toSorted|toReversed|findLast)\s?is not a function|The requested module 'node:\w+' does not provide an export|^Node\.js v\S+ is not supported by |requires (?:at least )?Node(?:\.js)? ?(?:version )?[v>=^\d])",
        files: Files::None,
        touches: &[".nvmrc"],
        confidence: 0.88,
        advice: Some("Choose the Node.js version that the tools need {node}, or pin it in the repository."),
        samples: &[
            "SyntaxError: Unexpected token 'with'",
            "[vite:vue] crypto.hash is not a function",
            "ReferenceError: fetch is not defined",
            "Node.js v16.20.2 is not supported by Astro!",
        ],
        ..NODE
    },
    Entry {
        id: "node.require-esm",
        error_type: ErrorType::Build,
        pattern: r"(?:require\(\) of ES Module (?P<file>\S+)|ERR_REQUIRE_ESM|require\(\) of ES [Mm]odule|is not defined in ES module scope|Cannot use import statement outside a module|Unexpected token 'export'|does not provide an export named|ERR_UNKNOWN_FILE_EXTENSION|Named export '[^']+' not found|ERR_REQUIRE_CYCLE_MODULE|ERR_UNSUPPORTED_DIR_IMPORT|ERR_REQUIRE_ASYNC_MODULE)",
        confidence: 0.8,
        samples: &[
            "ReferenceError: require is not defined in ES module scope, you can use import instead",
            "SyntaxError: The requested module './money.js' does not provide an export named 'formatPrice'",
            "Error [ERR_REQUIRE_ESM]: require() of ES Module /vercel/path0/a.js not supported.",
        ],
        docs: Some("https://nodejs.org/api/errors.html#err_require_esm"),
        ..NODE
    },
    Entry {
        id: "node.options",
        error_type: ErrorType::Config,
        pattern: r"is not allowed in NODE_OPTIONS|^node: bad option",
        verdict: Verdict::Config,
        files: Files::None,
        advice: Some("Node.js does not accept a flag: correct NODE_OPTIONS {env} or the command {build}."),
        samples: &["node: --openssl-legacy-provider is not allowed in NODE_OPTIONS"],
        docs: Some("https://nodejs.org/api/cli.html#node_optionsoptions"),
        ..NODE
    },
    Entry {
        id: "node-gyp.no-compiler",
        tool: "node-gyp",
        rank: Rank::Cause,
        error_type: ErrorType::Dependency,
        pattern: r"gyp ERR! stack Error: not found: (?:make|g\+\+|gcc|cc)\b|gyp ERR! find Python (?:Could not find any Python|You need to install)",
        samples: &["npm error gyp ERR! stack Error: not found: make"],
        ..NODE
    },
    Entry {
        id: "node-gyp.failed",
        tool: "node-gyp",
        error_type: ErrorType::Dependency,
        pattern: r"(?:gyp ERR! (?:find Python|build error|configure error|stack Error:|not ok)|node-pre-gyp ERR! )",
        files: Files::None,
        touches: &["package.json"],
        samples: &["gyp ERR! build error", "npm error gyp ERR! find Python"],
        docs: Some("https://github.com/nodejs/node-gyp#installation"),
        ..NODE
    },
    Entry {
        id: "node.native",
        tool: "node-gyp",
        error_type: ErrorType::Dependency,
        pattern: r#"(?:Could not load the "sharp" module|Something went wrong installing the "sharp" module|Cannot find native binding|Cannot find module '[^']*\.(?:linux|darwin|win32)-[\w-]+\.node'|was compiled against a different Node\.js version|Cannot find module @rollup/rollup-|Failed to load native binding|You installed esbuild for another platform|The package "@esbuild/[^"]+" could not be found)"#,
        files: Files::None,
        touches: &["package.json", "package-lock.json"],
        rank: Rank::Cause,
        samples: &[
            "Error: Could not load the \"sharp\" module using the linux-x64 runtime",
            "Error: Cannot find module @rollup/rollup-linux-x64-gnu. npm has a bug related to optional dependencies",
        ],
        ..NODE
    },
    Entry {
        id: "node.eacces",
        error_type: ErrorType::Config,
        pattern: r"^(?:npm (?:error|ERR!) |Error: )?(?:spawn .* EACCES|EACCES: permission denied|code EACCES)",
        confidence: 0.8,
        samples: &[
            "Error: spawn /vercel/path0/scripts/build.sh EACCES",
            "Error: EACCES: permission denied, open '/var/data/app.db'",
        ],
        docs: Some("https://nodejs.org/api/errors.html#common-system-errors"),
        ..NODE
    },
    Entry {
        id: "node.port-used",
        pattern: r"EADDRINUSE",
        samples: &["Error: listen EADDRINUSE: address already in use :::3000"],
        docs: Some("https://nodejs.org/api/errors.html#common-system-errors"),
        ..NODE
    },
    Entry {
        id: "node.syntax",
        error_type: ErrorType::Build,
        pattern: r"^(?:\w+ )?(?:Uncaught )?SyntaxError: (?:Unexpected|Invalid|missing|Identifier|Unterminated|Missing|Illegal|await|Cannot use|Malformed)",
        rank: Rank::Exception,
        confidence: 0.75,
        samples: &["SyntaxError: Unexpected token '}'", "SyntaxError: missing ) after argument list"],
        ..NODE
    },
    // What the build itself should have started, or a service that only a developer's machine has.
    Entry {
        id: "node.local-service",
        rank: Rank::Exception,
        error_type: ErrorType::Runtime,
        pattern: r"connect ECONNREFUSED (?:127\.0\.0\.1|::1|localhost)|request to https?://(?:localhost|127\.0\.0\.1)\S* failed",
        confidence: 0.8,
        samples: &[
            "Error: connect ECONNREFUSED 127.0.0.1:3000",
            "FetchError: request to http://localhost:1337/api/posts failed, reason: connect ECONNREFUSED ::1:1337",
        ],
        ..NODE
    },
    Entry {
        id: "node.not-found",
        rank: Rank::Exception,
        confidence: 0.7,
        pattern: r"ENOENT: no such file or directory",
        samples: &["[Error: ENOENT: no such file or directory, open '/vercel/path0/content/posts']"],
        docs: Some("https://nodejs.org/api/errors.html#common-system-errors"),
        ..NODE
    },
    Entry {
        id: "node.exception",
        rank: Rank::Exception,
        confidence: 0.78,
        pattern: r"^(?:> |Uncaught |Unhandled |⨯ |× |x |✗ |\[|ERROR +|\[ERROR\] +|\[cause\]: |[A-Z]:\\)?(?:[\w$.]*Error|Error)(?: \[\w+\])?: \S",
        samples: &[
            "TypeError: Cannot read properties of undefined (reading 'map')",
            "Error: Route.post() requires a callback function but got a [object Undefined]",
            "ReferenceError: document is not defined",
        ],
        ..NODE
    },
    Entry {
        id: "node.exception-heading",
        rank: Rank::Place,
        confidence: 0.5,
        pattern: r"^(?:⨯ )?\w*Error(?: \[\w+\])?:$",
        samples: &["Error [PrismaClientKnownRequestError]:", "Error:"],
        ..NODE
    },
];
