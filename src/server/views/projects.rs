//! A connection's projects → their list, and the settings of one.

use super::Views;
use crate::{
    model::{
        ApiError, ConnectInput, Connection, Delivery, ProjectRow, ProjectSettings, ProjectsPage, Provider,
        Secret, TokenReport,
    },
    server::{
        db::{entity::subscription, subscriptions},
        integrations::connection_manager::{self, ConnectRequest, Known, Overview},
    },
};
use secrecy::SecretString;

/// Everything on `/integrations/{provider}/projects`.
pub async fn projects(views: &Views, user_id: &str, provider: Provider) -> Result<ProjectsPage, ApiError> {
    let row = connection_manager::of_user(&views.platforms, user_id, provider).await?;
    let overview = connection_manager::overview(&views.platforms, &row).await?;
    let Overview { projects, teams, refused, trouble } = overview;
    let mut projects: Vec<ProjectRow> = projects
        .into_iter()
        .map(|known| {
            let mut row = of_known(known);
            row.team = row.team.and_then(|id| teams.get(&id).cloned());
            row
        })
        .collect();
    projects.sort_by(|one, other| (&one.name, &one.platform_id).cmp(&(&other.name, &other.platform_id)));
    let trouble = trouble.map(|error| ApiError::from(error).message);
    Ok(ProjectsPage { provider, projects, trouble, refused_teams: refused })
}

/// A watched project of the user, by our id of the subscription.
pub async fn project(
    views: &Views,
    user_id: &str,
    provider: Provider,
    id: &str,
) -> Result<ProjectRow, ApiError> {
    let watched = watched(views, user_id, provider, id).await?;
    let standing = crate::model::ProjectStanding::Watched;
    Ok(ProjectRow { team: None, ..of_known(Known { project: None, watched: Some(watched), standing }) })
}

/// The subscription of the user with that id.
///
/// # Errors
/// `NotFound` when it is somebody else's, or at another platform.
pub(super) async fn watched(
    views: &Views,
    user_id: &str,
    provider: Provider,
    id: &str,
) -> Result<subscription::Model, ApiError> {
    let row = connection_manager::of_user(&views.platforms, user_id, provider).await?;
    let watched = subscriptions::find_for_user(&views.platforms.db, user_id, id).await?;
    watched.filter(|watched| watched.integration_id == row.id).ok_or_else(ApiError::not_found)
}

/// The platform's side where there is one, else ours. `team` is still an id.
fn of_known(known: Known) -> ProjectRow {
    let Known { project, watched, standing } = known;
    let settings = watched.as_ref().map(settings);
    if let Some(project) = project {
        return ProjectRow {
            kind: project.link.kind(),
            repository: project.link.name(),
            platform_id: project.id,
            name: project.name,
            team: project.team_id,
            root_directory: project.root_directory,
            standing,
            settings,
        };
    }
    let kind = watched.as_ref().map(subscriptions::repository_kind).unwrap_or_default();
    let repository = watched.as_ref().and_then(subscriptions::repository_name);
    let (platform_id, name, team, root_directory) = watched
        .map(|row| (row.platform_project_id, row.platform_project_name, row.team_id, row.root_directory))
        .unwrap_or_default();
    ProjectRow { platform_id, name, team, kind, repository, root_directory, standing, settings }
}

fn settings(row: &subscription::Model) -> ProjectSettings {
    ProjectSettings {
        id: row.id.clone(),
        auto_fix_enabled: row.auto_fix_enabled,
        fix_branch_prefix: row.fix_branch_prefix.clone(),
        max_fix_attempts: row.max_fix_attempts,
        notify_on_fix: row.notify_on_fix,
        redeploy_flaky: row.redeploy_flaky,
        delivery: if row.webhook_id.is_some() { Delivery::Webhook } else { Delivery::Polling },
    }
}

/// What the platform says about a token. Nothing is stored.
pub async fn examine(
    views: &Views,
    user_id: &str,
    provider: Provider,
    token: Secret,
) -> Result<TokenReport, ApiError> {
    let token = SecretString::from(token.0.trim());
    Ok(connection_manager::examine(&views.platforms, user_id, provider, &token).await?)
}

/// Connects a platform, or gives its connection a new token.
pub async fn connect(views: &Views, user_id: &str, input: ConnectInput) -> Result<Connection, ApiError> {
    let provider = input.provider;
    let request = ConnectRequest::read(input, &views.platforms.clock)?;
    Ok(connection_manager::connect(&views.platforms, user_id, provider, request).await?)
}
