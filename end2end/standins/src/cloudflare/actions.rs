//! What happens at Cloudflare without an API call of the product: people sign up, make tokens, connect repositories.
//! Used by the control API and by tests.

use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::alerting::new_id;
use super::state::{Account, Cloudflare, Project, Token, TokenStatus, Trigger, User, Worker};
use crate::ids::{guid, now_ms, random};
use crate::world::World;

/// Every permission that the stand-in asks for.
pub const PERMISSIONS: [&str; 6] = [
    "pages.edit",
    "notifications.edit",
    "workers_builds.edit",
    "workers_scripts.read",
    "account_settings.read",
    "user_details.read",
];

/// A person to add.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct NewUser {
    /// Unique name.
    pub login: String,
    /// Address; without it `LOGIN@example.com`.
    pub email: Option<String>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
}

/// A token to hand out.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct NewToken {
    /// Whose: id or login. Without it the token is the account's own.
    pub user: Option<String>,
    /// Limits it to an account (id or name).
    pub account: Option<String>,
    /// What it may do; everything without it.
    pub permissions: Option<Vec<String>>,
    /// Its text; without it `cfut_` (an account's: `cfat_`) and random characters.
    pub value: Option<String>,
    /// `active` without it.
    pub status: TokenStatus,
    /// When it stops working, in ms since 1970; never without it.
    pub expires_at: Option<i64>,
}

/// An account to add.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct NewAccount {
    /// Name.
    pub name: String,
    /// User ids or logins.
    pub members: Vec<String>,
    /// Its plan has webhooks; true without it.
    pub webhooks_allowed: bool,
}

impl Default for NewAccount {
    fn default() -> Self {
        NewAccount { name: String::new(), members: Vec::new(), webhooks_allowed: true }
    }
}

/// A Pages project to add.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct NewProject {
    /// Unique name.
    pub name: String,
    /// Owning account: id or name.
    pub account: String,
    /// `owner/name` of a repository in the GitHub stand-in to link.
    pub repository: Option<String>,
    /// A `source` as the API shows it, for other kinds; wins over `repository`.
    pub source: Option<Value>,
    /// `build_command`, `destination_dir`, `root_dir`.
    pub settings: Map<String, Value>,
}

/// A Worker to add.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct NewWorker {
    /// The script's name.
    pub name: String,
    /// Owning account: id or name.
    pub account: String,
    /// `owner/name` of a repository in the GitHub stand-in; without it nothing builds the Worker.
    pub repository: Option<String>,
    /// `npm run build` without it.
    pub build_command: Option<String>,
    /// Folder in the repository.
    pub root_directory: String,
}

/// Adds a person and returns them.
pub fn add_user(world: &World, new: NewUser) -> User {
    let user = User {
        id: new_id(),
        email: new.email.unwrap_or_else(|| format!("{}@example.com", new.login)),
        login: new.login,
        first_name: new.first_name,
        last_name: new.last_name,
    };
    world.state().cloudflare.users.push(user.clone());
    user
}

/// Hands out a token and returns its text.
///
/// # Errors
/// No such user or account.
pub fn add_token(world: &World, new: NewToken) -> anyhow::Result<String> {
    let mut state = world.state();
    let cloudflare = &mut state.cloudflare;
    let user_id = new.user.map(|user| user_id(cloudflare, &user)).transpose()?;
    let account_id = new.account.map(|account| account_id(cloudflare, &account)).transpose()?;
    anyhow::ensure!(user_id.is_some() || account_id.is_some(), "a token needs a user or an account");
    let prefix = if user_id.is_some() { "cfut_" } else { "cfat_" };
    let value = new.value.unwrap_or_else(|| format!("{prefix}{}", random(48)));
    let all = || PERMISSIONS.map(str::to_owned).to_vec();
    cloudflare.tokens.push(Token {
        id: new_id(),
        value: value.clone(),
        user_id,
        account_id,
        permissions: new.permissions.unwrap_or_else(all),
        status: new.status,
        expires_at: new.expires_at,
    });
    Ok(value)
}

/// Makes a token unknown. False if it was.
pub fn revoke_token(world: &World, value: &str) -> bool {
    let tokens = &mut world.state().cloudflare.tokens;
    let before = tokens.len();
    tokens.retain(|token| token.value != value);
    tokens.len() < before
}

/// Adds an account and returns it.
///
/// # Errors
/// No such member.
pub fn add_account(world: &World, new: NewAccount) -> anyhow::Result<Account> {
    let mut state = world.state();
    let cloudflare = &mut state.cloudflare;
    let members =
        new.members.iter().map(|member| user_id(cloudflare, member)).collect::<anyhow::Result<_>>()?;
    let account = Account {
        id: new_id(),
        name: new.name,
        members,
        webhooks_allowed: new.webhooks_allowed,
        created_at: now_ms(),
    };
    cloudflare.accounts.push(account.clone());
    Ok(account)
}

/// Adds a Pages project and returns it.
///
/// # Errors
/// The account or the repository is unknown.
pub fn add_project(world: &World, new: NewProject) -> anyhow::Result<Project> {
    let mut state = world.state();
    let source = match (new.source, &new.repository) {
        (Some(source), _) => Some(source),
        (None, Some(repository)) => {
            let known = state.github.repository(repository);
            let known = known.with_context(|| format!("no repository {repository}"))?;
            Some(
                json!({"type": "github", "config": {"owner": known.owner, "owner_id": known.owner_id.to_string(),
                "repo_name": known.name, "repo_id": known.id.to_string(), "production_branch": known.default_branch,
                "pr_comments_enabled": true, "deployments_enabled": true, "production_deployments_enabled": true,
                "preview_deployment_setting": "all", "preview_branch_includes": ["*"], "preview_branch_excludes": [],
                "path_includes": ["*"], "path_excludes": []}}),
            )
        }
        (None, None) => None,
    };
    let production = source.as_ref().and_then(|source| source["config"]["production_branch"].as_str());
    let project = Project {
        id: guid(),
        name: new.name,
        account_id: account_id(&state.cloudflare, &new.account)?,
        production_branch: production.unwrap_or("main").to_owned(),
        source,
        build_config: new.settings,
        created_at: now_ms(),
    };
    state.cloudflare.projects.push(project.clone());
    Ok(project)
}

/// Adds a Worker, with a trigger for production and one for previews when it has a repository, and returns it.
///
/// # Errors
/// The account or the repository is unknown.
pub fn add_worker(world: &World, new: NewWorker) -> anyhow::Result<Worker> {
    let mut state = world.state();
    let build_command = new.build_command.unwrap_or_else(|| "npm run build".to_owned());
    let mut triggers = Vec::new();
    if let Some(repository) = &new.repository {
        let known = state.github.repository(repository);
        let main = known.with_context(|| format!("no repository {repository}"))?.default_branch.clone();
        let trigger = |name: &str, includes: &str, excludes: &[&str], deploy: &str| Trigger {
            uuid: guid(),
            name: name.to_owned(),
            branch_includes: vec![includes.to_owned()],
            branch_excludes: excludes.iter().map(|branch| (*branch).to_owned()).collect(),
            build_command: build_command.clone(),
            deploy_command: deploy.to_owned(),
            root_directory: format!("/{}", new.root_directory),
            provider_type: "github".to_owned(),
            repository: repository.clone(),
        };
        triggers.push(trigger(
            "Deploy non-production branches",
            "*",
            &[&main],
            "npx wrangler versions upload",
        ));
        triggers.push(trigger("Deploy default branch", &main, &[], "npx wrangler deploy"));
    }
    let worker = Worker {
        tag: new_id(),
        name: new.name,
        account_id: account_id(&state.cloudflare, &new.account)?,
        triggers,
        created_at: now_ms(),
    };
    state.cloudflare.workers.push(worker.clone());
    Ok(worker)
}

/// Deletes a Pages project or a Worker with what was built of it. False if it was unknown.
pub fn remove_project(world: &World, project: &str) -> bool {
    let cloudflare = &mut world.state().cloudflare;
    let of_pages = cloudflare.project(project).map(|project| project.id.clone());
    let Some(id) = of_pages.or_else(|| cloudflare.worker(project).map(|worker| worker.tag.clone())) else {
        return false;
    };
    cloudflare.projects.retain(|project| project.id != id);
    cloudflare.deployments.retain(|deployment| deployment.project_id != id);
    cloudflare.workers.retain(|worker| worker.tag != id);
    cloudflare.builds.retain(|build| build.tag != id);
    true
}

fn user_id(cloudflare: &Cloudflare, name: &str) -> anyhow::Result<String> {
    let found = cloudflare.users.iter().find(|user| user.id == name || user.login == name);
    found.map(|user| user.id.clone()).with_context(|| format!("no user {name}"))
}

fn account_id(cloudflare: &Cloudflare, name: &str) -> anyhow::Result<String> {
    let found = cloudflare.accounts.iter().find(|account| account.id == name || account.name == name);
    found.map(|account| account.id.clone()).with_context(|| format!("no account {name}"))
}
