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
        needles: &["429 Too Many Requests", "toomanyrequests", "pull rate limit"],
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
        needles: &[
            "failed to do request",
            "failed to fetch oauth token",
            "failed to fetch anonymous token",
            "received unexpected HTTP status: 5",
            "unexpected status from",
            "TLS handshake timeout",
            "request canceled while waiting",
        ],
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
        needles: &[
            "manifest unknown",
            "failed to resolve source metadata",
            "pull access denied",
            "no match for platform in manifest",
            "not found: manifest",
        ],
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
        needles: &[
            "invalid from flag value",
            "target stage",
            "unknown instruction",
            "failed to parse stage name",
        ],
        pattern: r"(?:invalid from flag value|target stage \S+ could not be found|unknown instruction: \S+|failed to parse stage name)",
        confidence: 0.93,
        samples: &[
            "ERROR: failed to solve: target stage \"prod\" could not be found",
            "invalid from flag value builder: no such stage",
            "ERROR: failed to solve: dockerfile parse error on line 4: unknown instruction: RUNN",
        ],
        ..DOCKER
    },
];
