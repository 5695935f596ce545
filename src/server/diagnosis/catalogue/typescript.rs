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
        needles: &["TS2307", "TS2792"],
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
        needles: &["TS2688", "TS6053", "TS2318"],
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
        needles: &["error TS5", "error TS6", "error TS18003", "error TS18002"],
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
        needles: &["error TS1"],
        pattern: r"^(?:ERROR in )?(?P<file>[^()\s]\S*?)[(:]\d+[,:]\d+\)?(?: -|:) error TS1\d{3}: ",
        samples: &["src/a.ts(3,12): error TS1005: ';' expected."],
        ..TSC
    },
    Entry {
        id: "typescript.error",
        needles: &["error TS"],
        pattern: r"^(?:ERROR in )?(?:(?P<file>[^()\s]\S*?)[(:]\d+[,:]\d+\)?(?: -|:) )?error TS\d{3,6}: ",
        samples: &[
            "src/cart.ts(3,3): error TS2322: Type 'string' is not assignable to type 'number'.",
            "src/cart.ts:3:3 - error TS2322: Type 'string' is not assignable to type 'number'.",
        ],
        ..TSC
    },
    Entry {
        id: "typescript.bundled",
        needles: &["TS1", "TS2", "TS4", "TS7", "TS8"],
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
        needles: &["Type error: Cannot find module", "TS2307: Cannot find module"],
        pattern: r#"^(?:Type error|TS2307): Cannot find module ['"](?P<module>[^'"]+)['"]"#,
        touches: &["package.json"],
        samples: &["Type error: Cannot find module 'stripe' or its corresponding type declarations."],
        docs: Some("https://www.typescriptlang.org/docs/handbook/modules/reference.html"),
        ..PASSED_ON
    },
    Entry {
        id: "typescript.passed-on",
        needles: &["Type error: ", "TS2", "TS7", "TS1"],
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
        needles: &[
            "svelte-check",
            "Error: Type '",
            "Error: Property '",
            "Error: Argument of type",
            "Error: Object is possibly",
        ],
        pattern: r"^Error: (?:Type '.*' is not assignable|Property '.*' does not exist on type|Argument of type '.*' is not assignable|Object is possibly)",
        samples: &["Error: Type 'string' is not assignable to type 'number'. (ts)"],
        ..PASSED_ON
    },
    Entry {
        id: "astro-check.error",
        needles: &[" - error ts(", " error ts(", "error ts("],
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
        needles: &["Found ", "Result ("],
        pattern: r"^Found [1-9]\d* errors?(?: in|\.|$)",
        samples: &["Found 3 errors in 2 files."],
        ..TSC
    },
];
