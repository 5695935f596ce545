//! Deployments as their platforms describe them: asked live, kept in memory for a moment, never stored.

use super::{
    Views,
    log::{RecentLogs, recent_logs},
};
use crate::{
    model::{ApiError, DeploymentState, ErrorCode, PlatformDeployment, PlatformTrouble, Provider, Timestamp},
    server::{
        audit::{self, Purpose},
        db::{
            entity::{integration, subscription},
            integrations::{self, HEALTH_NEEDS_NEW_TOKEN},
            subscriptions,
        },
        diagnosis::{self, ShownLog},
        integrations::{
            Access, DeploymentsQuery, PlatformContext, PlatformError, ProjectRef, TokenProvider,
            connection_manager::{self, ConnectionError},
        },
    },
};
use futures::{StreamExt as _, stream};
use moka::future::Cache;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// How old a list may be when it is shown again.
const LIST_AGE: Duration = Duration::from_secs(10);
/// How old an ended deployment may be: it hardly changes any more.
const ENDED_AGE: Duration = Duration::from_secs(600);
/// Deployments in one answer about one team of a connection.
const PER_TEAM: usize = 100;
/// Teams that are asked at the same time for one page.
const AT_ONCE: usize = 8;
/// A page waits no longer than this for a platform.
const PATIENCE: Duration = Duration::from_secs(4);

/// An answer about one team, or why there is none.
type Answer = Result<Arc<Vec<PlatformDeployment>>, ApiError>;

/// What was asked a moment ago.
#[derive(Clone)]
pub(super) struct Recent {
    /// By connection and question.
    lists: Cache<Question, Answer>,
    /// Ended deployments by connection and the platform's id.
    ended: Cache<(String, String), Arc<PlatformDeployment>>,
    /// Their logs.
    logs: RecentLogs,
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            lists: Cache::builder().max_capacity(200).time_to_live(LIST_AGE).build(),
            ended: Cache::builder().max_capacity(2_000).time_to_live(ENDED_AGE).build(),
            logs: recent_logs(),
        }
    }
}

/// Which deployments a page wants to see.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    /// Only those in this state.
    pub state: Option<DeploymentState>,
    /// Only those of this branch.
    pub branch: Option<String>,
    /// Only those created at or after this time.
    pub since: Option<Timestamp>,
    /// Only those created before this time.
    pub until: Option<Timestamp>,
}

/// One question to a platform: its answer is the same for everybody who asks with this connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Question {
    connection: String,
    team: Option<String>,
    projects: Vec<ProjectRef>,
    asked: Asked,
}

/// The newest deployments of one team's watched projects.
pub(super) struct Listing {
    pub provider: Provider,
    /// Newest first.
    pub deployments: Arc<Vec<PlatformDeployment>>,
    /// There may be older ones.
    pub more: bool,
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

/// What all connections answer, and the platforms that could not be asked.
pub(super) async fn ask_all(
    views: &Views,
    connections: &[Watched],
    asked: &Asked,
) -> (Vec<Listing>, Vec<PlatformTrouble>) {
    let mut questions = Vec::new();
    for watched in connections {
        for (team, projects) in teams(watched) {
            let connection = watched.row.id.clone();
            let question = Question { connection, team, projects, asked: asked.clone() };
            questions.push(async move { (watched.provider, list(views, watched, question).await) });
        }
    }
    let answers: Vec<_> = stream::iter(questions).buffered(AT_ONCE).collect().await;
    let mut listings = Vec::new();
    let mut troubles: Vec<PlatformTrouble> = Vec::new();
    for (provider, answer) in answers {
        match answer {
            Ok(deployments) => {
                listings.push(Listing { provider, more: deployments.len() >= PER_TEAM, deployments });
            }
            Err(error) if troubles.iter().all(|trouble| trouble.provider != provider) => {
                troubles.push(PlatformTrouble {
                    provider,
                    needs_new_token: error.code == ErrorCode::TokenRefused,
                    message: error.message,
                });
            }
            Err(_) => {}
        }
    }
    (listings, troubles)
}

/// An answer that is fresh enough, else a new one. Pages that ask the same at once wait for one answer.
async fn list(views: &Views, watched: &Watched, question: Question) -> Answer {
    if watched.row.health == HEALTH_NEEDS_NEW_TOKEN {
        return Err(in_words(watched.provider, PlatformError::TokenRefused));
    }
    let lists = &views.recent.lists;
    let answer = lists.get_with(question.clone(), ask_for_list(views, watched, question.clone())).await;
    if answer.as_ref().is_err_and(|error| error.code == ErrorCode::TokenRefused) {
        // A new token may be there at once.
        lists.invalidate(&question).await;
    }
    answer
}

async fn ask_for_list(views: &Views, watched: &Watched, question: Question) -> Answer {
    let Question { team, projects, asked, .. } = question;
    let access = access(views, watched).await?.for_team(team);
    let query = DeploymentsQuery {
        projects,
        since: asked.since,
        until: asked.until,
        state: asked.state,
        branch: asked.branch,
        limit: Some(PER_TEAM),
    };
    let client = client(views, watched)?;
    Ok(Arc::new(ask(views, watched, client.deployments(&access, query)).await?.unwrap_or_default()))
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
    for (team, projects) in teams(watched) {
        let access = access(views, watched).await?.for_team(team);
        let asked = client.find_deployment(&access, &projects, platform_id);
        if let Some(found) = ask(views, watched, asked).await? {
            if is_ended(found.state) {
                views.recent.ended.insert(key, Arc::new(found.clone())).await;
            }
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The build log of one deployment, cleaned and redacted. `None`: the connection does not see it.
///
/// A log that takes longer than a page waits goes on arriving: it is there when the page is asked for again.
pub(super) async fn build_log(
    views: &Views,
    watched: &Watched,
    deployment: &PlatformDeployment,
) -> Result<Option<Arc<ShownLog>>, ApiError> {
    let key = (watched.row.id.clone(), deployment.platform_id.clone());
    if let Some(log) = views.recent.logs.get(&key).await {
        return Ok(Some(log));
    }
    let project = watched.projects.iter().find(|row| row.platform_project_id == deployment.project_id);
    let Some(project) = project else { return Ok(None) };
    let (client, ended) = (client(views, watched)?, is_ended(deployment.state));
    let access = access(views, watched).await?.for_team(project.team_id.clone());
    let logs = views.recent.logs.clone();
    let fetch = {
        let (id, project) = (key.1.clone(), ProjectRef::from(project));
        async move {
            let log = client.build_log(&access, &project, &id).await?;
            Ok::<_, PlatformError>(Arc::new(diagnosis::shown(&log.lines)))
        }
    };
    // Whoever asks meanwhile waits for the same answer.
    let fetched = tokio::spawn(async move {
        if !ended {
            return fetch.await;
        }
        logs.try_get_with(key, fetch).await.map_err(|error| error.as_ref().clone())
    });
    match tokio::time::timeout(PATIENCE, fetched).await {
        Ok(Ok(answer)) => ask(views, watched, std::future::ready(answer)).await,
        Ok(Err(_)) => Err(ApiError::internal()),
        Err(_) => {
            let name = watched.provider.display_name();
            let message = format!("{name} takes long to send this log. Reload the page in a moment.");
            Err(ApiError::new(ErrorCode::PlatformUnavailable, message))
        }
    }
}

/// Builds the deployment's commit once more.
pub(super) async fn redeploy(
    views: &Views,
    watched: &Watched,
    deployment: &PlatformDeployment,
) -> Result<(), ApiError> {
    let project = watched.projects.iter().find(|row| row.platform_project_id == deployment.project_id);
    let project = project.ok_or_else(ApiError::not_found)?;
    let access = access(views, watched).await?.for_team(project.team_id.clone());
    let (client, project) = (client(views, watched)?, ProjectRef::from(project));
    let asked = client.redeploy(&access, &project, &deployment.platform_id);
    ask(views, watched, asked).await?.ok_or_else(ApiError::not_found)?;
    // It goes on now: the poll is to see how it ends.
    integrations::poll_soon(&views.platforms.db, &watched.row.id, views.platforms.clock.now()).await?;
    Ok(())
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

async fn access(views: &Views, watched: &Watched) -> Result<Access, ApiError> {
    let PlatformContext { db, clock, .. } = &views.platforms;
    audit::used(db, &watched.row, Purpose::Page, clock.now()).await;
    Ok(connection_manager::access(&views.platforms.keys, &watched.row).map_err(ConnectionError::from)?)
}

/// What is watched, by the team that owns it.
fn teams(watched: &Watched) -> BTreeMap<Option<String>, Vec<ProjectRef>> {
    let mut teams: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for project in &watched.projects {
        teams.entry(project.team_id.clone()).or_default().push(ProjectRef::from(project));
    }
    teams
}

fn in_words(provider: Provider, error: PlatformError) -> ApiError {
    ConnectionError::Platform { provider, error }.into()
}
