//! Who calls, and for which account: the bearer token with `teamId` or `slug`.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Query};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use serde::Deserialize;

use super::error::ApiError;
use super::state::{Team, Token, User};
use crate::world::World;

/// An authenticated caller.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The token.
    pub token: Token,
    /// The token's user.
    pub user: User,
    /// The team that the token is limited to.
    pub limited_to: Option<String>,
    /// The team named in the query; none means the personal account.
    pub team: Option<Team>,
}

#[derive(Deserialize)]
struct Scope {
    #[serde(rename = "teamId")]
    team_id: Option<String>,
    slug: Option<String>,
}

impl Caller {
    /// Id of the account that the call acts on.
    #[must_use]
    pub fn account(&self) -> &str {
        self.team.as_ref().map_or(&self.user.id, |team| &team.id)
    }

    /// Refuses a call on the personal account with a token limited to a team.
    pub fn in_scope(&self) -> Result<&str, ApiError> {
        match &self.limited_to {
            Some(team) if team != self.account() => Err(ApiError::forbidden(
                "Not authorized: Trying to access resource under a scope this token has no access to.",
            )),
            _ => Ok(self.account()),
        }
    }
}

impl FromRequestParts<Arc<World>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, world: &Arc<World>) -> Result<Self, ApiError> {
        let token = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or_else(ApiError::not_authorized)?
            .to_owned();
        let Query(scope) = Query::<Scope>::from_request_parts(parts, &())
            .await
            .map_err(|_| ApiError::bad_request("Invalid request: query is malformed."))?;
        let state = world.state();
        let vercel = &state.vercel;
        let token = vercel.tokens.iter().find(|known| known.value == token && known.works());
        let token = token.ok_or_else(ApiError::invalid_token)?;
        let user = vercel
            .users
            .iter()
            .find(|user| user.id == token.user_id)
            .cloned()
            .ok_or_else(ApiError::invalid_token)?;
        let team = match (scope.team_id, scope.slug) {
            (None, None) => None,
            (id, slug) => {
                // The personal account may be named by the user's own id.
                let is_self = id.as_deref() == Some(&user.id) || slug.as_deref() == Some(&user.username);
                let found = vercel.teams.iter().find(|team| {
                    id.as_deref().is_none_or(|id| id == team.id)
                        && slug.as_deref().is_none_or(|slug| slug == team.slug)
                        && team.members.contains(&user.id)
                });
                match found {
                    Some(team) => Some(team.clone()),
                    None if is_self => None,
                    None => return Err(ApiError::not_authorized()),
                }
            }
        };
        if let (Some(limit), Some(team)) = (&token.team_id, &team)
            && *limit != team.id
        {
            return Err(ApiError::not_authorized());
        }
        Ok(Caller { token: token.clone(), user, limited_to: token.team_id.clone(), team })
    }
}
