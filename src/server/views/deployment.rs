//! A fix, or a deployment without one → its page.

use super::{
    Views,
    notifications::seen,
    platforms::{self, Watched},
    rules::decided,
};
use crate::{
    model::{ApiError, DeploymentDetail, PlatformDeployment, Provider},
    server::db::{
        entity::{deployment, subscription},
        fixes, subscriptions,
    },
};

/// Everything on `/deployments/{id}` but the log.
pub async fn deployment(views: &Views, user_id: &str, id: &str) -> Result<DeploymentDetail, ApiError> {
    let db = &views.platforms.db;
    match fixes::find_for_user(db, user_id, id).await? {
        Some(mut row) => {
            // The log goes to the page on its own.
            row.logs = None;
            seen(db, &views.platforms.clock, user_id, &row.id).await;
            let mut fix = Box::new(fixes::detail_for_user(db, &row, user_id).await?);
            fix.deployment = of_platform(views, user_id, &row).await;
            let rule = decided(views, user_id, &row).await;
            Ok(DeploymentDetail::Fix { fix, rule })
        }
        None => {
            let (watched, deployment) = without_fix(views, user_id, id).await?;
            drop(watched);
            Ok(DeploymentDetail::Platform { deployment: Box::new(deployment) })
        }
    }
}

/// A deployment without a fix, named `{provider}:{platform's id}`, with the watched project that it belongs to.
///
/// # Errors
/// `NotFound` when the user watches no such project; what the platform answers otherwise.
pub async fn unfixed(
    views: &Views,
    user_id: &str,
    id: &str,
) -> Result<(subscription::Model, PlatformDeployment), ApiError> {
    let (watched, deployment) = without_fix(views, user_id, id).await?;
    let mut projects = watched.projects.into_iter();
    let project = projects.find(|project| project.platform_project_id == deployment.project_id);
    Ok((project.ok_or_else(ApiError::not_found)?, deployment))
}

/// Makes the platform build a deployment's commit once more. `id` is ours of its fix, or `{provider}:{platform's id}`.
///
/// # Errors
/// `NotFound` when the user watches no such project; what the platform answers otherwise.
pub async fn redeploy(views: &Views, user_id: &str, id: &str) -> Result<(), ApiError> {
    let id = match fixes::find_for_user(&views.platforms.db, user_id, id).await? {
        Some(row) => format!("{}:{}", row.provider, row.platform_deployment_id),
        None => id.to_owned(),
    };
    let (watched, deployment) = without_fix(views, user_id, &id).await?;
    platforms::redeploy(views, &watched, &deployment).await
}

/// The platform's side of a fix. The page does without it when the platform does not answer.
async fn of_platform(views: &Views, user_id: &str, row: &deployment::Model) -> Option<PlatformDeployment> {
    let subscription = subscriptions::find(&views.platforms.db, &row.subscription_id).await.ok()??;
    let connections = platforms::connections(views, user_id).await.ok()?;
    let sees = |watched: &&Watched| {
        let mut projects = watched.projects.iter();
        projects.any(|project| project.platform_project_id == subscription.platform_project_id)
    };
    let watched = connections.iter().find(sees)?;
    platforms::one(views, watched, &row.platform_deployment_id).await.ok()?
}

/// A deployment that only its platform knows, named `{provider}:{platform's id}`.
pub(super) async fn without_fix(
    views: &Views,
    user_id: &str,
    id: &str,
) -> Result<(Watched, PlatformDeployment), ApiError> {
    let named = id.split_once(':').and_then(|(name, id)| Some((name.parse::<Provider>().ok()?, id)));
    let (provider, platform_id) = named.ok_or_else(ApiError::not_found)?;
    let connections = platforms::connections(views, user_id).await?;
    for watched in connections.into_iter().filter(|watched| watched.provider == provider) {
        if let Some(found) = platforms::one(views, &watched, platform_id).await? {
            return Ok((watched, found));
        }
    }
    Err(ApiError::not_found())
}
