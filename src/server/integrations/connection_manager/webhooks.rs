//! Keeps exactly one webhook per team at the platform, and its secret on the subscriptions that it covers.
//!
//! The platform tells a secret once. So the order is: make it, store it, then remove the ones that nobody
//! knows. A crash in between leaves a stray that the next connection of the team finds by its address and deletes.

use super::{ConnectionError, public_url::webhook_url};
use crate::server::{
    db::{entity::subscription, subscriptions},
    integrations::{Access, PlatformContext, PlatformError, ProjectRef, RegisteredWebhook, TokenProvider},
};
use secrecy::SecretString;
use std::collections::BTreeMap;
use url::Url;

/// Subscriptions by the team that owns their project.
fn by_team(rows: &[subscription::Model]) -> BTreeMap<Option<String>, Vec<&subscription::Model>> {
    let mut teams: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in rows {
        teams.entry(row.team_id.clone()).or_default().push(row);
    }
    teams
}

/// Makes sure that each subscription is covered by a webhook. Returns why some are polled only, if so.
pub async fn ensure(
    ctx: &PlatformContext,
    provider: &dyn TokenProvider,
    access: &Access,
    rows: &[subscription::Model],
) -> Result<Option<String>, ConnectionError> {
    let url = match webhook_url(&ctx.config, provider.provider()) {
        Ok(url) => url,
        Err(note) => {
            forget(ctx, provider, access, rows).await?;
            return Ok(Some(note.to_owned()));
        }
    };
    let mut note = None;
    for (team, mut rows) in by_team(rows) {
        let access = access.for_team(team);
        rows.retain(|row| match provider.polled_only(&ProjectRef::from(*row)) {
            Some(why) => {
                note.get_or_insert_with(|| why.to_owned());
                false
            }
            None => true,
        });
        if rows.is_empty() {
            continue;
        }
        if let Err(refusal) = cover(ctx, provider, &access, &url, &rows).await? {
            tracing::warn!(provider = %provider.provider(), "webhooks are refused, polling is used");
            note = Some(polling_note(provider, &refusal));
        }
    }
    Ok(note)
}

fn polling_note(provider: &dyn TokenProvider, refusal: &PlatformError) -> String {
    let name = provider.provider().display_name();
    match refusal {
        PlatformError::Transient { .. } | PlatformError::Malformed => {
            format!(
                "{name} did not answer when the webhook was made, so failures are found by polling. Reconnect to try again."
            )
        }
        _ => format!("{name} refused the webhook; its plan may have none. Failures are found by polling."),
    }
}

/// Covers one team's subscriptions. The inner error is the platform's refusal.
async fn cover(
    ctx: &PlatformContext,
    provider: &dyn TokenProvider,
    access: &Access,
    url: &Url,
    rows: &[&subscription::Model],
) -> Result<Result<(), PlatformError>, ConnectionError> {
    let registered = match provider.webhooks(access).await {
        Ok(registered) => registered,
        Err(error) => return uncovered(ctx, rows, error).await,
    };
    let ours: Vec<&RegisteredWebhook> =
        registered.iter().filter(|webhook| webhook.url == url.as_str()).collect();
    let projects: Vec<ProjectRef> = rows.iter().map(|row| ProjectRef::from(*row)).collect();
    let known = rows.iter().find_map(|row| {
        let (id, secret) = stored(ctx, row)?;
        ours.iter().any(|webhook| webhook.id == id && webhook.covers(&projects)).then_some((id, secret))
    });
    let (id, secret) = match known {
        Some(known) => known,
        None => match provider.create_webhook(access, url, &projects).await {
            Ok(created) => (created.id, created.secret),
            Err(error) => return uncovered(ctx, rows, error).await,
        },
    };
    if let Err(error) = store(ctx, rows, &id, &secret).await {
        delete(provider, access, &id).await;
        return Err(error);
    }
    remove_strays(ctx, provider, access, rows, &ours, &id).await?;
    Ok(Ok(()))
}

async fn uncovered(
    ctx: &PlatformContext,
    rows: &[&subscription::Model],
    error: PlatformError,
) -> Result<Result<(), PlatformError>, ConnectionError> {
    // A passing trouble says nothing about the webhook that is there.
    if !matches!(error, PlatformError::Transient { .. } | PlatformError::Malformed) {
        for row in rows.iter().filter(|row| row.webhook_id.is_some()) {
            subscriptions::set_webhook(&ctx.db, &row.id, None).await?;
        }
    }
    Ok(Err(error))
}

fn stored(ctx: &PlatformContext, row: &subscription::Model) -> Option<(String, SecretString)> {
    let identity = subscriptions::secret_identity(&row.id);
    let secret = ctx.keys.open(&identity, row.webhook_secret.as_deref()?).ok()?;
    Some((row.webhook_id.clone()?, secret))
}

async fn store(
    ctx: &PlatformContext,
    rows: &[&subscription::Model],
    id: &str,
    secret: &SecretString,
) -> Result<(), ConnectionError> {
    for row in rows {
        if row.webhook_id.as_deref() == Some(id) && stored(ctx, row).is_some() {
            continue;
        }
        let sealed = ctx.keys.seal(&subscriptions::secret_identity(&row.id), secret)?;
        subscriptions::set_webhook(&ctx.db, &row.id, Some((id.to_owned(), sealed))).await?;
    }
    Ok(())
}

/// Deletes webhooks at our address that no subscription of anybody knows, and those that `rows` used before.
async fn remove_strays(
    ctx: &PlatformContext,
    provider: &dyn TokenProvider,
    access: &Access,
    rows: &[&subscription::Model],
    ours: &[&RegisteredWebhook],
    current: &str,
) -> Result<(), ConnectionError> {
    let replaced = rows.iter().filter_map(|row| row.webhook_id.as_deref());
    let mut candidates: Vec<&str> = ours.iter().map(|webhook| webhook.id.as_str()).chain(replaced).collect();
    candidates.sort_unstable();
    candidates.dedup();
    for id in candidates.into_iter().filter(|id| *id != current) {
        if subscriptions::with_webhook(&ctx.db, id).await? == 0 {
            delete(provider, access, id).await;
        }
    }
    Ok(())
}

/// Takes the webhooks of `rows` away, at the platform and in the database.
///
/// A webhook that other subscriptions still need stays at the platform.
pub async fn forget(
    ctx: &PlatformContext,
    provider: &dyn TokenProvider,
    access: &Access,
    rows: &[subscription::Model],
) -> Result<(), ConnectionError> {
    for (team, rows) in by_team(rows) {
        let access = access.for_team(team);
        let mut ids: Vec<&str> = rows.iter().filter_map(|row| row.webhook_id.as_deref()).collect();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            let covered = rows.iter().filter(|row| row.webhook_id.as_deref() == Some(id));
            if subscriptions::with_webhook(&ctx.db, id).await? <= covered.clone().count() as u64 {
                delete(provider, &access, id).await;
            }
            for row in covered {
                subscriptions::set_webhook(&ctx.db, &row.id, None).await?;
            }
        }
    }
    Ok(())
}

/// Deletes a webhook at the platform as well as it can: what is left over is in the log with its id.
async fn delete(provider: &dyn TokenProvider, access: &Access, id: &str) {
    match provider.delete_webhook(access, id).await {
        Ok(()) | Err(PlatformError::NotFound) => {}
        Err(error) => {
            tracing::warn!(provider = %provider.provider(), webhook_id = id, %error, "a webhook is left at the platform");
        }
    }
}
