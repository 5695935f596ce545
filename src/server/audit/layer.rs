//! The layer around the routes: a request that may change something is answered with a trail, and leaves its entry.

use super::{DONE, Trail, operations, strangers};
use crate::{
    model::{AuditKind, ErrorCode},
    server::{
        auth::AuthContext,
        db::{Db, audit},
        source::Source,
    },
};
use axum::{
    RequestExt as _,
    extract::{MatchedPath, RawPathParams, Request, State},
    http::{StatusCode, header::LOCATION},
    middleware::Next,
    response::Response,
};
use url::{Url, form_urlencoded};

/// A part of a path that names something is seldom longer.
const OBJECT_CHARS: usize = 200;

/// Has every change, sign-in and refusal of them leave an entry. Belongs around the routes, whose paths it has to know.
pub async fn leave_traces(State(auth): State<AuthContext>, mut request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let operation = operations::of(request.method(), path.as_deref().unwrap_or_default());
    let Some(operation) = operation else { return next.run(request).await };
    let db = auth.db.clone();
    let from = request.extensions().get::<Source>().map(Source::to_string);
    let trail = Trail::new(auth.clock.now(), operation, from, object(&mut request).await);
    request.extensions_mut().insert(trail.clone());
    let (parts, body) = request.into_parts();
    let request = Request::from_parts(parts.clone(), body);
    let guard = Unanswered { trail: trail.clone(), db: db.clone() };
    let response = trail.clone().around(next.run(request)).await;
    if !trail.has_actor() {
        // The route has not asked who it is, or not come so far. Whoever it is becomes known on the way.
        let _ = auth.identify(&parts).await;
    }
    leave(&db, &trail, &outcome(&response)).await;
    drop(guard);
    response
}

/// What the path names, as it was sent: `vercel/01J…`.
async fn object(request: &mut Request) -> Option<String> {
    let named = request.extract_parts::<RawPathParams>().await.ok()?;
    let parts: Vec<_> = named.iter().map(|(_, value)| value).collect();
    let object: String =
        parts.join("/").chars().filter(|char| !char.is_control()).take(OBJECT_CHARS).collect();
    (!object.is_empty()).then_some(object)
}

/// [`DONE`], or the code of the refusal. Forms come back with theirs in the address.
fn outcome(response: &Response) -> String {
    if let Some(code) = response.extensions().get::<ErrorCode>() {
        return code.as_str().to_owned();
    }
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        return format!("http_{}", status.as_u16());
    }
    refusal(response).unwrap_or_else(|| DONE.to_owned())
}

fn refusal(response: &Response) -> Option<String> {
    let to = response.headers().get(LOCATION).filter(|_| response.status() == StatusCode::SEE_OTHER)?;
    let to = Url::parse("http://here.invalid/").ok()?.join(to.to_str().ok()?).ok()?;
    let mut pairs = form_urlencoded::parse(to.query()?.as_bytes());
    pairs.find(|(name, _)| name == "error").map(|(_, code)| code.into_owned())
}

/// Stores how it ended. Requests of nobody are worth an entry only where people come in, and only so many of them.
async fn leave(db: &Db, trail: &Trail, outcome: &str) {
    let comes_in = || trail.operation().kind == AuditKind::SignIn && strangers::allow(trail.address());
    if !trail.has_actor() && !comes_in() {
        return;
    }
    let Some(entry) = trail.end(outcome) else { return };
    if let Err(error) = audit::append(&db.orm, entry).await {
        tracing::error!(%error, action = trail.operation().action, "An entry of the audit log could not be stored");
    }
}

/// A client that goes away takes its answer with it, but not what it changed.
struct Unanswered {
    trail: Trail,
    db: Db,
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        let (trail, db) = (self.trail.clone(), self.db.clone());
        if trail.is_open()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move { leave(&db, &trail, "interrupted").await });
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;
    use axum::{body::Body, response::IntoResponse as _};
    use rstest::rstest;

    #[rstest]
    #[case(200, None, "done")]
    #[case(303, Some("/settings?ok=session_ended"), "done")]
    #[case(303, Some("/invitation?token=dpi_1&error=conflict"), "conflict")]
    #[case(303, Some("/settings"), "done")]
    #[case(404, None, "http_404")]
    #[case(500, None, "http_500")]
    fn outcomes(#[case] status: u16, #[case] to: Option<&str>, #[case] expected: &str) {
        let mut response = Response::builder().status(status);
        if let Some(to) = to {
            response = response.header(LOCATION, to);
        }
        assert_eq!(outcome(&response.body(Body::empty()).unwrap()), expected);
    }

    #[test]
    fn a_refusal_of_ours_says_its_code() {
        let refused = crate::server::http::error::ApiFailure(crate::model::ApiError::not_found());
        assert_eq!(outcome(&refused.into_response()), "not_found");
    }
}
