//! Ruby: Bundler's own version, its resolver, locks.

use super::{Entry, Files, Rank};
use crate::model::{ErrorType, Verdict};

const RUBY: Entry = Entry {
    tool: "ruby",
    rank: Rank::Cause,
    error_type: ErrorType::Dependency,
    confidence: 0.94,
    touches: &["Gemfile"],
    ..Entry::BASE
};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "ruby.bundler-version",
        needles: &["ind 'bundler' (", "gem bundler (", "You must use Bundler"],
        pattern: r"(?:Could not find 'bundler' \([\d.]+\) required by your (?P<file>\S+\.lock)|can't find gem bundler \(|You must use Bundler \d+ or greater with this lockfile)",
        files: Files::Here,
        touches: &["Gemfile.lock"],
        samples: &[
            "Could not find 'bundler' (2.4.1) required by your /opt/build/repo/Gemfile.lock.",
            "You must use Bundler 2 or greater with this lockfile.",
            "can't find gem bundler (>= 0.a) with executable bundle (Gem::GemNotFoundException)",
        ],
        ..RUBY
    },
    // A word processor made one dash of two hyphens: no gem is called that.
    Entry {
        id: "ruby.option-dash",
        error_type: ErrorType::Config,
        verdict: Verdict::Config,
        needles: &["—", "–"],
        pattern: r#"^(?:Could not find gem|ERROR: Invalid requirement:|error: (?:unknown|unexpected|unrecognized) (?:option|argument|command)|Unknown (?:option|argument|command)|unknown (?:option|command|flag):?|ERROR: +(?:unknown|invalid) command) ?:?['"`]?[—–]"#,
        touches: &[],
        confidence: 0.92,
        advice: Some(
            "The command has a long dash in place of two hyphens: correct the build command {build}.",
        ),
        samples: &[
            "Could not find gem '—deployment'.",
            "ERROR: Invalid requirement: '—user': Expected package name at the start of dependency specifier",
            "error: unknown option '—prod'",
        ],
        ..RUBY
    },
    Entry {
        id: "ruby.because",
        needles: &["ecause "],
        pattern: r"^(?:So, b|And b|B)ecause .*(?:depends on [\w-]+ (?:>=|<=|~>|!=|[=<>]) |could not be found in|current Ruby version is )",
        samples: &[
            "Because every version of shop-core depends on Ruby >= 3.3.0, < 4.0",
            "So, because current Ruby version is = 2.7.0,",
            "Because shop-core >= 2.0 depends on rails ~> 7.1",
        ],
        ..RUBY
    },
    Entry {
        id: "ruby.checksum",
        needles: &["mismatched checksums", "could not find the checksum"],
        pattern: r"^Bundler found mismatched checksums",
        touches: &["Gemfile.lock"],
        samples: &["Bundler found mismatched checksums. This is a potential security risk."],
        ..RUBY
    },
    Entry {
        id: "rails.adapter",
        error_type: ErrorType::Dependency,
        needles: &["Error loading the '"],
        pattern: r"Error loading the '(?P<module>[\w-]+)' Active Record adapter",
        confidence: 0.88,
        samples: &[
            "LoadError: Error loading the 'sqlite3' Active Record adapter. Missing a gem it depends on?",
        ],
        ..RUBY
    },
];
