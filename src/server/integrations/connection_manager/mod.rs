//! Turns a user's token into a watched connection, and takes it apart again.
//!
//! Connecting is repeatable: it asks the platform first, then stores the token, the subscriptions and the
//! webhooks in this order, and each step finds what an earlier try left behind.

mod discover;
mod error;
mod examine;
mod locks;
mod projects;
mod public_url;
mod request;
mod webhooks;

pub use error::ConnectionError;
pub use examine::examine;
pub use projects::{Known, Overview, choose, overview, projects, subscribe, sync, unsubscribe};
pub use public_url::{Unreachable, gateway_url, public_url, webhook_url};
pub use request::ConnectRequest;

use super::{Access, PlatformContext, PlatformError, ProviderUser, TokenProvider};
use crate::{
    model::{
        BuildsOn, Connection, ConnectionHealth, Delivery, Outage, Provider, RateLimit, RepositoryKind,
        Trouble,
    },
    server::{
        audit::{self, Purpose},
        clock::new_id,
        crypto::{CryptoError, KeyRing},
        db::{
            Db, DbError,
            entity::{integration, subscription},
            integrations::{self, HEALTH_NEEDS_NEW_TOKEN, NewIntegration},
            subscriptions,
        },
    },
};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;

/// The client for a platform.
pub fn client(ctx: &PlatformContext, provider: Provider) -> Result<Arc<dyn TokenProvider>, ConnectionError> {
    ctx.registry.get(provider).ok_or(ConnectionError::Unsupported(provider))
}

/// What calls through a connection need.
pub fn access(keys: &KeyRing, row: &integration::Model) -> Result<Access, CryptoError> {
    let token = keys.open(&integrations::token_identity(&row.id), &row.access_token)?;
    Ok(Access { token, team_id: row.team_id.clone() })
}

/// What calls about a watched project need: the token of its connection, acting on the project's team.
pub fn access_for(
    keys: &KeyRing,
    row: &integration::Model,
    watched: &subscription::Model,
) -> Result<Access, CryptoError> {
    Ok(access(keys, row)?.for_team(watched.team_id.clone()))
}

/// Notes it on the connection when the platform refuses its token. Call it with every answer.
pub async fn note_refusal(db: &Db, integration_id: &str, error: &PlatformError) -> Result<(), DbError> {
    if *error == PlatformError::TokenRefused {
        tracing::warn!(integration_id, "a platform refused the stored token");
        integrations::needs_new_token(db, integration_id).await?;
    }
    Ok(())
}

/// Whose token it is. Stores nothing.
pub async fn test_token(
    ctx: &PlatformContext,
    provider: Provider,
    token: &SecretString,
) -> Result<ProviderUser, ConnectionError> {
    let client = client(ctx, provider)?;
    client.check_token_format(token.expose_secret())?;
    client.validate_token(token).await.map_err(ConnectionError::from_platform(provider))
}

/// Connects a platform, or gives a connection a new token.
///
/// Nothing is stored unless the platform accepts the token and lists its projects.
pub async fn connect(
    ctx: &PlatformContext,
    user_id: &str,
    provider: Provider,
    request: impl Into<ConnectRequest>,
) -> Result<Connection, ConnectionError> {
    let mut request = request.into();
    let client = client(ctx, provider)?;
    let owner = test_token(ctx, provider, &request.token).await?;
    audit::add("platform", provider.as_str());
    audit::add("account", owner.username.clone());
    let access = Access { token: request.token.clone(), team_id: request.team_id.clone() };
    let failed = ConnectionError::from_platform(provider);
    let reachable = discover::discover(client.as_ref(), &access).await.map_err(failed)?;
    if request.team_id.is_some() && reachable.scopes.is_empty() {
        return Err(ConnectionError::UnknownTeam);
    }
    if let Some(told) = examine::expiry(client.as_ref(), &request.token).await {
        request.expires_at = Some(told);
    }

    let _alone = locks::lock(&format!("{user_id}:{provider}")).await;
    let mut existing = integrations::of_user(&ctx.db, user_id, provider).await?;
    if let Some(row) = existing.take_if(|row| row.external_user_id != owner.external_id) {
        // Another account's webhooks can only be removed with that account's token.
        take_apart(ctx, client.as_ref(), &row).await?;
    }
    let row = store(ctx, user_id, provider, existing.map(|row| row.id), &owner, &request).await?;
    projects::watch_all(ctx, &row, &reachable, request.auto_fix).await?;
    if row.team_id.is_some() {
        projects::watch_only(ctx, client.as_ref(), &row).await?;
    }
    refresh_webhooks(ctx, client.as_ref(), &row).await?;
    tracing::info!(
        integration_id = row.id, %provider, scopes = reachable.scopes.len(),
        projects = reachable.projects().count(), "a platform was connected"
    );
    describe(ctx, &row.id).await?.ok_or(ConnectionError::NotConnected(provider))
}

async fn store(
    ctx: &PlatformContext,
    user_id: &str,
    provider: Provider,
    id: Option<String>,
    owner: &ProviderUser,
    request: &ConnectRequest,
) -> Result<integration::Model, ConnectionError> {
    let id = id.unwrap_or_else(new_id);
    let new = NewIntegration {
        access_token: ctx.keys.seal(&integrations::token_identity(&id), &request.token)?,
        id,
        user_id: user_id.to_owned(),
        provider,
        external_user_id: owner.external_id.clone(),
        username: owner.username.clone(),
        token_note: request.note.clone(),
        team_id: request.team_id.clone(),
        expires_at: request.expires_at,
    };
    Ok(integrations::put(&ctx.db, new, ctx.clock.now()).await?)
}

async fn refresh_webhooks(
    ctx: &PlatformContext,
    client: &dyn TokenProvider,
    row: &integration::Model,
) -> Result<(), ConnectionError> {
    // Two users of one team must not take each other's fresh webhook for a stray.
    let _alone = locks::lock(&format!("webhooks:{}", row.provider)).await;
    let rows = subscriptions::of_integration(&ctx.db, &row.id).await?;
    audit::used(&ctx.db, row, Purpose::Connection, ctx.clock.now()).await;
    let note = webhooks::ensure(ctx, client, &access(&ctx.keys, row)?, &rows).await?;
    Ok(integrations::set_delivery_note(&ctx.db, &row.id, note).await?)
}

/// Ends a connection: webhooks at the platform, subscriptions, token. Fixes pass to other watchers.
pub async fn disconnect(
    ctx: &PlatformContext,
    user_id: &str,
    provider: Provider,
) -> Result<(), ConnectionError> {
    let client = client(ctx, provider)?;
    let _alone = locks::lock(&format!("{user_id}:{provider}")).await;
    let row = of_user(ctx, user_id, provider).await?;
    take_apart(ctx, client.as_ref(), &row).await
}

async fn take_apart(
    ctx: &PlatformContext,
    client: &dyn TokenProvider,
    row: &integration::Model,
) -> Result<(), ConnectionError> {
    let rows = subscriptions::of_integration(&ctx.db, &row.id).await?;
    match access(&ctx.keys, row) {
        Ok(access) => webhooks::forget(ctx, client, &access, &rows).await?,
        // The user must be able to get rid of a token that nobody can read any more.
        Err(error) => tracing::warn!(integration_id = row.id, %error, "webhooks are left at the platform"),
    }
    for row in &rows {
        subscriptions::remove(&ctx.db, row).await?;
    }
    integrations::remove(&ctx.db, &row.id).await?;
    tracing::info!(integration_id = row.id, "a platform was disconnected");
    Ok(())
}

/// Says where the builds of a connection's projects run from now on. Returns the connection.
pub async fn build_on(
    ctx: &PlatformContext,
    user_id: &str,
    provider: Provider,
    builds_on: BuildsOn,
) -> Result<Connection, ConnectionError> {
    audit::add("builds_on", builds_on.as_str());
    // Whoever reconnects with another account meanwhile has said nothing about that one.
    let _alone = locks::lock(&format!("{user_id}:{provider}")).await;
    let row = of_user(ctx, user_id, provider).await?;
    if provider != Provider::VERCEL {
        return Err(ConnectionError::NotVercel(provider));
    }
    if builds_on == BuildsOn::Vercel {
        public_url(&ctx.config).map_err(ConnectionError::Unreachable)?;
    }
    integrations::set_builds_on(&ctx.db, user_id, provider, builds_on, ctx.clock.now()).await?;
    tracing::info!(integration_id = row.id, builds_on = builds_on.as_str(), "where builds run was chosen");
    describe(ctx, &row.id).await?.ok_or(ConnectionError::NotConnected(provider))
}

/// Why the builds of a platform's projects cannot run elsewhere, where there would be a choice.
fn builds_note(ctx: &PlatformContext, provider: Provider) -> Option<&'static str> {
    let unreachable = public_url(&ctx.config).err().filter(|_| provider == Provider::VERCEL)?;
    Some(unreachable.no_builds_elsewhere())
}

/// A user's connection to a platform.
pub async fn of_user(
    ctx: &PlatformContext,
    user_id: &str,
    provider: Provider,
) -> Result<integration::Model, ConnectionError> {
    let row = integrations::of_user(&ctx.db, user_id, provider).await?;
    row.ok_or(ConnectionError::NotConnected(provider))
}

/// The connection as pages show it; `None` when there is none.
pub async fn status(
    ctx: &PlatformContext,
    user_id: &str,
    provider: Provider,
) -> Result<Option<Connection>, ConnectionError> {
    match integrations::of_user(&ctx.db, user_id, provider).await? {
        Some(row) => describe(ctx, &row.id).await,
        None => Ok(None),
    }
}

fn rate(row: &integration::Model) -> Option<RateLimit> {
    Some(RateLimit {
        limit: row.rate_limit?.try_into().ok()?,
        remaining: row.rate_remaining?.try_into().ok()?,
        reset_at: row.rate_reset_at?,
    })
}

async fn describe(ctx: &PlatformContext, id: &str) -> Result<Option<Connection>, ConnectionError> {
    let Some(row) = integrations::find(&ctx.db, id).await? else { return Ok(None) };
    let Ok(provider) = row.provider.parse() else { return Ok(None) };
    let rate = rate(&row);
    let builds_on = integrations::builds_on(&row);
    let rows = subscriptions::of_integration(&ctx.db, &row.id).await?;
    let covered = rows.iter().filter(|row| row.webhook_id.is_some()).count();
    let repairable =
        rows.iter().filter(|row| subscriptions::repository_kind(row) == RepositoryKind::Github).count();
    Ok(Some(Connection {
        id: row.id,
        provider,
        username: row.username,
        health: match row.health.as_str() {
            HEALTH_NEEDS_NEW_TOKEN => ConnectionHealth::NeedsNewToken,
            _ => ConnectionHealth::Ok,
        },
        delivery: if covered == rows.len() && covered > 0 { Delivery::Webhook } else { Delivery::Polling },
        delivery_note: row.delivery_note,
        builds_on,
        builds_note: builds_note(ctx, provider).map(str::to_owned),
        projects: rows.len() as u64,
        covered: covered as u64,
        repairable: repairable as u64,
        last_delivery_at: row.last_delivery_at,
        last_polled_at: row.last_polled_at,
        outage: row
            .trouble
            .as_deref()
            .and_then(Trouble::parse)
            .zip(row.trouble_since)
            .map(|(trouble, since)| Outage { trouble, since }),
        rate,
        expires_at: row.expires_at,
        token_note: row.token_note,
        created_at: row.created_at,
    }))
}
