//! Docker: base images, registries.

use super::{Entry, Files, Rank};
use crate::model::{ErrorType, Verdict};

const DOCKER: Entry = Entry {
    tool: "docker",
    rank: Rank::Cause,
    error_type: ErrorType::Config,
    files: Files::None,
    touches: &["Dockerfile"],
    ..Entry::BASE
};
const REGISTRY: Entry =
    Entry { error_type: ErrorType::Other, verdict: Verdict::Flaky, touches: &[], ..DOCKER };

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "docker.rate-limit",
        docs: Some("https://docs.docker.com/docker-hub/usage/"),
        pattern: r"(?:failed with status code .*429 Too Many Requests|toomanyrequests: |reached your (?:unauthenticated )?pull rate limit|unexpected status(?: code)? .*429 Too Many Requests)",
        confidence: 0.93,
        advice: Some(
            "The image registry limits how often images may be pulled: deploy again later {redeploy}, or sign in to the registry.",
        ),
        samples: &[
            "ERROR: failed to solve: node:20: pulling from host registry-1.docker.io failed with status code [manifests 20]: 429 Too Many Requests",
            "toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading",
            "ERROR: failed to solve: node:20: failed to resolve source metadata for docker.io/library/node:20: unexpected status from HEAD request to https://registry-1.docker.io/v2/library/node/manifests/20: 429 Too Many Requests",
        ],
        ..REGISTRY
    },
    Entry {
        id: "docker.registry-down",
        docs: Some("https://docs.docker.com/docker-hub/"),
        pattern: r"(?:failed to (?:do request|fetch (?:oauth|anonymous) token): .*(?:timeout|reset|EOF|refused|50\d|no such host|deadline exceeded)|received unexpected HTTP status: 5\d\d|unexpected status(?: code)? .*\b50\d \w|Get .*net/http: (?:TLS handshake timeout|request canceled))",
        advice: Some("The image registry did not answer: deploy the same commit again {redeploy}."),
        samples: &[
            "ERROR: failed to solve: alpine:3.19: failed to do request: Head \"https://registry-1.docker.io/v2/library/alpine/manifests/3.19\": dial tcp 1.2.3.4:443: i/o timeout",
            "received unexpected HTTP status: 503 Service Unavailable",
            "Error response from daemon: Get \"https://registry-1.docker.io/v2/\": net/http: TLS handshake timeout",
        ],
        ..REGISTRY
    },
    Entry {
        id: "docker.no-image",
        pattern: r"(?:manifest for (?P<module>\S+) not found|manifest unknown|failed to resolve source metadata for \S+: .*not found|pull access denied(?: for |,)|no match for platform in manifest)",
        confidence: 0.9,
        samples: &[
            "ERROR: failed to solve: node:99-slim: failed to resolve source metadata for docker.io/library/node:99-slim: docker.io/library/node:99-slim: not found",
            "manifest for python:3.99 not found: manifest unknown: manifest unknown",
            "pull access denied for acme/base, repository does not exist or may require 'docker login'",
        ],
        ..DOCKER
    },
    Entry {
        id: "docker.stage",
        pattern: r"(?:invalid from flag value|target stage \S+ could not be found|unknown instruction: \S+|failed to parse stage name)",
        confidence: 0.93,
        samples: &[
            "ERROR: failed to solve: target stage \"prod\" could not be found",
            "invalid from flag value builder: no such stage",
            "ERROR: failed to solve: dockerfile parse error on line 4: unknown instruction: RUNN",
        ],
        ..DOCKER
    },
    Entry {
        id: "docker.exec",
        pattern: r#"(?:^exec \S+: (?:exec format error|no such file or directory|permission denied)|exec user process caused: |starting container process caused: |^exec: "[^"]+": executable file not found)"#,
        confidence: 0.88,
        samples: &[
            "exec /app/start.sh: exec format error",
            "standard_init_linux.go:228: exec user process caused: no such file or directory",
            "OCI runtime create failed: container_linux.go:380: starting container process caused: exec: \"/app/start.sh\": permission denied: unknown",
        ],
        ..DOCKER
    },
    Entry {
        id: "apt.package",
        pattern: r"^(?:E: (?:Unable to locate package (?P<name>\S+)|Package '?\S+ has no installation candidate|The repository '.*' (?:does not have|no longer has) a Release file)|ERROR: unable to select packages)",
        tool: "apt",
        touches: &["Dockerfile"],
        error_type: ErrorType::Dependency,
        samples: &[
            "E: Unable to locate package libcart-dev",
            "E: Package 'python' has no installation candidate",
            "ERROR: unable to select packages:",
        ],
        ..DOCKER
    },
    Entry {
        id: "apt.fetch",
        docs: Some("https://manpages.debian.org/stable/apt/apt-get.8.en.html"),
        tool: "apt",
        rank: Rank::Error,
        pattern: r"^E: Failed to fetch \S+",
        confidence: 0.8,
        advice: Some("The package mirror did not answer: deploy the same commit again {redeploy}."),
        samples: &[
            "E: Failed to fetch http://deb.debian.org/debian/pool/c/cart.deb  404  Not Found [IP: 1.2.3.4 80]",
        ],
        ..REGISTRY
    },
];
