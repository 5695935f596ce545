//! PHP: the reasons that Composer gives below its headline, and other stops of it.

use super::{Entry, Files, Rank};
use crate::model::{ErrorType, Verdict};

const COMPOSER: Entry = Entry {
    tool: "composer",
    rank: Rank::Cause,
    error_type: ErrorType::Dependency,
    files: Files::None,
    touches: &["composer.json"],
    confidence: 0.94,
    ..Entry::BASE
};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "composer.too-old",
        docs: Some("https://getcomposer.org/doc/articles/troubleshooting.md"),
        verdict: Verdict::Config,
        pattern: r"^- .* requires composer-(?:plugin|runtime)-api \S.* -> (?:no matching|found composer|it does not)",
        touches: &[],
        confidence: 0.9,
        advice: Some(
            "The machine's Composer is too old for the packages: build with Composer 2, see the build command {build}.",
        ),
        samples: &[
            "- acme/tool-plugin 3.1.0 requires composer-plugin-api ^2.0 -> no matching package found.",
        ],
        ..COMPOSER
    },
    Entry {
        id: "composer.php",
        pattern: r"^- .* requires (?:php(?:-64bit)? \S.* -> |ext-[\w-]+ \S+ -> |PHP extension )",
        error_type: ErrorType::Config,
        confidence: 0.9,
        samples: &[
            "- acme/cart 2.0.0 requires php ^8.3 -> your php version (8.1.2) does not satisfy that requirement.",
            "- Root composer.json requires PHP extension ext-gd * but it is missing from your system. Install or enable PHP's gd extension.",
            "- acme/cart 2.0.0 requires ext-intl * -> it is missing from your system. Install or enable PHP's intl extension.",
        ],
        ..COMPOSER
    },
    Entry {
        id: "composer.reason",
        pattern: r"^- (?:Root composer\.json|\S+/\S+(?: \S+)?) (?:is locked to .* )?requires (?P<module>[\w.-]+/[\w.-]+) ?\S*.*(?:-> (?:no matching package found|could not be found|found \S+|satisfiable by .* but)|(?:it )?could not be found in any version|, found \S+ but)",
        samples: &[
            "- acme/shop dev-main requires acme/button 1.0.1 -> no matching package found.",
            "- Root composer.json requires acme/buton ^1.0, it could not be found in any version, there may be a typo in the package name.",
            "- acme/shop 1.0 requires acme/cart ^3 -> found acme/cart[1.0, 2.0] but it does not match the constraint.",
        ],
        ..COMPOSER
    },
    Entry {
        id: "composer.install",
        pattern: r#"(?:Composer could not find a composer\.json file|"?\./composer\.json"? does not match the expected JSON schema|is not present in the lock file|blocked by your allow-plugins config)"#,
        error_type: ErrorType::Config,
        confidence: 0.88,
        samples: &[
            "Composer could not find a composer.json file in /app",
            "- Required package \"acme/cart\" is not present in the lock file.",
        ],
        ..COMPOSER
    },
    Entry {
        id: "composer.network",
        docs: Some("https://getcomposer.org/doc/articles/troubleshooting.md"),
        error_type: ErrorType::Other,
        verdict: Verdict::Flaky,
        rank: Rank::Error,
        touches: &[],
        pattern: r"^(?:In \S+ line \d+:)?curl error (?:6|7|28|35|52|56) while downloading",
        confidence: 0.88,
        advice: Some("The package repository did not answer: deploy the same commit again {redeploy}."),
        samples: &[
            "curl error 28 while downloading https://repo.packagist.org/packages.json: Failed to connect",
        ],
        ..COMPOSER
    },
    Entry {
        id: "composer.package",
        pattern: r"^(?:Could not find package (?P<module>[\w.-]+/[\w.-]+)|.*Could not authenticate against \S+)",
        confidence: 0.88,
        samples: &["Could not find package acme/crt.", "Could not authenticate against github.com"],
        ..COMPOSER
    },
    Entry {
        id: "php.fatal",
        tool: "php",
        rank: Rank::Error,
        error_type: ErrorType::Runtime,
        touches: &[],
        pattern: r"^(?:(?:Fatal|Parse) error: +.* in (?P<file>\S+\.php)|.*SQLSTATE\[\w+\])",
        files: Files::Here,
        confidence: 0.88,
        samples: &[
            "Fatal error: Uncaught Error: Class \"Cart\" not found in /app/index.php:3",
            "SQLSTATE[HY000] [2002] Connection refused",
        ],
        ..COMPOSER
    },
    Entry {
        id: "laravel.setup",
        tool: "php",
        error_type: ErrorType::Config,
        touches: &[],
        pattern: r"(?:MissingAppKeyException|No application encryption key has been specified|bootstrap/cache directory must be present|Could not open input file: )",
        confidence: 0.85,
        samples: &[
            "No application encryption key has been specified.",
            "The /app/bootstrap/cache directory must be present and writable.",
            "Could not open input file: artisan",
        ],
        ..COMPOSER
    },
];
