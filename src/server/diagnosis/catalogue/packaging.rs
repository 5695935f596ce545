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
        pattern: r"^ERROR: Could not open requirements file: .*\\r'",
        touches: &[],
        samples: &[
            "ERROR: Could not open requirements file: [Errno 2] No such file or directory: 'reqs.txt\\r'",
        ],
        ..PIP
    },
    Entry {
        id: "pip.parse",
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
        pattern: r"^(?:ERROR:+ )?(?:Your )?Pipfile\.lock \([0-9a-f]+\) (?:is )?out of date",
        touches: &["Pipfile.lock"],
        samples: &["Pipfile.lock (ab12cd) out of date, but should be (34ef56)."],
        ..PIP
    },
    // Resolvers that explain themselves: the first reason says more than the headline.
    Entry {
        id: "uv.because",
        pattern: r"^╰─▶ (?:Because |There (?:is|are) no )",
        touches: &["pyproject.toml"],
        samples: &[
            "╰─▶ Because shop depends on flask>=9 and only flask<=3.1 is available, we can conclude that",
        ],
        ..PIP
    },
    Entry {
        id: "poetry.because",
        pattern: r"^(?:So, b|And b|B)ecause .*(?:depends on \S+ \([^)]*[\d*][^)]*\)|no versions? of \S+ match)",
        touches: &["pyproject.toml"],
        samples: &[
            "Because no versions of flask match >9.0,<10.0",
            "Because shop depends on requests (^2.99) which doesn't match any versions, version solving failed.",
        ],
        ..PIP
    },
    Entry {
        id: "pip.native-library",
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
        pattern: r"(?:^error: Multiple top-level (?:packages|modules) discovered in a flat-layout|Unable to determine which files to ship inside the wheel|^error: package directory '[^']+' does not exist|^error in \S+ setup command|invalid pyproject\.toml config|No file/folder found for package)",
        samples: &[
            "error: Multiple top-level packages discovered in a flat-layout: ['carts', 'shop'].",
            "ValueError: Unable to determine which files to ship inside the wheel using the following heuristics",
            "configuration error: invalid pyproject.toml config: `project.license`.",
        ],
        ..PROJECT
    },
    Entry {
        id: "pip.not-installable",
        pattern: r"Directory '[^']+' is not installable\. Neither 'setup\.py' nor 'pyproject\.toml' found",
        touches: &[],
        confidence: 0.85,
        samples: &["ERROR: Directory '.' is not installable. Neither 'setup.py' nor 'pyproject.toml' found."],
        ..PROJECT
    },
    Entry {
        id: "poetry.project",
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
        docs: Some("https://python-poetry.org/docs/"),
        error_type: ErrorType::Other,
        verdict: Verdict::Flaky,
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
        pattern: r#"(?:Unable to find any supported Python versions|Python version "[\d.]+" (?:detected )?in \S+ is discontinued|Python version "[\d.]+" .*must be upgraded)"#,
        touches: &[],
        confidence: 0.93,
        samples: &[
            "Error: Unable to find any supported Python versions.",
            "Error: Python version \"3.6\" detected in Pipfile.lock is discontinued and must be upgraded.",
        ],
        ..PIP
    },
    Entry {
        id: "pip.hashes",
        pattern: r"^ERROR: (?:.*DO NOT MATCH THE HASHES|In --require-hashes mode)",
        samples: &[
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versions, please update the hashes.",
            "ERROR: In --require-hashes mode, all requirements must have their versions pinned with ==.",
        ],
        ..PIP
    },
    Entry {
        id: "pip.wheel-platform",
        pattern: r"(?:^ERROR: \S+ is not a supported wheel on this platform|doesn't have a source distribution or wheel for the current platform)",
        samples: &[
            "ERROR: shop-3.0-cp39-win_amd64.whl is not a supported wheel on this platform.",
            "error: Distribution `torch==2.2.0 @ registry+https://pypi.org/simple` can't be installed because it doesn't have a source distribution or wheel for the current platform",
        ],
        ..PIP
    },
    Entry {
        id: "pip.system",
        error_type: ErrorType::Config,
        touches: &["Dockerfile"],
        pattern: r"(?:^error: externally-managed-environment|Can not perform a '--user' install)",
        samples: &["error: externally-managed-environment"],
        ..PIP
    },
    Entry {
        id: "uv.build",
        rank: Rank::Error,
        pattern: r"^(?:× )?(?:Failed to (?:download and )?build `(?P<module>[\w.-]+)|Unable to find installation candidates for )",
        touches: &["pyproject.toml"],
        confidence: 0.9,
        samples: &[
            "× Failed to build `psycopg2==2.9.9`",
            "Unable to find installation candidates for torch (2.0.1)",
        ],
        ..PIP
    },
    Entry {
        id: "uv.network",
        docs: Some("https://docs.astral.sh/uv/"),
        error_type: ErrorType::Other,
        verdict: Verdict::Flaky,
        touches: &[],
        pattern: r"^(?:error|×):? Failed to fetch: `https://(?:pypi\.org|files\.pythonhosted\.org)",
        confidence: 0.85,
        advice: Some("The package index did not answer: deploy the same commit again {redeploy}."),
        samples: &["error: Failed to fetch: `https://pypi.org/simple/flask/`"],
        ..PIP
    },
    Entry {
        id: "python.interpreter",
        pattern: r"(?:No interpreter found for Python|requested interpreter resolved to Python|Python version \S+ is not (?:supported|allowed) by the project|Python version \(\S+\) is not allowed by the project|Requires-Python `[^`]+` is incompatible with Python)",
        samples: &[
            "error: No interpreter found for Python 3.99 in managed installations or search path",
            "The currently activated Python version 3.9.2 is not supported by the project (^3.11).",
            "Current Python version (3.9.1) is not allowed by the project (^3.11).",
        ],
        ..PROJECT
    },
    Entry {
        id: "uv.project",
        pattern: r"(?:No `pyproject\.toml` found|Failed to parse: `pyproject\.toml`|^Group\(s\) not found: )",
        samples: &[
            "error: No `pyproject.toml` found in current directory or any parent directory",
            "error: Failed to parse: `pyproject.toml`",
            "Group(s) not found: docs (via --with)",
        ],
        ..PROJECT
    },
    Entry {
        id: "pip.git",
        pattern: r"^(?:ERROR: Command errored out with exit status 128: |× )git clone .*(?:exit status|did not run successfully|(?:git|ssh|https)\S*://)",
        confidence: 0.88,
        samples: &[
            "× git clone --filter=blob:none --quiet ssh://git@github.com/acme/cart.git /tmp/x did not run successfully.",
            "ERROR: Command errored out with exit status 128: git clone -q ssh://git@github.com/acme/cart.git /tmp/x",
        ],
        ..PIP
    },
];
