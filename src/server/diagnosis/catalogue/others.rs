//! Ruby, PHP, Java, .NET, Docker.

use super::{Entry, Files, Rank};
use crate::model::{ErrorType, Verdict};

const RUBY: Entry = Entry {
    tool: "bundler",
    error_type: ErrorType::Dependency,
    confidence: 0.94,
    touches: &["Gemfile", "Gemfile.lock"],
    ..Entry::BASE
};
const OTHER: Entry = Entry { tool: "other", error_type: ErrorType::Build, files: Files::Here, ..Entry::BASE };

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "ruby.gem-missing",
        tool: "ruby",
        rank: Rank::Cause,
        pattern: r"^(?:\S+: )?Could not find (?:gem '(?P<module>[^' ]+)|[\w-]+-\d[\w.]* in )",
        touches: &["Gemfile"],
        samples: &[
            "Could not find gem 'nokogumbo (~> 2.0)', which is required by gem",
            "Could not find rake-13.0.6 in any of the sources",
        ],
        docs: Some("https://bundler.io/man/gemfile.5.html"),
        ..RUBY
    },
    Entry {
        id: "ruby.conflict",
        tool: "ruby",
        pattern: r"^(?:Bundler could not|Could not) find compatible versions",
        samples: &[
            "Bundler could not find compatible versions for gem \"railties\":",
            "Could not find compatible versions",
        ],
        docs: Some("https://bundler.io/man/gemfile.5.html"),
        ..RUBY
    },
    Entry {
        id: "ruby.no-gemfile",
        tool: "ruby",
        rank: Rank::Cause,
        error_type: ErrorType::Config,
        verdict: Verdict::Config,
        pattern: r"Could not locate Gemfile",
        touches: &["Gemfile"],
        advice: Some(
            "There is no Gemfile in the folder the platform builds: correct the root directory {root}.",
        ),
        samples: &["Could not locate Gemfile or .bundle/ directory"],
        docs: Some("https://bundler.io/man/gemfile.5.html"),
        ..RUBY
    },
    Entry {
        id: "ruby.version",
        tool: "ruby",
        rank: Rank::Cause,
        error_type: ErrorType::Config,
        pattern: r"requires [Rr]uby version|Your Ruby version is \S+, but your Gemfile specified",
        touches: &[".ruby-version"],
        samples: &[
            "ruby_dep-1.5.0 requires ruby version >= 2.2.5, which is incompatible with the current version, ruby 2.1.2p95",
            "Your Ruby version is 3.0.0, but your Gemfile specified 3.2.2",
        ],
        docs: Some("https://bundler.io/man/gemfile.5.html"),
        ..RUBY
    },
    Entry {
        id: "ruby.lock",
        tool: "ruby",
        pattern: r"(?:Your bundle only supports platforms|You are trying to install in deployment mode|The dependencies in your gemfile changed|.*can't be updated because frozen mode)",
        samples: &[
            "Your bundle only supports platforms [\"arm64-darwin-22\"] but your local platform is x86_64-linux.",
        ],
        ..RUBY
    },
    Entry {
        id: "ruby.native",
        tool: "ruby",
        pattern: r"Failed to build gem native extension|^An error occurred while installing (?P<module>\S+)",
        touches: &["Gemfile"],
        samples: &[
            "ERROR: Failed to build gem native extension.",
            "An error occurred while installing pg (1.5.4), and Bundler cannot continue.",
        ],
        ..RUBY
    },
    Entry {
        id: "ruby.exception",
        tool: "ruby",
        rank: Rank::Exception,
        error_type: ErrorType::Runtime,
        pattern: r"^(?:LoadError: |(?P<file>\S+\.rb):\d+:in .*\((?:\w+::)*\w*(?:Error|Exception)\)|.*cannot load such file|.*\((?:\w+::)*(?:Runtime|Standard|Argument|Name|NoMethod|Type|Key|Load)Error\)$)",
        files: Files::Here,
        touches: &[],
        confidence: 0.8,
        samples: &[
            "LoadError: cannot load such file -- /app/lib/cart",
            "config/application.rb:7:in `<main>': uninitialized constant Foo (NameError)",
        ],
        ..RUBY
    },
    Entry {
        id: "php.composer",
        tool: "composer",
        error_type: ErrorType::Dependency,
        pattern: r"Your requirements could not be resolved|Your lock file does not contain a compatible|The lock file is not up to date|Could not find a matching version of package",
        files: Files::None,
        touches: &["composer.json", "composer.lock"],
        samples: &["Your requirements could not be resolved to an installable set of packages."],
        docs: Some("https://getcomposer.org/doc/articles/troubleshooting.md"),
        ..OTHER
    },
    Entry {
        id: "php.error",
        tool: "php",
        error_type: ErrorType::Runtime,
        pattern: r"^PHP (?:Fatal|Parse) error: +.* in (?P<file>\S+\.php)",
        samples: &[
            "PHP Fatal error:  Uncaught Error: Class \"App\\Foo\" not found in /app/src/Kernel.php:12",
        ],
        ..OTHER
    },
    Entry {
        id: "java.compile",
        tool: "java",
        pattern: r"^(?:\[ERROR\] |e: (?:file://)?)?(?P<file>\S+\.(?:java|kt)):(?:\[\d+,\d+\]|\d+(?::\d+)?:?) (?:error: )?\S",
        samples: &[
            "[ERROR] /app/src/main/java/App.java:[3,8] cannot find symbol",
            "src/main/java/App.java:3: error: ';' expected",
        ],
        ..OTHER
    },
    Entry {
        id: "java.dependency",
        tool: "java",
        error_type: ErrorType::Dependency,
        pattern: r"Could not resolve dependencies for project|Could not find artifact|Could not resolve all (?:files|dependencies|artifacts)",
        files: Files::None,
        touches: &["pom.xml"],
        samples: &[
            "[ERROR] Failed to execute goal on project app: Could not resolve dependencies for project com.acme:app:jar:1.0",
        ],
        ..OTHER
    },
    Entry {
        id: "java.footer",
        tool: "wrapper",
        rank: Rank::Summary,
        pattern: r"^(?:\[INFO\] BUILD FAILURE|BUILD FAILED|FAILURE: Build failed|Execution failed for task)",
        files: Files::None,
        confidence: 0.5,
        samples: &["FAILURE: Build failed with an exception.", "BUILD FAILED in 12s"],
        ..OTHER
    },
    Entry {
        id: "dotnet.compile",
        tool: "dotnet",
        pattern: r"^(?P<file>\S+?\.\w+)(?:\(\d+,\d+\))? ?: error (?:CS|NETSDK|MSB)\d+: ",
        samples: &["/src/Program.cs(3,5): error CS0103: The name 'x' does not exist in the current context"],
        ..OTHER
    },
    Entry {
        id: "dotnet.package",
        tool: "dotnet",
        error_type: ErrorType::Dependency,
        rank: Rank::Cause,
        pattern: r"error NU1\d{3}: ",
        samples: &["App : error NU1102: Unable to find package Foo with version (>= 9.9.9)"],
        docs: Some("https://learn.microsoft.com/en-us/nuget/reference/errors-and-warnings/"),
        ..OTHER
    },
    Entry {
        id: "docker.copy",
        tool: "docker",
        error_type: ErrorType::Config,
        pattern: r"failed to calculate checksum of ref|failed to compute cache key|COPY failed: |failed to read dockerfile|dockerfile parse error",
        files: Files::None,
        touches: &["Dockerfile"],
        rank: Rank::Cause,
        samples: &[
            "ERROR: failed to solve: failed to compute cache key: \"/package-lock.json\": not found",
            "failed to read dockerfile: open Dockerfile: no such file or directory",
        ],
        docs: Some("https://docs.docker.com/reference/dockerfile/#copy"),
        ..OTHER
    },
    Entry {
        id: "test.failed",
        tool: "tests",
        error_type: ErrorType::Build,
        pattern: r"^(?:FAIL +(?P<file>\S+\.\w+)|--- FAIL: |FAILED (?P<name>\S+\.py)::)",
        confidence: 0.75,
        samples: &[
            "FAIL  src/cart.test.ts > total > sums",
            "--- FAIL: TestTotal (0.00s)",
            "FAILED tests/test_cart.py::test_total - assert 1 == 2",
        ],
        ..OTHER
    },
];
