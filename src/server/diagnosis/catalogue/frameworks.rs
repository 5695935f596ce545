//! Frameworks and site generators: Astro, Nuxt, SvelteKit, React Router, Angular, Gatsby, Docusaurus, Hugo, Jekyll,
//! Eleventy, Prisma, Expo.

use super::{Entry, Files, Rank};
use crate::model::ErrorType;

const FRAMEWORK: Entry = Entry {
    tool: "framework",
    error_type: ErrorType::Build,
    confidence: 0.9,
    files: Files::Below,
    ..Entry::BASE
};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "nuxt.virtual-import",
        error_type: ErrorType::Dependency,
        pattern: r#"\[unimport\] failed to find "(?P<name>\w+)" imported from "#,
        files: Files::None,
        touches: &["package.json"],
        confidence: 0.85,
        samples: &[
            "ERROR  Nuxt Build Error: [commonjs--resolver] [unimport] failed to find \"updateSiteConfig\" imported from \"#imports\"",
        ],
        ..FRAMEWORK
    },
    Entry {
        id: "astro.known",
        pattern: r"^(?:\[ERROR\] )?\[?(?:InvalidContentEntry\w*|MDXError|ImageNotFound|NoAdapterInstalled|GetStaticPathsRequired|UnknownContentCollectionError|ContentSchema\w+|LocalImage\w+|FailedToLoadModuleSSR|CompilerError|AstroError)\]?:? \S",
        samples: &[
            "[InvalidContentEntryDataError] blog → first data does not match collection schema.",
            "[ERROR] [NoAdapterInstalled] Cannot use server-rendered pages without an adapter.",
        ],
        docs: Some("https://docs.astro.build/en/reference/error-reference/"),
        ..FRAMEWORK
    },
    Entry {
        id: "astro.named",
        pattern: r"^(?:\[ERROR\] )?\[[A-Z][A-Za-z]+Error\] \S",
        confidence: 0.84,
        samples: &[
            "[GenerateContentTypesError] `astro sync` command failed to generate content collection types",
        ],
        ..FRAMEWORK
    },
    Entry {
        id: "svelte.place",
        rank: Rank::Place,
        pattern: r"^(?:\[[\w:-]+\] )?(?P<file>[\w./+()\[\]-]+\.svelte):\d+:\d+ \S",
        confidence: 0.6,
        last: true,
        samples: &["[vite-plugin-svelte] src/App.svelte:3:5 Expected token >"],
        ..FRAMEWORK
    },
    Entry {
        id: "sveltekit.prerender-summary",
        tool: "wrapper",
        rank: Rank::Summary,
        pattern: r"^(?:\[[\w:-]+\] |Error: )*Prerendering failed with code \d",
        confidence: 0.5,
        samples: &[
            "[vite-plugin-svelte-kit] Prerendering failed with code 1",
            "Error: Prerendering failed with code 1",
        ],
        ..FRAMEWORK
    },
    Entry {
        id: "sveltekit.prerender",
        pattern: r"^(?:Error: )?(?:\d{3} \S+ \(linked from |The following routes were marked as prerenderable, but were not prerendered)",
        confidence: 0.85,
        files: Files::None,
        samples: &[
            "Error: 404 /pricing (linked from /)",
            "Error: The following routes were marked as prerenderable, but were not prerendered:",
        ],
        ..FRAMEWORK
    },
    Entry {
        id: "astro.config",
        error_type: ErrorType::Config,
        pattern: r"Astro found issue\(s\) with your configuration",
        files: Files::None,
        touches: &["astro.config.mjs"],
        samples: &["[config] Astro found issue(s) with your configuration:"],
        ..FRAMEWORK
    },
    Entry {
        id: "nuxt.module",
        error_type: ErrorType::Dependency,
        pattern: r"Could not load `(?P<name>@?[\w./-]+)`\. Is it installed\?",
        files: Files::None,
        touches: &["package.json"],
        samples: &["ERROR  Cannot start nuxt:  Could not load `@nuxtjs/tailwindcss`. Is it installed?"],
        ..FRAMEWORK
    },
    Entry {
        id: "gatsby.plugin",
        error_type: ErrorType::Dependency,
        pattern: r#"There was a problem loading (?:the )?(?:local )?plugin ["']"#,
        files: Files::None,
        touches: &["package.json"],
        confidence: 0.84,
        samples: &[
            "There was a problem loading plugin \"gatsby-plugin-sharp\". Perhaps you need to install its package?",
        ],
        ..FRAMEWORK
    },
    Entry {
        id: "docusaurus.render",
        pattern: r"Can't render static file for pathname|Docusaurus static site generation failed",
        files: Files::Stack,
        confidence: 0.8,
        rank: Rank::Place,
        samples: &["Error: Can't render static file for pathname \"/docs\""],
        ..FRAMEWORK
    },
    Entry {
        id: "preview.summary",
        tool: "wrapper",
        rank: Rank::Summary,
        pattern: r"^(?:=> |[x×] )?Failed to build the preview|^Treating warnings as errors because process\.env\.CI",
        confidence: 0.5,
        files: Files::Below,
        samples: &[
            "=> Failed to build the preview",
            "Treating warnings as errors because process.env.CI = true.",
        ],
        ..FRAMEWORK
    },
    Entry {
        id: "vitepress.dead-links",
        pattern: r"^(?:\[vitepress\] )?\d+ dead link\(s\) found",
        files: Files::None,
        samples: &["[vitepress] 6 dead link(s) found."],
        ..FRAMEWORK
    },
    Entry {
        id: "storybook.static-files",
        error_type: ErrorType::Config,
        pattern: r"Failed to load static files, no such directory",
        files: Files::None,
        samples: &[
            "Error: Failed to load static files, no such directory: /home/runner/work/shop/shop/public",
        ],
        ..FRAMEWORK
    },
    Entry {
        id: "nest.config",
        error_type: ErrorType::Config,
        pattern: r"^Error +Could not find TypeScript configuration file ",
        files: Files::Here,
        samples: &["Error  Could not find TypeScript configuration file \"tsconfig.build.json\"."],
        ..FRAMEWORK
    },
    Entry {
        id: "react-router.server-only",
        pattern: r"Server-only module referenced by client",
        files: Files::Below,
        samples: &["Error: [commonjs--resolver] Server-only module referenced by client"],
        ..FRAMEWORK
    },
    Entry {
        id: "react-router.root",
        error_type: ErrorType::Config,
        pattern: r#"Could not find a root route module|Missing "root" route file"#,
        files: Files::None,
        samples: &["Error: Could not find a root route module in the app directory as \"app/root.tsx\""],
        ..FRAMEWORK
    },
    Entry {
        id: "angular.node-version",
        error_type: ErrorType::Config,
        pattern: r"requires a minimum Node\.js version",
        files: Files::None,
        confidence: 0.95,
        samples: &["The Angular CLI requires a minimum Node.js version of v20.19 or v22.12."],
        ..FRAMEWORK
    },
    Entry {
        id: "svelte.error",
        pattern: r"^(?:\[[\w:-]+\] )*(?:CompileError|ParseError): \S",
        samples: &["CompileError: Block was left open"],
        docs: Some("https://svelte.dev/docs/svelte/compiler-errors"),
        ..FRAMEWORK
    },
    Entry {
        id: "angular.budget",
        error_type: ErrorType::Config,
        pattern: r"exceeded maximum budget",
        files: Files::None,
        touches: &["angular.json"],
        samples: &[
            "✘ [ERROR] bundle initial exceeded maximum budget. Budget 1.00 MB was not met by 220.11 kB with a total of 1.22 MB.",
        ],
        docs: Some("https://angular.dev/tools/cli/build#configuring-size-budgets"),
        ..FRAMEWORK
    },
    Entry {
        id: "angular.template",
        error_type: ErrorType::Typescript,
        pattern: r"(?:^(?:Error: )?(?P<file>\S+?):\d+:\d+ - error NG\d+:|^(?:✘ )?(?:\[ERROR\] )?NG\d{3,5}: )",
        samples: &[
            "Error: src/app/app.component.html:3:5 - error NG8001: 'app-card' is not a known element:",
            "✘ [ERROR] NG8002: Can't bind to 'ngModel' since it isn't a known property of 'input'.",
        ],
        docs: Some("https://angular.dev/errors"),
        ..FRAMEWORK
    },
    Entry {
        id: "gatsby.error",
        pattern: r"^ERROR +#\d+|^(?:error )?There was an error in your GraphQL query|^Cannot query field ",
        samples: &["ERROR #98123  WEBPACK"],
        confidence: 0.75,
        docs: Some("https://www.gatsbyjs.com/docs/debugging-html-builds/"),
        ..FRAMEWORK
    },
    Entry {
        id: "docusaurus.links",
        pattern: r"Docusaurus found broken (?:links|anchors|markdown links)",
        samples: &["Error: Docusaurus found broken links!"],
        docs: Some("https://docusaurus.io/docs/api/docusaurus-config#onBrokenLinks"),
        ..FRAMEWORK
    },
    Entry {
        id: "docusaurus.mdx",
        pattern: r#"(?:MDX compilation failed for file "(?P<file>[^"]+)"|Could not parse expression with acorn|Unexpected (?:character|closing slash) `?.*before name)"#,
        samples: &["Error: MDX compilation failed for file \"/vercel/path0/docs/intro.md\""],
        docs: Some("https://docusaurus.io/docs/markdown-features/react"),
        ..FRAMEWORK
    },
    Entry {
        id: "hugo.site",
        tool: "hugo",
        pattern: r"^(?:Error: |ERROR )(?:[Ee]rror building site: \S|.*execute of template failed|render of .* failed|failed to (?:load|extract))",
        files: Files::Here,
        last: true,
        samples: &[
            "Error: error building site: failed to render pages: render of \"page\" failed: \"/opt/build/repo/layouts/_default/single.html:3:5\": execute of template failed",
            "Error: Error building site: \"/opt/build/repo/content/post/a.md:1:1\": failed to extract shortcode: template for shortcode \"tweet\" not found",
        ],
        ..FRAMEWORK
    },
    Entry {
        id: "hugo.module",
        tool: "hugo",
        rank: Rank::Cause,
        error_type: ErrorType::Config,
        pattern: r#"(?:module "[^"]+" not found in "|theme "[^"]+" not found|Unable to find theme Directory)"#,
        files: Files::None,
        touches: &[".gitmodules", "hugo.toml"],
        samples: &[
            "Error: module \"ananke\" not found in \"/opt/build/repo/themes/ananke\"; either add it as a Hugo Module or store it in \"/opt/build/repo/themes\".: module does not exist",
        ],
        docs: Some("https://gohugo.io/hugo-modules/use-modules/"),
        ..FRAMEWORK
    },
    Entry {
        id: "jekyll.error",
        tool: "jekyll",
        pattern: r"^(?:Liquid Exception: .* in (?P<file>\S+)|Invalid YAML front matter in |jekyll \S+ \| Error: |.*Invalid date '.*' in )",
        files: Files::Here,
        samples: &[
            "Liquid Exception: Could not locate the included file 'head.html' in /opt/build/repo/_layouts/default.html",
        ],
        docs: Some("https://jekyllrb.com/docs/troubleshooting/"),
        ..FRAMEWORK
    },
    Entry {
        id: "eleventy.error",
        tool: "eleventy",
        pattern: r"^\[11ty\] (?:\d+\. \S|(?:> )?Having trouble (?:rendering|compiling|writing) )",
        samples: &[
            "[11ty] 1. Having trouble rendering njk template ./src/index.njk (via TemplateContentRenderError)",
        ],
        docs: Some("https://www.11ty.dev/docs/debugging/"),
        ..FRAMEWORK
    },
    Entry {
        id: "prisma.validation",
        tool: "prisma",
        rank: Rank::Cause,
        error_type: ErrorType::Config,
        pattern: r#"^error: (?:Error (?:validating|parsing)|Type "[^"]+" is neither)"#,
        confidence: 0.85,
        samples: &[
            "error: Error validating field `author` in model `Post`: The relation field is missing an opposite relation field",
        ],
        docs: Some("https://www.prisma.io/docs/orm/reference/error-reference#p1012"),
        ..FRAMEWORK
    },
    Entry {
        id: "nitro.prerender",
        error_type: ErrorType::Runtime,
        pattern: r"Exiting due to prerender errors",
        files: Files::None,
        confidence: 0.8,
        samples: &["[nitro]  ERROR  Error: Exiting due to prerender errors."],
        docs: Some("https://nuxt.com/docs/getting-started/prerendering"),
        ..FRAMEWORK
    },
    Entry {
        id: "prisma.schema",
        tool: "prisma",
        error_type: ErrorType::Config,
        pattern: r"(?:Could not find Prisma Schema|Prisma schema validation|Error code: P1012|Error parsing .*schema\.prisma|Error: P30(?:05|09|18))",
        files: Files::None,
        touches: &["prisma/schema.prisma"],
        confidence: 0.88,
        samples: &[
            "Error: Could not find Prisma Schema that is required for this command.",
            "Error: Prisma schema validation - (get-config wasm)",
        ],
        docs: Some("https://www.prisma.io/docs/orm/reference/error-reference#p1012"),
        ..FRAMEWORK
    },
    Entry {
        id: "prisma.not-generated",
        tool: "prisma",
        error_type: ErrorType::Config,
        pattern: r"@prisma/client did not initialize yet|Prisma has detected that this project was built on Vercel",
        files: Files::None,
        touches: &["package.json"],
        samples: &[
            "Error: @prisma/client did not initialize yet. Please run \"prisma generate\" and try to import it again.",
        ],
        docs: Some("https://www.prisma.io/docs/orm/reference/error-reference"),
        ..FRAMEWORK
    },
];
