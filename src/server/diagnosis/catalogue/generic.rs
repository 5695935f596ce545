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

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "generic.nothing-wrong",
        tool: "none",
        rank: Rank::Footer,
        confidence: 0.1,
        needles: &[
            "0 error",
            "no error",
            "No error",
            "0 failed",
            "0 vulnerabilities",
            "errors: 0",
            "Errors: 0",
            "|| true",
        ],
        pattern: r"(?i)\b(?:0|no) (?:errors?|failed|failures|vulnerabilities)\b|\berrors: 0\b",
        samples: &["Found 0 errors.", "✔ No ESLint warnings or errors"],
        ..GUESS
    },
    Entry {
        id: "generic.error",
        needles: &["error", "Error", "ERROR", "fatal", "Fatal", "FATAL", "panic", "✘", "⨯"],
        pattern: r"^(?:\S{1,40} )?[\[(]?(?:error|Error|ERROR|[Ff]atal|FATAL|panic|ERR!?|✘|⨯)(?: error)?[\])]?[:!]? ?\S",
        samples: &["error: something is off", "ERROR  Something is off", "fatal: not a git repository"],
        ..GUESS
    },
    Entry {
        id: "generic.mention",
        confidence: 0.25,
        tool: "generic.mention",
        rank: Rank::Guess,
        needles: &[
            "error",
            "Error",
            "ERROR",
            "ailed",
            "FAILED",
            "xception",
            "annot ",
            "ould not",
            "nvalid",
            "nable to",
            "denied",
            "not found",
            "rejected",
        ],
        pattern: r"(?i)\b(?:errors?|failed|failure|exception|cannot|could not|invalid|unable to|denied|not found|rejected)\b",
        samples: &["Deployment failed while uploading", "Unable to start the thing"],
        ..GUESS
    },
];
