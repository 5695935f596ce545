//! Turns every way in which a call to GitHub fails into what the caller decides by.

use crate::model::Timestamp;
use axum::http::{HeaderMap, StatusCode};
use std::time::Duration;

/// The wait after a secondary rate limit that names none (GitHub's guide asks for at least a minute).
const SECONDARY_LIMIT_WAIT: Duration = Duration::from_secs(60);
/// No answer makes us wait longer than GitHub's own window of an hour.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// Why a call to GitHub failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GithubError {
    /// Worth trying again: the network, a 5xx answer, a rate limit.
    #[error("GitHub cannot be used right now")]
    Transient {
        /// How long GitHub asks to wait, if it does.
        retry_after: Option<Duration>,
    },
    /// The token is wrong, expired, or lacks a permission.
    #[error("GitHub refused the token")]
    TokenRefused,
    /// There is no such thing, or the token may not see it: GitHub does not tell these apart.
    #[error("GitHub does not know it, or the token may not see it")]
    NotFound,
    /// GitHub understood the request and refused it.
    #[error("GitHub refused the request ({status})")]
    Rejected {
        /// The HTTP status.
        status: u16,
        /// GitHub's message with the messages of its `errors`, joined by `; `.
        message: String,
    },
    /// The answer is not what GitHub documents.
    #[error("GitHub answered in an unknown form")]
    Malformed,
    /// The client could not be made: no usable root certificates or a base address that is no address.
    #[error("the GitHub client cannot be set up: {0}")]
    Setup(&'static str),
}

impl GithubError {
    /// Trying again later can help: GitHub is out of order, or something before it answers in its place.
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Transient { .. } | Self::Malformed)
    }

    /// How long GitHub asks to wait.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Transient { retry_after } => *retry_after,
            _ => None,
        }
    }

    /// The refusal of a second pull request for the same head and base.
    pub fn is_existing_pull_request(&self) -> bool {
        matches!(self, Self::Rejected { status: 422, message } if message.contains("A pull request already exists"))
    }

    /// Sorts a failed call. `now` turns GitHub's reset times into durations.
    pub(super) fn from_octocrab(error: octocrab::Error, now: Timestamp) -> Self {
        match error {
            octocrab::Error::GitHub { source, .. } => {
                let empty = HeaderMap::new();
                let headers = source.headers.as_ref().unwrap_or(&empty);
                Self::from_answer(
                    source.status_code,
                    headers,
                    &joined(&source.message, source.errors.as_deref()),
                    now,
                )
            }
            octocrab::Error::Json { .. }
            | octocrab::Error::Serde { .. }
            | octocrab::Error::InvalidUtf8 { .. } => Self::Malformed,
            octocrab::Error::Service { .. } | octocrab::Error::Hyper { .. } => {
                Self::Transient { retry_after: None }
            }
            _ => Self::Setup("the request could not be built"),
        }
    }

    /// Sorts an answer that is not a success.
    pub(super) fn from_answer(
        status: StatusCode,
        headers: &HeaderMap,
        message: &str,
        now: Timestamp,
    ) -> Self {
        if let Some(wait) = rate_limit_wait(status, headers, message, now) {
            return Self::Transient { retry_after: Some(wait.min(LONGEST_WAIT)) };
        }
        match status.as_u16() {
            401 | 403 => Self::TokenRefused,
            404 | 410 => Self::NotFound,
            // Renames are followed. This one led in a circle, or away from GitHub.
            300..=399 => Self::Malformed,
            408 | 500..=599 => {
                Self::Transient { retry_after: seconds(headers, "retry-after").map(Duration::from_secs) }
            }
            code => Self::Rejected { status: code, message: message.chars().take(500).collect() },
        }
    }
}

/// How long to wait, if the answer is a primary or secondary rate limit: both come as 403 or 429.
fn rate_limit_wait(
    status: StatusCode,
    headers: &HeaderMap,
    message: &str,
    now: Timestamp,
) -> Option<Duration> {
    if !matches!(status.as_u16(), 403 | 429) {
        return None;
    }
    if let Some(wait) = seconds(headers, "retry-after") {
        return Some(Duration::from_secs(wait));
    }
    if seconds(headers, "x-ratelimit-remaining") == Some(0) {
        let reset = seconds(headers, "x-ratelimit-reset").unwrap_or(0);
        let now = u64::try_from(now.timestamp()).unwrap_or(0);
        return Some(Duration::from_secs(reset.saturating_sub(now).max(1)));
    }
    let named = message.to_ascii_lowercase().contains("rate limit");
    (named || status == StatusCode::TOO_MANY_REQUESTS).then_some(SECONDARY_LIMIT_WAIT)
}

fn seconds(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

fn joined(message: &str, errors: Option<&[serde_json::Value]>) -> String {
    let mut parts = vec![message.to_owned()];
    for error in errors.unwrap_or_default() {
        let text = |key: &str| error.get(key).and_then(serde_json::Value::as_str);
        match (text("message"), error.as_str()) {
            (Some(message), _) | (None, Some(message)) => parts.push(message.to_owned()),
            (None, None) => {
                let facts = [text("resource"), text("field"), text("code")];
                parts.push(facts.into_iter().flatten().collect::<Vec<_>>().join(" "));
            }
        }
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};
    use rstest::rstest;

    const NOW: i64 = 1_800_000_000;

    fn sorted(status: u16, headers: &[(&'static str, &'static str)], message: &str) -> GithubError {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        let status = StatusCode::from_u16(status).unwrap_or_default();
        GithubError::from_answer(
            status,
            &headers,
            message,
            chrono::DateTime::from_timestamp(NOW, 0).unwrap_or_default(),
        )
    }

    fn wait(seconds: u64) -> GithubError {
        GithubError::Transient { retry_after: Some(Duration::from_secs(seconds)) }
    }

    #[rstest]
    #[case::bad_token(401, &[], "Bad credentials", GithubError::TokenRefused)]
    #[case::no_permission(403, &[("x-ratelimit-remaining", "4999")],
        "Resource not accessible by personal access token", GithubError::TokenRefused)]
    #[case::primary(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1800000090")],
        "API rate limit exceeded", wait(90))]
    #[case::primary_as_429(429, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1800000007")],
        "API rate limit exceeded", wait(7))]
    #[case::reset_in_the_past(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1")],
        "API rate limit exceeded", wait(1))]
    #[case::reset_far_away(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1900000000")],
        "API rate limit exceeded", wait(3600))]
    #[case::secondary_with_wait(403, &[("retry-after", "17")],
        "You have exceeded a secondary rate limit.", wait(17))]
    #[case::secondary_without(403, &[], "You have exceeded a secondary rate limit.", wait(60))]
    #[case::too_many(429, &[], "slow down", wait(60))]
    #[case::hidden(404, &[], "Not Found", GithubError::NotFound)]
    #[case::down(502, &[], "", GithubError::Transient { retry_after: None })]
    #[case::maintenance(503, &[("retry-after", "30")], "", wait(30))]
    #[case::refused(422, &[], "Validation Failed",
        GithubError::Rejected { status: 422, message: "Validation Failed".to_owned() })]
    fn sorts_answers(
        #[case] status: u16,
        #[case] headers: &[(&'static str, &'static str)],
        #[case] message: &str,
        #[case] expected: GithubError,
    ) {
        assert_eq!(sorted(status, headers, message), expected);
    }

    #[test]
    fn knows_the_refusal_of_a_second_pull_request() {
        let errors = [serde_json::json!({"resource": "PullRequest", "code": "custom",
            "message": "A pull request already exists for acme:fix/build-1."})];
        let refusal = sorted(422, &[], &joined("Validation Failed", Some(&errors)));
        assert!(refusal.is_existing_pull_request());
        let errors = [serde_json::json!({"resource": "PullRequest", "field": "head", "code": "invalid"})];
        let other = sorted(422, &[], &joined("Validation Failed", Some(&errors)));
        assert!(!other.is_existing_pull_request());
        assert_eq!(
            other,
            GithubError::Rejected {
                status: 422,
                message: "Validation Failed; PullRequest head invalid".to_owned()
            }
        );
    }
}
