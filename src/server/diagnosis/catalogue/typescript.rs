//! TypeScript, as tsc prints it with and without `--pretty`, and as Next.js, Vite and others pass it on.

use super::{Entry, Files, Rank, When};
use crate::model::ErrorType;

const TSC: Entry = Entry {
    tool: "typescript",
    error_type: ErrorType::Typescript,
    confidence: 0.97,
    files: Files::Here,
    ..Entry::BASE
};
const PASSED_ON: Entry = Entry { files: Files::Above, ..TSC };

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "typescript.package",
        rank: Rank::Cause,
        when: When::Package,
        error_type: ErrorType::Dependency,
        confidence: 0.9,
        pattern: r#"^(?:ERROR in )?(?P<file>[^()\s]\S*?)[(:]\d+[,:]\d+\)?(?: -|:) error TS(?:2307|2792): Cannot find module ['"](?P<module>[^'"]+)['"]"#,
        touches: &["package.json"],
        samples: &[
            "src/App.tsx(1,31): error TS2307: Cannot find module 'react-router-dom' or its corresponding type declarations.",
            "src/App.tsx:1:31 - error TS2307: Cannot find module 'zod' or its corresponding type declarations.",
        ],
        docs: Some("https://www.typescriptlang.org/docs/handbook/modules/reference.html"),
        ..TSC
    },
    Entry {
        id: "typescript.type-package",
        rank: Rank::Cause,
        error_type: ErrorType::Dependency,
        confidence: 0.85,
        pattern: r"error TS2688: Cannot find type definition file for '(?P<module>[^']+)'",
        files: Files::None,
        touches: &["package.json", "tsconfig.json"],
        samples: &["error TS2688: Cannot find type definition file for 'vite/client'."],
        docs: Some("https://www.typescriptlang.org/tsconfig/#types"),
        ..TSC
    },
    Entry {
        id: "typescript.project",
        error_type: ErrorType::Config,
        confidence: 0.88,
        pattern: r"^(?:(?P<file>\S*tsconfig\S*\.json)\(\d+,\d+\): |(?P<name>\S+?)\(\d+,\d+\): |ERROR in )?error TS(?:5\d{3}|6053|18003|18002|6046|6059|6307|6310): ",
        touches: &["tsconfig.json"],
        samples: &[
            "error TS18003: No inputs were found in config file '/vercel/path0/tsconfig.json'.",
            "tsconfig.json(3,5): error TS5023: Unknown compiler option 'moduleResolutions'.",
            "error TS5058: The specified path does not exist: 'tsconfig.build.json'.",
        ],
        docs: Some("https://www.typescriptlang.org/docs/handbook/tsconfig-json.html"),
        ..TSC
    },
    Entry {
        id: "typescript.syntax",
        error_type: ErrorType::Typescript,
        confidence: 0.93,
        pattern: r"^(?:ERROR in )?(?P<file>[^()\s]\S*?)[(:]\d+[,:]\d+\)?(?: -|:) error TS1\d{3}: ",
        samples: &["src/a.ts(3,12): error TS1005: ';' expected."],
        ..TSC
    },
    Entry {
        id: "typescript.error",
        pattern: r"^(?:ERROR in )?(?:(?P<file>[^()\s]\S*?)[(:]\d+[,:]\d+\)?(?: -|:) )?error TS\d{3,6}: ",
        samples: &[
            "src/cart.ts(3,3): error TS2322: Type 'string' is not assignable to type 'number'.",
            "src/cart.ts:3:3 - error TS2322: Type 'string' is not assignable to type 'number'.",
        ],
        ..TSC
    },
    Entry {
        id: "typescript.bundled",
        pattern: r"^(?:✘ |X )?(?:\[ERROR\] |ERROR\(TypeScript\) *|\[tsl\] ERROR in |@rollup/plugin-typescript |\[plugin:? ?(?:rpt2|typescript)\] ?|error +|ERROR in (?P<file>\./\S+).*)(?:.*\b)?TS\d{4,5}\b",
        files: Files::Below,
        samples: &[
            "✘ [ERROR] TS2322: Type 'string' is not assignable to type 'number'. [plugin angular-compiler]",
            "@rollup/plugin-typescript TS2322: Type 'string' is not assignable to type 'number'.",
        ],
        ..TSC
    },
    // Next.js and create-react-app print the file on a line of its own above.
    Entry {
        id: "typescript.package-passed-on",
        rank: Rank::Cause,
        when: When::Package,
        error_type: ErrorType::Dependency,
        confidence: 0.88,
        pattern: r#"^(?:Type error|TS2307): Cannot find module ['"](?P<module>[^'"]+)['"]"#,
        touches: &["package.json"],
        samples: &["Type error: Cannot find module 'stripe' or its corresponding type declarations."],
        docs: Some("https://www.typescriptlang.org/docs/handbook/modules/reference.html"),
        ..PASSED_ON
    },
    Entry {
        id: "typescript.passed-on",
        pattern: r"^(?:[⨯×] )?(?:Type error: \S|TS\d{4,5}: \S)",
        samples: &[
            "Type error: Property 'status' does not exist on type '{}'.",
            "TS2322: Type 'string' is not assignable to type 'number'.",
        ],
        ..PASSED_ON
    },
    Entry {
        id: "vue-tsc.error",
        tool: "typescript",
        pattern: r"^Error: (?:Type '.*' is not assignable|Property '.*' does not exist on type|Argument of type '.*' is not assignable|Object is possibly)",
        samples: &["Error: Type 'string' is not assignable to type 'number'. (ts)"],
        ..PASSED_ON
    },
    Entry {
        id: "astro-check.error",
        pattern: r"^(?P<file>\S+):\d+:\d+ ?-? ?error ts\(\d+\):",
        samples: &[
            "src/pages/index.astro:3:7 - error ts(2322): Type 'string' is not assignable to type 'number'.",
        ],
        ..TSC
    },
    Entry {
        id: "typescript.summary",
        tool: "wrapper",
        rank: Rank::Summary,
        confidence: 0.6,
        files: Files::None,
        pattern: r"^Found [1-9]\d* errors?(?: in|\.|$)",
        samples: &["Found 3 errors in 2 files."],
        ..TSC
    },
];
