//! Fixes and the platforms' deployments → the list.

use super::{Views, platforms, stats};
use crate::{
    model::{ApiError, DeploymentRow, DeploymentsPage, FixSummary, PlatformDeployment, Provider},
    server::db::{accounts, fixes},
};
use std::collections::HashMap;

/// Rows on the page.
const ROWS: usize = 200;

/// Everything on `/deployments`.
pub async fn deployments(views: &Views, user_id: &str) -> Result<DeploymentsPage, ApiError> {
    let db = &views.platforms.db;
    let connections = platforms::connections(views, user_id).await?;
    let (lists, unavailable) = platforms::newest(views, &connections).await;
    let of_platforms = lists.iter().flat_map(|list| list.iter().cloned()).collect();
    let of_us = fixes::summaries(db, user_id, ROWS as u64, None).await?;
    Ok(DeploymentsPage {
        stats: stats(views, user_id).await?,
        rows: rows(of_platforms, of_us),
        unavailable,
        platform_connected: !connections.is_empty(),
        github_connected: accounts::github(db, user_id).await?.is_some(),
    })
}

/// Each deployment once, with its fix; newest first.
fn rows(deployments: Vec<PlatformDeployment>, fixes: Vec<FixSummary>) -> Vec<DeploymentRow> {
    let mut by_key: HashMap<(Provider, String), DeploymentRow> = HashMap::new();
    for deployment in deployments {
        let key = (deployment.provider, deployment.platform_id.clone());
        by_key.insert(key, DeploymentRow { deployment: Some(deployment), fix: None });
    }
    for fix in fixes {
        let key = (fix.provider, fix.platform_deployment_id.clone());
        by_key.entry(key).or_insert(DeploymentRow { deployment: None, fix: None }).fix = Some(fix);
    }
    let mut rows: Vec<_> = by_key.into_values().collect();
    rows.sort_by_cached_key(|row| {
        let id = row.key().map(|(_, id)| id.to_owned());
        std::cmp::Reverse((row.at(), id))
    });
    rows.truncate(ROWS);
    rows
}
