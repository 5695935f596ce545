//! Turns a failed deployment into a stored fix, exactly once, with the decision about it.

use super::{
    Action, IntakeContext, Receipt,
    decide::{self, Reason},
    own_branch::{self, Ended, Owner},
};
use crate::{
    model::{FixStatus, PlatformDeployment, Provider, Timestamp},
    server::{
        clock::new_id,
        db::{
            DbError, deliveries,
            deliveries::NewDelivery,
            entity::subscription,
            fixes::{self, Admitted, NewFix},
        },
        metrics,
    },
};

/// A failed deployment, from a delivery or from a list.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The platform.
    pub provider: Provider,
    /// The platform's id of the deployment.
    pub platform_deployment_id: String,
    /// The branch that failed.
    pub branch: Option<String>,
    /// The commit that failed.
    pub commit_sha: Option<String>,
    /// Built from a fork of the linked repository.
    pub from_fork: bool,
    /// When the platform made the deployment, if it says so.
    pub created_at: Option<Timestamp>,
    /// When the platform told about the failure, if it was a delivery.
    pub failed_at: Option<Timestamp>,
}

impl From<PlatformDeployment> for Failure {
    fn from(deployment: PlatformDeployment) -> Self {
        Self {
            provider: deployment.provider,
            platform_deployment_id: deployment.platform_id,
            branch: deployment.branch,
            commit_sha: deployment.commit_sha,
            from_fork: deployment.from_fork,
            created_at: Some(deployment.created_at),
            failed_at: None,
        }
    }
}

/// The authentic delivery that told about it.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// The connection whose secret signed it.
    pub integration_id: String,
    /// The sender's id of the delivery.
    pub id: String,
    /// The sender's name of the event.
    pub kind: String,
    /// The platform's id of the project.
    pub project_id: Option<String>,
}

impl Delivered {
    pub(super) fn row(
        &self,
        provider: Provider,
        deployment_id: Option<&str>,
        decision: Action,
        reason: Option<&str>,
    ) -> NewDelivery {
        NewDelivery {
            provider,
            delivery_id: self.id.clone(),
            integration_id: self.integration_id.clone(),
            kind: self.kind.clone(),
            platform_project_id: self.project_id.clone(),
            platform_deployment_id: deployment_id.map(str::to_owned),
            deployment_id: None,
            decision: decision.as_str().to_owned(),
            reason: reason.map(str::to_owned),
        }
    }
}

/// How a new fix begins.
pub(super) enum Start {
    /// By itself.
    ByItself,
    /// A person asked for it.
    ByHand,
    /// Not, until a person asks for it.
    Held(Reason),
}

impl From<Option<Reason>> for Start {
    fn from(brake: Option<Reason>) -> Self {
        brake.map_or(Self::ByItself, Self::Held)
    }
}

/// Stores the failure for the first of `watchers` for whom a fix may start, else for the first of all, with the
/// reason why none does. A failure of one of our fix branches is only noted on its fix.
///
/// # Errors
/// The database. Nothing is stored then, so the delivery may come again.
pub async fn admit(
    ctx: &IntakeContext,
    watchers: &[subscription::Model],
    failure: Failure,
    delivered: Option<&Delivered>,
) -> Result<Receipt, DbError> {
    // A stranger may give the branch of a fork any name.
    for watched in watchers.iter().filter(|_| !failure.from_fork) {
        match own_branch::owner(
            &ctx.platforms.db,
            watched,
            failure.branch.as_deref(),
            failure.commit_sha.as_deref(),
        )
        .await?
        {
            Owner::Other => {}
            Owner::Fix(fix) => {
                let ended = Ended {
                    provider: failure.provider,
                    watched,
                    deployment_id: &failure.platform_deployment_id,
                    commit: failure.commit_sha.as_deref(),
                    ready: false,
                };
                own_branch::ended(ctx, &fix.id, &ended).await?;
                return ignore(ctx, &failure, delivered, Some(fix.id)).await;
            }
            Owner::Gone => return ignore(ctx, &failure, delivered, None).await,
        }
    }
    let mut chosen: Option<(&subscription::Model, Option<Reason>)> = None;
    for watched in watchers {
        let reason = decide::brake(&ctx.platforms, watched, &failure).await?;
        if reason.is_none() {
            chosen = Some((watched, None));
            break;
        }
        chosen.get_or_insert((watched, reason));
    }
    match chosen {
        Some((watched, brake)) => store(ctx, watched, failure, brake.into(), delivered).await,
        None => Ok(Receipt::new(Action::NoSubscription, None)),
    }
}

async fn ignore(
    ctx: &IntakeContext,
    failure: &Failure,
    delivered: Option<&Delivered>,
    fix_id: Option<String>,
) -> Result<Receipt, DbError> {
    let Some(delivered) = delivered else { return Ok(Receipt::new(Action::Ignored, fix_id)) };
    let mut row = delivered.row(
        failure.provider,
        Some(&failure.platform_deployment_id),
        Action::Ignored,
        Some("own_fix_branch"),
    );
    row.deployment_id.clone_from(&fix_id);
    record(ctx, row).await.map(|action| Receipt::new(action, fix_id))
}

/// Stores a delivery that led to no fix.
pub(super) async fn record(ctx: &IntakeContext, row: NewDelivery) -> Result<Action, DbError> {
    let new = deliveries::record(&ctx.platforms.db.orm, row, ctx.platforms.clock.now()).await?;
    Ok(if new { Action::Ignored } else { Action::Duplicate })
}

/// Stores one new fix of that subscription, and wakes a worker if it begins.
pub(super) async fn store(
    ctx: &IntakeContext,
    watched: &subscription::Model,
    failure: Failure,
    start: Start,
    delivered: Option<&Delivered>,
) -> Result<Receipt, DbError> {
    let started_by_hand = matches!(start, Start::ByHand);
    let (status, action, reason) = match start {
        Start::ByItself | Start::ByHand => (FixStatus::Pending, Action::Queued, None),
        Start::Held(reason) => (FixStatus::Skipped, Action::Skipped, Some(reason)),
    };
    let code = reason.as_ref().map(|reason| reason.code);
    let provider = failure.provider;
    let row = delivered
        .map(|delivered| delivered.row(provider, Some(&failure.platform_deployment_id), action, code));
    let fix = NewFix {
        id: new_id(),
        subscription_id: watched.id.clone(),
        provider,
        platform_deployment_id: failure.platform_deployment_id,
        webhook_delivery_id: delivered.map(|delivered| delivered.id.clone()),
        project_name: watched.platform_project_name.clone(),
        // What the user watches, not what a delivery claims: this is where a branch will be pushed.
        repository: watched.github_repo_full_name.clone(),
        branch: failure.branch,
        commit_sha: failure.commit_sha,
        deployment_created_at: failure.created_at,
        status,
        reason_code: code.map(str::to_owned),
        reason: reason.map(|reason| reason.sentence),
        started_by_hand,
    };
    match fixes::admit(&ctx.platforms.db, fix, row, ctx.platforms.clock.now()).await? {
        Admitted::Duplicate { fix_id } => Ok(Receipt::new(Action::Duplicate, fix_id)),
        Admitted::New { fix_id } => {
            tracing::info!(fix_id, %provider, decision = action.as_str(), reason = code, "a failed deployment was stored");
            if status == FixStatus::Skipped {
                metrics::ended(status, code);
            }
            if status == FixStatus::Pending {
                let key = match delivered {
                    Some(delivered) => format!("{provider}-webhook:{}", delivered.id),
                    // The version of a new row, as whoever looks for forgotten rows would call it.
                    None => format!("{fix_id}:1"),
                };
                ctx.wake.wake(key, fix_id.clone()).await;
            }
            ctx.wake.changed(&fix_id);
            Ok(Receipt::new(action, Some(fix_id)))
        }
    }
}
