//! Turns a request to a platform into its parsed answer or a [`PlatformError`] that says what to do about it.
//!
//! Status codes are sorted in one place: 401 and 403 refuse the token, 404 and 410 know nothing, 408, 429 and
//! 5xx are worth another try. Tokens travel in headers marked sensitive; bodies are read up to a limit.

use super::{PlatformError, RateBudget};
use crate::{model::Timestamp, server::clock::Clock};
use chrono::TimeDelta;
use moka::sync::Cache;
use reqwest::{
    Method, RequestBuilder, Response, StatusCode,
    header::{AUTHORIZATION, HeaderMap, RETRY_AFTER},
};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use url::Url;

/// The largest JSON answer that is read, in bytes.
pub const MAX_JSON_BYTES: usize = 32 << 20;
/// An error's body is only looked at for its code.
const MAX_ERROR_BYTES: usize = 64 << 10;
/// No platform is left alone for longer than this, whatever it asks for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// An HTTP client for platforms: timeouts, our name, no redirects (a token must not follow one).
///
/// # Errors
/// When the TLS stack of the machine cannot be set up.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    // Somebody else may have installed one already; any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(concat!("deploymend/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(20))
        .timeout(Duration::from_secs(60))
        .redirect(reqwest::redirect::Policy::none())
        .build()
}

/// Reads a platform's headers about its rate limit. The time is now.
pub type ReadBudget = fn(&HeaderMap, Timestamp) -> Option<RateBudget>;

/// One platform's REST API.
#[derive(Clone, Debug)]
pub struct Api {
    client: reqwest::Client,
    base: Url,
    clock: Clock,
    read_budget: ReadBudget,
    /// By a digest of the token.
    budgets: Cache<[u8; 32], RateBudget>,
}

impl Api {
    /// The API at `base`; a path in it is kept as the prefix of every call.
    pub fn new(client: reqwest::Client, base: Url, clock: Clock, read_budget: ReadBudget) -> Self {
        let budgets = Cache::builder().max_capacity(10_000).time_to_live(Duration::from_secs(3600)).build();
        Self { client, base, clock, read_budget, budgets }
    }

    /// The time that this client goes by.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What the last answer said about the token's rate limit, unless its window is over.
    pub fn budget(&self, token: &SecretString) -> Option<RateBudget> {
        self.budgets.get(&digest(token)).filter(|budget| budget.reset_at > self.now())
    }

    /// A request with a bearer token. The segments are escaped: ids come from outside.
    pub fn request(&self, method: Method, segments: &[&str], token: &SecretString) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        self.client.request(method, url).bearer_auth(token.expose_secret())
    }

    /// Sends it; anything but a 2xx becomes an error.
    pub async fn send(&self, request: RequestBuilder) -> Result<Response, PlatformError> {
        let (client, request) = request.build_split();
        let request = request.map_err(transport)?;
        let token = bearer(request.headers());
        let response = client.execute(request).await.map_err(transport)?;
        if let (Some(token), Some(budget)) = (token, (self.read_budget)(response.headers(), self.now())) {
            self.budgets.insert(digest(&token), budget);
        }
        if response.status().is_success() {
            return Ok(response);
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read_prefix(response, MAX_ERROR_BYTES).await;
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Err(refusal(status, &headers, &body, self.clock.now()))
    }

    /// Sends it and parses the answer.
    pub async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, PlatformError> {
        let mut response = self.send(request).await?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(transport)? {
            if body.len() + chunk.len() > MAX_JSON_BYTES {
                return Err(PlatformError::Malformed);
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body).map_err(|error| {
            // The error's own text quotes the body, which may hold anything.
            tracing::warn!(
                line = error.line(),
                column = error.column(),
                "a platform's answer is not understood"
            );
            PlatformError::Malformed
        })
    }
}

/// What stands for a token where something is kept by tokens.
pub fn digest(token: &SecretString) -> [u8; 32] {
    Sha256::digest(token.expose_secret()).into()
}

fn bearer(headers: &HeaderMap) -> Option<SecretString> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").map(SecretString::from)
}

/// The usual headers about a rate limit, `{prefix}-limit`, `-remaining` and `-reset`; the reset is a time in seconds
/// since 1970, or small and then seconds from now.
pub fn usual_budget(prefix: &str, headers: &HeaderMap, now: Timestamp) -> Option<RateBudget> {
    /// The smallest number that is a time: no window is a year long.
    const FIRST_TIME: i64 = 31_536_000;
    let number =
        |name: &str| headers.get(format!("{prefix}-{name}"))?.to_str().ok()?.trim().parse::<i64>().ok();
    let reset = number("reset")?;
    let reset_at = match reset {
        0..FIRST_TIME => now + TimeDelta::seconds(reset),
        time => Timestamp::from_timestamp(time, 0)?,
    };
    let (limit, remaining) = (number("limit")?.try_into().ok()?, number("remaining")?.try_into().ok()?);
    Some(RateBudget { limit, remaining, reset_at })
}

/// What a failed transfer means. A body that breaks off is one too: nothing here lets reqwest parse bodies, so that
/// its "decode" errors are broken transfers.
pub fn transport(error: reqwest::Error) -> PlatformError {
    if error.is_builder() {
        return PlatformError::Rejected { status: 0, code: "invalid_request".into(), message: String::new() };
    }
    // The address may hold ids, never the token; it is left out all the same.
    tracing::debug!(timeout = error.is_timeout(), connect = error.is_connect(), "a platform was not reached");
    PlatformError::Transient { retry_after: None }
}

async fn read_prefix(mut response: Response, limit: usize) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() >= limit {
            break;
        }
    }
    body
}

/// Sorts a refusal by what the caller can do.
fn refusal(status: StatusCode, headers: &HeaderMap, body: &Value, now: Timestamp) -> PlatformError {
    match status.as_u16() {
        401 | 403 => PlatformError::TokenRefused,
        404 | 410 => PlatformError::NotFound,
        // No platform sends its API's clients elsewhere, and a token would not follow.
        300..=399 => PlatformError::Malformed,
        408 | 425 | 429 | 500.. => {
            PlatformError::Transient { retry_after: retry_after(headers, body, status, now) }
        }
        status => {
            let (code, message) = code_and_message(body);
            PlatformError::Rejected { status, code, message }
        }
    }
}

/// The platforms' error shapes: `{"error":{code,message}}`, `{"errors":[{code,message}]}`, `{"id","message"}`.
fn code_and_message(body: &Value) -> (String, String) {
    let error = [&body["error"], &body["errors"][0], body]
        .into_iter()
        .find(|candidate| candidate.is_object())
        .unwrap_or(&Value::Null);
    let text = |key: &str| match &error[key] {
        Value::String(text) => one_line(text),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    let code = text("code");
    (if code.is_empty() { text("id") } else { code }, text("message"))
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}

/// How long to wait: `Retry-After` in seconds or as a date, else the end of the rate limit's window.
fn retry_after(headers: &HeaderMap, body: &Value, status: StatusCode, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let wait = if let Some(value) = text(RETRY_AFTER.as_str()) {
        match value.parse::<u64>() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(_) => httpdate::parse_http_date(value).ok().map(|at| until(at.into(), now)),
        }
    } else if status == StatusCode::TOO_MANY_REQUESTS {
        text("x-ratelimit-reset")
            .and_then(|value| value.parse::<i64>().ok())
            .or_else(|| body["error"]["limit"]["reset"].as_i64())
            .and_then(|seconds| Timestamp::from_timestamp(seconds, 0))
            .map(|at| until(at, now))
    } else {
        None
    };
    wait.map(|wait| wait.min(MAX_RETRY_AFTER))
}

fn until(at: Timestamp, now: Timestamp) -> Duration {
    (at - now).to_std().unwrap_or_default()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn now() -> Timestamp {
        "2026-01-02T03:04:05Z".parse().unwrap()
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[rstest]
    #[case::seconds(429, &[("retry-after", "7")], Some(7))]
    #[case::date(503, &[("retry-after", "Fri, 02 Jan 2026 03:05:05 GMT")], Some(60))]
    #[case::past_date(503, &[("retry-after", "Fri, 02 Jan 2026 03:00:00 GMT")], Some(0))]
    #[case::rubbish(503, &[("retry-after", "soon")], None)]
    #[case::too_long(429, &[("retry-after", "999999")], Some(3600))]
    #[case::window(429, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1767323075")], Some(30))]
    #[case::window_of_another_error(500, &[("x-ratelimit-reset", "1767323075")], None)]
    #[case::nothing(502, &[], None)]
    fn waits_as_asked(
        #[case] status: u16,
        #[case] pairs: &[(&'static str, &str)],
        #[case] seconds: Option<u64>,
    ) {
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(
            refusal(status, &headers(pairs), &Value::Null, now()),
            PlatformError::Transient { retry_after: seconds.map(Duration::from_secs) }
        );
    }

    #[test]
    fn the_body_may_name_the_window() {
        let body =
            json!({"error": {"code": "rate_limited", "limit": {"remaining": 0, "reset": 1_767_323_050}}});
        assert_eq!(
            refusal(StatusCode::TOO_MANY_REQUESTS, &HeaderMap::new(), &body, now()),
            PlatformError::Transient { retry_after: Some(Duration::from_secs(5)) }
        );
    }

    #[rstest]
    #[case(401, PlatformError::TokenRefused)]
    #[case(403, PlatformError::TokenRefused)]
    #[case(404, PlatformError::NotFound)]
    #[case(410, PlatformError::NotFound)]
    #[case(302, PlatformError::Malformed)]
    #[case(400, PlatformError::Rejected { status: 400, code: "x".into(), message: "a b".into() })]
    fn sorts_by_status(#[case] status: u16, #[case] expected: PlatformError) {
        let status = StatusCode::from_u16(status).unwrap();
        let body = json!({"error": {"code": "x", "message": "a\nb"}});
        assert_eq!(refusal(status, &HeaderMap::new(), &body, now()), expected);
    }

    #[rstest]
    #[case::a_time(&[("x-ratelimit-limit", "100"), ("x-ratelimit-remaining", "7"), ("x-ratelimit-reset", "1767323075")], Some((100, 7, 30)))]
    #[case::a_wait(&[("x-ratelimit-limit", "400"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "12")], Some((400, 0, 12)))]
    #[case::in_part(&[("x-ratelimit-limit", "400"), ("x-ratelimit-reset", "12")], None)]
    #[case::rubbish(&[("x-ratelimit-limit", "-1"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "12")], None)]
    fn budgets(#[case] pairs: &[(&'static str, &str)], #[case] expected: Option<(u64, u64, i64)>) {
        let read = usual_budget("x-ratelimit", &headers(pairs), now());
        let read = read.map(|it| (it.limit, it.remaining, (it.reset_at - now()).num_seconds()));
        assert_eq!(read, expected);
    }

    #[test]
    fn ids_cannot_leave_their_segment() {
        let base = "http://127.0.0.1:1/prefix/".parse().unwrap();
        let api = Api::new(client().unwrap(), base, Clock::System, |_, _| None);
        let token = SecretString::from("secret-token");
        let request = api.request(Method::GET, &["v9", "projects", "a/../b?c#d"], &token).build().unwrap();
        assert_eq!(request.url().as_str(), "http://127.0.0.1:1/prefix/v9/projects/a%2F..%2Fb%3Fc%23d");
        assert!(!format!("{request:?}").contains("secret-token"));
    }
}
