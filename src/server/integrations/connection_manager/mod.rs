//! Turns a user's token into a watched connection, and takes it apart again.
//!
//! Connecting is repeatable: it asks the platform first, then stores the token, the subscriptions and the
//! webhooks in this order, and each step finds what an earlier try left behind.

mod discover;
mod error;
mod locks;
mod public_url;
mod webhooks;

pub use error::ConnectionError;
pub use public_url::webhook_url;

use super::{Access, PlatformContext, PlatformError, Project, ProviderUser, TokenProvider};
use crate::{
    model::{Connection, ConnectionHealth, Delivery, Provider},
    server::{
        clock::new_id,
        crypto::{CryptoError, KeyRing},
        db::{
            Db, DbError,
            entity::{integration, subscription},
            integrations::{self, HEALTH_NEEDS_NEW_TOKEN, NewIntegration},
            subscriptions::{self, NewSubscription, Settings},
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
    token: SecretString,
) -> Result<Connection, ConnectionError> {
    let client = client(ctx, provider)?;
    let token = SecretString::from(token.expose_secret().trim());
    let owner = test_token(ctx, provider, &token).await?;
    let access = Access { token, team_id: None };
    let failed = ConnectionError::from_platform(provider);
    let reachable = discover::discover(client.as_ref(), &access).await.map_err(failed)?;

    let _alone = locks::lock(&format!("{user_id}:{provider}")).await;
    let mut existing = integrations::of_user(&ctx.db, user_id, provider).await?;
    if let Some(row) = existing.take_if(|row| row.external_user_id != owner.external_id) {
        // Another account's webhooks can only be removed with that account's token.
        take_apart(ctx, client.as_ref(), &row).await?;
    }
    let row = store(ctx, user_id, provider, existing.map(|row| row.id), &owner, &access).await?;
    for project in &reachable.projects {
        watch(ctx, &row, project).await?;
    }
    refresh_webhooks(ctx, client.as_ref(), &row).await?;
    tracing::info!(
        integration_id = row.id, %provider, teams = reachable.teams.len(), projects = reachable.projects.len(),
        "a platform was connected"
    );
    describe(ctx, &row.id).await?.ok_or(ConnectionError::NotConnected(provider))
}

async fn store(
    ctx: &PlatformContext,
    user_id: &str,
    provider: Provider,
    id: Option<String>,
    owner: &ProviderUser,
    access: &Access,
) -> Result<integration::Model, ConnectionError> {
    let id = id.unwrap_or_else(new_id);
    let new = NewIntegration {
        access_token: ctx.keys.seal(&integrations::token_identity(&id), &access.token)?,
        id,
        user_id: user_id.to_owned(),
        provider,
        external_user_id: owner.external_id.clone(),
        username: owner.username.clone(),
        token_note: None,
        team_id: None,
    };
    Ok(integrations::put(&ctx.db, new, ctx.clock.now()).await?)
}

/// Watches a project, if its code is on GitHub. One that is watched already keeps its settings.
async fn watch(ctx: &PlatformContext, row: &integration::Model, project: &Project) -> Result<bool, DbError> {
    let Some(repository) = project.link.github_full_name() else { return Ok(false) };
    let new = NewSubscription {
        id: new_id(),
        user_id: row.user_id.clone(),
        integration_id: row.id.clone(),
        platform_project_id: project.id.clone(),
        platform_project_name: project.name.clone(),
        team_id: project.team_id.clone(),
        github_repo_full_name: repository.to_owned(),
    };
    subscriptions::put(&ctx.db, new, ctx.clock.now()).await?;
    Ok(true)
}

async fn refresh_webhooks(
    ctx: &PlatformContext,
    client: &dyn TokenProvider,
    row: &integration::Model,
) -> Result<(), ConnectionError> {
    // Two users of one team must not take each other's fresh webhook for a stray.
    let _alone = locks::lock(&format!("webhooks:{}", row.provider)).await;
    let rows = subscriptions::of_integration(&ctx.db, &row.id).await?;
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

async fn describe(ctx: &PlatformContext, id: &str) -> Result<Option<Connection>, ConnectionError> {
    let Some(row) = integrations::find(&ctx.db, id).await? else { return Ok(None) };
    let Ok(provider) = row.provider.parse() else { return Ok(None) };
    let rows = subscriptions::of_integration(&ctx.db, &row.id).await?;
    let all_covered = !rows.is_empty() && rows.iter().all(|row| row.webhook_id.is_some());
    Ok(Some(Connection {
        id: row.id,
        provider,
        username: row.username,
        health: match row.health.as_str() {
            HEALTH_NEEDS_NEW_TOKEN => ConnectionHealth::NeedsNewToken,
            _ => ConnectionHealth::Ok,
        },
        delivery: if all_covered { Delivery::Webhook } else { Delivery::Polling },
        delivery_note: row.delivery_note,
        projects: rows.len() as u64,
        created_at: row.created_at,
    }))
}

/// All projects that a connection reaches, asked now.
pub async fn projects(
    ctx: &PlatformContext,
    row: &integration::Model,
) -> Result<Vec<Project>, ConnectionError> {
    let provider = row.provider.parse().map_err(|_| ConnectionError::UnknownProject)?;
    let client = client(ctx, provider)?;
    match discover::discover(client.as_ref(), &access(&ctx.keys, row)?).await {
        Ok(reachable) => Ok(reachable.projects),
        Err(error) => {
            note_refusal(&ctx.db, &row.id, &error).await?;
            Err(ConnectionError::Platform { provider, error })
        }
    }
}

/// Watches one more project. Watching it already is success.
pub async fn subscribe(
    ctx: &PlatformContext,
    row: &integration::Model,
    project_id: &str,
    settings: Settings,
) -> Result<subscription::Model, ConnectionError> {
    let provider = row.provider.parse().map_err(|_| ConnectionError::UnknownProject)?;
    let client = client(ctx, provider)?;
    let reachable = projects(ctx, row).await?;
    let project =
        reachable.iter().find(|project| project.id == project_id).ok_or(ConnectionError::UnknownProject)?;
    let _alone = locks::lock(&format!("{}:{provider}", row.user_id)).await;
    if !watch(ctx, row, project).await? {
        return Err(ConnectionError::NoRepository);
    }
    let watched = find_watched(ctx, row, project_id).await?;
    subscriptions::update(&ctx.db, &watched.id, settings, ctx.clock.now()).await?;
    refresh_webhooks(ctx, client.as_ref(), row).await?;
    find_watched(ctx, row, project_id).await
}

async fn find_watched(
    ctx: &PlatformContext,
    row: &integration::Model,
    project_id: &str,
) -> Result<subscription::Model, ConnectionError> {
    let rows = subscriptions::of_integration(&ctx.db, &row.id).await?;
    rows.into_iter().find(|row| row.platform_project_id == project_id).ok_or(ConnectionError::UnknownProject)
}

/// Watches a project no longer. The team's webhook goes with its last subscription.
pub async fn unsubscribe(
    ctx: &PlatformContext,
    watched: &subscription::Model,
) -> Result<(), ConnectionError> {
    if let Some(row) = integrations::find(&ctx.db, &watched.integration_id).await? {
        let provider = row.provider.parse().map_err(|_| ConnectionError::UnknownProject)?;
        let client = client(ctx, provider)?;
        let _alone = locks::lock(&format!("{}:{provider}", row.user_id)).await;
        webhooks::forget(ctx, client.as_ref(), &access(&ctx.keys, &row)?, std::slice::from_ref(watched))
            .await?;
    }
    Ok(subscriptions::remove(&ctx.db, watched).await?)
}
