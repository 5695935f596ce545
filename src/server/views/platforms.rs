//! Deployments as their platforms describe them: asked live, kept in memory for a moment, never stored.

use super::Views;
use crate::{
    model::{ApiError, DeploymentState, ErrorCode, PlatformDeployment, PlatformTrouble, Provider},
    server::{
        db::{
            entity::{integration, subscription},
            integrations::{self, HEALTH_NEEDS_NEW_TOKEN},
            subscriptions,
        },
        integrations::{
            Access, DeploymentsQuery, PlatformError, TokenProvider,
            connection_manager::{self, ConnectionError},
        },
    },
};
use futures::future::join_all;
use moka::future::Cache;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// How old a list may be when it is shown again.
const LIST_AGE: Duration = Duration::from_secs(10);
/// How old an ended deployment may be: it hardly changes any more.
const ENDED_AGE: Duration = Duration::from_secs(600);
/// Deployments of one connection on a page.
const PER_CONNECTION: usize = 60;
/// A page waits no longer than this for a platform.
const PATIENCE: Duration = Duration::from_secs(4);

/// What was asked a moment ago.
#[derive(Clone)]
pub(super) struct Recent {
    /// By connection.
    lists: Cache<String, Arc<Vec<PlatformDeployment>>>,
    /// Ended deployments by connection and the platform's id.
    ended: Cache<(String, String), Arc<PlatformDeployment>>,
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            lists: Cache::builder().max_capacity(200).time_to_live(LIST_AGE).build(),
            ended: Cache::builder().max_capacity(2_000).time_to_live(ENDED_AGE).build(),
        }
    }
}

/// A connection with what is watched through it.
pub(super) struct Watched {
    pub row: integration::Model,
    pub provider: Provider,
    pub projects: Vec<subscription::Model>,
}

/// A user's connections.
pub(super) async fn connections(views: &Views, user_id: &str) -> Result<Vec<Watched>, ApiError> {
    let db = &views.platforms.db;
    let mut of_row: BTreeMap<String, Vec<subscription::Model>> = BTreeMap::new();
    for project in subscriptions::list(db, user_id).await? {
        of_row.entry(project.integration_id.clone()).or_default().push(project);
    }
    let rows = integrations::list(db, user_id).await?.into_iter();
    Ok(rows
        .filter_map(|row| {
            let provider = row.provider.parse().ok()?;
            Some(Watched { projects: of_row.remove(&row.id).unwrap_or_default(), provider, row })
        })
        .collect())
}

/// The newest deployments of all connections, and the connections that could not be asked.
pub(super) async fn newest(
    views: &Views,
    connections: &[Watched],
) -> (Vec<Arc<Vec<PlatformDeployment>>>, Vec<PlatformTrouble>) {
    let answers = join_all(connections.iter().map(|watched| list(views, watched))).await;
    let mut lists = Vec::new();
    let mut troubles = Vec::new();
    for (watched, answer) in connections.iter().zip(answers) {
        match answer {
            Ok(found) => lists.push(found),
            Err(error) => troubles.push(PlatformTrouble {
                provider: watched.provider,
                needs_new_token: error.code == ErrorCode::TokenRefused,
                message: error.message,
            }),
        }
    }
    (lists, troubles)
}

async fn list(views: &Views, watched: &Watched) -> Result<Arc<Vec<PlatformDeployment>>, ApiError> {
    if watched.row.health == HEALTH_NEEDS_NEW_TOKEN {
        return Err(in_words(watched.provider, PlatformError::TokenRefused));
    }
    if let Some(found) = views.recent.lists.get(&watched.row.id).await {
        return Ok(found);
    }
    let client = client(views, watched)?;
    let mut found = Vec::new();
    for (team, access) in accesses(views, watched)? {
        let of_team = watched.projects.iter().filter(|project| project.team_id == team);
        let query = DeploymentsQuery {
            project_ids: of_team.map(|project| project.platform_project_id.clone()).collect(),
            limit: Some(PER_CONNECTION),
            ..DeploymentsQuery::default()
        };
        found.extend(ask(views, watched, client.deployments(&access, query)).await?.unwrap_or_default());
    }
    let found = Arc::new(found);
    views.recent.lists.insert(watched.row.id.clone(), found.clone()).await;
    Ok(found)
}

/// One deployment, looked for in a connection's teams. `None`: the connection does not see it.
pub(super) async fn one(
    views: &Views,
    watched: &Watched,
    platform_id: &str,
) -> Result<Option<PlatformDeployment>, ApiError> {
    let key = (watched.row.id.clone(), platform_id.to_owned());
    if let Some(found) = views.recent.ended.get(&key).await {
        return Ok(Some(found.as_ref().clone()));
    }
    let client = client(views, watched)?;
    for (_, access) in accesses(views, watched)? {
        if let Some(found) = ask(views, watched, client.deployment(&access, platform_id)).await? {
            if is_ended(found.state) {
                views.recent.ended.insert(key, Arc::new(found.clone())).await;
            }
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The build log of one deployment, neither cleaned nor redacted. `None`: the connection does not see it.
pub(super) async fn build_log(
    views: &Views,
    watched: &Watched,
    platform_id: &str,
) -> Result<Option<Vec<String>>, ApiError> {
    let client = client(views, watched)?;
    for (_, access) in accesses(views, watched)? {
        if let Some(log) = ask(views, watched, client.build_log(&access, platform_id)).await? {
            return Ok(Some(log.lines));
        }
    }
    Ok(None)
}

const fn is_ended(state: DeploymentState) -> bool {
    matches!(state, DeploymentState::Ready | DeploymentState::Failed | DeploymentState::Canceled)
}

/// Waits for an answer, but not for long. `None`: there is no such thing. A refused token is noted.
async fn ask<T>(
    views: &Views,
    watched: &Watched,
    asked: impl Future<Output = Result<T, PlatformError>> + Send,
) -> Result<Option<T>, ApiError> {
    let answer = tokio::time::timeout(PATIENCE, asked).await;
    let error = match answer.unwrap_or(Err(PlatformError::Transient { retry_after: None })) {
        Ok(answer) => return Ok(Some(answer)),
        Err(PlatformError::NotFound) => return Ok(None),
        Err(error) => error,
    };
    if let Err(error) = connection_manager::note_refusal(&views.platforms.db, &watched.row.id, &error).await {
        tracing::error!(%error, "A refused token could not be noted");
    }
    Err(in_words(watched.provider, error))
}

fn client(views: &Views, watched: &Watched) -> Result<Arc<dyn TokenProvider>, ApiError> {
    Ok(connection_manager::client(&views.platforms, watched.provider)?)
}

/// One access for each team that a watched project belongs to.
fn accesses(views: &Views, watched: &Watched) -> Result<Vec<(Option<String>, Access)>, ApiError> {
    let access =
        connection_manager::access(&views.platforms.keys, &watched.row).map_err(ConnectionError::from)?;
    let teams: BTreeSet<_> = watched.projects.iter().map(|project| project.team_id.clone()).collect();
    Ok(teams.into_iter().map(|team| (team.clone(), access.for_team(team))).collect())
}

fn in_words(provider: Provider, error: PlatformError) -> ApiError {
    ConnectionError::Platform { provider, error }.into()
}
