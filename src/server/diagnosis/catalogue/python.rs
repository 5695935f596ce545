//! Python: pip, uv, Poetry, setuptools, tracebacks, Django, gunicorn.

use super::{Entry, Files, Rank, When};
use crate::model::{ErrorType, Verdict};

const PIP: Entry = Entry {
    tool: "pip",
    error_type: ErrorType::Dependency,
    confidence: 0.94,
    touches: &["requirements.txt"],
    ..Entry::BASE
};
const PYTHON: Entry = Entry {
    tool: "python",
    error_type: ErrorType::Runtime,
    confidence: 0.88,
    files: Files::Traceback,
    last: true,
    ..Entry::BASE
};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "pip.no-version",
        rank: Rank::Cause,
        pattern: r"^ERROR: (?:Could not find a version that satisfies the requirement (?P<module>\S+)|No matching distribution found for)",
        samples: &[
            "ERROR: Could not find a version that satisfies the requirement idna-ssl-extra==99.1 (from versions: none)",
            "ERROR: No matching distribution found for torch==1.9.0",
        ],
        docs: Some("https://pip.pypa.io/en/stable/topics/dependency-resolution/"),
        ..PIP
    },
    Entry {
        id: "pip.conflict",
        rank: Rank::Cause,
        pattern: r"^ERROR: (?:Cannot install .* because these package versions have conflicting dependencies|ResolutionImpossible)",
        samples: &[
            "ERROR: Cannot install idna==2.8 and idna==1.1 because these package versions have conflicting dependencies.",
        ],
        docs: Some("https://pip.pypa.io/en/stable/topics/dependency-resolution/"),
        ..PIP
    },
    Entry {
        id: "pip.no-file",
        rank: Rank::Cause,
        error_type: ErrorType::Config,
        verdict: Verdict::Config,
        pattern: r"^ERROR: Could not open requirements file",
        advice: Some(
            "There is no requirements file where the build looks: correct the root directory {root} or the build command {build}.",
        ),
        samples: &[
            "ERROR: Could not open requirements file: [Errno 2] No such file or directory: 'requirements.txt'",
        ],
        docs: Some("https://pip.pypa.io/en/stable/reference/requirements-file-format/"),
        ..PIP
    },
    Entry {
        id: "pip.python-version",
        rank: Rank::Cause,
        error_type: ErrorType::Dependency,
        pattern: r"(?:requires a different Python:|The current project's supported Python range|Because the (?:requested|current) Python version|Python version .* is not (?:supported|allowed))",
        touches: &["requirements.txt", "runtime.txt"],
        confidence: 0.85,
        samples: &["ERROR: Package 'numpy' requires a different Python: 3.8.10 not in '>=3.9'"],
        ..PIP
    },
    Entry {
        id: "pip.wheel",
        pattern: r"^(?:ERROR: )*(?:ERROR: |error: )(?:Failed building wheel for (?P<module>\S+)|Failed to build installable wheels|Could not build wheels for|metadata-generation-failed|Failed to build '?[\w.-]+'?(?: when|$))|^error: metadata-generation-failed",
        samples: &["ERROR: Failed building wheel for blis", "error: metadata-generation-failed"],
        ..PIP
    },
    Entry {
        id: "pip.uninstall",
        pattern: r"^(?:ERROR|error): (?:Cannot uninstall |uninstall-no-record-file)",
        files: Files::None,
        touches: &[],
        confidence: 0.84,
        samples: &["ERROR: Cannot uninstall pip 24.0, RECORD file not found."],
        ..PIP
    },
    Entry {
        id: "pip.subprocess",
        rank: Rank::Place,
        pattern: r"^(?:error: subprocess-exited-with-error|× .* did not run successfully)",
        confidence: 0.7,
        samples: &[
            "error: subprocess-exited-with-error",
            "× pip subprocess to install build dependencies did not run successfully.",
        ],
        ..PIP
    },
    Entry {
        id: "python.resolution",
        pattern: r"(?:[Vv]ersion solving failed|No solution found when resolving dependencies|pyproject\.toml changed significantly since poetry\.lock|lockfile at `uv\.lock` needs to be updated|SolverProblemError)",
        touches: &["pyproject.toml"],
        samples: &["× No solution found when resolving dependencies:", "version solving failed."],
        ..PIP
    },
    Entry {
        id: "python.package",
        when: When::Always,
        rank: Rank::Cause,
        error_type: ErrorType::Dependency,
        pattern: r"^(?:E +)?(?:[\w/.-]*python[\w.]*: )?(?:ModuleNotFoundError: |ImportError: )?No module named '?(?P<module>[\w.]+)'?",
        touches: &["requirements.txt"],
        samples: &["ModuleNotFoundError: No module named 'gradio'", "ImportError: No module named flask"],
        docs: Some("https://docs.python.org/3/library/exceptions.html#ModuleNotFoundError"),
        ..PYTHON
    },
    Entry {
        id: "python.import",
        pattern: r"^ImportError: cannot import name '(?P<name>\w+)' from (?:partially initialized module )?'(?P<module>[\w.]+)'",
        samples: &[
            "ImportError: cannot import name 'Broker' from partially initialized module 'broker' (most likely due to a circular import) (/app/broker.py)",
        ],
        docs: Some("https://docs.python.org/3/library/exceptions.html"),
        ..PYTHON
    },
    Entry {
        id: "python.syntax",
        error_type: ErrorType::Build,
        pattern: r"^(?:SyntaxError: (?:expected|invalid syntax|unmatched|unterminated|'[^']+' (?:was never closed|outside)|cannot assign|f-string|closing parenthesis|positional argument|EOL)|IndentationError: |TabError: )",
        samples: &["SyntaxError: expected ':'", "IndentationError: unexpected indent"],
        confidence: 0.85,
        docs: Some("https://docs.python.org/3/library/exceptions.html"),
        // Only for code of a command line; see `classify`.
        advice: Some(
            "A command passes Python code that does not parse: correct the start or build command {build}.",
        ),
        ..PYTHON
    },
    Entry {
        id: "gunicorn.app",
        pattern: r"^(?:Failed to find attribute '\w+' in|Failed to parse '|ERROR: +Error loading ASGI app|gunicorn\.errors\.AppImportError)",
        error_type: ErrorType::Config,
        files: Files::None,
        samples: &[
            "Failed to find attribute 'app' in 'main'.",
            "ERROR:    Error loading ASGI app. Could not import module \"main\".",
        ],
        docs: Some("https://docs.gunicorn.org/en/stable/run.html"),
        ..PYTHON
    },
    Entry {
        id: "gunicorn.worker",
        rank: Rank::Place,
        pattern: r"HaltServer|Worker failed to boot",
        samples: &["gunicorn.errors.HaltServer: <HaltServer 'Worker failed to boot.' 3>"],
        confidence: 0.6,
        docs: Some("https://docs.gunicorn.org/en/stable/run.html"),
        ..PYTHON
    },
    Entry {
        id: "django.settings",
        error_type: ErrorType::Config,
        pattern: r"(?:ImproperlyConfigured: |^CommandError: |SystemCheckError: )\S",
        samples: &[
            "django.core.exceptions.ImproperlyConfigured: You're using the staticfiles app without having set the STATIC_ROOT setting to a filesystem path.",
        ],
        confidence: 0.82,
        docs: Some("https://docs.djangoproject.com/en/stable/ref/settings/#static-root"),
        ..PYTHON
    },
    Entry {
        id: "pip.old-setuptools",
        tool: "pip",
        rank: Rank::Cause,
        error_type: ErrorType::Dependency,
        pattern: r"module 'pkgutil' has no attribute 'ImpImporter'|use_2to3 is invalid",
        files: Files::None,
        touches: &["requirements.txt"],
        samples: &["AttributeError: module 'pkgutil' has no attribute 'ImpImporter'"],
        ..PYTHON
    },
    Entry {
        id: "python.exception",
        rank: Rank::Error,
        confidence: 0.8,
        pattern: r"^(?:[a-z_][\w]*\.)+\w*(?:Error|Exception|Refused|DoesNotExist|Failure)(?:: \S|$)|^(?:AttributeError|NameError|KeyError|ValueError|ImportError|IndexError|RuntimeError|FileNotFoundError|OSError|ZeroDivisionError|AssertionError|NotImplementedError|PermissionError|UnicodeDecodeError|ConnectionError|RecursionError): \S",
        samples: &[
            "sqlite3.OperationalError: unable to open database file",
            "AttributeError: module 'app' has no attribute 'run'",
            "NameError: name 'app' is not defined",
        ],
        docs: Some("https://docs.python.org/3/library/exceptions.html"),
        ..PYTHON
    },
];
