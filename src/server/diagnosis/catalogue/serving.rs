//! Python when it starts: entry points, variables, binary wheels, documentation and checkers.

use super::{Entry, Files, Rank};
use crate::model::{ErrorType, Verdict};

const PYTHON: Entry = Entry {
    tool: "python",
    rank: Rank::Cause,
    error_type: ErrorType::Config,
    confidence: 0.9,
    files: Files::Traceback,
    last: true,
    ..Entry::BASE
};
const REQUIREMENTS: Entry =
    Entry { error_type: ErrorType::Dependency, files: Files::None, touches: &["requirements.txt"], ..PYTHON };

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "python.no-script",
        docs: Some("https://docs.python.org/3/using/cmdline.html"),
        pattern: r"^(?:\S*/)?python[\d.]*: can't open file '",
        verdict: Verdict::Config,
        files: Files::None,
        advice: Some(
            "The command starts a file that is not there: correct the start or build command {build}, or the root directory {root}.",
        ),
        samples: &[
            "python: can't open file '/opt/render/project/src/ap.py': [Errno 2] No such file or directory",
        ],
        ..PYTHON
    },
    Entry {
        id: "flask.app",
        pattern: r"(?:^Error: (?:Could not import '|Failed to find Flask application|Could not locate a Flask application)|WSGI application '[^']+' could not be loaded)",
        files: Files::None,
        confidence: 0.85,
        samples: &[
            "Error: Could not locate a Flask application. Use the 'flask --app' option",
            "django.core.exceptions.ImproperlyConfigured: WSGI application 'shop.wsgi.application' could not be loaded; Error importing module.",
        ],
        ..PYTHON
    },
    Entry {
        id: "python.port",
        pattern: r"^Error: (?:'\S*' is not a valid port number|Invalid value for '--port': '\$PORT')",
        files: Files::None,
        samples: &[
            "Error: '$PORT' is not a valid port number.",
            "Error: Invalid value for '--port': '$PORT' is not a valid integer.",
        ],
        ..PYTHON
    },
    Entry {
        id: "decouple.variable",
        docs: Some("https://docs.python.org/3/library/os.html#os.environ"),
        verdict: Verdict::Config,
        pattern: r"^(?:\w+\.)*UndefinedValueError: (?P<name>\w+) not found",
        confidence: 0.95,
        advice: Some("Add {name} with its value {env}, then deploy again."),
        samples: &[
            "decouple.UndefinedValueError: STRIPE_KEY not found. Declare it as envvar or define a default value.",
        ],
        ..PYTHON
    },
    Entry {
        id: "pydantic.settings",
        docs: Some("https://docs.pydantic.dev/latest/concepts/pydantic_settings/"),
        verdict: Verdict::Config,
        pattern: r"^(?:\w+\.)*ValidationError: \d+ validation errors? for \w*(?:Settings|Config|Env\w*)\b",
        confidence: 0.88,
        advice: Some("Set the variables that the log names below the error {env}, then deploy again."),
        samples: &["pydantic_core._pydantic_core.ValidationError: 2 validation errors for Settings"],
        ..PYTHON
    },
    Entry {
        id: "database.host",
        docs: Some("https://docs.djangoproject.com/en/stable/ref/databases/"),
        tool: "database",
        rank: Rank::Error,
        error_type: ErrorType::Runtime,
        verdict: Verdict::Config,
        pattern: r"could not translate host name",
        confidence: 0.88,
        advice: Some("The database's host does not exist from here: correct the connection string {env}."),
        samples: &[
            "django.db.utils.OperationalError: could not translate host name \"db\" to address: Name or service not known",
        ],
        ..PYTHON
    },
    Entry {
        id: "python.shared-library",
        pattern: r"^(?:ImportError|OSError): (?P<name>lib[\w.+-]+): cannot open shared object file",
        touches: &["Dockerfile"],
        error_type: ErrorType::Dependency,
        confidence: 0.85,
        files: Files::None,
        samples: &["ImportError: libGL.so.1: cannot open shared object file: No such file or directory"],
        ..PYTHON
    },
    // Two packages of which one has moved on.
    Entry {
        id: "python.incompatible-package",
        pattern: r"(?:^ImportError: cannot import name '\w+' from '(?P<module>[\w.]+)' \(\S*(?:site|dist)-packages/|numpy\.dtype size changed|compiled using NumPy 1\.x cannot be run|PydanticImportError: )",
        confidence: 0.9,
        samples: &[
            "ImportError: cannot import name 'url_quote' from 'werkzeug.urls' (/usr/lib/python3/site-packages/werkzeug/urls.py)",
            "ValueError: numpy.dtype size changed, may indicate binary incompatibility. Expected 96 from C header, got 88 from PyObject",
            "pydantic.errors.PydanticImportError: `BaseSettings` has been moved to the `pydantic-settings` package.",
        ],
        ..REQUIREMENTS
    },
    Entry {
        id: "alembic.revision",
        rank: Rank::Error,
        error_type: ErrorType::Runtime,
        pattern: r"(?:Can't locate revision identified by|Multiple head revisions are present|multiple leaf nodes in the migration graph|NodeNotFoundError: )",
        files: Files::None,
        confidence: 0.8,
        samples: &[
            "alembic.util.exc.CommandError: Can't locate revision identified by 'ab12'",
            "FAILED: Multiple head revisions are present for given argument 'head'",
        ],
        ..PYTHON
    },
    Entry {
        id: "mypy.error",
        tool: "mypy",
        rank: Rank::Error,
        error_type: ErrorType::Build,
        pattern: r"^(?P<file>[\w./-]+\.pyi?):\d+(?::\d+)?: error: \S",
        files: Files::Here,
        last: false,
        confidence: 0.9,
        samples: &["shop/cart.py:12: error: Incompatible types in assignment  [assignment]"],
        ..PYTHON
    },
    Entry {
        id: "ruff.error",
        tool: "ruff",
        rank: Rank::Error,
        error_type: ErrorType::Build,
        pattern: r"^(?:(?P<file>[\w./-]+\.pyi?):\d+:\d+: [A-Z]{1,4}\d{3,4} \S|would reformat \S+\.py$)",
        files: Files::Here,
        last: false,
        confidence: 0.88,
        samples: &["shop/cart.py:1:1: F401 'os' imported but unused", "would reformat shop/cart.py"],
        ..PYTHON
    },
    Entry {
        id: "docs.site",
        tool: "docs",
        rank: Rank::Error,
        pattern: r"^(?:(?:Error: )?Config file '[^']+' does not exist|ERROR +- +(?:Config value '|Error reading page '|Error building page ')|Aborted with \d+ warnings? in strict mode|Sphinx error:|Extension error)",
        files: Files::None,
        touches: &[],
        last: false,
        confidence: 0.85,
        samples: &[
            "Error: Config file 'mkdocs.yml' does not exist.",
            "ERROR   -  Config value 'plugins': The \"redirects\" plugin is not installed",
            "Aborted with 3 warnings in strict mode!",
        ],
        ..PYTHON
    },
];
