//! What looks like an error when no tool's own words were recognised.

use super::{Entry, Files, Rank};
use crate::model::ErrorType;

const GUESS: Entry = Entry {
    tool: "generic",
    rank: Rank::Guess,
    error_type: ErrorType::Other,
    confidence: 0.4,
    files: Files::Here,
    last: true,
    ..Entry::BASE
};

/// Whatever stands right above the first frame of a stack was thrown. No pattern finds it: the scanner does.
pub(crate) static THROWN: Entry = Entry {
    id: "generic.thrown",
    tool: "node",
    rank: Rank::Exception,
    error_type: ErrorType::Runtime,
    confidence: 0.55,
    files: Files::Stack,
    last: false,
    ..GUESS
};

/// In every frame of a JavaScript stack.
pub(crate) const FRAME: &str = " at ";

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "npm.footer",
        pattern: r"^(?:npm (?:error|ERR!)(?: |$)|ELIFECYCLE\b|\S* ?ERR_PNPM_RECURSIVE_RUN_FIRST_FAIL)",
        samples: &[
            "npm error command sh -c vite build",
            "npm ERR! A complete log of this run can be found in: /root/.npm/_logs/x.log",
            "ELIFECYCLE  Command failed with exit code 1.",
            "npm error Lifecycle script `build` failed with error:",
        ],
        rank: Rank::Footer,
        tool: "npm",
        confidence: 0.2,
        files: Files::None,
        last: false,
        ..GUESS
    },
    Entry {
        id: "nuxt.error",
        pattern: r"^(?:ERROR +)?(?:Nuxt [Bb]uild [Ee]rror: |Cannot start nuxt: )\S",
        confidence: 0.8,
        samples: &["ERROR  Nuxt Build Error: Could not load composable"],
        rank: Rank::Error,
        tool: "framework",
        error_type: ErrorType::Build,
        files: Files::Below,
        last: false,
        ..GUESS
    },
    Entry {
        id: "generic.nothing-wrong",
        tool: "none",
        rank: Rank::Footer,
        confidence: 0.1,
        pattern: r"(?i)\b(?:0|no) (?:[\w-]+ ){0,4}(?:errors?|failed|failures|vulnerabilities)\b|\berrors: 0\b",
        samples: &["Found 0 errors.", "✔ No ESLint warnings or errors"],
        ..GUESS
    },
    Entry {
        id: "generic.error",
        pattern: r"^(?:\S{1,40} )?[\[(]?(?:error|Error|ERROR|[Ff]atal|FATAL|panic|ERR!|✘|⨯)(?: error)?[\])]?[:!]? {0,3}\S",
        samples: &["error: something is off", "ERROR  Something is off", "fatal: something is off"],
        ..GUESS
    },
    Entry {
        id: "generic.mention",
        confidence: 0.25,
        tool: "generic.mention",
        rank: Rank::Guess,
        pattern: r"(?i)\b(?:errors?|failed|failure|exception|cannot|could not|invalid|unable to|denied|not found|rejected)\b",
        samples: &["Deployment failed while uploading", "Unable to start the thing"],
        ..GUESS
    },
];
