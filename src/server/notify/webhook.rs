//! What a user does with their webhook. Pages and the REST API call the same functions.

use super::{NotifyContext, address, signature};
use crate::{
    model::{ApiError, DeliveryState, ErrorCode, OutgoingDelivery, OutgoingWebhook},
    server::{
        audit,
        clock::new_id,
        db::{
            Db, DbError,
            entity::outgoing_delivery,
            outgoing::{self, NewWebhook, secret_identity},
        },
    },
};
use secrecy::SecretString;

/// Messages that are shown.
const SHOWN: u64 = 10;

/// A user's webhook with its last messages.
pub async fn view(db: &Db, user_id: &str) -> Result<Option<OutgoingWebhook>, DbError> {
    let Some(row) = outgoing::of_user(db, user_id).await? else { return Ok(None) };
    let deliveries = outgoing::recent(db, &row.id, SHOWN).await?;
    Ok(Some(OutgoingWebhook {
        url: row.url,
        enabled: row.enabled,
        created_at: row.created_at,
        last_at: row.last_at,
        last_status: row.last_status,
        last_error: row.last_error,
        deliveries: deliveries.into_iter().map(delivery).collect(),
    }))
}

fn delivery(row: outgoing_delivery::Model) -> OutgoingDelivery {
    OutgoingDelivery {
        id: row.id,
        kind: row.kind,
        state: DeliveryState::parse(&row.state),
        attempts: row.attempts,
        next_try_at: row.next_try_at,
        last_status: row.last_status,
        last_error: row.last_error,
        created_at: row.created_at,
    }
}

/// Sets where a user's messages go. Returns the secret of a webhook that is new: it is shown this once.
///
/// # Errors
/// An address that may not be called.
pub async fn put(
    ctx: &NotifyContext,
    user_id: &str,
    url: &str,
    enabled: bool,
) -> Result<Option<SecretString>, ApiError> {
    let loopback = ctx.config.allow_loopback_webhooks;
    let refused = |refused: address::Refused| ApiError::new(ErrorCode::Invalid, refused.to_string());
    let url = address::read(url, loopback).map_err(refused)?;
    // Only the host: paths of such addresses are often secrets.
    audit::add("host", url.host_str().unwrap_or_default());
    audit::add("enabled", enabled.to_string());
    address::resolve(&url, loopback).await.map_err(refused)?;
    let (id, secret) = (new_id(), signature::new_secret());
    let sealed = ctx.keys.seal(&secret_identity(&id), &secret).map_err(|error| {
        tracing::error!(%error, "A webhook's secret could not be sealed");
        ApiError::internal()
    })?;
    let new = NewWebhook { id, user_id: user_id.to_owned(), url: url.into(), secret: sealed, enabled };
    let is_new = outgoing::put(&ctx.db, new, ctx.clock.now()).await?;
    tracing::info!(user_id, is_new, enabled, "An outgoing webhook was set");
    Ok(is_new.then_some(secret))
}

/// Removes a user's webhook with its messages.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn remove(ctx: &NotifyContext, user_id: &str) -> Result<(), ApiError> {
    if outgoing::remove(&ctx.db, user_id).await? { Ok(()) } else { Err(ApiError::not_found()) }
}

/// Sends a test message, as news of fixes are sent.
///
/// # Errors
/// `NotFound` without a webhook; `Conflict` where it is off, and while a test is on its way.
pub async fn test(ctx: &NotifyContext, user_id: &str) -> Result<OutgoingDelivery, ApiError> {
    let webhook = outgoing::of_user(&ctx.db, user_id).await?.ok_or_else(ApiError::not_found)?;
    if !webhook.enabled {
        return Err(ApiError::new(ErrorCode::Conflict, "The webhook is off. Switch it on first."));
    }
    let made = outgoing::test(&ctx.db, &webhook.id, ctx.clock.now()).await?;
    made.map(delivery).ok_or_else(|| ApiError::new(ErrorCode::Conflict, "A test is on its way already."))
}
