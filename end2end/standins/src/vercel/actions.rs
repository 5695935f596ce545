//! What happens at Vercel without an API call of the product: people sign up, link repositories,
//! push, and builds end. Used by the control API and by tests.

use std::sync::Arc;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::state::{Deployment, LogLine, Plan, Project, Team, Token, User};
use crate::git;
use crate::ids::{now_ms, random};
use crate::world::World;

/// A person to add.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewUser {
    /// Unique name.
    pub username: String,
    /// Address; without it `USERNAME@example.com`.
    #[serde(default)]
    pub email: Option<String>,
    /// Display name.
    #[serde(default)]
    pub name: Option<String>,
}

/// A token to hand out.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewToken {
    /// Whose: id or user name.
    pub user: String,
    /// Limits it to a team (id or slug).
    #[serde(default)]
    pub team: Option<String>,
    /// Its text; without it `vcp_` and random characters.
    #[serde(default)]
    pub value: Option<String>,
    /// When it stops working, in ms since 1970; never without it.
    #[serde(default)]
    pub expires_at: Option<i64>,
}

/// A team to add.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewTeam {
    /// Unique name.
    pub slug: String,
    /// Plan; `pro` without it.
    #[serde(default)]
    pub plan: Plan,
    /// User ids or names.
    pub members: Vec<String>,
}

/// A project to add.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct NewProject {
    /// Unique name.
    pub name: String,
    /// Owning team (id or slug); without it `user`'s personal account.
    pub team: Option<String>,
    /// Owning user when there is no team.
    pub user: Option<String>,
    /// `owner/name` of a repository in the GitHub stand-in to link.
    pub repository: Option<String>,
    /// A `link` as the API shows it, for other kinds; wins over `repository`.
    pub link: Option<Value>,
    /// Fields to show: `framework`, `rootDirectory`, `installCommand`, `buildCommand`, ….
    pub settings: Map<String, Value>,
}

/// A deployment to add.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct NewDeployment {
    /// Project id or name.
    pub project: String,
    /// Branch; without it the repository's default branch.
    pub branch: Option<String>,
    /// Commit; without it the branch's head in the linked repository.
    pub sha: Option<String>,
    /// `ERROR`, `READY`, `BUILDING`, … Without it `ERROR`.
    pub state: Option<String>,
    /// Text of the build log.
    pub log: String,
    /// `production` or none.
    pub target: Option<String>,
    /// `errorCode`.
    pub error_code: Option<String>,
    /// `errorMessage`.
    pub error_message: Option<String>,
    /// `owner/name` of the fork that the commit comes from, if it is one.
    pub fork: Option<String>,
    /// When it was made, in ms since 1970; now without it.
    pub created_at: Option<i64>,
}

/// Adds a person and returns them.
pub fn add_user(world: &World, new: NewUser) -> User {
    let user = User {
        id: random(24),
        email: new.email.unwrap_or_else(|| format!("{}@example.com", new.username)),
        username: new.username,
        name: new.name,
    };
    world.state().vercel.users.push(user.clone());
    user
}

/// Hands out a token and returns its text.
///
/// # Errors
/// No such user or team.
pub fn add_token(world: &World, new: NewToken) -> anyhow::Result<String> {
    let mut state = world.state();
    let vercel = &mut state.vercel;
    let user_id = user_id(&vercel.users, &new.user)?;
    let team_id = new.team.map(|team| team_id(&vercel.teams, &team)).transpose()?;
    let value = new.value.unwrap_or_else(|| format!("vcp_{}", random(56)));
    vercel.tokens.push(Token { value: value.clone(), user_id, team_id, expires_at: new.expires_at });
    Ok(value)
}

/// Makes a token worthless. False if it was unknown.
pub fn revoke_token(world: &World, value: &str) -> bool {
    let tokens = &mut world.state().vercel.tokens;
    let before = tokens.len();
    tokens.retain(|token| token.value != value);
    tokens.len() < before
}

/// Adds a team and returns it.
///
/// # Errors
/// No such member.
pub fn add_team(world: &World, new: NewTeam) -> anyhow::Result<Team> {
    let mut state = world.state();
    let members = new
        .members
        .iter()
        .map(|member| user_id(&state.vercel.users, member))
        .collect::<anyhow::Result<Vec<String>>>()?;
    let team = Team {
        id: format!("team_{}", random(24)),
        name: new.slug.clone(),
        slug: new.slug,
        plan: new.plan,
        members,
        created_at: now_ms(),
    };
    state.vercel.teams.push(team.clone());
    Ok(team)
}

/// Adds a project and returns it.
///
/// # Errors
/// The owner or the repository is unknown.
pub fn add_project(world: &World, new: NewProject) -> anyhow::Result<Project> {
    let link = match (new.link, &new.repository) {
        (Some(link), _) => Some(link),
        (None, Some(repository)) => Some(github_link(world, repository)?),
        (None, None) => None,
    };
    let mut state = world.state();
    let vercel = &mut state.vercel;
    let account_id = match (&new.team, &new.user) {
        (Some(team), _) => team_id(&vercel.teams, team)?,
        (None, Some(user)) => user_id(&vercel.users, user)?,
        (None, None) => anyhow::bail!("a project needs a team or a user"),
    };
    let now = now_ms();
    let project = Project {
        id: format!("prj_{}", random(28)),
        name: new.name,
        account_id,
        link,
        settings: new.settings,
        created_at: now,
        updated_at: now,
    };
    vercel.projects.push(project.clone());
    Ok(project)
}

/// Changes a project's link and settings; what is not given stays.
///
/// # Errors
/// The project or the repository is unknown.
pub fn change_project(
    world: &World,
    project: &str,
    repository: Option<&str>,
    link: Option<Value>,
    settings: Map<String, Value>,
) -> anyhow::Result<Project> {
    let link = match (link, repository) {
        (Some(link), _) => Some(link),
        (None, Some(repository)) => Some(github_link(world, repository)?),
        (None, None) => None,
    };
    let mut state = world.state();
    let found = state
        .vercel
        .projects
        .iter_mut()
        .find(|known| known.id == project || known.name == project)
        .with_context(|| format!("no project {project}"))?;
    if let Some(link) = link {
        found.link = Some(link).filter(|link| !link.is_null());
    }
    found.settings.extend(settings);
    found.updated_at = now_ms();
    Ok(found.clone())
}

/// Deletes a project with its deployments and sandboxes. False if it was unknown.
pub fn remove_project(world: &World, project: &str) -> bool {
    let vercel = &mut world.state().vercel;
    let Some(id) = vercel.project(project).map(|project| project.id.clone()) else { return false };
    vercel.projects.retain(|project| project.id != id);
    vercel.deployments.retain(|deployment| deployment.project_id != id);
    vercel.sandboxes.remove_project(&id);
    true
}

/// Adds a deployment of a commit of the linked repository and returns it. Nobody is told.
///
/// # Errors
/// The project is unknown, or no commit was given and none can be found.
pub async fn add_deployment(world: &Arc<World>, new: NewDeployment) -> anyhow::Result<Deployment> {
    let project = world
        .state()
        .vercel
        .project(&new.project)
        .cloned()
        .with_context(|| format!("no project {}", new.project))?;
    let text = |key: &str| project.link.as_ref()?.get(key)?.as_str().map(str::to_owned);
    let repository = text("org").zip(text("repo")).map(|(org, repo)| format!("{org}/{repo}"));
    let production = text("productionBranch").unwrap_or_else(|| "main".to_owned());
    let branch = new.branch.clone().unwrap_or_else(|| production.clone());
    let mut meta = Map::new();
    if let Some(repository) = &repository {
        let bare = world.bare(repository);
        let revision = new.sha.clone().unwrap_or_else(|| format!("refs/heads/{branch}"));
        let sha = git::resolve(&bare, &revision).await.or(new.sha.clone()).context("no such commit")?;
        let commit = git::commits(&bare, &sha).await.ok().and_then(|list| list.into_iter().next());
        meta = github_meta(&project, repository, &branch, &sha, commit.as_ref(), new.fork.as_deref());
    }
    let state = new.state.unwrap_or_else(|| "ERROR".to_owned());
    let failed = state == "ERROR";
    let over = matches!(state.as_str(), "ERROR" | "READY" | "CANCELED" | "BLOCKED" | "DELETED");
    let created_at = new.created_at.unwrap_or_else(now_ms);
    let log = log_lines(&new.log, created_at);
    let end = log.last().map_or(created_at, |line| line.date) + 1;
    let mut locked = world.state();
    let creator_id = locked.vercel.users.first().map(|user| user.id.clone()).unwrap_or_default();
    let deployment = Deployment {
        id: format!("dpl_{}", random(28)),
        url: format!("{}-{}.vercel.app", project.name, random(9).to_lowercase()),
        project_id: project.id,
        state,
        target: new.target.or_else(|| (branch == production).then(|| "production".to_owned())),
        creator_id,
        meta,
        error_code: new.error_code.or_else(|| failed.then(|| "BUILD_FAILED".to_owned())),
        error_message: new.error_message.or_else(|| failed.then(|| last_error(&log))),
        log,
        created_at,
        finished_at: over.then(|| end.max(now_ms())),
    };
    locked.vercel.deployments.push(deployment.clone());
    drop(locked);
    world.changed.notify_waiters();
    Ok(deployment)
}

/// Moves a deployment to another state and appends to its log.
///
/// # Errors
/// No such deployment.
pub fn change_deployment(
    world: &World,
    id: &str,
    state: Option<String>,
    log: &str,
) -> anyhow::Result<Deployment> {
    let mut locked = world.state();
    let found = locked
        .vercel
        .deployments
        .iter_mut()
        .find(|known| known.id == id || known.url == id)
        .with_context(|| format!("no deployment {id}"))?;
    found.log.extend(log_lines(log, now_ms()));
    if let Some(state) = state {
        let over = matches!(state.as_str(), "ERROR" | "READY" | "CANCELED" | "BLOCKED" | "DELETED");
        found.finished_at = over.then(now_ms);
        if state == "ERROR" {
            found.error_code = Some("BUILD_FAILED".to_owned());
            found.error_message = Some(last_error(&found.log));
        }
        found.state = state;
    }
    let found = found.clone();
    drop(locked);
    world.changed.notify_waiters();
    Ok(found)
}

/// The text as log lines, each a millisecond after the one before; the kind is told by its words.
#[must_use]
pub fn log_lines(text: &str, start: i64) -> Vec<LogLine> {
    text.lines()
        .zip(start..)
        .map(|(line, date)| {
            let lower = line.to_lowercase();
            let kind = if line.starts_with("Running \"") {
                "command"
            } else if lower.contains("error") {
                "stderr"
            } else {
                "stdout"
            };
            LogLine { date, kind, text: line.to_owned() }
        })
        .collect()
}

fn last_error(log: &[LogLine]) -> String {
    log.iter()
        .rev()
        .find_map(|line| line.text.strip_prefix("Error: "))
        .unwrap_or("Command \"npm run build\" exited with 1")
        .to_owned()
}

fn user_id(users: &[User], name: &str) -> anyhow::Result<String> {
    let found = users.iter().find(|user| user.id == name || user.username == name);
    found.map(|user| user.id.clone()).with_context(|| format!("no user {name}"))
}

fn team_id(teams: &[Team], name: &str) -> anyhow::Result<String> {
    let found = teams.iter().find(|team| team.id == name || team.slug == name);
    found.map(|team| team.id.clone()).with_context(|| format!("no team {name}"))
}

fn github_link(world: &World, full_name: &str) -> anyhow::Result<Value> {
    let state = world.state();
    let repository =
        state.github.repository(full_name).with_context(|| format!("no repository {full_name}"))?;
    let now = now_ms();
    Ok(json!({
        "type": "github", "org": repository.owner, "repo": repository.name, "repoId": repository.id,
        "repoOwnerId": repository.owner_id, "productionBranch": repository.default_branch,
        "gitCredentialId": format!("cred_{}", random(20)), "deployHooks": [], "sourceless": true,
        "createdAt": now, "updatedAt": now,
    }))
}

fn github_meta(
    project: &Project,
    repository: &str,
    branch: &str,
    sha: &str,
    commit: Option<&git::Commit>,
    fork: Option<&str>,
) -> Map<String, Value> {
    let (org, repo) = repository.split_once('/').unwrap_or_default();
    let (from_org, from_repo) = fork.and_then(|fork| fork.split_once('/')).unwrap_or((org, repo));
    let repo_id = project.link.as_ref().map(|link| link["repoId"].to_string()).unwrap_or_default();
    let author = commit.map(|commit| commit.author.name.clone()).unwrap_or_default();
    let pairs = [
        ("githubDeployment", "1".to_owned()),
        ("githubOrg", org.to_owned()),
        ("githubRepo", repo.to_owned()),
        ("githubRepoId", repo_id.clone()),
        ("githubRepoOwnerType", "Organization".to_owned()),
        ("githubRepoVisibility", "private".to_owned()),
        ("githubCommitOrg", from_org.to_owned()),
        ("githubCommitRepo", from_repo.to_owned()),
        ("githubCommitRepoId", repo_id),
        ("githubCommitRef", branch.to_owned()),
        ("githubCommitSha", sha.to_owned()),
        ("githubCommitMessage", commit.map(|commit| commit.message.clone()).unwrap_or_default()),
        ("githubCommitAuthorLogin", author.to_lowercase().replace(' ', "-")),
        ("githubCommitAuthorName", author),
        ("branchAlias", format!("{}-git-{}.vercel.app", project.name, branch.replace('/', "-"))),
    ];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), Value::String(value))).collect()
}
