//! Cargo, rustup and Go: what they refuse before anything is compiled, and what the linker misses.

use super::{Entry, Files, Rank};
use crate::model::{ErrorType, Verdict};

const CARGO: Entry = Entry {
    tool: "cargo",
    rank: Rank::Cause,
    error_type: ErrorType::Config,
    confidence: 0.92,
    ..Entry::BASE
};
const GO: Entry =
    Entry { tool: "go", rank: Rank::Cause, error_type: ErrorType::Dependency, touches: &["go.mod"], ..CARGO };

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "cargo.lock-version",
        pattern: r"^(?:error: )?(?:lock file version `?\d+`? (?:was found|requires)|failed to parse lock file at)",
        touches: &["Cargo.lock"],
        samples: &[
            "error: failed to parse lock file at: /app/Cargo.lock",
            "lock file version `4` was found, but this version of Cargo does not understand this lock file, perhaps Cargo needs to be updated?",
        ],
        ..CARGO
    },
    Entry {
        id: "rustup.toolchain",
        pattern: r"^error(?:\[E0554\])?: (?:rustup could not choose a version|the option `\w+` is only accepted on the nightly|the '[^']+' binary, normally provided by the|`#!\[feature\]` may not be used on the stable|.*(?:target|component) .* not found in channel|override toolchain '[^']+' is not installed)",
        touches: &["rust-toolchain.toml"],
        samples: &[
            "error: rustup could not choose a version of cargo to run, because one wasn't specified explicitly, and no default is configured.",
            "error: the option `Z` is only accepted on the nightly compiler",
            "error[E0554]: `#![feature]` may not be used on the stable release channel",
        ],
        ..CARGO
    },
    // The standard library of a target, not a crate of the project.
    Entry {
        id: "rustup.target",
        pattern: r"^error\[E0463\]: can't find crate for `std`",
        touches: &["rust-toolchain.toml"],
        confidence: 0.88,
        // Dependency by the compiler's word, configuration by its cure.
        error_type: ErrorType::Dependency,
        samples: &["error[E0463]: can't find crate for `std`"],
        ..CARGO
    },
    Entry {
        id: "cargo.command",
        pattern: r"^error: no such (?:sub)?command: `(?P<name>[\w-]+)`",
        touches: &["Dockerfile"],
        samples: &["error: no such command: `leptos`"],
        ..CARGO
    },
    Entry {
        id: "cargo.selection",
        pattern: r"^error: (?:no bin target named `[^`]+`|package ID specification `[^`]+` did not match any packages|cannot specify features for packages|.*(?:does not contain this feature|does not have (?:the|these) features?))|no targets specified in the manifest",
        touches: &["Cargo.toml"],
        confidence: 0.88,
        samples: &[
            "error: no bin target named `web` in default-run packages",
            "error: package ID specification `web` did not match any packages",
            "error: the package 'shop' does not contain this feature: ssr",
        ],
        ..CARGO
    },
    Entry {
        id: "cargo.network",
        docs: Some("https://doc.rust-lang.org/cargo/reference/registries.html"),
        error_type: ErrorType::Other,
        verdict: Verdict::Flaky,
        rank: Rank::Error,
        pattern: r"^(?:error: )?(?:failed to download from `https://(?:static\.)?crates\.io|failed to fetch `https://github\.com/rust-lang/crates\.io-index`|download of config\.json failed)",
        confidence: 0.85,
        advice: Some("The crate registry did not answer: deploy the same commit again {redeploy}."),
        samples: &[
            "error: failed to download from `https://crates.io/api/v1/crates/shop/1.0.0/download`",
            "failed to fetch `https://github.com/rust-lang/crates.io-index`",
        ],
        ..CARGO
    },
    Entry {
        id: "linker.library",
        tool: "rustc",
        pattern: r"(?:cannot find -l(?P<name>[\w.+-]+)|could not find native static library `|library not found for -l)",
        touches: &["Dockerfile"],
        samples: &[
            "/usr/bin/ld: cannot find -lpq: No such file or directory",
            "error: could not find native static library `shop`, perhaps an -L flag is missing?",
        ],
        ..CARGO
    },
    Entry {
        id: "go.private",
        pattern: r"^go: .*(?:git ls-remote .*exit status|reading https?://\S+: (?:410 Gone|404 Not Found))",
        confidence: 0.85,
        samples: &[
            "go: github.com/acme/cart@v1.2.3: reading github.com/acme/cart/go.mod at revision v1.2.3: git ls-remote -q origin in /go/pkg/mod/cache/vcs/x: exit status 128:",
            "go: module github.com/acme/cart: reading https://proxy.golang.org/github.com/acme/cart/@v/list: 410 Gone",
        ],
        ..GO
    },
    Entry {
        id: "go.network",
        docs: Some("https://go.dev/ref/mod#module-proxy"),
        error_type: ErrorType::Other,
        verdict: Verdict::Flaky,
        touches: &[],
        pattern: r"^(?:go: |verifying ).*(?:proxy|sum)\.golang\.org.*(?:i/o timeout|connection reset|TLS handshake|50\d |unexpected EOF|no such host)",
        confidence: 0.9,
        advice: Some("Go's module proxy did not answer: deploy the same commit again {redeploy}."),
        samples: &[
            "go: github.com/acme/cart@v1.2.3: Get \"https://proxy.golang.org/github.com/acme/cart/@v/v1.2.3.mod\": dial tcp: lookup proxy.golang.org: i/o timeout",
        ],
        ..GO
    },
    Entry {
        id: "go.checksum",
        touches: &["go.sum"],
        pattern: r"^(?:go: )?verifying \S+: (?:.*: )?checksum mismatch",
        samples: &["verifying github.com/acme/cart@v1.2.3: checksum mismatch"],
        ..GO
    },
    // A path without a dot is no address: the code means a package of its own module.
    Entry {
        id: "go.own-package",
        error_type: ErrorType::Build,
        touches: &[],
        pattern: r"(?:^(?P<file>[\w./-]+\.go):\d+:\d+: )?package \S+ is not in (?:std|GOROOT)",
        files: Files::Here,
        samples: &[
            "main.go:5:2: package shop/internal/db is not in std (/usr/local/go/src/shop/internal/db)",
        ],
        ..GO
    },
    Entry {
        id: "go.cycle",
        error_type: ErrorType::Build,
        touches: &[],
        pattern: r"import cycle not allowed",
        files: Files::Below,
        samples: &["package shop/cmd: import cycle not allowed"],
        ..GO
    },
    Entry {
        id: "go.language",
        rank: Rank::Error,
        error_type: ErrorType::Config,
        touches: &["Dockerfile", "go.mod"],
        pattern: r"^note: module requires Go \d",
        samples: &["note: module requires Go 1.99"],
        ..GO
    },
    Entry {
        id: "go.c-compiler",
        error_type: ErrorType::Config,
        touches: &["Dockerfile"],
        pattern: r#"cgo: C compiler "[^"]+" not found"#,
        samples: &["cgo: C compiler \"gcc\" not found: exec: \"gcc\": executable file not found in $PATH"],
        ..GO
    },
    Entry {
        id: "go.fatal",
        rank: Rank::Error,
        error_type: ErrorType::Runtime,
        touches: &[],
        pattern: r"^fatal error: (?:all goroutines are asleep|concurrent map)",
        files: Files::Below,
        samples: &["fatal error: all goroutines are asleep - deadlock!"],
        ..GO
    },
];
