//! webpack, Turbopack, Vite, Rollup, Rolldown, esbuild, SWC, Babel, PostCSS, Tailwind, Sass, Parcel.

use super::{Entry, Files, Rank, When};
use crate::model::ErrorType;

const BUNDLE: Entry = Entry {
    tool: "bundler",
    error_type: ErrorType::Build,
    confidence: 0.93,
    files: Files::Above,
    ..Entry::BASE
};
const PACKAGE: Entry = Entry {
    rank: Rank::Cause,
    when: When::Package,
    error_type: ErrorType::Dependency,
    touches: &["package.json"],
    ..BUNDLE
};
const SUMMARY: Entry =
    Entry { tool: "wrapper", rank: Rank::Summary, confidence: 0.55, files: Files::Below, ..BUNDLE };

const WEBPACK_PATTERN: &str =
    r#"(?:Module not found: )?(?:Error: )?Can't resolve ['"](?P<module>[^'"]*)['"]"#;
const ROLLUP_PATTERN: &str = r#"(?:[Ff]ailed to resolve import|[Cc]ould not resolve) (?:entry module )?["'](?P<module>[^"']+)["'](?: (?:from|in) ["']?(?P<file>[^"'\s]+\.\w+)["']?)?"#;
const METRO_PATTERN: &str = r#"Unable to resolve (?:module )?["'`]?(?P<module>[^\s"'`]+)["'`]? from ["'`]?(?P<file>[^\s"'`]+?)["'`]?(?::|\.? |$)"#;

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "webpack.package",
        pattern: WEBPACK_PATTERN,
        samples: &[
            "Module not found: Can't resolve '@octokit/rest'",
            "Module not found: Error: Can't resolve 'lodash' in '/vercel/path0/src'",
        ],
        docs: Some("https://webpack.js.org/configuration/resolve/"),
        ..PACKAGE
    },
    Entry {
        id: "webpack.file",
        pattern: WEBPACK_PATTERN,
        when: When::OwnFile,
        samples: &[
            "Module not found: Can't resolve '@/ui/SystemReady'",
            "Module not found: Error: Can't resolve './chart' in '/vercel/path0/src'",
        ],
        docs: Some("https://webpack.js.org/configuration/resolve/"),
        ..BUNDLE
    },
    Entry {
        id: "webpack.unresolved",
        pattern: r"^(?:⨯ )?Module not found: ",
        samples: &["Module not found: Can't resolve"],
        confidence: 0.85,
        docs: Some("https://webpack.js.org/configuration/resolve/"),
        ..BUNDLE
    },
    Entry {
        id: "vite.optional-package",
        pattern: r#"(?P<module>[\w-]+) not found\. Since Vite v3|[Pp]reprocessor dependency "[\w-]+" not found"#,
        when: When::Always,
        files: Files::None,
        touches: &["package.json", "vite.config.ts"],
        samples: &[
            "[vite:terser] terser not found. Since Vite v3, terser has become an optional dependency. You need to install it.",
            "[vite:css] Preprocessor dependency \"sass-embedded\" not found. Did you install it?",
        ],
        docs: Some("https://vite.dev/guide/troubleshooting.html"),
        ..PACKAGE
    },
    Entry {
        id: "esbuild.node-module",
        error_type: ErrorType::Config,
        pattern: r#"\[ERROR\] Could not resolve "(?:node:)?(?:assert|async_hooks|buffer|child_process|crypto|events|fs|http|https|net|os|path|process|stream|tls|url|util|zlib)""#,
        files: Files::Below,
        touches: &["wrangler.toml"],
        confidence: 0.82,
        samples: &["✘ [ERROR] Could not resolve \"fs\""],
        docs: Some("https://developers.cloudflare.com/workers/runtime-apis/nodejs/"),
        ..BUNDLE
    },
    Entry {
        id: "vite.tsconfig",
        error_type: ErrorType::Config,
        pattern: r"(?:^|\] |Error: )(?:TSConfckParseError: |parsing )(?:parsing )?(?P<file>\S*tsconfig\S*\.json) failed",
        files: Files::Here,
        samples: &[
            "[vite:esbuild] parsing /vercel/path0/tsconfig.app.json failed: Error: ENOENT: no such file or directory",
        ],
        ..BUNDLE
    },
    Entry {
        id: "rollup.entry",
        error_type: ErrorType::Config,
        pattern: r#"Could not resolve entry module ["']|You must supply options\.input to rollup|^(?:ERROR in |Error: )?Entry module not found"#,
        files: Files::None,
        confidence: 0.85,
        samples: &[
            "Could not resolve entry module \"index.html\".",
            "You must supply options.input to rollup",
        ],
        ..BUNDLE
    },
    Entry {
        id: "rollup.package",
        pattern: ROLLUP_PATTERN,
        files: Files::Below,
        samples: &[
            "[vite]: Rollup failed to resolve import \"lodash-es/debounce\" from \"/vercel/path0/src/main.js\".",
            "✘ [ERROR] Could not resolve \"hono\"",
        ],
        docs: Some("https://rollupjs.org/troubleshooting/#warning-treating-module-as-external-dependency"),
        ..PACKAGE
    },
    Entry {
        id: "rollup.file",
        pattern: ROLLUP_PATTERN,
        when: When::OwnFile,
        files: Files::Below,
        samples: &[
            "Could not resolve \"./components/Header.js\" from \"src/main.js\"",
            "[vite]: Rollup failed to resolve import \"figma:asset/a.png\" from \"/opt/build/repo/src/App.tsx\".",
            "✘ [ERROR] Could not resolve \"./missing\"",
        ],
        ..BUNDLE
    },
    Entry {
        id: "rollup.unresolved",
        pattern: r"\[(?:UNRESOLVED_IMPORT|UNLOADABLE_\w+|MISSING_EXPORT)\]|^(?:\[[\w:-]+\] |Error: )*Could not load (?:\S+ \(imported by (?P<file>[^)]+)\)|\S*[/.]\S*)|^@parcel/core: Failed to resolve '",
        files: Files::Below,
        samples: &[
            "[vite:load-fallback] Could not load /vercel/path0/src/missing.ts (imported by src/main.ts): ENOENT: no such file or directory",
            "[UNLOADABLE_DEPENDENCY] Error: Could not load src/x.ts",
        ],
        ..BUNDLE
    },
    Entry {
        id: "metro.package",
        pattern: METRO_PATTERN,
        samples: &[
            "Unable to resolve \"expo-haptics\" from \"src/app/index.tsx\"",
            "error: Error: Unable to resolve module lodash from /home/expo/workingdir/build/App.js: lodash could not be found within the project.",
        ],
        files: Files::None,
        ..PACKAGE
    },
    Entry {
        id: "metro.file",
        pattern: METRO_PATTERN,
        when: When::OwnFile,
        files: Files::None,
        samples: &[
            "Error: Unable to resolve module ../Card from /home/expo/workingdir/build/src/App.tsx:",
            "Unable to resolve \"./theme\" from \"app/_layout.tsx\"",
        ],
        ..BUNDLE
    },
    Entry {
        id: "bundler.missing-export",
        pattern: r#"["'`][^"'`]+["'`] is not exported (?:by|from) |No matching export in "|Export \w+ doesn't exist in target module|^(?:Attempted import error: )?(?:export )?'[^']+' (?:\(.*\) )?was not found in '"#,
        files: Files::Line,
        samples: &[
            "src/main.js (1:9): \"formatPrice\" is not exported by \"src/money.js\", imported by \"src/main.js\".",
            "✘ [ERROR] No matching export in \"src/money.js\" for import \"formatPrice\"",
            "Attempted import error: 'x' is not exported from './y'.",
        ],
        docs: Some("https://rollupjs.org/troubleshooting/#error-name-is-not-exported-by-module"),
        ..BUNDLE
    },
    Entry {
        id: "css.error",
        pattern: r"^(?:\[[\w:-]+\] |Error: |Nuxt [Bb]uild [Ee]rror: |Syntax error: |ModuleBuildError: .*|HookWebpackError: .*|\S+: )*(?:\[sass\] |\[postcss\] |SassError: |CssSyntaxError: |Undefined (?:variable|mixin|function)|Cannot apply unknown utility class|Can't find stylesheet|File to import not found|The `[^`]+` class does not exist|.*\bUnknown word\b)",
        files: Files::Below,
        samples: &[
            "[vite:css] [sass] Undefined variable.",
            "SassError: Undefined variable.",
            "CssSyntaxError: /vercel/path0/app/globals.css:3:1: Unknown word",
            "Error: Cannot apply unknown utility class `border-border`",
        ],
        ..BUNDLE
    },
    Entry {
        id: "postcss.plugin",
        error_type: ErrorType::Config,
        pattern: r"trying to use `tailwindcss` directly as a PostCSS plugin|Loading PostCSS Plugin failed|Malformed PostCSS|Cannot find module '@tailwindcss/postcss'",
        files: Files::None,
        touches: &["postcss.config.js", "package.json"],
        confidence: 0.85,
        samples: &[
            "Error: It looks like you're trying to use `tailwindcss` directly as a PostCSS plugin. The PostCSS plugin has moved to a separate package",
        ],
        docs: Some("https://tailwindcss.com/docs/upgrade-guide"),
        ..BUNDLE
    },
    Entry {
        id: "syntax.swc",
        pattern: r"^(?:Error: +)?(?:[x×] |⨯ )?(?:Expected (?:['\x22`][^'\x22`]+['\x22`]|unicode escape|corresponding JSX).*(?:got|closing)|Unexpected token `|Expression expected|Unterminated (?:string|template|regexp|JSX)|Expected a semicolon|the name `\w+` is (?:defined|exported) multiple|Parsing (?:ecmascript|css)[\w ]* failed|Return statement is not allowed|`await` is only|await isn't allowed|Unexpected eof)",
        files: Files::Above,
        samples: &[
            "x Expected ',', got 'price'",
            "Error:   x Unexpected token `div`. Expected jsx identifier",
            "Parsing ecmascript source code failed",
            "× Expression expected",
        ],
        ..BUNDLE
    },
    Entry {
        id: "syntax.babel",
        pattern: r"^(?:Module build failed.*: |\[[\w:-]+\] |ERROR +|Error: )*Syntax ?[Ee]rror: (?:unknown: )?(?P<file>[^\s:]+\.\w+): \S",
        files: Files::Here,
        samples: &[
            "SyntaxError: /vercel/path0/src/App.jsx: Unexpected token (12:5)",
            "[vite:react-babel] SyntaxError: src/App.jsx: Unexpected token (12:5)",
        ],
        ..BUNDLE
    },
    Entry {
        id: "vue.template",
        pattern: r"^(?:SyntaxError: |\[[\w:-]+\] |Error: )*(?:Element is missing end tag|Invalid end tag|Attribute name cannot contain|Error parsing JavaScript expression|Single file component can contain only one|At least one <template> or <script>)",
        files: Files::Below,
        samples: &["SyntaxError: Element is missing end tag.", "[vite:vue] Invalid end tag."],
        ..BUNDLE
    },
    Entry {
        id: "esbuild.plain",
        pattern: r#"^(?:[Ee]rror: )?Expected (?:identifier|"[^"]+"|[\w ]+) but found ["\w]"#,
        files: Files::Below,
        samples: &["error: Expected identifier but found \"}\""],
        ..BUNDLE
    },
    Entry {
        id: "turbopack.internal",
        pattern: r"TurbopackInternalError\b",
        files: Files::None,
        confidence: 0.84,
        samples: &["Error [TurbopackInternalError]: Failed to write page endpoint /_error"],
        ..BUNDLE
    },
    Entry {
        id: "wrangler.summary",
        pattern: r"^(?:✘ |X )\[ERROR\] \d+ error\(s\) and \d+ warning\(s\)",
        samples: &["✘ [ERROR] 2 error(s) and 0 warning(s) when compiling Worker."],
        ..SUMMARY
    },
    Entry {
        id: "esbuild.summary",
        pattern: r"^(?:✘ \[ERROR\] |Error: |\[?[\w:-]*\]? ?)*(?:Build|Transform) failed with \d+ errors?",
        samples: &["✘ [ERROR] Build failed with 1 error:", "Error: Transform failed with 1 error:"],
        ..SUMMARY
    },
    Entry {
        id: "wrangler.footer",
        pattern: r"^(?:🪵 +)?(?:Logs were written to|If you think this is a bug)",
        samples: &["🪵  Logs were written to \"/opt/buildhome/.config/.wrangler/logs/wrangler.log\""],
        rank: Rank::Footer,
        ..SUMMARY
    },
    Entry {
        id: "esbuild.error",
        pattern: r"^(?:✘ |X )\[ERROR\] \S|^(?:<\w+>|(?P<file>[^\s:]+\.\w+)):\d+:\d+: (?:ERROR|error): \S|^\[[\w:-]+\] (?P<name>[^\s:]+\.\w+):\d+:\d+: ERROR: ",
        files: Files::Below,
        samples: &[
            "✘ [ERROR] Expected \")\" but found \";\"",
            "src/load.js:2:36: ERROR: Expected \")\" but found \";\"",
            "/vercel/path0/src/App.tsx:5:3: ERROR: Unexpected \"}\"",
        ],
        docs: Some("https://esbuild.github.io/content-types/"),
        ..BUNDLE
    },
    Entry {
        id: "rollup.parse",
        pattern: r"(?:Note that you need plugins? to import|RollupError: (?:\S+ \(\d+:\d+\): )?(?:Expected|Expression|Unexpected|Parse)|\[PARSE_ERROR\]|Failed to parse source for import analysis|^(?P<file>\S+\.\w+) \(\d+:\d+\): (?:Expected|Expression expected|Unexpected))",
        files: Files::Below,
        samples: &[
            "ERROR  Unexpected character '@' (Note that you need plugins to import files that are not JavaScript)",
            "RollupError: Parse failure: Expected ';', '}' or <eof>",
            "src/App.jsx (12:5): Expected ',', got 'price'",
        ],
        ..BUNDLE
    },
    // The loader's own words stand below.
    Entry {
        id: "rollup.error",
        pattern: r"^(?:ERROR +)?RollupError: (?P<file>\S+\.\w+)? ?.*\w",
        files: Files::Below,
        confidence: 0.84,
        samples: &["ERROR  RollupError: Entry module \"shop/entry\" cannot be external."],
        ..BUNDLE
    },
    Entry {
        id: "webpack.loader-heading",
        rank: Rank::Place,
        pattern: r"^(?:Error: |ModuleBuildError: )*Module build failed \(from [^)]+\):$",
        samples: &["Module build failed (from ./node_modules/sass-loader/dist/cjs.js):"],
        confidence: 0.7,
        ..BUNDLE
    },
    Entry {
        id: "webpack.loader",
        pattern: r"^(?:Error: )?Module (?:parse|build) failed",
        samples: &[
            "Module parse failed: Unexpected token (1:8)",
            "Module build failed: Error: Couldn't find preset \"env\"",
        ],
        confidence: 0.88,
        docs: Some("https://webpack.js.org/concepts/loaders/"),
        ..BUNDLE
    },
    Entry {
        id: "webpack.config",
        error_type: ErrorType::Config,
        pattern: r"Invalid configuration object\. Webpack|[Ff]ailed to load (?:vite )?config (?:from|file) (?P<file>\S+)",
        rank: Rank::Place,
        files: Files::Here,
        confidence: 0.8,
        samples: &[
            "failed to load config from /vercel/path0/vite.config.ts",
            "Invalid configuration object. Webpack has been initialized using a configuration object that does not match the API schema.",
        ],
        ..BUNDLE
    },
    Entry {
        id: "vite.plugin",
        pattern: r"^(?:ERROR +|Error: |error: )?\[(?:vite(?:-plugin-[\w-]+)?(?::[\w:-]+)?|plugin:? ?[\w:@/.-]+|rollup[\w-]*|commonjs[\w-]*)\]:? (?:\[plugin [^\]]+\] )?(?P<file>[\w./\\@()\[\]-]+\.\w{2,7})?.*(?:[Ee]rror|[Ff]ailed|[Cc]annot|[Uu]nexpected|[Ii]nvalid|left open|not found|missing|expected|not (?:a )?(?:valid|allowed|closed|defined))",
        files: Files::Below,
        confidence: 0.88,
        samples: &[
            "[vite-plugin-svelte:compile] [plugin vite-plugin-svelte:compile] src/App.svelte (2:0): Block was left open",
            "[vite:css] Failed to load PostCSS config",
            "[vite:vue] [plugin vite:vue] src/App.vue (3:1): Element is missing end tag.",
        ],
        docs: Some("https://vite.dev/guide/troubleshooting.html"),
        ..BUNDLE
    },
    Entry {
        id: "bundler.plugin-heading",
        pattern: r"^\[plugin:? [\w:@/.-]+\]$",
        rank: Rank::Summary,
        samples: &["[plugin tanstack-start:route-tree-client-plugin]"],
        ..SUMMARY
    },
    Entry {
        id: "vite.summary",
        pattern: r"^(?:\[ERROR\] \[vite\] )?(?:[x✗×] )?(?:error during build:|Build failed in|Build failed\.?$)",
        samples: &["error during build:", "✗ Build failed in 439ms"],
        ..SUMMARY
    },
    Entry {
        id: "webpack.summary",
        pattern: r"^webpack .*compiled with [1-9]\d* errors?|^ERROR in (?P<file>\S+)",
        samples: &["webpack 5.102.1 compiled with 2 errors in 181 ms", "ERROR in ./src/index.js 1:0-32"],
        ..SUMMARY
    },
];
