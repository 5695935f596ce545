//! What happens at Render without an API call of the product: people sign up, make services, push, and deploys end.
//! Used by the control API and by tests.

use std::sync::Arc;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::state::{Deploy, Kind, LogLine, Owner, Plan, Service, Settings, Token, User};
use crate::git;
use crate::ids::{now_ms, random};
use crate::world::World;

/// A person to add.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct NewUser {
    /// Names the person in other calls.
    pub login: String,
    /// Address; without it `LOGIN@example.com`.
    pub email: Option<String>,
    /// Display name; the login without it.
    pub name: Option<String>,
}

/// A key to hand out.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct NewToken {
    /// Whose.
    pub login: String,
    /// Its text; without it `rnd_` and random characters.
    pub value: Option<String>,
    /// When it stops working, in ms since 1970; never without it.
    pub expires_at: Option<i64>,
}

/// A workspace to add.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct NewOwner {
    /// Display name.
    pub name: String,
    /// `usr-…` in place of `tea-…`.
    pub personal: bool,
    /// Plan; `professional` without it.
    pub plan: Plan,
    /// Logins of its administrators.
    pub admins: Vec<String>,
    /// Logins of its other members.
    pub developers: Vec<String>,
}

/// A service to add.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct NewProject {
    /// Unique name.
    pub name: String,
    /// Workspace, by id or name.
    pub owner: String,
    /// `owner/name` of a repository in the GitHub stand-in to link.
    pub repository: Option<String>,
    /// Address of a repository elsewhere; wins over `repository`.
    pub repo: Option<String>,
    /// Address of an image, for a service without a repository.
    pub image: Option<String>,
    /// The branch that it deploys; the repository's default branch without it.
    pub branch: Option<String>,
    /// Id or name of the service that it is a preview of.
    pub preview_of: Option<String>,
    /// What people set.
    pub settings: Settings,
}

/// A deploy to add.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct NewDeployment {
    /// Service, by id or name.
    pub project: String,
    /// Branch whose head is deployed; the service's own without it. The API never shows it.
    pub branch: Option<String>,
    /// Commit; without it the branch's head in the linked repository.
    pub sha: Option<String>,
    /// Image; without it the service's.
    pub image: Option<String>,
    /// `build_failed`, `live`, `build_in_progress`, … Without it `build_failed`.
    pub status: Option<String>,
    /// Why it was made; `new_commit` without it.
    pub trigger: Option<String>,
    /// Text of the build's log.
    pub log: String,
    /// What the program wrote when it was started.
    pub app_log: String,
    /// When it was made, in ms since 1970; now without it. Its lines follow in steps of a millisecond.
    pub created_at: Option<i64>,
}

/// What happens to a deploy.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Change {
    /// Its status from now on.
    pub status: Option<String>,
    /// More lines of the build.
    pub log: String,
    /// More lines of the program.
    pub app_log: String,
}

/// Adds a person and returns them.
pub fn add_user(world: &World, new: NewUser) -> User {
    let user = User {
        email: new.email.unwrap_or_else(|| format!("{}@example.com", new.login)),
        name: new.name.unwrap_or_else(|| new.login.clone()),
        login: new.login,
    };
    world.state().render.users.push(user.clone());
    user
}

/// Hands out a key and returns its text.
///
/// # Errors
/// No such user.
pub fn add_token(world: &World, new: NewToken) -> anyhow::Result<String> {
    let render = &mut world.state().render;
    known(&render.users, &new.login)?;
    let value = new.value.unwrap_or_else(|| format!("rnd_{}", random(28)));
    render.tokens.push(Token { value: value.clone(), login: new.login, expires_at: new.expires_at });
    Ok(value)
}

/// Makes a key worthless. False if it was unknown.
pub fn revoke_token(world: &World, value: &str) -> bool {
    let tokens = &mut world.state().render.tokens;
    let before = tokens.len();
    tokens.retain(|token| token.value != value);
    tokens.len() < before
}

/// Adds a workspace and returns it.
///
/// # Errors
/// No such member.
pub fn add_owner(world: &World, new: NewOwner) -> anyhow::Result<Owner> {
    let render = &mut world.state().render;
    new.admins.iter().chain(&new.developers).try_for_each(|login| known(&render.users, login))?;
    let owner = Owner {
        id: id(if new.personal { "usr" } else { "tea" }),
        email: format!("billing@{}.example.com", new.name),
        name: new.name,
        plan: new.plan,
        admins: new.admins,
        developers: new.developers,
    };
    render.owners.push(owner.clone());
    Ok(owner)
}

/// Adds a service and returns it.
///
/// # Errors
/// The workspace, the repository or the service to preview is unknown.
pub fn add_project(world: &World, new: NewProject) -> anyhow::Result<Service> {
    let mut state = world.state();
    let mut branch = new.branch;
    if let Some(full_name) = &new.repository {
        let repository = state.github.repository(full_name);
        let repository = repository.with_context(|| format!("no repository {full_name}"))?;
        branch.get_or_insert_with(|| repository.default_branch.clone());
    }
    let render = &mut state.render;
    let owner = render.owner(&new.owner).with_context(|| format!("no workspace {}", new.owner))?;
    let preview_of = new.preview_of.map(|parent| {
        render
            .service(&parent)
            .map(|parent| parent.id.clone())
            .with_context(|| format!("no service {parent}"))
    });
    let repo = new.repo.or_else(|| new.repository.map(|name| format!("https://github.com/{name}")));
    let service = Service {
        id: id(if new.settings.kind == Kind::CronJob { "crn" } else { "srv" }),
        name: new.name,
        owner_id: owner.id.clone(),
        branch: branch.or_else(|| repo.is_some().then(|| "main".to_owned())),
        repo,
        image: new.image,
        preview_of: preview_of.transpose()?,
        settings: new.settings,
        created_at: now_ms(),
    };
    render.services.push(service.clone());
    Ok(service)
}

/// Deletes a service with its deploys and logs. False if it was unknown.
pub fn remove_project(world: &World, project: &str) -> bool {
    let render = &mut world.state().render;
    let Some(id) = render.service(project).map(|service| service.id.clone()) else { return false };
    render.services.retain(|service| service.id != id);
    render.deploys.retain(|deploy| deploy.service_id != id);
    render.logs.retain(|line| line.service_id != id);
    true
}

/// Adds a deploy of a commit of the linked repository, or of an image, and returns it. Nobody is told.
///
/// # Errors
/// The service is unknown, or there is no such commit.
pub async fn add_deployment(world: &Arc<World>, new: NewDeployment) -> anyhow::Result<Deploy> {
    let service = world.state().render.service(&new.project).cloned();
    let service = service.with_context(|| format!("no service {}", new.project))?;
    let (mut commit, mut message) = (new.sha.clone(), None);
    if let Some(full_name) = service.github() {
        let bare = world.bare(full_name);
        let branch = new.branch.as_deref().or(service.branch.as_deref()).unwrap_or("main");
        let revision = new.sha.unwrap_or_else(|| format!("refs/heads/{branch}"));
        let sha = git::resolve(&bare, &revision).await.context("no such commit")?;
        let first = git::commits(&bare, &sha).await.ok().and_then(|list| list.into_iter().next());
        (commit, message) = (Some(sha), first.map(|commit| commit.message));
    }
    let created_at = new.created_at.unwrap_or_else(now_ms);
    let mut render_state = world.state();
    let render = &mut render_state.render;
    let end = write(&mut render.logs, &service.id, "build", &new.log, created_at);
    let end = write(&mut render.logs, &service.id, "app", &new.app_log, end);
    let deploy = Deploy {
        id: id("dep"),
        service_id: service.id,
        status: "created".to_owned(),
        trigger: new.trigger.unwrap_or_else(|| "new_commit".to_owned()),
        commit,
        message,
        image: new.image.or(service.image),
        created_at,
        started_at: None,
        updated_at: created_at,
        finished_at: None,
    };
    let made = deploy.id.clone();
    render.deploys.push(deploy);
    let status = new.status.unwrap_or_else(|| "build_failed".to_owned());
    let deploy = advance(&mut render.deploys, &made, status, end).context("the deploy is gone")?;
    drop(render_state);
    world.changed.notify_waiters();
    Ok(deploy)
}

/// Moves a deploy to another status and writes more lines. Nobody is told.
///
/// # Errors
/// No such deploy.
pub fn change_deployment(world: &World, id: &str, change: &Change) -> anyhow::Result<Deploy> {
    let mut state = world.state();
    let render = &mut state.render;
    let found = render.deploy(id).cloned().with_context(|| format!("no deploy {id}"))?;
    let end = write(&mut render.logs, &found.service_id, "build", &change.log, now_ms());
    let end = write(&mut render.logs, &found.service_id, "app", &change.app_log, end);
    let status = change.status.clone().unwrap_or(found.status);
    let deploy = advance(&mut render.deploys, id, status, end).context("the deploy is gone")?;
    drop(state);
    world.changed.notify_waiters();
    Ok(deploy)
}

/// Sets a deploy's status with the times that go with it. A deploy that goes live takes the place of the one before.
fn advance(deploys: &mut [Deploy], id: &str, status: String, at: i64) -> Option<Deploy> {
    let over = is_over(&status);
    let found = deploys.iter_mut().find(|deploy| deploy.id == id)?;
    if !matches!(status.as_str(), "created" | "queued") {
        found.started_at.get_or_insert(found.created_at);
    }
    found.updated_at = at;
    found.finished_at = over.then(|| found.finished_at.unwrap_or(at));
    found.status = status;
    let found = found.clone();
    if found.status == "live" {
        let replaced = deploys.iter_mut().filter(|deploy| {
            deploy.service_id == found.service_id && deploy.id != found.id && deploy.status == "live"
        });
        replaced.for_each(|deploy| deploy.status = "deactivated".to_owned());
    }
    Some(found)
}

/// Whether a status is a deploy's last, or the one that follows its last.
#[must_use]
pub fn is_over(status: &str) -> bool {
    matches!(
        status,
        "live" | "deactivated" | "build_failed" | "pre_deploy_failed" | "update_failed" | "canceled"
    )
}

/// Writes each line a millisecond after the one before; returns the time after the last.
fn write(logs: &mut Vec<LogLine>, service_id: &str, kind: &'static str, text: &str, start: i64) -> i64 {
    let mut at = start;
    for line in text.lines() {
        let message = line.to_owned();
        logs.push(LogLine { id: random(20), service_id: service_id.to_owned(), kind, at, message });
        at += 1;
    }
    at
}

fn known(users: &[User], login: &str) -> anyhow::Result<()> {
    users.iter().any(|user| user.login == login).then_some(()).with_context(|| format!("no user {login}"))
}

/// `PREFIX-` and twenty small letters and digits.
#[must_use]
pub fn id(prefix: &str) -> String {
    format!("{prefix}-{}", random(20).to_lowercase())
}
