//! Watched projects → their rows.

use super::Watching;
use crate::{
    model::{ApiError, DeploymentState, ProjectSummary, Provider, Timestamp},
    server::{
        db::{entity::subscription, fixes},
        views::{
            Views,
            platforms::{self, Asked},
        },
    },
};
use std::collections::HashMap;

/// The projects that a user watches, by name.
pub(super) async fn projects(views: &Views, here: &Watching) -> Result<Vec<ProjectSummary>, ApiError> {
    let (listings, unavailable) = platforms::ask_all(views, &here.connections, &Asked::default()).await;
    let mut newest: HashMap<(Provider, &str), (DeploymentState, Timestamp)> = HashMap::new();
    for deployment in listings.iter().flat_map(|listing| listing.deployments.iter()) {
        let key = (deployment.provider, deployment.project_id.as_str());
        let found = (deployment.state, deployment.created_at);
        let best = newest.entry(key).or_insert(found);
        if found.1 > best.1 {
            *best = found;
        }
    }
    let of_subscription: HashMap<_, _> = here
        .visible
        .iter()
        .map(|seen| (seen.subscription_id.as_str(), (seen.provider, seen.platform_project_id.as_str())))
        .collect();
    let mut counts: HashMap<(Provider, &str), (u64, u64)> = HashMap::new();
    for total in fixes::counts::totals(&views.platforms.db, &here.subscriptions()).await? {
        let Some(key) = of_subscription.get(total.subscription_id.as_str()) else { continue };
        let (failed, fixed) = counts.entry(*key).or_default();
        *failed += total.fixes;
        *fixed += if total.status.has_pull_request() { total.fixes } else { 0 };
    }
    let row = |provider: Provider, project: &subscription::Model| {
        let key = (provider, project.platform_project_id.as_str());
        let (failed, fixed) = counts.get(&key).copied().unwrap_or_default();
        ProjectSummary {
            provider,
            project_id: project.platform_project_id.clone(),
            name: project.platform_project_name.clone(),
            repository: project.github_repo_full_name.clone(),
            auto_fix: project.auto_fix_enabled,
            failed,
            fixed,
            newest: newest.get(&key).copied(),
            unreachable: unavailable.iter().any(|trouble| trouble.provider == provider),
        }
    };
    let connections = here.connections.iter();
    let mut rows: Vec<_> = connections
        .flat_map(|watched| watched.projects.iter().map(|project| row(watched.provider, project)))
        .collect();
    rows.sort_by(|one, other| (&one.name, one.provider).cmp(&(&other.name, other.provider)));
    Ok(rows)
}
