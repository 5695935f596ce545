//! Who calls, and what the token may do in which account.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::envelope::ApiError;
use super::state::{Account, Cloudflare, Token, TokenStatus};
use crate::world::World;

/// Digits of an account's id.
const ACCOUNT_ID_LENGTH: usize = 32;
/// No token is shorter.
const SHORTEST_TOKEN: usize = 40;

/// A caller with a token that the platform knows, whatever its status.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The token.
    pub token: Token,
}

impl Caller {
    /// Refuses tokens that do not work, or lack the permission.
    pub fn needs(&self, permission: &str) -> Result<(), ApiError> {
        let works = self.token.status() == TokenStatus::Active && self.token.may(permission);
        if works { Ok(()) } else { Err(ApiError::not_allowed()) }
    }

    /// The account, if the token may do this in it.
    pub fn account<'a>(
        &self,
        cloudflare: &'a Cloudflare,
        id: &str,
        permission: &str,
    ) -> Result<&'a Account, ApiError> {
        if id.len() != ACCOUNT_ID_LENGTH || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(ApiError::no_route(&format!("/accounts/{id}")));
        }
        self.needs(permission)?;
        let account = cloudflare.accounts.iter().find(|account| account.id == id);
        account.filter(|account| self.reaches(account)).ok_or_else(ApiError::not_allowed)
    }

    /// Whether the token may act on an account at all.
    pub fn reaches(&self, account: &Account) -> bool {
        let is_member = self.token.user_id.as_ref().is_none_or(|user| account.members.contains(user));
        is_member && self.token.account_id.as_ref().is_none_or(|only| *only == account.id)
    }

    /// The same for Workers Builds, which takes tokens of users alone.
    pub fn builder<'a>(
        &self,
        cloudflare: &'a Cloudflare,
        id: &str,
        permission: &str,
    ) -> Result<&'a Account, ApiError> {
        if self.token.user_id.is_none() {
            return Err(ApiError::not_for_builds());
        }
        self.account(cloudflare, id, permission)
    }
}

impl FromRequestParts<Arc<World>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, world: &Arc<World>) -> Result<Self, ApiError> {
        let header = parts.headers.get(AUTHORIZATION).ok_or_else(ApiError::no_headers)?;
        let value = header.to_str().ok().and_then(|header| header.strip_prefix("Bearer "));
        let is_token = |value: &&str| {
            value.len() >= SHORTEST_TOKEN
                && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        };
        let value = value.filter(is_token).ok_or_else(ApiError::malformed_headers)?;
        let verifies = parts.uri.path().ends_with("/tokens/verify");
        let state = world.state();
        let token = state.cloudflare.tokens.iter().find(|token| token.value == value).cloned();
        let refused = if verifies { ApiError::no_such_token } else { ApiError::not_allowed };
        token.map(|token| Caller { token }).ok_or_else(refused)
    }
}
