//! Who calls: `Authorization: Bearer` (or `token`), and what they may do in the named repository.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path, Request};
use axum::http::header::{AUTHORIZATION, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;

use super::error::ApiError;
use super::state::{Github, Permission, Repository, Token, User};
use crate::world::World;

/// Middleware: refuses requests without a `User-Agent` and adds the rate headers.
pub async fn manners(request: Request, next: Next) -> Response {
    let polite = request.headers().get(USER_AGENT).is_some_and(|agent| !agent.is_empty());
    if !polite {
        let message = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header (https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required). Check https://developer.github.com for other possible causes.";
        return (StatusCode::FORBIDDEN, message).into_response();
    }
    let version = request.headers().get("x-github-api-version");
    if version.is_some_and(|version| version != "2022-11-28") {
        return ApiError::new(StatusCode::BAD_REQUEST, "Invalid API version").into_response();
    }
    let mut response = next.run(request).await;
    for (name, value) in [
        ("x-ratelimit-limit", "5000"),
        ("x-ratelimit-remaining", "4999"),
        ("x-ratelimit-used", "1"),
        ("x-ratelimit-resource", "core"),
    ] {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    let reset = crate::ids::now_ms() / 1000 + 3600;
    response.headers_mut().entry("x-ratelimit-reset").or_insert(HeaderValue::from(reset));
    response
}

/// The token in the headers: `Ok(None)` without one, an error for an unknown one.
pub fn token(github: &Github, headers: &HeaderMap) -> Result<Option<Token>, ApiError> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let text = value.to_str().map_err(|_| ApiError::bad_credentials())?;
    let (scheme, rest) = text.split_once(' ').ok_or_else(ApiError::bad_credentials)?;
    let secret = match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "token" => rest.trim().to_owned(),
        "basic" => {
            let decoded = base64::engine::general_purpose::STANDARD
                .decode(rest.trim())
                .map_err(|_| ApiError::bad_credentials())?;
            let decoded = String::from_utf8(decoded).map_err(|_| ApiError::bad_credentials())?;
            decoded.split_once(':').ok_or_else(ApiError::bad_credentials)?.1.to_owned()
        }
        _ => return Err(ApiError::bad_credentials()),
    };
    let known = github.tokens.iter().find(|known| known.value == secret);
    known.cloned().map(Some).ok_or_else(ApiError::bad_credentials)
}

/// A signed-in caller.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Their token.
    pub token: Token,
    /// They.
    pub user: User,
}

impl FromRequestParts<Arc<World>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, world: &Arc<World>) -> Result<Self, ApiError> {
        let state = world.state();
        let needed = || ApiError::new(StatusCode::UNAUTHORIZED, "Requires authentication");
        let token = token(&state.github, &parts.headers)?.ok_or_else(needed)?;
        let user = state.github.user(&token.login).cloned().ok_or_else(ApiError::bad_credentials)?;
        Ok(Caller { token, user })
    }
}

/// The repository named in the path, visible to the caller.
#[derive(Debug, Clone)]
pub struct Repo {
    /// A copy of what is known of it.
    pub repository: Repository,
    /// What the caller may do.
    pub permission: Permission,
    /// Who calls; none for a public repository read without a token.
    pub token: Option<Token>,
}

impl Repo {
    /// `owner/name`.
    pub fn full_name(&self) -> String {
        self.repository.full_name()
    }

    /// Refuses a caller who may do less; returns their login.
    pub fn needs(&self, permission: Permission) -> Result<String, ApiError> {
        let Some(token) = &self.token else {
            return Err(ApiError::new(StatusCode::UNAUTHORIZED, "Requires authentication"));
        };
        if self.permission < permission { Err(ApiError::forbidden()) } else { Ok(token.login.clone()) }
    }
}

impl FromRequestParts<Arc<World>> for Repo {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, world: &Arc<World>) -> Result<Self, ApiError> {
        let Path(path) = Path::<HashMap<String, String>>::from_request_parts(parts, &())
            .await
            .map_err(|_| ApiError::not_found())?;
        let part = |name: &str| path.get(name).map(String::as_str).unwrap_or_default();
        let full_name = format!("{}/{}", part("owner"), part("repo"));
        let state = world.state();
        let token = token(&state.github, &parts.headers)?;
        let repository = state.github.repository(&full_name).ok_or_else(ApiError::not_found)?;
        let permission = repository.permission(token.as_ref()).ok_or_else(ApiError::not_found)?;
        Ok(Repo { repository: repository.clone(), permission, token })
    }
}
