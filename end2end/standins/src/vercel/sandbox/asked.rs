//! What every call has: a team, a query of known parameters, and mostly a body of known fields.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::vercel::auth::Caller;
use crate::vercel::error::ApiError;
use crate::vercel::state::Team;
use crate::world::World;

/// The team that a call is for, and the query.
#[derive(Debug)]
pub struct Asked {
    pub team: Team,
    query: BTreeMap<String, String>,
}

impl Asked {
    /// Refuses parameters that are not among these.
    pub fn only(&self, known: &[&str]) -> Result<(), ApiError> {
        let known = |key: &&String| key.as_str() == "teamId" || known.contains(&key.as_str());
        match self.query.keys().find(|key| !known(key)) {
            Some(key) => Err(invalid(&format!("should NOT have additional property `{key}`."))),
            None => Ok(()),
        }
    }

    /// A parameter.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.query.get(key).map(String::as_str)
    }

    /// A parameter that must be there.
    pub fn need(&self, key: &str) -> Result<&str, ApiError> {
        self.get(key).ok_or_else(|| invalid(&format!("missing required property `{key}`.")))
    }

    /// A parameter that is `true` or `false`; false without it.
    pub fn flag(&self, key: &str) -> Result<bool, ApiError> {
        match self.get(key) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(invalid(&format!("`{key}` should be `true` or `false`."))),
        }
    }
}

impl FromRequestParts<Arc<World>> for Asked {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, world: &Arc<World>) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, world).await?;
        caller.in_scope()?;
        let Query(pairs) = Query::<Vec<(String, String)>>::from_request_parts(parts, &())
            .await
            .map_err(|_| invalid("query is malformed."))?;
        let mut query = BTreeMap::new();
        for (key, value) in pairs {
            if query.insert(key.clone(), value).is_some() {
                return Err(invalid(&format!("`{key}` is given twice.")));
            }
        }
        // The platform has no sandboxes outside of teams, and knows the team by its id only.
        let team = caller.team.filter(|_| query.contains_key("teamId"));
        let team = team.ok_or_else(|| invalid("missing required property `teamId`."))?;
        Ok(Asked { team, query })
    }
}

/// A body that is one JSON object of exactly these fields.
#[derive(Debug)]
pub struct Strict<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<World>> for Strict<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, world: &Arc<World>) -> Result<Self, ApiError> {
        if !is_type(request.headers().get(CONTENT_TYPE), "application/json") {
            return Err(invalid("`Content-Type` should be `application/json`."));
        }
        let body = Bytes::from_request(request, world).await.map_err(|_| invalid("body is too large."))?;
        let body: Value = serde_json::from_slice(&body).map_err(|_| invalid("body is not JSON."))?;
        if !body.is_object() {
            return Err(invalid("body should be an object."));
        }
        // A field that may be missing may not be null.
        if let Some(place) = unwanted(&body) {
            return Err(invalid(&format!("{place}.")));
        }
        serde_json::from_value(body).map(Strict).map_err(|error| invalid(&format!("{error}.")))
    }
}

/// Whether a header names this type, with or without parameters.
pub fn is_type(header: Option<&axum::http::HeaderValue>, wanted: &str) -> bool {
    let given = header.and_then(|value| value.to_str().ok()).and_then(|value| value.split(';').next());
    given.is_some_and(|given| given.trim().eq_ignore_ascii_case(wanted))
}

/// What no value in a body may be: null, or a text with a zero byte in it.
fn unwanted(value: &Value) -> Option<&'static str> {
    match value {
        Value::Null => Some("a value should NOT be null"),
        Value::String(text) if text.contains('\0') => Some("a text should NOT have zero bytes"),
        Value::Array(items) => items.iter().find_map(unwanted),
        Value::Object(fields) => {
            fields.iter().find_map(|(key, value)| unwanted(&Value::String(key.clone())).or(unwanted(value)))
        }
        _ => None,
    }
}

/// 400 in the words of the rest of the stand-in.
pub fn invalid(message: &str) -> ApiError {
    ApiError::bad_request(&format!("Invalid request: {message}"))
}
