//! Variables, credentials and services that the build expects from its surroundings.

use super::{Entry, Files, Rank};
use crate::model::{ErrorType, Verdict};

const VARIABLE: Entry = Entry {
    tool: "settings",
    rank: Rank::Cause,
    error_type: ErrorType::Config,
    verdict: Verdict::Config,
    confidence: 0.92,
    advice: Some("Add {name} with its value {env}, then deploy again."),
    docs: Some("https://12factor.net/config"),
    ..Entry::BASE
};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "settings.schema",
        pattern: r"(?i)^(?:❌ ?|✗ ?|× ?)?(?:\[?\w*error\]?:? ?)?(?:❌ ?)?(?:invalid environment (?:variables?|configuration)|environment validation (?:failed|error)|environment variables are invalid)\b",
        confidence: 0.95,
        files: Files::Here,
        advice: Some(
            "Set the variables that the log names to values the project's schema accepts {env}, then deploy again.",
        ),
        samples: &[
            "❌ Invalid environment variables: { DATABASE_URL: [ 'Required' ] }",
            "Error: Invalid environment variables",
            "Invalid environment variables: { PLAN: [ 'Invalid input' ] }",
            "Error: Invalid environment configuration — see .env.example",
        ],
        docs: Some("https://env.t3.gg/docs/core"),
        ..VARIABLE
    },
    Entry {
        id: "drizzle.parameter",
        docs: Some("https://orm.drizzle.team/docs/drizzle-config-file"),
        pattern: r#"Please provide required params|^Either connection "url"|^\[x\] url: undefined"#,
        confidence: 0.86,
        advice: Some(
            "The Drizzle configuration reads a variable that is not set: add the database's address {env}, then deploy again.",
        ),
        samples: &[
            "Error  Please provide required params:",
            "Either connection \"url\" or \"host\", \"database\" are required for PostgreSQL database connection",
        ],
        ..VARIABLE
    },
    // What a library says of itself before anything fails for it.
    Entry {
        id: "settings.notice",
        rank: Rank::Error,
        pattern: r#"(?i)^\[[\w -]+\] (?:warning: )?(?:missing|unable to find|could not find|please (?:set|define))\b.{0,60}?env(?:ironment)?[ -]?var(?:iable)?s?\b(?:[: ("'`]{1,4}(?P<name>[A-Z][A-Z0-9_]{2,}))?"#,
        confidence: 0.88,
        samples: &["[Upstash Redis] Unable to find environment variable: `UPSTASH_REDIS_REST_URL`"],
        ..VARIABLE
    },
    Entry {
        id: "settings.missing-variable",
        pattern: r#"(?i)^(?:[\[(]?\w*(?:error|exception)\]?(?: \[\w+\])?:? |fatal:? |❌ ?|× ?|⨯ ?|✗ ?|\[[\w -]+\] ?|> )*(?:missing|unset|undefined|no|required|please (?:set|define|add|provide|configure)|you must (?:set|provide)|unable to find|could not find|expected)\b.{0,60}?(?:env(?:ironment)?[ -]?var(?:iable)?s?)\b(?:[: ("'`]{1,4}(?P<name>[A-Z][A-Z0-9_]{2,}))?"#,
        samples: &[
            "Error: Missing required environment variable: STRIPE_SECRET_KEY",
            "Error: Please define the MONGODB_URI environment variable inside .env.local",
            "Error: Missing env var: NEXT_PUBLIC_API_URL",
        ],
        ..VARIABLE
    },
    Entry {
        id: "settings.variable-not-set",
        pattern: r#"^(?:[\[(]?\w*(?:[Ee]rror|[Ee]xception)\]?(?: \[\w+\])?:? |\[[\w -]+\] ?|❌ ?|⨯ ?|> )*(?:[Tt]he |[Ee]nvironment [Vv]ariable |[Ee]nv(?:ironment)? var(?:iable)? |process\.env\.)*["'`]?(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)["'`]?(?: environment variable| env var(?:iable)?)?(?: \([^)]*\))? (?:is|was|are|must be|has|needs to be|should be)(?: (?:not|be|been|a))* (?:set|defined|required|missing|undefined|empty|provided|configured|found|present)\b"#,
        samples: &[
            "Error: NEXT_PUBLIC_SUPABASE_URL is not defined",
            "Error: The OPENAI_API_KEY environment variable is missing or empty; either provide it, or instantiate the client",
            "RuntimeError: Environment variable DATABASE_URL is not set",
            "ValueError: SECRET_KEY must be set",
        ],
        ..VARIABLE
    },
    Entry {
        id: "prisma.variable",
        pattern: r"Environment variable not found: (?P<name>[A-Z][A-Z0-9_]+)",
        confidence: 0.97,
        samples: &[
            "error: Environment variable not found: DATABASE_URL.",
            "Error: Environment variable not found: DIRECT_URL.",
        ],
        docs: Some("https://www.prisma.io/docs/orm/reference/error-reference"),
        ..VARIABLE
    },
    Entry {
        id: "sveltekit.variable",
        pattern: r#""(?P<name>\w+)" is not exported by "(?:virtual:)?(?:\$?env)/static/|env/static/\w+["']+ has no exported member|No matching export in "(?:virtual:)?\$?env/static/"#,
        files: Files::Line,
        samples: &[
            "RollupError: \"API_KEY\" is not exported by \"virtual:$env/static/private\", imported by \"src/hooks.ts\".",
            "src/lib/db.ts (1:9): \"DATABASE_URL\" is not exported by \"virtual:env/static/private\", imported by \"src/lib/db.ts\".",
        ],
        docs: Some("https://svelte.dev/docs/kit/$env-static-private"),
        ..VARIABLE
    },
    Entry {
        id: "rails.secret",
        pattern: r"(?:Missing `secret_key_base`|MessageEncryptor::InvalidMessage|Missing encryption key to decrypt)",
        advice: Some(
            "Rails has no key for its credentials: set RAILS_MASTER_KEY or SECRET_KEY_BASE {env}, then deploy again.",
        ),
        samples: &[
            "ArgumentError: Missing `secret_key_base` for 'production' environment, set this string with `bin/rails credentials:edit`",
        ],
        docs: Some("https://guides.rubyonrails.org/security.html#custom-credentials"),
        ..VARIABLE
    },
    Entry {
        id: "supabase.client",
        pattern: r"URL and (?:API )?[Kk]ey are required to create a Supabase client",
        advice: Some("Add the Supabase address and key that the code reads {env}, then deploy again."),
        samples: &[
            "Error: @supabase/ssr: Your project's URL and API key are required to create a Supabase client!",
        ],
        docs: Some("https://supabase.com/docs/guides/auth/server-side/creating-a-client"),
        ..VARIABLE
    },
    Entry {
        id: "settings.sdk-key",
        pattern: r#"(?:supabase(?:Url|Key) is ?(?:required)?|Neither apiKey nor|[Mm]issing publishableKey|Missing (?:Clerk )?(?:Secret|Publishable) [Kk]ey|auth/invalid-api-key|[Mm]issing API [Kk]ey|[Mm]issing api key|No database connection string was provided|Expected parameter accessToken|Configuration must contain `?projectId|(?:apiKey|API key) is required|api_key client option must be set|["`]?[Ss]ecret["`]? is required|MissingSecret|apiKey must be (?:set|provided)|API key not (?:set|found|provided|configured)|Publishable Key is missing)"#,
        confidence: 0.93,
        advice: Some(
            "The client was made without its key: add the variable it reads {env}, then deploy again.",
        ),
        samples: &[
            "Error: supabaseUrl is required.",
            "Error: Neither apiKey nor config.authenticator provided",
            "Error: @clerk/clerk-react: Missing publishableKey. You can get your key at https://dashboard.clerk.com",
            "Error: Missing API key. Pass it to the constructor `new Resend(\"re_123\")`",
            "FirebaseError: Firebase: Error (auth/invalid-api-key).",
        ],
        ..VARIABLE
    },
    Entry {
        id: "settings.option-empty",
        pattern: r"^(?:error: )?(?:option '(?P<name>[^']+)' argument missing|.*option .* requires an argument)",
        confidence: 0.85,
        advice: Some("A variable that the command line uses is empty: set it {env}, then deploy again."),
        samples: &["error: option '--url <url>' argument missing"],
        touches: &["package.json"],
        ..VARIABLE
    },
    Entry {
        id: "django.secret",
        pattern: r"ImproperlyConfigured: (?:The (?P<name>SECRET_KEY) setting must not be empty|Set the \w+ environment variable)",
        confidence: 0.95,
        last: true,
        samples: &["django.core.exceptions.ImproperlyConfigured: The SECRET_KEY setting must not be empty."],
        docs: Some("https://docs.djangoproject.com/en/stable/ref/settings/#secret-key"),
        ..VARIABLE
    },
    Entry {
        id: "python.variable",
        pattern: r"^KeyError: '(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)'$",
        confidence: 0.85,
        files: Files::Traceback,
        last: true,
        samples: &["KeyError: 'DJANGO_SECRET_KEY'"],
        docs: Some("https://docs.python.org/3/library/os.html#os.environ"),
        ..VARIABLE
    },
    Entry {
        id: "rust.variable",
        pattern: r"^error: environment variable `(?P<name>\w+)` not defined at compile time",
        samples: &["error: environment variable `API_URL` not defined at compile time"],
        docs: Some("https://doc.rust-lang.org/std/macro.env.html"),
        ..VARIABLE
    },
    Entry {
        id: "vercel.secret-reference",
        pattern: r#"Environment Variable "(?P<name>[^"]+)" references Secret "[^"]+", which does not exist"#,
        confidence: 0.97,
        samples: &[
            "Error: Environment Variable \"DB_URL\" references Secret \"db-url\", which does not exist.",
        ],
        docs: Some("https://vercel.com/docs/environment-variables/managing-environment-variables"),
        ..VARIABLE
    },
    Entry {
        id: "sentry.project",
        tool: "sentry-cli",
        pattern: r"(?i)^(?:error: )?(?:error: (?:project|organization) not found|error: API request failed|error: .*sentry reported an error|.*auth token is required|sentry reported an error:)",
        rank: Rank::Error,
        files: Files::None,
        confidence: 0.85,
        verdict: Verdict::Code,
        advice: None,
        samples: &["error: project not found", "error: API request failed"],
        docs: Some("https://docs.sentry.io/cli/configuration/"),
        ..VARIABLE
    },
    Entry {
        id: "database.unreachable",
        tool: "database",
        pattern: r"^(?:.*\bError: )?(?:P1001: ?)?(?:Can't reach database server|.*could not connect to server|connection to server at .* failed|.*connect ECONNREFUSED .*:(?:5432|3306|27017|6379)\b|MongoNetworkError|MongooseServerSelectionError|.*OperationalError.*[Cc]onnection refused)",
        rank: Rank::Error,
        error_type: ErrorType::Runtime,
        verdict: Verdict::Config,
        confidence: 0.85,
        advice: Some(
            "The build cannot reach the database: check the connection string {env} and that the database accepts connections from builds.",
        ),
        samples: &[
            "Can't reach database server at `db.example.com:5432`",
            "Error: P1001: Can't reach database server at `localhost:5432`",
            "Error: connect ECONNREFUSED 127.0.0.1:5432",
        ],
        docs: Some("https://www.prisma.io/docs/orm/reference/error-reference#p1001"),
        ..VARIABLE
    },
    Entry {
        id: "database.authentication",
        tool: "database",
        pattern: r"(?:P1000\b|password authentication failed|MongoServerError: bad auth|Authentication failed against database)",
        rank: Rank::Error,
        error_type: ErrorType::Runtime,
        verdict: Verdict::Config,
        confidence: 0.88,
        advice: Some(
            "The database refused the credentials: correct the connection string {env}, then deploy again.",
        ),
        samples: &[
            "error: password authentication failed for user \"postgres\"",
            "MongoServerError: bad auth : authentication failed",
        ],
        docs: Some("https://www.prisma.io/docs/orm/reference/error-reference#p1000"),
        ..VARIABLE
    },
];
