//! A person's own account → the settings.

use super::Views;
use crate::{
    model::{ApiError, GithubSignIn, InvitationRow, Secret, SessionRow, SettingsPage, TokenRow},
    server::{
        auth::{self, Credential, CurrentUser, reveal::Reveal},
        db::{
            accounts,
            entity::{api_token, invitation, session},
            invitations, sessions, tokens, users,
        },
        notify::webhook,
    },
};
use axum::http::{
    HeaderMap, HeaderValue,
    header::{CACHE_CONTROL, SET_COOKIE},
    request::Parts,
};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use secrecy::ExposeSecret as _;

/// Everything on `/settings`. What is shown once is forgotten with this answer.
pub async fn settings(views: &Views, user: &CurrentUser) -> Result<SettingsPage, ApiError> {
    let (db, now) = (&views.platforms.db, views.platforms.clock.now());
    let github = if views.auth.offers_github() {
        let account = accounts::github(db, &user.id).await?;
        let signs_in = account.as_ref().is_some_and(|account| account.signs_in);
        Some(GithubSignIn { login: account.map(|account| account.login), signs_in })
    } else {
        None
    };
    let invitations = if users::is_owner(db, &user.id).await? {
        Some(invitations::of_user(db, &user.id, now).await?.into_iter().map(invitation).collect())
    } else {
        None
    };
    let sessions = sessions::of_user(db, &user.id, now).await?.into_iter();
    let mut sessions: Vec<_> = sessions.map(|row| session(row, &user.credential)).collect();
    sessions.sort_by_key(|row| !row.current);
    Ok(SettingsPage {
        name: user.name.clone(),
        email: user.email.clone(),
        github,
        sessions,
        tokens: tokens::of_user(db, &user.id).await?.into_iter().map(token).collect(),
        new_token: revealed(views, user, Reveal::Token),
        webhook: webhook::view(db, &user.id).await?,
        new_webhook: revealed(views, user, Reveal::Webhook),
        invitations,
        new_invitation: revealed(views, user, Reveal::Invitation),
    })
}

/// What the browser brings along to be shown, and a word to it to forget that.
fn revealed(views: &Views, user: &CurrentUser, what: Reveal) -> Option<Secret> {
    let headers: HeaderMap = use_context::<Parts>()?.headers;
    let secret = what.take(&views.platforms.keys, &user.id, &headers)?;
    let response = use_context::<ResponseOptions>()?;
    response.append_header(SET_COOKIE, what.forget()?);
    response.insert_header(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Some(Secret(secret.expose_secret().to_owned()))
}

fn session(row: session::Model, asking: &Credential) -> SessionRow {
    SessionRow {
        browser: auth::browser_of(&row),
        current: matches!(asking, Credential::Session(id) if *id == row.id),
        id: row.id,
        since: row.created_at,
        last_seen_at: row.last_seen_at,
    }
}

fn token(row: api_token::Model) -> TokenRow {
    let api_token::Model { id, name, hint, last_used_at, expires_at, created_at, .. } = row;
    TokenRow { id, name, hint, created_at, last_used_at, expires_at }
}

fn invitation(row: invitation::Model) -> InvitationRow {
    InvitationRow { id: row.id, created_at: row.created_at, expires_at: row.expires_at }
}
