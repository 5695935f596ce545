//! Turns what a connection reaches into what it watches: everything at first, then what a person chooses.
//!
//! A project that a person left out stays out when the connection is synced. One that the platform does not have any
//! more stays watched until a person says otherwise: its fixes go with it.

use super::{
    ConnectionError, access, client, discover, discover::Reachable, locks, note_refusal, refresh_webhooks,
    webhooks,
};
use crate::{
    model::{ProjectStanding, Provider, RepositoryKind, Synced},
    server::{
        audit::{self, Purpose},
        clock::new_id,
        db::{
            entity::{integration, subscription},
            integrations, left_out,
            subscriptions::{self, NewSubscription, Settings},
        },
        integrations::{PlatformContext, Project, TokenProvider},
    },
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// A project beside what is known of it here.
#[derive(Debug)]
pub struct Known {
    /// The platform's side; `None` when it does not have it (any more), or was not asked.
    pub project: Option<Project>,
    /// Our side, when it is watched.
    pub watched: Option<subscription::Model>,
    /// How it stands.
    pub standing: ProjectStanding,
}

/// The projects of a connection.
#[derive(Debug)]
pub struct Overview {
    /// Everything that is watched or could be.
    pub projects: Vec<Known>,
    /// Names of teams by the platform's id.
    pub teams: HashMap<String, String>,
    /// Teams that refuse the token.
    pub refused: Vec<String>,
    /// Why the platform could not be asked.
    pub trouble: Option<ConnectionError>,
}

fn provider(row: &integration::Model) -> Result<Provider, ConnectionError> {
    row.provider.parse().map_err(|_| ConnectionError::UnknownProject)
}

async fn alone(row: &integration::Model) -> tokio::sync::OwnedMutexGuard<()> {
    locks::lock(&format!("{}:{}", row.user_id, row.provider)).await
}

/// Asks the platform now. A refused token is noted.
async fn reach(
    ctx: &PlatformContext,
    row: &integration::Model,
) -> Result<(Arc<dyn TokenProvider>, Reachable), ConnectionError> {
    let provider = provider(row)?;
    let client = client(ctx, provider)?;
    audit::used(&ctx.db, row, Purpose::Connection, ctx.clock.now()).await;
    match discover::discover(client.as_ref(), &access(&ctx.keys, row)?).await {
        Ok(reachable) => Ok((client, reachable)),
        Err(error) => {
            note_refusal(&ctx.db, &row.id, &error).await?;
            Err(ConnectionError::Platform { provider, error })
        }
    }
}

/// All projects that a connection reaches, asked now.
pub async fn projects(
    ctx: &PlatformContext,
    row: &integration::Model,
) -> Result<Vec<Project>, ConnectionError> {
    let (_, reachable) = reach(ctx, row).await?;
    Ok(reachable.projects().cloned().collect())
}

/// Everything that is watched or could be. Without the platform: what is watched.
pub async fn overview(ctx: &PlatformContext, row: &integration::Model) -> Result<Overview, ConnectionError> {
    let (reachable, trouble) = match reach(ctx, row).await {
        Ok((_, reachable)) => (Some(reachable), None),
        Err(error @ ConnectionError::Platform { .. }) => (None, Some(error)),
        Err(error) => return Err(error),
    };
    let left_out = left_out::of_integration(&ctx.db, &row.id).await?;
    let watched = subscriptions::of_integration(&ctx.db, &row.id).await?;
    let mut watched: HashMap<String, subscription::Model> =
        watched.into_iter().map(|row| (row.platform_project_id.clone(), row)).collect();
    let mut overview = Overview { projects: Vec::new(), teams: HashMap::new(), refused: Vec::new(), trouble };
    for scope in reachable.iter().flat_map(|reachable| &reachable.scopes) {
        if let Some(team) = &scope.team {
            overview.teams.insert(team.id.clone(), team.name.clone());
        }
        if scope.projects.is_none() {
            overview.refused.push(scope.name().to_owned());
        }
        for project in scope.projects.iter().flatten() {
            let watched = watched.remove(&project.id);
            let standing = match &watched {
                Some(_) => ProjectStanding::Watched,
                None if left_out.contains(&project.id) => ProjectStanding::LeftOut,
                None => ProjectStanding::New,
            };
            overview.projects.push(Known { project: Some(project.clone()), watched, standing });
        }
    }
    for row in watched.into_values() {
        let gone = reachable.as_ref().is_some_and(|reachable| reachable.answered(row.team_id.as_deref()));
        let standing = if gone { ProjectStanding::Gone } else { ProjectStanding::Watched };
        overview.projects.push(Known { project: None, watched: Some(row), standing });
    }
    Ok(overview)
}

/// Watches a project. One that is watched already keeps its settings.
async fn watch(
    ctx: &PlatformContext,
    row: &integration::Model,
    project: &Project,
    auto_fix: bool,
) -> Result<(), ConnectionError> {
    let kind = project.link.kind();
    let new = NewSubscription {
        id: new_id(),
        user_id: row.user_id.clone(),
        integration_id: row.id.clone(),
        platform_project_id: project.id.clone(),
        platform_project_name: project.name.clone(),
        team_id: project.team_id.clone(),
        github_repo_full_name: project.link.github_full_name().unwrap_or_default().to_owned(),
        repository_kind: kind,
        repository_name: project.link.name().filter(|_| kind != RepositoryKind::Github),
        root_directory: project.root_directory.clone(),
        auto_fix_enabled: auto_fix,
    };
    Ok(subscriptions::put(&ctx.db, new, ctx.clock.now()).await?)
}

/// Watches everything that was not left out.
pub(super) async fn watch_all(
    ctx: &PlatformContext,
    row: &integration::Model,
    reachable: &Reachable,
    auto_fix: bool,
) -> Result<(), ConnectionError> {
    let left_out = left_out::of_integration(&ctx.db, &row.id).await?;
    for project in reachable.projects().filter(|project| !left_out.contains(&project.id)) {
        watch(ctx, row, project, auto_fix).await?;
    }
    Ok(())
}

/// Ends what a connection limited to one team still watches in others.
pub(super) async fn watch_only(
    ctx: &PlatformContext,
    client: &dyn TokenProvider,
    row: &integration::Model,
) -> Result<(), ConnectionError> {
    let mut elsewhere = subscriptions::of_integration(&ctx.db, &row.id).await?;
    elsewhere.retain(|watched| watched.team_id != row.team_id);
    end(ctx, client, row, &elsewhere).await
}

/// Ends subscriptions. A team's webhook goes with its last one.
async fn end(
    ctx: &PlatformContext,
    client: &dyn TokenProvider,
    row: &integration::Model,
    rows: &[subscription::Model],
) -> Result<(), ConnectionError> {
    if rows.is_empty() {
        return Ok(());
    }
    audit::used(&ctx.db, row, Purpose::Connection, ctx.clock.now()).await;
    webhooks::forget(ctx, client, &access(&ctx.keys, row)?, rows).await?;
    for watched in rows {
        subscriptions::remove(&ctx.db, watched).await?;
    }
    Ok(())
}

/// Takes over what has changed at the platform: new projects are watched, changed ones get their new name and
/// repository, and those that are gone are counted.
pub async fn sync(ctx: &PlatformContext, row: &integration::Model) -> Result<Synced, ConnectionError> {
    let (client, reachable) = reach(ctx, row).await?;
    let _alone = alone(row).await;
    let before = subscriptions::of_integration(&ctx.db, &row.id).await?;
    // Who switched auto-fix off everywhere does not want it on for what comes new.
    let auto_fix = before.is_empty() || before.iter().any(|watched| watched.auto_fix_enabled);
    watch_all(ctx, row, &reachable, auto_fix).await?;
    refresh_webhooks(ctx, client.as_ref(), row).await?;
    let after = subscriptions::of_integration(&ctx.db, &row.id).await?;
    let mut synced = Synced::default();
    for now in &after {
        match before.iter().find(|was| was.id == now.id) {
            None => synced.added += 1,
            Some(was) if facts(was) != facts(now) => synced.changed += 1,
            Some(_) => {}
        }
    }
    let reached: HashSet<&str> = reachable.projects().map(|project| project.id.as_str()).collect();
    synced.gone = after
        .iter()
        .filter(|watched| !reached.contains(watched.platform_project_id.as_str()))
        .filter(|watched| reachable.answered(watched.team_id.as_deref()))
        .count();
    Ok(synced)
}

/// What the platform says about a watched project.
fn facts(row: &subscription::Model) -> impl PartialEq {
    (
        row.platform_project_name.clone(),
        row.team_id.clone(),
        row.github_repo_full_name.clone(),
        row.repository_kind.clone(),
        row.repository_name.clone(),
        row.root_directory.clone(),
    )
}

/// Watches exactly the `chosen` ones of the `listed` projects, and leaves the others out. What is not listed stays as
/// it is: it may have come up since the list was made.
pub async fn choose(
    ctx: &PlatformContext,
    row: &integration::Model,
    listed: &[String],
    chosen: &HashSet<String>,
) -> Result<(), ConnectionError> {
    let client = client(ctx, provider(row)?)?;
    let now = ctx.clock.now();
    let watched = subscriptions::of_integration(&ctx.db, &row.id).await?;
    let known: HashSet<&str> = watched.iter().map(|row| row.platform_project_id.as_str()).collect();
    let wanted: HashSet<&str> = chosen.iter().map(String::as_str).filter(|id| !known.contains(id)).collect();
    // The platform is only needed for what is not watched yet.
    let reachable = if wanted.is_empty() { None } else { Some(reach(ctx, row).await?.1) };
    let found = reachable.iter().flat_map(Reachable::projects);
    if found.filter(|project| wanted.contains(project.id.as_str())).count() < wanted.len() {
        return Err(ConnectionError::UnknownProject);
    }
    let _alone = alone(row).await;
    let auto_fix = watched.is_empty() || watched.iter().any(|watched| watched.auto_fix_enabled);
    for project in reachable.iter().flat_map(Reachable::projects) {
        if wanted.contains(project.id.as_str()) {
            left_out::remove(&ctx.db, &row.id, &project.id).await?;
            watch(ctx, row, project, auto_fix).await?;
        }
    }
    let dropped: HashSet<&str> =
        listed.iter().map(String::as_str).filter(|id| !chosen.contains(*id)).collect();
    for id in &dropped {
        left_out::add(&ctx.db, &row.id, id, now).await?;
    }
    let ended: Vec<subscription::Model> =
        watched.iter().filter(|row| dropped.contains(row.platform_project_id.as_str())).cloned().collect();
    end(ctx, client.as_ref(), row, &ended).await?;
    if reachable.is_some() {
        refresh_webhooks(ctx, client.as_ref(), row).await?;
    }
    Ok(())
}

/// Watches one more project. Watching it already is success.
pub async fn subscribe(
    ctx: &PlatformContext,
    row: &integration::Model,
    project_id: &str,
    settings: Settings,
) -> Result<subscription::Model, ConnectionError> {
    let (client, reachable) = reach(ctx, row).await?;
    let project = reachable
        .projects()
        .find(|project| project.id == project_id)
        .ok_or(ConnectionError::UnknownProject)?;
    let _alone = alone(row).await;
    left_out::remove(&ctx.db, &row.id, project_id).await?;
    watch(ctx, row, project, true).await?;
    let watched = find_watched(ctx, row, project_id).await?;
    subscriptions::update(&ctx.db, &watched.id, settings, ctx.clock.now()).await?;
    refresh_webhooks(ctx, client.as_ref(), row).await?;
    find_watched(ctx, row, project_id).await
}

async fn find_watched(
    ctx: &PlatformContext,
    row: &integration::Model,
    project_id: &str,
) -> Result<subscription::Model, ConnectionError> {
    let rows = subscriptions::of_integration(&ctx.db, &row.id).await?;
    rows.into_iter().find(|row| row.platform_project_id == project_id).ok_or(ConnectionError::UnknownProject)
}

/// Watches a project no longer, and leaves it out from now on.
pub async fn unsubscribe(
    ctx: &PlatformContext,
    watched: &subscription::Model,
) -> Result<(), ConnectionError> {
    let row = integrations::find(&ctx.db, &watched.integration_id).await?;
    let row = row.ok_or(ConnectionError::UnknownProject)?;
    let client = client(ctx, provider(&row)?)?;
    let _alone = alone(&row).await;
    left_out::add(&ctx.db, &row.id, &watched.platform_project_id, ctx.clock.now()).await?;
    end(ctx, client.as_ref(), &row, std::slice::from_ref(watched)).await
}
