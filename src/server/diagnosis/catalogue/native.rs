//! Compiled languages: Rust (cargo, rustc), Go, C and C++.

use super::{Entry, Files, Rank};
use crate::model::{ErrorType, Verdict};

const RUST: Entry = Entry {
    tool: "rustc",
    error_type: ErrorType::Build,
    confidence: 0.96,
    files: Files::Below,
    ..Entry::BASE
};
const CARGO: Entry = Entry {
    tool: "cargo",
    error_type: ErrorType::Dependency,
    files: Files::None,
    touches: &["Cargo.toml"],
    ..RUST
};
const GO: Entry =
    Entry { tool: "go", error_type: ErrorType::Build, confidence: 0.93, files: Files::Here, ..Entry::BASE };

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "rust.missing-crate",
        tool: "rustc",
        rank: Rank::Cause,
        pattern: r"^error\[E0(?:432|433|463)\]: (?:unresolved import `(?P<module>[a-z_]\w*)`|can't find crate for `|failed to resolve: use of (?:unresolved module or unlinked|undeclared) crate|cannot find .* crate)",
        error_type: ErrorType::Dependency,
        files: Files::Below,
        confidence: 0.85,
        samples: &["error[E0432]: unresolved import `anyhow`", "error[E0463]: can't find crate for `core`"],
        docs: Some("https://doc.rust-lang.org/error_codes/error-index.html"),
        ..CARGO
    },
    Entry {
        id: "rust.error",
        pattern: r"^error\[E\d{4}\]: \S",
        samples: &["error[E0308]: mismatched types"],
        docs: Some("https://doc.rust-lang.org/error_codes/error-index.html"),
        ..RUST
    },
    Entry {
        id: "rust.footer",
        tool: "wrapper",
        rank: Rank::Footer,
        pattern: r"^(?:error: could not compile |error: aborting due to|error: build failed$)",
        confidence: 0.4,
        samples: &["error: could not compile `shop` (bin \"shop\") due to 1 previous error"],
        ..RUST
    },
    Entry {
        id: "cargo.offline-source",
        rank: Rank::Cause,
        pattern: r"you are in the offline mode \(--offline\)|attempting to make an HTTP request, but --offline",
        samples: &[
            "can't checkout from 'https://github.com/rust-bitcoin/rust-miniscript': you are in the offline mode (--offline)",
        ],
        ..CARGO
    },
    Entry {
        id: "cargo.version",
        rank: Rank::Cause,
        pattern: r"^error: (?:failed to select a version|no matching package(?: named| found))",
        samples: &[
            "error: failed to select a version for the requirement `fnv = \"^99\"`",
            "error: no matching package named `serd` found",
        ],
        ..CARGO
    },
    Entry {
        id: "cargo.resolution",
        pattern: r"^error: (?:the lock file .* needs to be updated|failed to load source for dependency|failed to get `|cannot update the lock file)",
        samples: &[
            "error: the lock file /app/Cargo.lock needs to be updated but --locked was passed to prevent this",
        ],
        docs: Some("https://doc.rust-lang.org/cargo/reference/resolver.html"),
        ..CARGO
    },
    Entry {
        id: "cargo.toolchain",
        rank: Rank::Cause,
        error_type: ErrorType::Config,
        pattern: r"(?:cannot be built because it requires rustc|rustc \S+ is not supported by the following|feature `edition20\d\d` is required|requires rustc \S+|toolchain '[^']+' is not installed)",
        touches: &["rust-toolchain.toml"],
        samples: &["error: rustc 1.70.0 is not supported by the following packages:"],
        docs: Some("https://doc.rust-lang.org/cargo/reference/rust-version.html"),
        ..CARGO
    },
    Entry {
        id: "cargo.manifest",
        rank: Rank::Cause,
        error_type: ErrorType::Config,
        pattern: r"^error: (?:failed to parse manifest|could not find `Cargo\.toml`)",
        samples: &["error: failed to parse manifest at `/app/Cargo.toml`"],
        ..CARGO
    },
    // What a build script misses on the machine says more than that it failed.
    Entry {
        id: "rust.system-library",
        rank: Rank::Cause,
        error_type: ErrorType::Config,
        pattern: r"(?:Could not find directory of OpenSSL|The system library `[^`]+` required by crate `[^`]+` was not found|The pkg-config command could not be found|is `cmake` not installed|Unable to find libclang|Could not find `protoc`)",
        files: Files::None,
        touches: &["Dockerfile"],
        confidence: 0.9,
        samples: &[
            "Could not find directory of OpenSSL installation, and this `-sys` crate cannot",
            "The system library `libpq` required by crate `pq-sys` was not found.",
            "failed to execute command: No such file or directory (os error 2) is `cmake` not installed?",
            "Could not find `protoc`. If `protoc` is installed, try setting the `PROTOC` environment variable",
        ],
        ..RUST
    },
    Entry {
        id: "rust.linker",
        error_type: ErrorType::Config,
        pattern: r"^error: (?:linking with `|linker `\w+` not found|failed to run custom build command for)|Could not find directory of OpenSSL",
        files: Files::None,
        confidence: 0.75,
        samples: &[
            "error: linking with `cc` failed: exit status: 1",
            "error: failed to run custom build command for `openssl-sys v0.9.93`",
        ],
        ..RUST
    },
    Entry {
        id: "rust.plain-error",
        pattern: r"^error: (?:expected |unexpected |unknown |mismatched closing|this file contains|cannot find (?:macro|attribute|derive)|unused |.*`-D warnings`|no rules expected|unterminated |prefix `|format argument|missing )",
        samples: &[
            "error: expected one of `!` or `::`, found `fn`",
            "error: cannot find macro `foo` in this scope",
            "error: unused variable: `x`",
        ],
        confidence: 0.85,
        ..RUST
    },
    Entry {
        id: "rust.panic",
        error_type: ErrorType::Runtime,
        pattern: r"^thread '.*'(?: \(\d+\))? panicked at (?:'.*', )?(?P<file>\S+?\.rs):",
        files: Files::Here,
        samples: &["thread 'main' panicked at src/main.rs:3:5:"],
        ..RUST
    },
    Entry {
        id: "go.version",
        rank: Rank::Cause,
        error_type: ErrorType::Config,
        pattern: r"go\.mod requires go >=|toolchain not available|invalid go version|unknown directive: toolchain",
        files: Files::None,
        touches: &["Dockerfile", "go.mod"],
        samples: &["go: go.mod requires go >= 1.25.5 (running go 1.25.0; GOTOOLCHAIN=local)"],
        docs: Some("https://go.dev/doc/toolchain"),
        ..GO
    },
    Entry {
        id: "go.mod",
        rank: Rank::Cause,
        error_type: ErrorType::Config,
        pattern: r"^(?P<file>\S*go\.mod):\d+(?::\d+)?: \S",
        files: Files::Here,
        samples: &["/vercel/path0/go.mod:38: replacement module without version must be directory path"],
        ..GO
    },
    Entry {
        id: "go.sum",
        rank: Rank::Cause,
        error_type: ErrorType::Dependency,
        pattern: r"missing go\.sum entry",
        files: Files::None,
        touches: &["go.sum"],
        confidence: 0.95,
        samples: &[
            "main.go:5:2: missing go.sum entry for module providing package golang.org/x/net/html",
            "go: github.com/acme/cart@v1.2.0: missing go.sum entry for go.mod file",
        ],
        ..GO
    },
    Entry {
        id: "go.module",
        rank: Rank::Cause,
        error_type: ErrorType::Dependency,
        pattern: r"no required module provides package|missing go\.sum entry|cannot find module providing|updates to go\.mod needed|inconsistent vendoring|^go: .*(?:unknown revision|invalid version)|^verifying .*checksum mismatch",
        touches: &["go.mod", "go.sum"],
        samples: &["main.go:4:2: no required module provides package github.com/gin-gonic/gin; to add it:"],
        docs: Some("https://go.dev/ref/mod#go-mod-file-require"),
        ..GO
    },
    Entry {
        id: "go.no-module",
        rank: Rank::Cause,
        error_type: ErrorType::Config,
        verdict: Verdict::Config,
        pattern: r"go\.mod file not found|^(?:package \S+: )?no Go files in|^stat .*: directory not found|cannot find main module",
        files: Files::None,
        confidence: 0.88,
        advice: Some(
            "The build command looks in a folder without Go code: correct the build command {build} or the root directory {root}.",
        ),
        samples: &[
            "go: go.mod file not found in current directory or any parent directory; see 'go help modules'",
            "no Go files in /opt/render/project/go/src/github.com/a/b",
        ],
        docs: Some("https://go.dev/ref/mod"),
        ..GO
    },
    Entry {
        id: "go.compile",
        pattern: r"^(?:vet: )?(?P<file>[\w./-]+\.go):\d+(?::\d+)?: \S",
        samples: &["./main.go:10:2: undefined: handler"],
        ..GO
    },
    Entry {
        id: "go.panic",
        error_type: ErrorType::Runtime,
        pattern: r"^panic: \S",
        files: Files::Below,
        samples: &["panic: runtime error: invalid memory address or nil pointer dereference"],
        ..GO
    },
    Entry {
        id: "c.compile",
        tool: "cc",
        pattern: r"^(?P<file>[^\s:]+\.(?:c|cc|cpp|cxx|h|hpp)):\d+(?::\d+)?: (?:fatal )?error: \S",
        confidence: 0.85,
        samples: &["src/main.c:3:10: fatal error: missing.h: No such file or directory"],
        ..GO
    },
    Entry {
        id: "c.command",
        tool: "cc",
        rank: Rank::Place,
        error_type: ErrorType::Dependency,
        pattern: r"^error: command '[^']*(?:gcc|clang|cc|g\+\+)[^']*' failed",
        files: Files::None,
        confidence: 0.7,
        samples: &["error: command '/usr/bin/clang' failed with exit code 1"],
        ..GO
    },
];
