//! Python packaging: requirement files, locks, resolvers, native libraries, build backends.

use super::{Entry, Files, Rank};
use crate::model::{ErrorType, Verdict};

const PIP: Entry = Entry {
    tool: "pip",
    rank: Rank::Cause,
    error_type: ErrorType::Dependency,
    confidence: 0.94,
    touches: &["requirements.txt"],
    ..Entry::BASE
};
const PROJECT: Entry =
    Entry { error_type: ErrorType::Config, touches: &["pyproject.toml"], confidence: 0.92, ..PIP };

pub(super) const ENTRIES: &[Entry] = &[
    // A carriage return in a script is not the platform's setting.
    Entry {
        id: "pip.no-file-crlf",
        error_type: ErrorType::Config,
        needles: &["Could not open requirements file"],
        pattern: r"^ERROR: Could not open requirements file: .*\\r'",
        touches: &[],
        samples: &[
            "ERROR: Could not open requirements file: [Errno 2] No such file or directory: 'reqs.txt\\r'",
        ],
        ..PIP
    },
    Entry {
        id: "pip.parse",
        needles: &[
            "ould not parse requirements",
            "Couldn't parse requirement",
            "Invalid requirement",
            "Failed to parse requirements file",
        ],
        pattern: r#"(?:ould not parse (?P<file>[\w./-]*requirements[\w./-]*\.txt)|Couldn't parse requirement in [`'"](?P<named>[^`'"]+)|^ERROR: Invalid requirement: ['"]?[^'"—–-])"#,
        samples: &[
            "Error: could not parse requirements.txt: Failed to parse requirements file. Line 3, col 8: expected end of input",
            "error: Couldn't parse requirement in `requirements.txt` at position 0",
            "ERROR: Invalid requirement: 'flask=2.0': Expected end or semicolon (after name and no valid version specifier)",
        ],
        ..PIP
    },
    Entry {
        id: "pip.conflict-file",
        needles: &["conflicting dependencies"],
        pattern: r"^ERROR: Cannot (?:install|`pip install) .*?-r (?P<file>[\w./-]+)[` ].*because these package versions have conflicting dependencies",
        samples: &[
            "ERROR: Cannot `pip install -r api/requirements.txt` because these package versions have conflicting dependencies.",
            "ERROR: Cannot install -r requirements/base.txt (line 1) and idna==1.1 because these package versions have conflicting dependencies.",
        ],
        files: Files::Here,
        ..PIP
    },
    Entry {
        id: "poetry.lock",
        needles: &[
            "poetry.lock was last generated",
            "poetry.lock is not up to date",
            "poetry.lock out of date",
        ],
        pattern: r"(?:pyproject\.toml changed significantly since poetry\.lock|poetry\.lock is not up to date with pyproject\.toml)",
        touches: &["poetry.lock"],
        confidence: 0.96,
        samples: &[
            "Error: pyproject.toml changed significantly since poetry.lock was last generated. Run `poetry lock` to fix the lock file.",
            "Error: poetry.lock is not up to date with pyproject.toml, run `poetry lock` to fix this",
        ],
        ..PIP
    },
    Entry {
        id: "uv.lock",
        needles: &[
            "lockfile at `uv.lock`",
            "Unable to find lockfile at `uv.lock`",
            "Failed to parse `uv.lock`",
        ],
        pattern: r"(?:lockfile at `uv\.lock` needs to be updated|Unable to find lockfile at `uv\.lock`|Failed to parse `uv\.lock`)",
        touches: &["uv.lock"],
        confidence: 0.96,
        samples: &[
            "error: The lockfile at `uv.lock` needs to be updated, but `--locked` was provided.",
            "error: Unable to find lockfile at `uv.lock`. To create a lockfile, run `uv lock` or `uv sync`.",
        ],
        ..PIP
    },
    Entry {
        id: "pipenv.lock",
        needles: &["Pipfile.lock ("],
        pattern: r"^(?:ERROR:+ )?(?:Your )?Pipfile\.lock \([0-9a-f]+\) (?:is )?out of date",
        touches: &["Pipfile.lock"],
        samples: &["Pipfile.lock (ab12cd) out of date, but should be (34ef56)."],
        ..PIP
    },
    // Resolvers that explain themselves: the first reason says more than the headline.
    Entry {
        id: "uv.because",
        needles: &["─▶ Because ", "─▶ There "],
        pattern: r"^╰─▶ (?:Because |There (?:is|are) no )",
        touches: &["pyproject.toml"],
        samples: &[
            "╰─▶ Because shop depends on flask>=9 and only flask<=3.1 is available, we can conclude that",
        ],
        ..PIP
    },
    Entry {
        id: "poetry.because",
        needles: &["ecause "],
        pattern: r"^(?:So, b|And b|B)ecause .*(?:depends on \S+ \([^)]*\)|no versions? of \S+ match)",
        touches: &["pyproject.toml"],
        samples: &[
            "Because no versions of flask match >9.0,<10.0",
            "Because shop depends on requests (^2.99) which doesn't match any versions, version solving failed.",
        ],
        ..PIP
    },
    Entry {
        id: "pip.native-library",
        needles: &[
            "pg_config",
            "mysql_config",
            "Can not find valid pkg-config",
            "libxml2 and libxslt",
            "Python.h",
            "find Rust compiler",
            "the Rust package manager, is not installed",
            "gcc': No such file",
            "gcc' failed: No such file",
            "unable to execute '",
        ],
        pattern: r"(?:^Error: pg_config executable not found|mysql_config not found|Can not find valid pkg-config name|make sure the libxml2 and libxslt development packages|fatal error: Python\.h: No such file|can't find Rust compiler|Cargo, the Rust package manager, is not installed|unable to execute '[\w.+-]*(?:gcc|g\+\+|cc|clang)': No such file|error: command '[^']*(?:gcc|g\+\+|cc|clang)' failed: No such file)",
        confidence: 0.9,
        samples: &[
            "Error: pg_config executable not found.",
            "OSError: mysql_config not found",
            "error: can't find Rust compiler",
            "error: command 'gcc' failed: No such file or directory",
            "src/a.c:3:10: fatal error: Python.h: No such file or directory",
        ],
        ..PIP
    },
    Entry {
        id: "setuptools.discovery",
        needles: &[
            "discovered in a flat-layout",
            "Unable to determine which files to ship",
            "package directory '",
            "error in setup command",
            "invalid pyproject.toml config",
            "No file/folder found for package",
        ],
        pattern: r"(?:^error: Multiple top-level (?:packages|modules) discovered in a flat-layout|Unable to determine which files to ship inside the wheel|^error: package directory '[^']+' does not exist|^error in \S+ setup command|invalid pyproject\.toml config|No file/folder found for package)",
        samples: &[
            "error: Multiple top-level packages discovered in a flat-layout: ['media', 'shop'].",
            "ValueError: Unable to determine which files to ship inside the wheel using the following heuristics",
            "configuration error: invalid pyproject.toml config: `project.license`.",
        ],
        ..PROJECT
    },
    Entry {
        id: "pip.not-installable",
        needles: &["is not installable. Neither"],
        pattern: r"Directory '[^']+' is not installable\. Neither 'setup\.py' nor 'pyproject\.toml' found",
        touches: &[],
        confidence: 0.85,
        samples: &["ERROR: Directory '.' is not installable. Neither 'setup.py' nor 'pyproject.toml' found."],
        ..PROJECT
    },
    Entry {
        id: "poetry.project",
        needles: &[
            "current project could not be installed",
            "The Poetry configuration is invalid",
            "could not find a pyproject.toml",
        ],
        pattern: r"(?:The current project could not be installed: |The Poetry configuration is invalid|Poetry could not find a pyproject\.toml)",
        touches: &["Dockerfile"],
        confidence: 0.88,
        samples: &[
            "Error: The current project could not be installed: Readme path `/app/README.md` does not exist.",
            "The Poetry configuration is invalid:",
            "Poetry could not find a pyproject.toml file in /app or its parents",
        ],
        ..PROJECT
    },
    Entry {
        id: "poetry.installer",
        error_type: ErrorType::Other,
        verdict: Verdict::Flaky,
        needles: &["Poetry installation failed"],
        pattern: r"^Poetry installation failed\.",
        touches: &[],
        confidence: 0.7,
        advice: Some(
            "Poetry's installer failed without a reason in the log: deploy the same commit again {redeploy}.",
        ),
        samples: &["Poetry installation failed."],
        ..PIP
    },
    Entry {
        id: "vercel.python-version",
        tool: "platform",
        error_type: ErrorType::Config,
        needles: &["supported Python versions", "Python version \"", "is discontinued and must be upgraded"],
        pattern: r#"(?:Unable to find any supported Python versions|Python version "[\d.]+" (?:detected )?in \S+ is discontinued|Python version "[\d.]+" .*must be upgraded)"#,
        touches: &[],
        confidence: 0.93,
        samples: &[
            "Error: Unable to find any supported Python versions.",
            "Error: Python version \"3.6\" detected in Pipfile.lock is discontinued and must be upgraded.",
        ],
        ..PIP
    },
];
