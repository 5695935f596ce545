//! A request → who sent it: by the API token in its header, or else by the session of its cookie.

use super::{
    AuthContext, AuthError, CurrentUser,
    context::{USER_KEY, hash},
    current_user::{asked_for, is_api},
    session::row_id,
};
use crate::{
    model::{ApiError, ErrorCode},
    server::{
        audit::{self, Actor, Purpose, Trail},
        db::{entity::user, sessions, tokens, users},
    },
};
use axum::http::{HeaderMap, header::AUTHORIZATION, request::Parts};
use tower_sessions::Session;

/// What a request was let in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A session, by its name in the database.
    Session(String),
    /// An API token, by its id.
    Token(String),
}

/// The credential of an answer that goes on, such as a live stream: it is asked again while the answer lasts.
#[derive(Clone, Debug)]
pub struct Pass {
    auth: AuthContext,
    credential: Credential,
}

impl Pass {
    /// Whether the session or the token still lets anybody in. A database that does not answer ends nothing.
    pub async fn holds(&self) -> bool {
        let AuthContext { db, clock, .. } = &self.auth;
        let holds = match &self.credential {
            Credential::Session(id) => sessions::find(db, id, clock.now()).await.map(|row| row.is_some()),
            Credential::Token(id) => tokens::works(db, id, clock.now()).await,
        };
        holds.unwrap_or_else(|error| {
            tracing::warn!(%error, "A live stream could not look at its session");
            true
        })
    }
}

impl AuthContext {
    /// Who sent the request. A request with a token is never let in by its cookie, and tokens open `/api/` only:
    /// pages and their forms are for people.
    ///
    /// # Errors
    /// A token that is unknown, revoked or expired; the database.
    pub async fn identify(&self, parts: &Parts) -> Result<Option<CurrentUser>, ApiError> {
        let user = self.find(parts).await?;
        if let (Some(user), Some(trail)) = (&user, parts.extensions.get::<Trail>()) {
            trail.is_by(|| user.into());
        }
        Ok(user)
    }

    async fn find(&self, parts: &Parts) -> Result<Option<CurrentUser>, ApiError> {
        let found = match bearer(&parts.headers) {
            Some(token) if is_api(asked_for(parts).path()) => self.by_token(token).await?,
            Some(_) => return Ok(None),
            None => {
                let Some(session) = parts.extensions.get::<Session>() else {
                    tracing::error!("A route that asks for the user is outside the session layer");
                    return Err(ApiError::internal());
                };
                return Ok(self.by_session(session).await?);
            }
        };
        found.map(Some).ok_or_else(|| {
            let message = "This API token is unknown, revoked or expired. Make a new one in the settings.";
            ApiError::new(ErrorCode::Unauthorized, message)
        })
    }

    /// The pass of a request that was let in.
    pub fn pass(&self, user: &CurrentUser) -> Pass {
        Pass { auth: self.clone(), credential: user.credential.clone() }
    }

    async fn by_token(&self, token: &str) -> Result<Option<CurrentUser>, AuthError> {
        let Some(row) = tokens::find_used(&self.db, &hash(token), self.clock.now()).await? else {
            return Ok(None);
        };
        audit::used(&self.db, &row, Purpose::Api, self.clock.now()).await;
        let user = users::find(&self.db, &row.user_id).await?;
        Ok(user.map(|user| current(user, Credential::Token(row.id))))
    }

    async fn by_session(&self, session: &Session) -> Result<Option<CurrentUser>, AuthError> {
        let (Some(user_id), Some(id)) = (session.get::<String>(USER_KEY).await?, session.id()) else {
            return Ok(None);
        };
        let user = users::find(&self.db, &user_id).await?;
        Ok(user.map(|user| current(user, Credential::Session(row_id(&id)))))
    }
}

impl From<&CurrentUser> for Actor {
    fn from(user: &CurrentUser) -> Self {
        let credential = match &user.credential {
            Credential::Session(_) => "session".to_owned(),
            Credential::Token(id) => format!("api_token:{id}"),
        };
        Self { user_id: user.id.clone(), who: user.email.clone(), credential: Some(credential) }
    }
}

fn current(user: user::Model, credential: Credential) -> CurrentUser {
    CurrentUser { id: user.id, email: user.email, name: user.name, credential }
}

/// What stands after `Authorization: Bearer`. A header that cannot be read is a token that nobody has.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.as_bytes();
    let (scheme, rest) = value.split_at_checked(6)?;
    let ours = scheme.eq_ignore_ascii_case(b"bearer") && rest.first().is_none_or(u8::is_ascii_whitespace);
    ours.then(|| std::str::from_utf8(rest).unwrap_or_default().trim())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("Bearer dpm_1", Some("dpm_1"))]
    #[case("bearer  dpm_1 ", Some("dpm_1"))]
    #[case("Bearer", Some(""))]
    #[case("Bearer ", Some(""))]
    #[case("Bearerdpm_1", None)]
    #[case("Basic b3duZXI6cGFzcw==", None)]
    #[case("", None)]
    fn only_the_bearer_scheme_carries_a_token(#[case] value: &str, #[case] token: Option<&str>) {
        assert_eq!(bearer(&HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())])), token);
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
