//! Turns a token into all projects that it reaches: those of its teams, then those of its personal scope.

use crate::server::integrations::{Access, PlatformError, Project, Team, TokenProvider};
use std::collections::HashSet;

/// What a token reaches.
#[derive(Debug)]
pub struct Reachable {
    /// The teams that it may act on.
    pub teams: Vec<Team>,
    /// Their projects and the personal ones, each once.
    pub projects: Vec<Project>,
}

/// Lists everything. A scope that refuses the token is left out, unless all of them do.
pub async fn discover(provider: &dyn TokenProvider, access: &Access) -> Result<Reachable, PlatformError> {
    let mut teams = match provider.teams(access).await {
        Ok(teams) => teams,
        // A token for one team may not list teams, but works for that one.
        Err(PlatformError::TokenRefused) => Vec::new(),
        Err(error) => return Err(error),
    };
    teams.retain(|team| team.accessible);
    let scopes = teams.iter().map(|team| Some(team.id.clone())).chain([None]);
    let (mut projects, mut seen) = (Vec::new(), HashSet::new());
    let (mut answered, mut refused) = (0, None);
    for scope in scopes {
        match provider.projects(&access.for_team(scope)).await {
            Ok(page) => {
                answered += 1;
                projects.extend(page.into_iter().filter(|project| seen.insert(project.id.clone())));
            }
            Err(error @ (PlatformError::TokenRefused | PlatformError::NotFound)) => refused = Some(error),
            Err(error) => return Err(error),
        }
    }
    match refused {
        Some(error) if answered == 0 => Err(error),
        _ => Ok(Reachable { teams, projects }),
    }
}
