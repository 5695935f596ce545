//! The signed-in person, for handlers to ask for.

use super::{AuthContext, Credential, problem};
use crate::model::ApiError;
use axum::{
    extract::{FromRef, FromRequestParts, OptionalFromRequestParts, OriginalUri},
    http::{Uri, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use url::form_urlencoded;

/// The person who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentUser {
    /// Our id.
    pub id: String,
    /// The address used to sign in, in lower case.
    pub email: String,
    /// What to call them.
    pub name: String,
    /// What the request was let in with.
    pub credential: Credential,
}

/// The answer to somebody who is not signed in: JSON under `/api/`, the sign-in page elsewhere.
#[derive(Debug)]
pub enum SignedOut {
    /// A program asked, or we failed.
    Problem(ApiError),
    /// A browser asked for a page; this is where to come back to.
    Page(String),
}

impl IntoResponse for SignedOut {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(error) => problem(&error),
            Self::Page(next) => {
                let query =
                    form_urlencoded::Serializer::new(String::new()).append_pair("next", &next).finish();
                Redirect::to(&format!("/sign-in?{query}")).into_response()
            }
        }
    }
}

/// The address as it was sent.
pub(super) fn asked_for(parts: &Parts) -> &Uri {
    parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0)
}

/// Whether programs ask there, and are answered in JSON.
pub(super) fn is_api(path: &str) -> bool {
    path.starts_with("/api/")
}

async fn find<S>(parts: &Parts, state: &S) -> Result<Option<CurrentUser>, SignedOut>
where
    AuthContext: FromRef<S>,
{
    AuthContext::from_ref(state).identify(parts).await.map_err(SignedOut::Problem)
}

impl<S> FromRequestParts<S> for CurrentUser
where
    AuthContext: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = SignedOut;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, SignedOut> {
        find(parts, state).await?.ok_or_else(|| {
            let uri = asked_for(parts);
            if is_api(uri.path()) {
                SignedOut::Problem(ApiError::unauthorized())
            } else {
                // Only a page can be come back to, not the target of a form.
                let next = uri.path_and_query().filter(|_| parts.method.is_safe());
                SignedOut::Page(next.map_or("/", |next| next.as_str()).to_owned())
            }
        })
    }
}

impl<S> OptionalFromRequestParts<S> for CurrentUser
where
    AuthContext: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = SignedOut;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, SignedOut> {
        find(parts, state).await
    }
}
