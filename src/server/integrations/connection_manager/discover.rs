//! Turns a token into all projects that it reaches: those of its teams, then those of its personal scope.

use crate::server::integrations::{Access, PlatformError, Project, Team, TokenProvider};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::HashSet;

/// Scopes that are asked at the same time.
const AT_ONCE: usize = 4;

/// A team or the personal account, and what it answered.
#[derive(Debug)]
pub struct Scope {
    /// The team; `None` is the personal account.
    pub team: Option<Team>,
    /// Its projects that no earlier scope has; `None` when it refuses the token.
    pub projects: Option<Vec<Project>>,
}

impl Scope {
    /// The platform's id of the team.
    pub fn team_id(&self) -> Option<&str> {
        self.team.as_ref().map(|team| team.id.as_str())
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        self.team.as_ref().map_or("Personal account", |team| &team.name)
    }
}

/// What a token reaches.
#[derive(Debug)]
pub struct Reachable {
    /// The teams that it may act on, then the personal account.
    pub scopes: Vec<Scope>,
}

impl Reachable {
    /// All projects, each once.
    pub fn projects(&self) -> impl Iterator<Item = &Project> {
        self.scopes.iter().filter_map(|scope| scope.projects.as_ref()).flatten()
    }

    /// Whether the projects of that team, or with `None` the personal ones, are all known.
    pub fn answered(&self, team_id: Option<&str>) -> bool {
        self.scopes.iter().any(|scope| scope.team_id() == team_id && scope.projects.is_some())
    }
}

/// Lists everything that the access's team has, or without one everything that its token reaches. A scope that refuses
/// the token is without projects, unless all of them do: then that is the error.
pub async fn discover(provider: &dyn TokenProvider, access: &Access) -> Result<Reachable, PlatformError> {
    let mut teams = match provider.teams(access).await {
        Ok(teams) => teams,
        // A token for one team may not list teams, but works for that one.
        Err(PlatformError::TokenRefused) => Vec::new(),
        Err(error) => return Err(error),
    };
    teams.retain(|team| team.accessible && access.team_id.as_ref().is_none_or(|wanted| *wanted == team.id));
    let personal = access.team_id.is_none().then_some(None);
    let asked: Vec<Option<Team>> = teams.into_iter().map(Some).chain(personal).collect();
    let answers: Vec<_> = stream::iter(asked)
        .map(|team| async {
            let access = access.for_team(team.as_ref().map(|team| team.id.clone()));
            match provider.projects(&access).await {
                Ok(projects) => Ok((team, Ok(projects))),
                Err(error @ (PlatformError::TokenRefused | PlatformError::NotFound)) => {
                    Ok((team, Err(error)))
                }
                Err(error) => Err(error),
            }
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let mut seen = HashSet::new();
    let (mut scopes, mut refusal) = (Vec::new(), None);
    for (team, answer) in answers {
        let projects = match answer {
            Ok(projects) => {
                Some(projects.into_iter().filter(|project| seen.insert(project.id.clone())).collect())
            }
            Err(error) => {
                refusal = Some(error);
                None
            }
        };
        scopes.push(Scope { team, projects });
    }
    match refusal {
        Some(error) if scopes.iter().all(|scope| scope.projects.is_none()) => Err(error),
        _ => Ok(Reachable { scopes }),
    }
}
