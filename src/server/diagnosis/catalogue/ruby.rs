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
        docs: Some("https://bundler.io/"),
        error_type: ErrorType::Config,
        verdict: Verdict::Config,
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
        pattern: r"^Bundler found mismatched checksums",
        touches: &["Gemfile.lock"],
        samples: &["Bundler found mismatched checksums. This is a potential security risk."],
        ..RUBY
    },
    Entry {
        id: "rails.adapter",
        error_type: ErrorType::Dependency,
        pattern: r"Error loading the '(?P<module>[\w-]+)' Active Record adapter",
        confidence: 0.88,
        samples: &[
            "LoadError: Error loading the 'sqlite3' Active Record adapter. Missing a gem it depends on?",
        ],
        ..RUBY
    },
    Entry {
        id: "ruby.interpreter",
        error_type: ErrorType::Config,
        pattern: r"^(?:rbenv: version `[^']+' is not installed|Unknown ruby interpreter version|Error: Unknown version \S+ for ruby|[Rr](?:equired )?ruby-[\d.]+ is not installed)",
        touches: &[".ruby-version"],
        samples: &[
            "rbenv: version `3.2.0' is not installed (set by /app/.ruby-version)",
            "Error: Unknown version 3.9.9 for ruby on ubuntu-22.04",
            "Required ruby-3.2.0 is not installed.",
        ],
        ..RUBY
    },
    Entry {
        id: "ruby.yanked",
        pattern: r"^Your bundle is locked to .* can no longer be found in that source",
        touches: &["Gemfile.lock"],
        samples: &[
            "Your bundle is locked to shop-core (0.3.5) from rubygems repository https://rubygems.org/, but that version can no longer be found in that source.",
        ],
        ..RUBY
    },
    Entry {
        id: "ruby.gemfile",
        error_type: ErrorType::Config,
        pattern: r"(?:There was an error parsing `(?P<file>[\w./-]+)`|The gemspec at (?P<spec>\S+) is not valid|Some gems seem to be missing from your vendor/cache)",
        touches: &["Gemfile"],
        samples: &[
            "[!] There was an error parsing `Gemfile`: syntax error, unexpected end-of-input. Bundler cannot continue.",
        ],
        ..RUBY
    },
    Entry {
        id: "ruby.network",
        docs: Some("https://bundler.io/"),
        error_type: ErrorType::Other,
        verdict: Verdict::Flaky,
        rank: Rank::Error,
        touches: &[],
        pattern: r"^(?:Could not reach host \S+\.|Bundler::HTTPError: Could not fetch specs|(?:ERROR: +.*)?Gem::RemoteFetcher::FetchError: )",
        confidence: 0.88,
        advice: Some("The gem server did not answer: deploy the same commit again {redeploy}."),
        samples: &[
            "Could not reach host index.rubygems.org. Check your network connection and try again.",
            "Gem::RemoteFetcher::FetchError: Errno::ECONNRESET: Connection reset by peer",
        ],
        ..RUBY
    },
    Entry {
        id: "ruby.executable",
        pattern: r"^bundler: command not found: (?P<module>\S+)",
        samples: &["bundler: command not found: puma"],
        ..RUBY
    },
    Entry {
        id: "rails.assets",
        error_type: ErrorType::Build,
        rank: Rank::Error,
        touches: &[],
        pattern: r"^(?:Sprockets::(?:\w+::)*(?:FileNotFound|AssetNotFound|ArgumentError)|Uglifier::Error|SassC::SyntaxError|Propshaft::\w+): \S",
        confidence: 0.9,
        samples: &[
            "Sprockets::FileNotFound: couldn't find file 'carousel'",
            "Uglifier::Error: Unexpected token: name (x). To use ES6 syntax, harmony mode must be enabled",
        ],
        ..RUBY
    },
    Entry {
        id: "execjs.runtime",
        error_type: ErrorType::Config,
        pattern: r"ExecJS::RuntimeUnavailable: ",
        touches: &["Dockerfile"],
        samples: &["ExecJS::RuntimeUnavailable: Could not find a JavaScript runtime."],
        ..RUBY
    },
    Entry {
        id: "rake.task",
        error_type: ErrorType::Config,
        pattern: r"^Don't know how to build task '",
        touches: &[],
        confidence: 0.85,
        samples: &[
            "Don't know how to build task 'assets:precompil' (See the list of available tasks with `rake --tasks`)",
        ],
        ..RUBY
    },
    Entry {
        id: "rails.exception",
        error_type: ErrorType::Runtime,
        rank: Rank::Exception,
        touches: &[],
        pattern: r"^(?:NameError: uninitialized constant|NoMethodError: undefined method|Zeitwerk::NameError: |ActiveRecord::\w+: |PG::\w+: )",
        confidence: 0.85,
        samples: &[
            "NameError: uninitialized constant Shop::Cart",
            "NoMethodError: undefined method `total' for nil",
            "PG::UndefinedTable: ERROR:  relation \"carts\" does not exist",
        ],
        ..RUBY
    },
    // The project's own files are required by their path.
    Entry {
        id: "ruby.gem-not-loaded",
        rank: Rank::Error,
        pattern: r"cannot load such file -- (?P<module>[a-z][\w-]*(?:/[\w/-]+)?)(?: \(LoadError\))?$",
        confidence: 0.85,
        samples: &[
            "LoadError: cannot load such file -- webrick",
            "/gems/jekyll-4.2.0/lib/jekyll/commands/serve.rb:3:in `require': cannot load such file -- webrick (LoadError)",
        ],
        ..RUBY
    },
    Entry {
        id: "ruby.activated",
        pattern: r"You have already activated (?P<module>\S+) \S+, but your Gemfile requires",
        touches: &["Gemfile.lock"],
        confidence: 0.9,
        samples: &[
            "You have already activated rake 13.2.1, but your Gemfile requires rake 13.0.6. Prepending `bundle exec` to your command may solve this. (Gem::LoadError)",
        ],
        ..RUBY
    },
];
