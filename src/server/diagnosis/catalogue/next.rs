//! Next.js's own words, before the bundlers' general ones.

use super::{Entry, Files, Rank};
use crate::model::{ErrorType, Verdict};

const NEXT: Entry = Entry {
    tool: "next",
    error_type: ErrorType::Build,
    confidence: 0.93,
    files: Files::Above,
    ..Entry::BASE
};
const PLACE: Entry =
    Entry { rank: Rank::Place, error_type: ErrorType::Runtime, confidence: 0.7, files: Files::None, ..NEXT };

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "next.server-only",
        pattern: r#"(?:You're importing a (?:component|module) that (?:needs|depends|imports)|It only works in a (?:Client|Server) Component|'server-only' cannot be imported|"server-only" cannot be imported|This module cannot be imported from a Client Component)"#,
        confidence: 0.95,
        samples: &[
            "Error:   x You're importing a component that needs `useState`. This React Hook only works in a Client Component.",
            "x You're importing a component that needs next/headers. That only works in a Server Component",
        ],
        docs: Some("https://nextjs.org/docs/messages/react-client-hook-in-server-component"),
        ..NEXT
    },
    Entry {
        id: "next.directive",
        pattern: r#"["']use (?:client|server)["'] directive must be|attempting to export "\w+" from a component marked with|`ssr: false` is not allowed with|["']use server["'] file can only export async|Server Actions must be async|is using runtime = 'edge' which is currently incompatible"#,
        samples: &[
            "x The \"use client\" directive must be placed before other expressions.",
            "The \"use client\" directive must be at the top of the file",
            "You are attempting to export \"metadata\" from a component marked with \"use client\", which is disallowed.",
            "x `ssr: false` is not allowed with `next/dynamic` in Server Components.",
        ],
        ..NEXT
    },
    Entry {
        id: "next.lint-removed",
        error_type: ErrorType::Config,
        pattern: r"[\x22`']?next lint[\x22`']? (?:command )?(?:has been|is|was) (?:removed|deprecated)",
        files: Files::None,
        touches: &["package.json"],
        samples: &["The \"next lint\" command has been removed. Use the ESLint CLI."],
        ..NEXT
    },
    Entry {
        id: "next.ecmascript",
        rank: Rank::Place,
        pattern: r"^(?:Error: )?Ecmascript file had an error",
        confidence: 0.75,
        samples: &["Ecmascript file had an error"],
        ..NEXT
    },
    Entry {
        id: "next.route-export",
        error_type: ErrorType::Typescript,
        pattern: r#"(?:is not a valid (?:Next\.js entry|Route|Page|Layout) export field|does not match the required types of a Next\.js|has an invalid "?\w+"? export|is not a valid \w+ export)"#,
        samples: &[
            "Type error: Route \"app/api/x/route.ts\" has an invalid \"GET\" export:",
            "app/page.tsx is not a valid Page export field.",
        ],
        docs: Some("https://nextjs.org/docs/app/api-reference/file-conventions/route"),
        ..NEXT
    },
    Entry {
        id: "next.suspense",
        error_type: ErrorType::Runtime,
        rank: Rank::Cause,
        pattern: r"useSearchParams\(\) should be wrapped in a suspense boundary",
        files: Files::None,
        samples: &[
            "⨯ useSearchParams() should be wrapped in a suspense boundary at page \"/login\". Read more: https://nextjs.org/docs/messages/missing-suspense-with-csr-bailout",
        ],
        docs: Some("https://nextjs.org/docs/messages/missing-suspense-with-csr-bailout"),
        ..NEXT
    },
    Entry {
        id: "next.static-params",
        pattern: r#"(?:is missing (?:exported function )?"generateStaticParams\(\)"|getStaticPaths is required|A required parameter \([^)]+\) was not provided)"#,
        files: Files::None,
        samples: &[
            "Error: Page \"/blog/[slug]\" is missing \"generateStaticParams()\" so it cannot be used with \"output: export\" config.",
        ],
        docs: Some("https://nextjs.org/docs/app/api-reference/functions/generate-static-params"),
        ..NEXT
    },
    Entry {
        id: "next.duplicate-route",
        pattern: r"(?:You cannot have two parallel pages|Conflicting app and page files?|You cannot use different slug names|Conflicting route and)",
        files: Files::Here,
        samples: &[
            "You cannot have two parallel pages that resolve to the same path. Please check /(a)/page and /(b)/page.",
        ],
        docs: Some("https://nextjs.org/docs/app/getting-started/project-structure"),
        ..NEXT
    },
    Entry {
        id: "next.config",
        error_type: ErrorType::Config,
        pattern: r#"(?:Configuring Next\.js via '[^']+' is not supported|Failed to load next\.config\.\w+|Image Optimization using the default loader is not compatible|(?:Error: )?(?:Specified "\w+" cannot|`?\S+`? (?:is not|cannot be) (?:supported|used) with "?`?output: ["']?export))"#,
        files: Files::Here,
        touches: &["next.config.js"],
        samples: &[
            "Error: Configuring Next.js via 'next.config.ts' is not supported. Please replace the file with 'next.config.js' or 'next.config.mjs'.",
        ],
        docs: Some("https://nextjs.org/docs/messages/invalid-next-config"),
        ..NEXT
    },
    Entry {
        id: "next.fonts",
        error_type: ErrorType::Other,
        verdict: Verdict::Flaky,
        pattern: r"(?:Failed to fetch (?:font )?`[^`]+`(?: from Google Fonts)?\.|Failed to fetch .* from Google Fonts)",
        files: Files::None,
        confidence: 0.85,
        advice: Some(
            "Google Fonts did not answer during the build: deploy the same commit again {redeploy}.",
        ),
        samples: &["Failed to fetch `Inter` from Google Fonts.", "Failed to fetch font `Geist`."],
        docs: Some("https://nextjs.org/docs/app/getting-started/fonts"),
        ..NEXT
    },
    Entry {
        id: "next.dynamic-usage",
        tool: "next.dynamic",
        rank: Rank::Guess,
        error_type: ErrorType::Runtime,
        pattern: r"Dynamic server usage:|couldn't be rendered statically because",
        confidence: 0.4,
        files: Files::None,
        samples: &[
            "Error: Dynamic server usage: Route /api/me couldn't be rendered statically because it used `cookies`.",
        ],
        docs: Some("https://nextjs.org/docs/messages/dynamic-server-error"),
        ..NEXT
    },
    Entry {
        id: "next.page-data",
        pattern: r"Failed to collect (?:page data|configuration) for",
        samples: &["[Error: Failed to collect page data for /api/pay] { type: 'Error' }"],
        docs: Some("https://nextjs.org/docs/messages/prerender-error"),
        ..PLACE
    },
    Entry {
        id: "next.prerender",
        pattern: r"^(?:[⨯×>] ?)?(?:Error occurred prerendering page|Next\.js build worker exited|Static worker (?:unexpectedly )?exited|Static page generation for .* is still timing out|Error: Static page generation)",
        samples: &[
            "Error occurred prerendering page \"/\". Read more: https://nextjs.org/docs/messages/prerender-error",
            "⨯ Next.js build worker exited with code: 1 and signal: null",
        ],
        docs: Some("https://nextjs.org/docs/messages/prerender-error"),
        ..PLACE
    },
    // @cloudflare/next-on-pages
    Entry {
        id: "next.edge-runtime",
        rank: Rank::Cause,
        error_type: ErrorType::Config,
        pattern: r"routes were not configured to run with the Edge Runtime|^(?:ERROR: )?Failed to produce a Cloudflare Pages build",
        confidence: 0.86,
        files: Files::None,
        samples: &[
            "The following routes were not configured to run with the Edge Runtime:",
            "ERROR: Failed to produce a Cloudflare Pages build from the project.",
        ],
        ..NEXT
    },
    Entry {
        id: "next.export-summary",
        tool: "wrapper",
        rank: Rank::Summary,
        error_type: ErrorType::Runtime,
        pattern: r"^(?:[⨯×>] ?)?(?:Error: )?Export encountered (?:an error|errors) on",
        confidence: 0.6,
        samples: &[
            "Export encountered an error on /page: /, exiting the build.",
            "Error: Export encountered errors on following paths:",
        ],
        ..PLACE
    },
    Entry {
        id: "next.summary",
        tool: "wrapper",
        rank: Rank::Summary,
        pattern: r"^(?:Error: )?(?:> ?)?(?:Failed to compile|Build error occurred|Build failed because of|(?:Error: )?Turbopack build failed with|Failed to type check)",
        confidence: 0.6,
        files: Files::Below,
        samples: &[
            "Failed to compile.",
            "> Build error occurred",
            "> Build failed because of webpack errors",
            "Error: Turbopack build failed with 1 errors:",
        ],
        ..NEXT
    },
];
