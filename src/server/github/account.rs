//! From a pasted token to the stored GitHub account of a user.

use super::{Client, GithubError, User};
use crate::{
    model::{ApiError, ErrorCode, GithubConnection, Timestamp},
    server::{
        audit,
        clock::{Clock, new_id},
        config::Config,
        crypto::KeyRing,
        db::{Db, accounts},
    },
};
use secrecy::SecretString;

/// Asks GitHub whose token it is, and stores it sealed in place of an earlier one.
///
/// # Errors
/// `TokenRefused` when GitHub does not accept it, `PlatformUnavailable` when GitHub does not answer.
pub async fn connect(
    db: &Db,
    keys: &KeyRing,
    config: &Config,
    clock: &Clock,
    user_id: &str,
    token: &SecretString,
) -> Result<GithubConnection, ApiError> {
    let client = Client::new(&config.github_api, token, clock.clone()).map_err(refusal)?;
    let user = client.current_user().await.map_err(refusal)?;
    audit::add("account", &user.login);
    let now = clock.now();
    store(db, keys, user_id, &user, token, None, now).await?;
    Ok(GithubConnection { login: user.login, email: user.email, trouble: None, created_at: now })
}

/// Stores a token, whose owner is known, sealed in place of an earlier one.
///
/// # Errors
/// The key or the database.
pub async fn store(
    db: &Db,
    keys: &KeyRing,
    user_id: &str,
    user: &User,
    token: &SecretString,
    scopes: Option<String>,
    now: Timestamp,
) -> Result<(), ApiError> {
    let id = new_id();
    let access_token = keys.seal(&accounts::token_identity(&id), token).map_err(|error| {
        tracing::error!(%error, "A token could not be sealed");
        ApiError::internal()
    })?;
    let account = accounts::NewAccount {
        id,
        user_id: user_id.to_owned(),
        external_id: user.id.to_string(),
        login: user.login.clone(),
        email: user.email.clone(),
        access_token,
        scopes,
    };
    Ok(accounts::put_github(db, account, now).await?)
}

fn refusal(error: GithubError) -> ApiError {
    match error {
        GithubError::TokenRefused => ApiError::new(
            ErrorCode::TokenRefused,
            "GitHub refused this token. Create a new one with access to the repositories of your projects.",
        ),
        GithubError::Transient { .. } => ApiError::new(
            ErrorCode::PlatformUnavailable,
            "GitHub does not answer now. Try again in a minute.",
        ),
        other => {
            tracing::warn!(error = %other, "GitHub answered a token check in an unknown way");
            ApiError::new(ErrorCode::PlatformUnavailable, "GitHub answered in a way that is not understood.")
        }
    }
}
