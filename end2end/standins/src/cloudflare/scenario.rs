//! Several actions as one: a project on a repository that exists, and a push that the platform builds.

use std::sync::Arc;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::actions::{
    NewAccount, NewProject, NewToken, NewUser, NewWorker, add_account, add_project, add_token, add_user,
    add_worker,
};
use super::builds::{NewDeployment, add_deployment};
use super::deliveries::announce;
use super::state::Worker;
use crate::build::{self, Checkout};
use crate::webhook::Delivery;
use crate::world::World;

/// A person, an account, and a project of it on a repository of the GitHub stand-in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Seed {
    /// Name of the person; made if missing.
    pub login: String,
    /// Name of the account; made if missing.
    pub account: String,
    /// The account's plan has webhooks, if it is made.
    pub webhooks_allowed: bool,
    /// `owner/name` of a repository that exists.
    pub repository: String,
    /// Name of the project; the repository's without it.
    pub project: Option<String>,
    /// A Worker in place of a Pages project.
    pub worker: bool,
    /// `build_command`, `destination_dir`, `root_dir`; of a Worker only `build_command` and `root_dir`.
    pub settings: Map<String, Value>,
}

impl Default for Seed {
    fn default() -> Self {
        Seed {
            login: "octo-dev".to_owned(),
            account: "Acme".to_owned(),
            webhooks_allowed: true,
            repository: "acme/shop-web".to_owned(),
            project: None,
            worker: false,
            settings: Map::new(),
        }
    }
}

/// What came of a [`Seed`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Seeded {
    /// A token of the person that may do everything.
    pub token: String,
    /// The account's id.
    pub account_id: String,
    /// A Pages project's uuid, or a Worker's tag.
    pub project_id: String,
    /// Its name.
    pub project_name: String,
}

/// Makes what the seed says; people, tokens, accounts and projects that exist are used again.
///
/// # Errors
/// There is no such repository.
pub fn seed(world: &World, seed: Seed) -> anyhow::Result<Seeded> {
    let (user, account) = {
        let state = world.state();
        let cloudflare = &state.cloudflare;
        let user = cloudflare.users.iter().find(|user| user.login == seed.login).cloned();
        (user, cloudflare.accounts.iter().find(|account| account.name == seed.account).cloned())
    };
    let user =
        user.unwrap_or_else(|| add_user(world, NewUser { login: seed.login.clone(), ..NewUser::default() }));
    let account_id = match account {
        Some(account) => account.id,
        None => {
            let members = vec![user.id.clone()];
            let webhooks_allowed = seed.webhooks_allowed;
            add_account(world, NewAccount { name: seed.account.clone(), members, webhooks_allowed })?.id
        }
    };
    let known =
        world.state().cloudflare.tokens.iter().find(|it| it.user_id.as_ref() == Some(&user.id)).cloned();
    let token = match known {
        Some(token) => token.value,
        None => add_token(world, NewToken { user: Some(user.id), ..NewToken::default() })?,
    };
    let name = seed.project.clone();
    let name = name.or_else(|| seed.repository.split('/').nth(1).map(str::to_owned)).unwrap_or_default();
    let known = {
        let state = world.state();
        let project =
            state.cloudflare.projects.iter().find(|it| it.name == name && it.account_id == account_id);
        let worker =
            state.cloudflare.workers.iter().find(|it| it.name == name && it.account_id == account_id);
        if seed.worker { worker.map(|it| it.tag.clone()) } else { project.map(|it| it.id.clone()) }
    };
    let project_id = match known {
        Some(id) => id,
        None => make(world, &seed, &account_id, &name)?,
    };
    Ok(Seeded { token, account_id, project_id, project_name: name })
}

fn make(world: &World, seed: &Seed, account_id: &str, name: &str) -> anyhow::Result<String> {
    let repository = Some(seed.repository.clone());
    let (name, account) = (name.to_owned(), account_id.to_owned());
    if !seed.worker {
        let settings = seed.settings.clone();
        return Ok(add_project(world, NewProject { name, account, repository, source: None, settings })?.id);
    }
    let setting = |key: &str| seed.settings.get(key).and_then(Value::as_str).map(str::to_owned);
    let new = NewWorker {
        name,
        account,
        repository,
        build_command: setting("build_command"),
        root_directory: setting("root_dir").unwrap_or_default(),
    };
    Ok(add_worker(world, new)?.tag)
}

/// A branch to build on the platform.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Build {
    /// A Pages project's id or name, or a Worker's tag or name.
    pub project: String,
    /// Branch; the production branch without it.
    pub branch: Option<String>,
    /// Really installs and builds the branch's head and takes outcome and log from that.
    pub run: bool,
    /// When it is not really built: `success` (default) or `failure`.
    pub state: Option<String>,
    /// Log when it is not really built.
    pub log: String,
    /// Tells the webhooks, for Pages.
    pub deliver: bool,
}

impl Default for Build {
    fn default() -> Self {
        Build {
            project: String::new(),
            branch: None,
            run: false,
            state: None,
            log: String::new(),
            deliver: true,
        }
    }
}

/// What came of a [`Build`].
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Built {
    /// Id of the deployment or the build.
    pub deployment_id: String,
    /// What the webhooks answered.
    pub deliveries: Vec<Delivery>,
    /// Exit code of the command that decided, when it was really run.
    pub exit_code: Option<i32>,
}

/// Builds a branch as the platform does after a push, and tells the webhooks the result.
///
/// # Errors
/// The project or branch is unknown.
pub async fn build(world: &Arc<World>, build: Build) -> anyhow::Result<Built> {
    let plan = plan(world, &build)?;
    let (succeeded, log, exit_code) = if build.run {
        let (exit_code, log) = plan.run(world).await?;
        (exit_code == Some(0), log, exit_code)
    } else {
        (build.state.as_deref() != Some("failure"), build.log, None)
    };
    let (stage, status) = match (plan.is_worker, succeeded) {
        (true, true) => ("stopped", "success"),
        (true, false) => ("stopped", "fail"),
        (false, true) => ("deploy", "success"),
        (false, false) => ("build", "failure"),
    };
    let new = NewDeployment {
        project: build.project,
        branch: Some(plan.branch),
        stage: Some(stage.to_owned()),
        status: Some(status.to_owned()),
        log,
        ..NewDeployment::default()
    };
    let deployment_id = add_deployment(world, new).await?;
    let deliveries = if build.deliver { announce(world, &deployment_id).await } else { Vec::new() };
    Ok(Built { deployment_id, deliveries, exit_code })
}

/// What is built, and how.
struct Plan {
    repository: String,
    branch: String,
    root: String,
    command: String,
    is_worker: bool,
}

fn plan(world: &World, build: &Build) -> anyhow::Result<Plan> {
    let state = world.state();
    if let Some(worker) = state.cloudflare.worker(&build.project) {
        return plan_worker(worker, build.branch.clone());
    }
    let project = state.cloudflare.project(&build.project);
    let project = project.with_context(|| format!("no project {}", build.project))?;
    let config = project.source.as_ref().map(|source| &source["config"]).context("no repository")?;
    let text = |key: &str| config[key].as_str().unwrap_or_default();
    let setting = |key: &str| project.build_config.get(key).and_then(Value::as_str);
    Ok(Plan {
        repository: format!("{}/{}", text("owner"), text("repo_name")),
        branch: build.branch.clone().unwrap_or_else(|| project.production_branch.clone()),
        root: setting("root_dir").unwrap_or_default().trim_start_matches('/').to_owned(),
        command: setting("build_command").unwrap_or("npm run build").to_owned(),
        is_worker: false,
    })
}

fn plan_worker(worker: &Worker, branch: Option<String>) -> anyhow::Result<Plan> {
    let production = worker.triggers.iter().find(|it| it.branch_includes.iter().all(|branch| branch != "*"));
    let trigger = production.context("no repository")?;
    Ok(Plan {
        repository: trigger.repository.clone(),
        branch: branch.or_else(|| trigger.branch_includes.first().cloned()).unwrap_or_default(),
        root: trigger.root_directory.trim_start_matches('/').to_owned(),
        command: trigger.build_command.clone(),
        is_worker: true,
    })
}

impl Plan {
    /// Installs and builds the branch's head. Exit code of the command that decided, and the log around its output.
    async fn run(&self, world: &World) -> anyhow::Result<(Option<i32>, String)> {
        let checkout = Checkout::new(world, &self.repository, &self.branch, &self.root).await?;
        let install = match checkout.install_command() {
            "npm ci" => "npm clean-install --progress=false",
            _ => "npm install --progress=false",
        };
        let (step, tools) = if self.is_worker {
            (
                "build command",
                "Initializing build environment...\nSuccess: Finished initializing build environment\n",
            )
        } else {
            ("user command", "")
        };
        let sha = &checkout.sha;
        let mut log = format!(
            "{tools}Cloning repository...\nFrom https://github.com/{}\n * branch            {sha} -> FETCH_HEAD\n\n\
             HEAD is now at {}\n\nSuccess: Finished cloning repository files\n\
             Detected the following tools from environment: npm@10.9.2, nodejs@{}\n\
             Installing project dependencies: {install}\n",
            self.repository,
            &sha[..7],
            build::node_version().await?,
        );
        let (code, output) = checkout.shell(install, "/opt/buildhome").await?;
        log.push_str(&output);
        if code != Some(0) {
            log.push_str("Error: Exit with error code: 1\nFailed: build command exited with code: 1\n");
            log.push_str("Failed: error occurred while installing tools or dependencies\n");
            return Ok((code, log));
        }
        log.push_str(&format!("Executing user {}: {}\n", step.trim_start_matches("user "), self.command));
        let (code, output) = checkout.shell(&self.command, "/opt/buildhome").await?;
        log.push_str(&output);
        let shown = code.unwrap_or(1);
        log.push_str(&match (code, self.is_worker) {
            (Some(0), true) => "Success: Build command completed\nSuccess: Deploy command completed\n".to_owned(),
            (Some(0), false) => "Finished\nValidating asset output directory\nDeploying your site to Cloudflare's global network...\nSuccess: Your site was deployed!\n".to_owned(),
            (_, true) => "Failed: error occurred while running build command\n".to_owned(),
            (_, false) => format!(
                "Failed: Error while executing user command. Exited with error code: {shown}\n\
                 Failed: build command exited with code: {shown}\nFailed: error occurred while running build command\n"
            ),
        });
        Ok((code, log))
    }
}
