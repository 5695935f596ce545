//! A request that changes something → let through only when it comes from our own pages.

use super::{AuthContext, current_user::is_api, identify::bearer, problem};
use crate::model::{ApiError, ErrorCode};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, Uri, header},
    middleware::Next,
    response::Response,
};
use url::Url;

/// Refuses what another site makes a browser send to us: the browser would add our cookie to it.
///
/// Every browser says where a request comes from, in `Sec-Fetch-Site` or `Origin`. A client that says neither is
/// no browser, holds the cookie itself, and cannot be made to send it. The same goes for whoever sends an API token:
/// no browser adds one by itself, and beside it the cookie does not count.
pub async fn same_origin(State(auth): State<AuthContext>, request: Request, next: Next) -> Response {
    let by_token = is_api(request.uri().path()) && bearer(request.headers()).is_some();
    if request.method().is_safe()
        || by_token
        || comes_from_us(request.headers(), request.uri(), auth.public_origin().as_deref())
    {
        return next.run(request).await;
    }
    tracing::warn!(path = request.uri().path(), "A request from another site was refused");
    problem(&ApiError::new(
        ErrorCode::Forbidden,
        "This request came from another site. Reload the page and try again.",
    ))
}

pub(super) fn comes_from_us(headers: &HeaderMap, uri: &Uri, public_origin: Option<&str>) -> bool {
    // A header that is there and cannot be read counts as another site's.
    let read = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = read("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = read(header::ORIGIN.as_str()) else { return true };
    if public_origin == Some(origin) {
        return true;
    }
    // The scheme is not compared: behind a proxy that ends TLS we do not see it.
    let host = read(header::HOST.as_str()).or_else(|| uri.authority().map(|authority| authority.as_str()));
    let origin = Url::parse(origin).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    match (origin, host) {
        (Some(origin), Some(host)) => {
            let ours = Url::parse(&format!("{}://{host}", origin.scheme()));
            ours.is_ok_and(|ours| ours.origin() == origin.origin())
        }
        _ => false,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_may_change_things() {
        let public = Some("https://fix.example.test");
        for (sent, ours) in [
            (&[("host", "10.0.0.1:3000")][..], true),
            (&[("host", "localhost:3000"), ("origin", "http://localhost:3000")], true),
            (&[("host", "shop.test"), ("origin", "https://shop.test")], true),
            (&[("host", "shop.test:443"), ("origin", "https://shop.test")], true),
            (&[("host", "10.0.0.1:3000"), ("origin", "https://fix.example.test")], true),
            (&[("host", "localhost:3000"), ("origin", "http://localhost:3001")], false),
            (&[("host", "localhost:3000"), ("origin", "http://localhost")], false),
            (&[("host", "shop.test"), ("origin", "https://shop.test.evil.test")], false),
            (&[("host", "shop.test"), ("origin", "https://evil.test")], false),
            (&[("host", "shop.test"), ("origin", "null")], false),
            (&[("host", "shop.test"), ("origin", "")], false),
            (&[("host", "shop.test"), ("origin", "file://shop.test")], false),
            (&[("origin", "https://shop.test")], false),
            (&[("host", "shop.test"), ("sec-fetch-site", "same-origin")], true),
            (&[("host", "shop.test"), ("sec-fetch-site", "none")], true),
            (&[("host", "shop.test"), ("sec-fetch-site", "same-site")], false),
            (&[("host", "shop.test"), ("sec-fetch-site", "cross-site")], false),
            (
                &[("host", "shop.test"), ("origin", "https://shop.test"), ("sec-fetch-site", "cross-site")],
                false,
            ),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in sent {
                headers.insert(*name, value.parse().unwrap());
            }
            assert_eq!(comes_from_us(&headers, &Uri::from_static("/x"), public), ours, "{sent:?}");
        }
        let by_authority = Uri::from_static("https://shop.test/x");
        let headers = HeaderMap::from_iter([(header::ORIGIN, "https://shop.test".parse().unwrap())]);
        assert!(comes_from_us(&headers, &by_authority, None));
    }
}
