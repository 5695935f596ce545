//! Linters and formatters: ESLint (alone and inside Next.js), Biome, Prettier, Stylelint.

use super::{Entry, Files, Rank};
use crate::model::ErrorType;

const LINT: Entry = Entry {
    tool: "eslint",
    error_type: ErrorType::Build,
    confidence: 0.96,
    files: Files::Above,
    ..Entry::BASE
};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "eslint.next",
        pattern: r"^\d+:\d+ +Error: \S",
        samples: &[
            "84:18  Error: Unexpected any. Specify a different type.  @typescript-eslint/no-explicit-any",
        ],
        docs: Some("https://eslint.org/docs/latest/use/configure/rules"),
        ..LINT
    },
    Entry {
        id: "eslint.stylish",
        pattern: r"^\d+:\d+ +error +\S",
        samples: &["1:10  error  'x' is defined but never used  no-unused-vars"],
        docs: Some("https://eslint.org/docs/latest/use/configure/rules"),
        ..LINT
    },
    Entry {
        id: "eslint.cra",
        pattern: r"^Line \d+:\d+: +\S.* +[\w@/-]+$",
        samples: &["Line 12:7:  'x' is not defined  no-undef"],
        confidence: 0.8,
        docs: Some("https://eslint.org/docs/latest/use/configure/rules"),
        ..LINT
    },
    Entry {
        id: "eslint.compact",
        pattern: r"^(?P<file>[^:]+): line \d+, col \d+, Error - ",
        files: Files::Here,
        samples: &["src/a.js: line 1, col 10, Error - 'x' is defined but never used. (no-unused-vars)"],
        docs: Some("https://eslint.org/docs/latest/use/configure/rules"),
        ..LINT
    },
    // A framework's lint command with an ESLint that has dropped its options.
    Entry {
        id: "eslint.options",
        rank: Rank::Cause,
        error_type: ErrorType::Dependency,
        pattern: r"Unknown options: .*\buseEslintrc\b",
        files: Files::None,
        touches: &["package.json"],
        samples: &["- Unknown options: useEslintrc, extensions, resolvePluginsRelativeTo"],
        ..LINT
    },
    Entry {
        id: "eslint.config",
        error_type: ErrorType::Config,
        pattern: r"(?:ESLint couldn't find (?:a configuration|an eslint\.config|the (?:config|plugin))|^(?:⨯ |× )?ESLint: |Failed to load (?:config|plugin|parser) ['\x22])",
        files: Files::None,
        touches: &["eslint.config.js", "package.json"],
        confidence: 0.85,
        samples: &[
            "ESLint couldn't find an eslint.config.(js|mjs|cjs) file.",
            "⨯ ESLint: Failed to load config \"next/core-web-vitals\" to extend from.",
        ],
        docs: Some("https://eslint.org/docs/latest/use/configure/configuration-files"),
        ..LINT
    },
    Entry {
        id: "prettier.unformatted",
        tool: "prettier",
        pattern: r"^\[warn\] (?P<file>[^\s][^:]*\.\w+)$",
        despite_warning: true,
        files: Files::Here,
        confidence: 0.92,
        samples: &["[warn] src/b.js"],
        docs: Some("https://prettier.io/docs/cli"),
        ..LINT
    },
    Entry {
        id: "prettier.summary",
        tool: "prettier",
        rank: Rank::Summary,
        pattern: r"Code style issues (?:found|were found)",
        despite_warning: true,
        files: Files::None,
        confidence: 0.9,
        samples: &["[warn] Code style issues found in the above file. Run Prettier with --write to fix."],
        docs: Some("https://prettier.io/docs/cli"),
        ..LINT
    },
    Entry {
        id: "biome.unformatted",
        tool: "biome",
        rank: Rank::Error,
        pattern: r"^(?:Error: |[×x✖] )?(?:File content differs from formatting output|Formatter would have printed the following content|(?:The )?imports? (?:and exports )?(?:contents )?(?:aren't|are not) sorted)",
        files: Files::Above,
        samples: &[
            "× File content differs from formatting output",
            "Error: File content differs from formatting output",
        ],
        ..LINT
    },
    Entry {
        id: "biome.error",
        tool: "biome",
        pattern: r"^(?P<file>\S+\.\w+)(?::\d+:\d+)? +(?:(?:lint|assist|suppressions)/\S+|format|organizeImports|parse|syntax)\b.*━",
        files: Files::Here,
        samples: &[
            "./src/a.ts:1:1 lint/suspicious/noExplicitAny ━━━━━━━━━━━━━━━━",
            "src/b.ts format ━━━━━━━━━━━━━━━━━━━━",
        ],
        docs: Some("https://biomejs.dev/linter/"),
        ..LINT
    },
    Entry {
        id: "lint.summary",
        tool: "wrapper",
        rank: Rank::Summary,
        pattern: r"^✖ \d+ problems? \([1-9]\d* errors?",
        files: Files::None,
        samples: &["✖ 3 problems (2 errors, 1 warning)"],
        ..LINT
    },
];
