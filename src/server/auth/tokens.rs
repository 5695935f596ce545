//! A name and a lifetime → a new API token, which only its owner ever sees.

use super::{
    AuthContext,
    context::{hash, new_secret},
};
use crate::{
    model::{ApiError, ErrorCode},
    server::{
        audit,
        clock::new_id,
        db::tokens::{self, AT_MOST, NewToken},
    },
};
use chrono::TimeDelta;
use secrecy::{ExposeSecret as _, SecretString};

/// Says to people and to scanners for leaks whose token it is.
const PREFIX: &str = "dpm_";
const MAX_NAME_CHARS: usize = 60;
/// A token that outlives this should have no end.
const MAX_DAYS: u16 = 3_660;
/// Characters by which people tell tokens apart. What is left has far too many to guess.
const HINT_CHARS: usize = 4;

/// Makes a token for a user. `days` is how long it works; `None`: until it is revoked.
///
/// # Errors
/// A bad name or lifetime, [`AT_MOST`] tokens already, the database.
pub async fn make(
    auth: &AuthContext,
    user_id: &str,
    name: &str,
    days: Option<u16>,
) -> Result<SecretString, ApiError> {
    let name = name.trim();
    let named = (1..=MAX_NAME_CHARS).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if !named || days.is_some_and(|days| days == 0 || days > MAX_DAYS) {
        let message = "A token needs a name of at most 60 characters, and its days are a number from 1.";
        return Err(ApiError::new(ErrorCode::Invalid, message));
    }
    audit::add("name", name);
    let token = new_secret(PREFIX);
    let text = token.expose_secret();
    let now = auth.clock.now();
    let new = NewToken {
        id: new_id(),
        user_id: user_id.to_owned(),
        name: name.to_owned(),
        token_hash: hash(text),
        hint: text[text.len() - HINT_CHARS..].to_owned(),
        expires_at: days.map(|days| now + TimeDelta::days(days.into())),
    };
    if !tokens::create(&auth.db, new, now).await? {
        let message = format!("There are {AT_MOST} tokens already. Revoke one that nobody uses.");
        return Err(ApiError::new(ErrorCode::Conflict, message));
    }
    tracing::info!(user_id, "An API token was made");
    Ok(token)
}
