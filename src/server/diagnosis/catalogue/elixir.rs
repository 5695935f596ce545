//! Elixir: Mix, Hex, the compiler.

use super::{Entry, Files, Rank};
use crate::model::{ErrorType, Verdict};

const ELIXIR: Entry = Entry { tool: "elixir", error_type: ErrorType::Build, confidence: 0.9, ..Entry::BASE };

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "elixir.variable",
        docs: Some("https://hexdocs.pm/elixir/config-and-releases.html"),
        rank: Rank::Cause,
        error_type: ErrorType::Config,
        verdict: Verdict::Config,
        pattern: r#"^\*\* \((?:System\.EnvError|RuntimeError)\) (?:could not fetch )?environment variable "?(?P<name>[A-Z][A-Z0-9_]+)"?"#,
        advice: Some("Add {name} with its value {env}, then deploy again."),
        samples: &[
            "** (RuntimeError) environment variable DATABASE_URL is missing.",
            "** (System.EnvError) could not fetch environment variable \"SECRET_KEY_BASE\" because it is not set",
        ],
        ..ELIXIR
    },
    Entry {
        id: "elixir.config-file",
        rank: Rank::Cause,
        error_type: ErrorType::Config,
        pattern: r#"^\*\* \((?:Mix\.Config\.LoadError|Config\.LoadError|Code\.LoadError|File\.Error)\) could not (?:load config|load|read file) "?(?P<file>[\w./-]*config/[\w./-]+\.exs?)"#,
        files: Files::Here,
        samples: &[
            "** (Mix.Config.LoadError) could not load config config/staging.secret.exs",
            "** (File.Error) could not read file \"/app/config/staging.exs\": no such file or directory",
        ],
        ..ELIXIR
    },
    Entry {
        id: "elixir.command-missing",
        rank: Rank::Cause,
        error_type: ErrorType::Config,
        pattern: r"^\*\* \(ErlangError\) Erlang error: :enoent",
        touches: &["Dockerfile"],
        confidence: 0.85,
        samples: &["** (ErlangError) Erlang error: :enoent"],
        ..ELIXIR
    },
    Entry {
        id: "hex.dependency",
        rank: Rank::Cause,
        error_type: ErrorType::Dependency,
        pattern: r"^(?:\*\* \(Mix(?:\.Error)?\) )?(?:Hex dependency resolution failed|Unchecked dependencies for environment|the dependency is not available|could not compile dependency :(?P<module>\w+)|lock mismatch: |No package with name )",
        touches: &["mix.exs"],
        samples: &[
            "** (Mix) Hex dependency resolution failed",
            "Unchecked dependencies for environment prod:",
            "could not compile dependency :bcrypt_elixir, \"mix compile\" failed.",
        ],
        ..ELIXIR
    },
    Entry {
        id: "elixir.compile",
        pattern: r"^\*\* \((?:CompileError|SyntaxError|TokenMissingError|MismatchedDelimiterError)\) (?:invalid syntax found on )?(?P<file>[\w./-]+\.(?:exs?|heex|eex)):\d+",
        files: Files::Here,
        confidence: 0.95,
        samples: &[
            "** (CompileError) lib/shop/cart.ex:12: undefined function total/1",
            "** (SyntaxError) invalid syntax found on lib/shop/cart.ex:3:5:",
        ],
        ..ELIXIR
    },
    Entry {
        id: "elixir.heading",
        rank: Rank::Place,
        pattern: r"^== Compilation error in file (?P<file>\S+) ==",
        files: Files::Here,
        confidence: 0.85,
        samples: &["== Compilation error in file lib/shop/cart.ex =="],
        ..ELIXIR
    },
    Entry {
        id: "elixir.exception",
        rank: Rank::Error,
        error_type: ErrorType::Runtime,
        pattern: r"^\*\* \((?:[A-Z]\w*\.)*[A-Z]\w*(?:Error|exit)?\) \S",
        confidence: 0.75,
        samples: &[
            "** (UndefinedFunctionError) function Shop.Cart.total/1 is undefined or private",
            "** (Mix) The task \"assets.deploi\" could not be found",
        ],
        ..ELIXIR
    },
];
