//! Several actions as one: a workspace with a service linked to a repository, and a push that Render builds.

use std::sync::Arc;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::actions::{self, NewDeployment, NewOwner, NewProject, NewToken, NewUser};
use super::deliveries::announce;
use super::state::{Deploy, Plan, Settings};
use crate::build::{self, Checkout};
use crate::ids::now_ms;
use crate::webhook::Delivery;
use crate::world::World;

/// Where the platform keeps the code while it builds it.
const SOURCE: &str = "/opt/render/project/src";

/// A person with a key, a workspace, and a service linked to a repository that the GitHub stand-in has already.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Seed {
    /// Login of the person; made if missing.
    pub login: String,
    /// The person's full name.
    pub name: String,
    /// Workspace; made if missing.
    pub account: String,
    /// The workspace's plan.
    pub plan: Plan,
    /// `owner/name` of the repository.
    pub repository: String,
    /// Name of the service; the repository's without it. One that the workspace has is used again.
    pub project: Option<String>,
    /// The branch that it deploys; the repository's default branch without it.
    pub branch: Option<String>,
    /// Settings of the service, such as `buildCommand`.
    pub settings: Settings,
}

impl Default for Seed {
    fn default() -> Self {
        Seed {
            login: "octo-dev".to_owned(),
            name: "Octo Dev".to_owned(),
            account: "acme".to_owned(),
            plan: Plan::default(),
            repository: "acme/shop-web".to_owned(),
            project: None,
            branch: None,
            settings: Settings::default(),
        }
    }
}

/// What came of a [`Seed`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Seeded {
    /// A key of the person.
    pub token: String,
    /// `tea-…`.
    pub account_id: String,
    /// `srv-…`.
    pub project_id: String,
    /// The service's name.
    pub project_name: String,
}

/// Makes what the seed says; what exists is used again.
///
/// # Errors
/// The repository is unknown.
pub fn seed(world: &Arc<World>, seed: Seed) -> anyhow::Result<Seeded> {
    let token = person(world, &seed)?;
    let known = world.state().render.owner(&seed.account).map(|owner| owner.id.clone());
    let account_id = match known {
        Some(id) => id,
        None => {
            let admins = vec![seed.login.clone()];
            let new = NewOwner { name: seed.account.clone(), plan: seed.plan, admins, ..NewOwner::default() };
            actions::add_owner(world, new)?.id
        }
    };
    let name = seed.repository.rsplit('/').next().unwrap_or_default();
    let name = seed.project.unwrap_or_else(|| name.to_owned());
    let known = {
        let state = world.state();
        let mut services = state.render.services.iter();
        services.find(|service| service.owner_id == account_id && service.name == name).cloned()
    };
    let service = match known {
        Some(service) => service,
        None => actions::add_project(
            world,
            NewProject {
                name,
                owner: account_id.clone(),
                repository: Some(seed.repository),
                branch: seed.branch,
                settings: seed.settings,
                ..NewProject::default()
            },
        )?,
    };
    Ok(Seeded { token, account_id, project_id: service.id, project_name: service.name })
}

fn person(world: &World, seed: &Seed) -> anyhow::Result<String> {
    let (known, token) = {
        let render = &world.state().render;
        let token = render.tokens.iter().find(|token| token.login == seed.login && token.works());
        let known = render.users.iter().any(|user| user.login == seed.login);
        (known, token.map(|token| token.value.clone()))
    };
    if let Some(token) = token {
        return Ok(token);
    }
    let login = seed.login.clone();
    if !known {
        actions::add_user(
            world,
            NewUser { login: login.clone(), email: None, name: Some(seed.name.clone()) },
        );
    }
    actions::add_token(world, NewToken { login, ..NewToken::default() })
}

/// Makes a deploy and, if wanted, tells the webhooks; waits for their answers.
///
/// # Errors
/// As [`actions::add_deployment`].
pub async fn deploy(
    world: &Arc<World>,
    new: NewDeployment,
    deliver: bool,
) -> anyhow::Result<(Deploy, Vec<Delivery>)> {
    let deploy = actions::add_deployment(world, new).await?;
    let deliveries = if deliver { announce(world, &deploy.id).await } else { Vec::new() };
    Ok((deploy, deliveries))
}

/// A branch to build on the platform.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Build {
    /// Service, by id or name.
    pub project: String,
    /// Branch; the service's own without it.
    pub branch: Option<String>,
    /// Really installs and builds the branch's head and takes status and log from that.
    pub run: bool,
    /// Status when it is not really built: `live` (default), `build_failed`, `update_failed`, …
    pub state: Option<String>,
    /// Log of the build when it is not really built.
    pub log: String,
    /// Tells the webhooks.
    pub deliver: bool,
}

impl Default for Build {
    fn default() -> Self {
        let (project, log) = (String::new(), String::new());
        Build { project, branch: None, run: false, state: None, log, deliver: true }
    }
}

/// What came of a [`Build`].
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Built {
    /// `dep-…`.
    pub deployment_id: String,
    /// What the webhooks answered.
    pub deliveries: Vec<Delivery>,
    /// Exit code of the build command when it was really run.
    pub exit_code: Option<i32>,
}

/// Builds a branch as the platform does after a push, and tells the webhooks the result.
///
/// # Errors
/// The service or the branch is unknown.
pub async fn build(world: &Arc<World>, build: Build) -> anyhow::Result<Built> {
    let mut new = NewDeployment {
        project: build.project,
        branch: build.branch,
        status: Some(build.state.unwrap_or_else(|| "live".to_owned())),
        log: build.log,
        created_at: Some(now_ms()),
        ..NewDeployment::default()
    };
    let mut exit_code = None;
    if build.run {
        let (code, log) = run(world, &new.project, new.branch.as_deref()).await?;
        let live = code == Some(0);
        new.status = Some(if live { "live" } else { "build_failed" }.to_owned());
        new.log = log;
        if live {
            new.app_log = "==> Running 'npm start'\n==> Your service is live 🎉\n".to_owned();
        }
        exit_code = code;
    }
    let (deploy, deliveries) = deploy(world, new, build.deliver).await?;
    Ok(Built { deployment_id: deploy.id, deliveries, exit_code })
}

/// Clones the branch's head and runs the service's build command there. Exit code and log.
async fn run(world: &World, project: &str, branch: Option<&str>) -> anyhow::Result<(Option<i32>, String)> {
    let service = world.state().render.service(project).cloned();
    let service = service.with_context(|| format!("no service {project}"))?;
    let repository = service.github().context("no repository")?;
    let branch = branch.or(service.branch.as_deref()).unwrap_or("main");
    let checkout = Checkout::new(world, repository, branch, &service.settings.root_dir).await?;
    let command = service.build_command();
    let mut log = format!(
        "==> Cloning from https://github.com/{repository}\n\
         ==> Checking out commit {} in branch {branch}\n\
         ==> Using Node.js version {} (default)\n\
         ==> Docs on specifying a Node.js version: https://render.com/docs/node-version\n\
         ==> Running build command '{command}'...\n",
        checkout.sha,
        build::node_version().await?
    );
    let (code, output) = checkout.shell(command, "/opt/render").await?;
    log.push_str(&output.replace("/opt/render/path0", SOURCE));
    if !log.ends_with('\n') {
        log.push('\n');
    }
    log.push_str(if code == Some(0) {
        "==> Uploading build...\n==> Uploaded in 3.2s. Compression took 0.8s\n==> Build successful 🎉\n\
         ==> Deploying...\n"
    } else {
        "==> Build failed 😞\n==> Common ways to troubleshoot your deploy: \
         https://render.com/docs/troubleshooting-deploys\n"
    });
    Ok((code, log))
}
