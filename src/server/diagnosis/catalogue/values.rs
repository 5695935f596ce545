//! Variables that are set, but to a value that cannot be right.

use super::{Entry, Files, Rank};
use crate::model::{ErrorType, Verdict};

const VALUE: Entry = Entry {
    tool: "settings",
    rank: Rank::Cause,
    error_type: ErrorType::Config,
    verdict: Verdict::Config,
    confidence: 0.9,
    ..Entry::BASE
};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "rails.key-length",
        docs: Some("https://guides.rubyonrails.org/security.html#custom-credentials"),
        pattern: r"^(?:ArgumentError: )?key must be \d+ bytes",
        advice: Some(
            "The key for Rails' credentials has the wrong length: set RAILS_MASTER_KEY {env} to the content of config/master.key, then deploy again.",
        ),
        samples: &["ArgumentError: key must be 16 bytes"],
        ..VALUE
    },
    Entry {
        id: "database.url-scheme",
        docs: Some("https://docs.djangoproject.com/en/stable/ref/databases/"),
        pattern: r"(?:dj_database_url\.(?:UnknownSchemeError|ParseError)\b|Could not parse (?:rfc1738|SQLAlchemy) URL from (?:given URL )?string|Redis URL must specify one of the following schemes|InvalidURI: Invalid URI scheme|Invalid scheme, expected connection string to start with)",
        files: Files::Traceback,
        last: true,
        advice: Some(
            "The address of the database is no valid connection string: correct it {env}, then deploy again.",
        ),
        samples: &[
            "dj_database_url.UnknownSchemeError: Scheme '://' is unknown. Did you forget to register custom backend?",
            "sqlalchemy.exc.ArgumentError: Could not parse SQLAlchemy URL from given URL string",
            "ValueError: Redis URL must specify one of the following schemes (redis://, rediss://, unix://)",
            "MongoParseError: Invalid scheme, expected connection string to start with \"mongodb://\" or \"mongodb+srv://\"",
        ],
        ..VALUE
    },
    // Prepared queries in the repository are as good as a database.
    Entry {
        id: "sqlx.offline",
        verdict: Verdict::Code,
        pattern: r"(?:`?DATABASE_URL`? .*(?:cargo sqlx prepare|to use query macros)|cargo sqlx prepare` to update the query cache)",
        samples: &[
            "error: `DATABASE_URL` must be set, or `cargo sqlx prepare` must have been run and .sqlx must exist, to use query macros",
            "error: set `DATABASE_URL` to use query macros online, or run `cargo sqlx prepare` to update the query cache",
        ],
        ..VALUE
    },
];
