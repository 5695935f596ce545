//! A signed-in user and their GitHub account → the account signs them in from now on.

use super::Refused;
use crate::{
    model::ApiError,
    server::{
        auth::AuthContext,
        crypto::KeyRing,
        db::accounts,
        github::{
            User, account,
            oauth::{Granted, REPOSITORIES},
        },
    },
};

/// What is asked for: nothing where a token for pull requests is there already, else one.
pub(super) async fn scope(auth: &AuthContext, user_id: &str) -> Result<&'static str, ApiError> {
    let connected = accounts::github(&auth.db, user_id).await?.is_some();
    Ok(if connected { "" } else { REPOSITORIES })
}

/// Links it. A token that was pasted stays: it may do what it was made for.
pub(super) async fn link(
    auth: &AuthContext,
    keys: &KeyRing,
    user_id: &str,
    who: &User,
    granted: &Granted,
) -> Result<(), Refused> {
    let now = auth.clock.now();
    match accounts::github(&auth.db, user_id).await? {
        Some(connected) if connected.external_id == who.id.to_string() => {}
        Some(_) => return Err(Refused::Code("github_other")),
        None if granted.reaches_repositories() => {
            let scopes = Some(granted.scopes.clone());
            account::store(&auth.db, keys, user_id, who, &granted.token, scopes, now).await?;
        }
        None => return Err(Refused::Code("github_scope")),
    }
    if !accounts::set_signs_in(&auth.db, user_id, true, now).await? {
        return Err(Refused::Code("github_taken"));
    }
    tracing::info!(user_id, "A GitHub account was linked for signing in");
    Ok(())
}
