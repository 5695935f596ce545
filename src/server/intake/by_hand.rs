//! A person asks for the fix of a failed deployment that has none: the same door, without the brakes.

use super::{
    Action, Failure, IntakeContext,
    admit::{Start, store},
    own_branch::{self, Owner},
};
use crate::{
    model::{ApiError, DeploymentState, ErrorCode, PlatformDeployment},
    server::db::{entity::subscription, subscriptions},
};

/// Stores the failure and wakes a worker. Returns our id of the fix.
///
/// # Errors
/// `Conflict` when it has not failed, when no pull request could be opened, when it is a deployment of one of our
/// own fix branches, and when somebody else has started it in the meantime.
pub async fn start(
    ctx: &IntakeContext,
    watched: &subscription::Model,
    deployment: PlatformDeployment,
) -> Result<String, ApiError> {
    let conflict = |message: &str| Err(ApiError::new(ErrorCode::Conflict, message));
    if deployment.state != DeploymentState::Failed {
        return conflict("Only a failed deployment can be repaired.");
    }
    if let Some(limit) = subscriptions::repository_kind(watched).limit() {
        return conflict(limit);
    }
    let failure = Failure::from(deployment);
    if !failure.from_fork {
        match own_branch::owner(
            &ctx.platforms.db,
            watched,
            failure.branch.as_deref(),
            failure.commit_sha.as_deref(),
        )
        .await?
        {
            Owner::Other => {}
            Owner::Fix(_) | Owner::Gone => {
                return conflict(
                    "This is a deployment of a fix branch. The fix that made it goes on by itself.",
                );
            }
        }
    }
    let receipt = store(ctx, watched, failure, Start::ByHand, None).await?;
    match (receipt.action, receipt.fix_id) {
        (Action::Queued, Some(fix_id)) => Ok(fix_id),
        _ => conflict("A fix of this deployment has been started in the meantime. Look again."),
    }
}
