//! Turns a webhook request into a decision: signature first, over the raw bytes, before anything is decided.

use super::{
    Action, Delivered, Failure, IntakeContext, Receipt, admit,
    own_branch::{self, Ended, Owner},
};
use crate::{
    model::{ApiError, ErrorCode, Provider},
    server::{
        db::{
            DbError, deliveries,
            entity::subscription,
            integrations,
            subscriptions::{self, secret_identity},
        },
        integrations::{DeliveredDeployment, PlatformContext, TokenProvider, WebhookEvent, WebhookKind},
    },
};
use axum::{body::Bytes, http::HeaderMap};
use std::collections::HashSet;

/// The largest delivery that is read, in bytes.
pub const MAX_DELIVERY_BYTES: usize = 1 << 20;

/// How many secrets are tried when a delivery names no project that is watched.
const MAX_SECRETS: u64 = 200;

/// Why a delivery is refused. Nothing of it is stored.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// There is no such platform here.
    #[error("unknown platform")]
    UnknownProvider,
    /// No secret that may have signed it has.
    #[error("the signature does not match the body")]
    BadSignature,
    /// The body is over [`MAX_DELIVERY_BYTES`].
    #[error("the body is too large")]
    TooLarge,
    /// The database did not do its part; the platform will deliver again.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<IntakeError> for ApiError {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::UnknownProvider => Self::not_found(),
            IntakeError::BadSignature => {
                Self::new(ErrorCode::BadSignature, "The signature does not match the body.")
            }
            IntakeError::TooLarge => Self::new(ErrorCode::PayloadTooLarge, "The body is larger than 1 MiB."),
            IntakeError::Db(error) if error.is_busy() => {
                tracing::warn!(%error, "a delivery found the database busy");
                Self::new(
                    ErrorCode::Overloaded,
                    "The database has too much to do at the moment. Deliver it again.",
                )
            }
            IntakeError::Db(error) => error.into(),
        }
    }
}

/// Checks a delivery and does what it asks for.
///
/// # Errors
/// See [`IntakeError`].
pub async fn receive(
    ctx: &IntakeContext,
    provider: Provider,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Receipt, IntakeError> {
    let client = ctx.platforms.registry.get(provider).ok_or(IntakeError::UnknownProvider)?;
    if body.len() > MAX_DELIVERY_BYTES {
        return Err(IntakeError::TooLarge);
    }
    // Unproven so far: project and team only tell whose secrets to try.
    let event = client.parse_webhook(headers, &body).map_err(|_| IntakeError::BadSignature)?;
    let mut watchers = match &event.project_id {
        Some(project_id) => subscriptions::watching(&ctx.platforms.db, provider, project_id).await?,
        None => Vec::new(),
    };
    let candidates = match (event.team_id.as_deref(), &event.kind) {
        _ if !watchers.is_empty() => watchers.clone(),
        // A hint may leave out whose it is. It claims nothing either, so that any secret will do.
        (None, WebhookKind::Hint(_)) | (Some(_), _) => {
            let team = event.team_id.as_deref();
            subscriptions::with_secret(&ctx.platforms.db, provider, team, MAX_SECRETS).await?
        }
        (None, _) => Vec::new(),
    };
    let signer = signer(&ctx.platforms, client.as_ref(), &candidates, headers, &body).ok_or_else(|| {
        // Whoever sends many of them must not fill the log.
        tracing::debug!(%provider, "a delivery with a wrong signature was refused");
        IntakeError::BadSignature
    })?;
    // Who was told comes first; the others watch the same project.
    watchers.sort_by_key(|watched| watched.id != signer.id);
    let integration_id = signer.integration_id.clone();
    Ok(decide(ctx, provider, &watchers, event, integration_id).await?)
}

/// The subscription whose secret signed the body.
fn signer<'a>(
    ctx: &PlatformContext,
    client: &dyn TokenProvider,
    candidates: &'a [subscription::Model],
    headers: &HeaderMap,
    body: &[u8],
) -> Option<&'a subscription::Model> {
    let mut tried = HashSet::new();
    candidates.iter().find(|row| {
        // One webhook covers many subscriptions with the same secret.
        let (Some(webhook), Some(sealed)) = (&row.webhook_id, &row.webhook_secret) else { return false };
        if !tried.insert(webhook) {
            return false;
        }
        match ctx.keys.open(&secret_identity(&row.id), sealed) {
            Ok(secret) => client.verify_webhook(headers, body, &secret),
            Err(error) => {
                tracing::error!(subscription_id = row.id, %error, "a webhook secret cannot be opened");
                tried.remove(webhook);
                false
            }
        }
    })
}

/// What an authentic delivery leads to.
async fn decide(
    ctx: &IntakeContext,
    provider: Provider,
    watchers: &[subscription::Model],
    event: WebhookEvent,
    integration_id: String,
) -> Result<Receipt, DbError> {
    let (kind, reason) = match &event.kind {
        WebhookKind::DeploymentFailed => ("deployment_failed", "no_deployment"),
        WebhookKind::DeploymentSucceeded => ("deployment_succeeded", "no_failure"),
        WebhookKind::DeploymentCanceled => ("deployment_canceled", "no_failure"),
        WebhookKind::Hint(name) | WebhookKind::Other(name) => (name.as_str(), "no_failure"),
    };
    let delivered = Delivered {
        integration_id,
        id: event.delivery_id,
        kind: kind.to_owned(),
        project_id: event.project_id,
    };
    let of_a_stranger = delivered.project_id.is_some() && watchers.is_empty();
    if matches!(event.kind, WebhookKind::Hint(_)) && !of_a_stranger {
        return hinted(ctx, provider, &delivered).await;
    }
    if watchers.is_empty() {
        let row = delivered.row(provider, None, Action::NoSubscription, None);
        super::admit::record(ctx, row).await?;
        return Ok(Receipt::new(Action::NoSubscription, None));
    }
    match (event.kind, event.deployment) {
        (WebhookKind::DeploymentFailed, Some(deployment)) => {
            let failure = Failure {
                provider,
                platform_deployment_id: deployment.id,
                branch: deployment.branch,
                commit_sha: deployment.commit_sha,
                from_fork: deployment.from_fork,
                created_at: None,
                failed_at: event.sent_at,
            };
            admit(ctx, watchers, failure, Some(&delivered)).await
        }
        (WebhookKind::DeploymentSucceeded, Some(deployment)) => {
            succeeded(ctx, provider, watchers, &deployment, &delivered).await
        }
        (_, deployment) => {
            let id = deployment.map(|deployment| deployment.id);
            let row = delivered.row(provider, id.as_deref(), Action::Ignored, Some(reason));
            Ok(Receipt::new(super::admit::record(ctx, row).await?, None))
        }
    }
}

/// Stores that the platform has to be asked, and has its connection polled.
async fn hinted(ctx: &IntakeContext, provider: Provider, delivered: &Delivered) -> Result<Receipt, DbError> {
    let platforms = &ctx.platforms;
    let row = delivered.row(provider, None, Action::Queued, Some(deliveries::LOOK_AGAIN));
    if !deliveries::record(&platforms.db.orm, row, platforms.clock.now()).await? {
        return Ok(Receipt::new(Action::Duplicate, None));
    }
    integrations::poll_soon(&platforms.db, &delivered.integration_id, platforms.clock.now()).await?;
    Ok(Receipt::new(Action::Queued, None))
}

/// A successful deployment of one of our branches is the proof that the fix works on the platform.
async fn succeeded(
    ctx: &IntakeContext,
    provider: Provider,
    watchers: &[subscription::Model],
    deployment: &DeliveredDeployment,
    delivered: &Delivered,
) -> Result<Receipt, DbError> {
    let mut row = delivered.row(provider, Some(&deployment.id), Action::Ignored, Some("no_failure"));
    for watched in watchers {
        let (branch, commit) = (deployment.branch.as_deref(), deployment.commit_sha.as_deref());
        let owner = own_branch::owner_of_success(&ctx.platforms.db, watched, branch, commit).await?;
        if let (Owner::Fix(fix), false) = (owner, deployment.from_fork) {
            let (deployment_id, ready) = (deployment.id.as_str(), true);
            let ended = Ended { provider, watched, deployment_id, commit, ready };
            own_branch::ended(ctx, &fix.id, &ended).await?;
            row.reason = Some("own_fix_branch".to_owned());
            row.deployment_id = Some(fix.id);
            break;
        }
    }
    let fix_id = row.deployment_id.clone();
    Ok(Receipt::new(super::admit::record(ctx, row).await?, fix_id))
}
