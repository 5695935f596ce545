//! Several actions as one: a seeded world, a push that the platform builds, a delivery sent again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::build;
use crate::cloudflare;
use crate::git::Author;
use crate::github::actions as github;
use crate::github::state::Permission;
use crate::record::Server;
use crate::render;
use crate::vercel::actions as vercel;
use crate::vercel::deliveries::announce;
use crate::vercel::state::{Deployment, Plan};
use crate::webhook::{self, Attempt, Delivery};
use crate::world::World;

/// A user at both platforms, a team, a repository made from a folder, and a project linked to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Seed {
    /// Name of the person at both platforms; made if missing.
    pub login: String,
    /// The person's full name.
    pub name: String,
    /// Team at Vercel; made if missing.
    pub team: String,
    /// The team's plan.
    pub plan: Plan,
    /// `owner/name` of the repository.
    pub repository: String,
    /// Private repository.
    pub private: bool,
    /// Folder with its files.
    pub folder: Option<PathBuf>,
    /// Files in place of a folder.
    pub files: BTreeMap<String, Option<String>>,
    /// Author of its first commit.
    pub author: Author,
    /// Name of the project at Vercel; the repository's without it.
    pub project: Option<String>,
    /// Settings of the project, such as `buildCommand`.
    pub settings: Map<String, Value>,
}

impl Default for Seed {
    fn default() -> Self {
        Seed {
            login: "octo-dev".to_owned(),
            name: "Octo Dev".to_owned(),
            team: "acme".to_owned(),
            plan: Plan::Pro,
            repository: "acme/shop-web".to_owned(),
            private: true,
            folder: None,
            files: BTreeMap::new(),
            author: Author::default(),
            project: None,
            settings: Map::new(),
        }
    }
}

/// What came of a [`Seed`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Seeded {
    /// A Vercel token of the person.
    pub vercel_token: String,
    /// A classic GitHub token of the person with scope `repo`.
    pub github_token: String,
    /// `team_…`.
    pub team_id: String,
    /// `prj_…`.
    pub project_id: String,
    /// `owner/name`.
    pub repository: String,
    /// First commit.
    pub sha: String,
    /// The bare repository's folder.
    pub bare: PathBuf,
}

/// Makes what the seed says; people, tokens and teams that exist are used again.
///
/// # Errors
/// The repository exists or git fails.
pub async fn seed(world: &Arc<World>, seed: Seed) -> anyhow::Result<Seeded> {
    let vercel_token = vercel_person(world, &seed)?;
    let github_token = github_person(world, &seed)?;
    let known =
        world.state().vercel.teams.iter().find(|team| team.slug == seed.team).map(|team| team.id.clone());
    let team_id = match known {
        Some(id) => id,
        None => {
            let new = vercel::NewTeam {
                slug: seed.team.clone(),
                plan: seed.plan,
                members: vec![seed.login.clone()],
            };
            vercel::add_team(world, new)?.id
        }
    };
    let (repository, sha) = github::add_repository(
        world,
        github::NewRepository {
            full_name: seed.repository.clone(),
            private: seed.private,
            collaborators: BTreeMap::from([(seed.login.clone(), Permission::Admin)]),
            folder: seed.folder,
            files: seed.files,
            author: seed.author,
            ..Default::default()
        },
    )
    .await?;
    let project = vercel::add_project(
        world,
        vercel::NewProject {
            name: seed.project.unwrap_or_else(|| repository.name.clone()),
            team: Some(team_id.clone()),
            repository: Some(seed.repository.clone()),
            settings: seed.settings,
            ..Default::default()
        },
    )?;
    let bare = world.bare(&seed.repository);
    Ok(Seeded {
        vercel_token,
        github_token,
        team_id,
        project_id: project.id,
        repository: seed.repository,
        sha,
        bare,
    })
}

fn vercel_person(world: &World, seed: &Seed) -> anyhow::Result<String> {
    let token = {
        let state = world.state();
        let user = state.vercel.users.iter().find(|user| user.username == seed.login);
        user.map(|user| {
            state.vercel.tokens.iter().find(|token| token.user_id == user.id).map(|t| t.value.clone())
        })
    };
    match token {
        Some(Some(token)) => return Ok(token),
        Some(None) => {}
        None => {
            let name = Some(seed.name.clone());
            vercel::add_user(world, vercel::NewUser { username: seed.login.clone(), email: None, name });
        }
    }
    vercel::add_token(world, vercel::NewToken { user: seed.login.clone(), ..Default::default() })
}

fn github_person(world: &World, seed: &Seed) -> anyhow::Result<String> {
    let token = {
        let state = world.state();
        let user = state.github.user(&seed.login);
        user.map(|user| {
            state.github.tokens.iter().find(|token| token.login == user.login).map(|t| t.value.clone())
        })
    };
    match token {
        Some(Some(token)) => return Ok(token),
        Some(None) => {}
        None => {
            let new = github::NewUser {
                login: seed.login.clone(),
                name: Some(seed.name.clone()),
                email: None,
                public_email: true,
            };
            github::add_user(world, new);
        }
    }
    let new =
        github::NewToken { login: seed.login.clone(), scopes: Some("repo".to_owned()), ..Default::default() };
    github::add_token(world, new)
}

/// Makes a deployment and, if wanted, tells the webhooks; waits for their answers.
///
/// # Errors
/// As [`vercel::add_deployment`].
pub async fn deploy(
    world: &Arc<World>,
    new: vercel::NewDeployment,
    deliver: bool,
) -> anyhow::Result<(Deployment, Vec<Delivery>)> {
    let deployment = vercel::add_deployment(world, new).await?;
    let deliveries = if deliver { announce(world, &deployment.id, None).await } else { Vec::new() };
    Ok((deployment, deliveries))
}

/// A branch to build on the platform.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Build {
    /// Project id or name.
    pub project: String,
    /// Branch; the production branch without it.
    pub branch: Option<String>,
    /// Really installs and builds the branch's head and takes state and log from that.
    pub run: bool,
    /// State when it is not really built: `READY` (default) or `ERROR`.
    pub state: Option<String>,
    /// Log when it is not really built.
    pub log: String,
    /// Tells the webhooks.
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
    /// The deployment at its end.
    pub deployment: Deployment,
    /// What the webhooks answered.
    pub deliveries: Vec<Delivery>,
    /// Exit code of the build command when it was really run.
    pub exit_code: Option<i32>,
}

/// Builds a branch as the platform does after a push, and tells the webhooks the result.
///
/// # Errors
/// The project or branch is unknown.
pub async fn build(world: &Arc<World>, build: Build) -> anyhow::Result<Built> {
    let (state, log, exit_code) = if build.run {
        let outcome = build::run(world, &build.project, build.branch.as_deref()).await?;
        let state = if outcome.exit_code == Some(0) { "READY" } else { "ERROR" };
        (state.to_owned(), outcome.log, outcome.exit_code)
    } else {
        (build.state.unwrap_or_else(|| "READY".to_owned()), build.log, None)
    };
    let new = vercel::NewDeployment {
        project: build.project,
        branch: build.branch,
        state: Some(state),
        log,
        ..Default::default()
    };
    let (deployment, deliveries) = deploy(world, new, build.deliver).await?;
    Ok(Built { deployment, deliveries, exit_code })
}

/// A delivery to send (again).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Redelivery {
    /// Its id; the newest one without it.
    pub delivery: Option<String>,
    /// Makes a new delivery about this deployment (Vercel only) in place of repeating one.
    pub deployment: Option<String>,
    /// Event of the new delivery; by the deployment's state without it.
    pub event: Option<String>,
    /// How many times, all at once; 1 without it.
    pub times: Option<usize>,
    /// Signs with another secret.
    pub forged: bool,
    /// Leaves the signature out.
    pub unsigned: bool,
    /// Sends this body in place of its own, properly signed.
    pub body: Option<String>,
}

/// Sends a delivery as often as wanted, all at once, and returns the answers. Nothing is retried.
///
/// # Errors
/// No such delivery, or no webhook covers the deployment.
pub async fn redeliver(
    world: &Arc<World>,
    server: Server,
    wanted: Redelivery,
) -> anyhow::Result<Vec<Attempt>> {
    let mut delivery = find(world, server, &wanted)?;
    if let Some(body) = wanted.body {
        delivery.body = body;
    }
    let secret = if wanted.forged { "not-the-secret".to_owned() } else { secret_of(world, &delivery)? };
    sign(&mut delivery, &secret);
    if wanted.unsigned {
        delivery.headers.retain(|(name, _)| !name.contains("signature") && !name.contains("auth"));
    }
    let posts = (0..wanted.times.unwrap_or(1)).map(|_| webhook::post(world, &delivery));
    let attempts = futures::future::join_all(posts).await;
    delivery.dropped = false;
    delivery.attempts.clone_from(&attempts);
    webhook::list_of(&mut world.state(), server).push(delivery);
    Ok(attempts)
}

fn sign(delivery: &mut Delivery, secret: &str) {
    match delivery.server {
        Server::Cloudflare => return cloudflare::deliveries::sign(delivery, secret),
        Server::Render => return render::deliveries::sign(delivery, secret),
        Server::Vercel | Server::Github | Server::Model => {}
    }
    for (name, value) in &mut delivery.headers {
        match name.as_str() {
            "x-vercel-signature" => *value = webhook::sha1_hex(secret, delivery.body.as_bytes()),
            "x-hub-signature-256" => {
                *value = format!("sha256={}", webhook::sha256_hex(secret, delivery.body.as_bytes()));
            }
            _ => {}
        }
    }
}

fn find(world: &World, server: Server, wanted: &Redelivery) -> anyhow::Result<Delivery> {
    let mut state = world.state();
    if let Some(id) = &wanted.deployment {
        let deployment = state.vercel.deployment(id).with_context(|| format!("no deployment {id}"))?;
        let event =
            wanted.event.as_deref().unwrap_or_else(|| crate::vercel::deliveries::event_of(&deployment.state));
        let mode = crate::vercel::state::DeliveryMode::Send;
        let mut made = crate::vercel::deliveries::prepare(&state.vercel, deployment, event, mode);
        anyhow::ensure!(!made.is_empty(), "no webhook covers {event} of {id}");
        return Ok(made.swap_remove(0));
    }
    let list = webhook::list_of(&mut state, server);
    let found = match &wanted.delivery {
        Some(id) => list.iter().rev().find(|delivery| delivery.id == *id),
        None => list.last(),
    };
    let mut found = found.cloned().context("no such delivery")?;
    found.attempts.clear();
    Ok(found)
}

fn secret_of(world: &World, delivery: &Delivery) -> anyhow::Result<String> {
    let state = world.state();
    match delivery.server {
        Server::Cloudflare => {
            return cloudflare::deliveries::secret_of(&state.cloudflare, &delivery.webhook_id)
                .context("the webhook is gone");
        }
        Server::Render => {
            return render::deliveries::secret_of(&state.render, &delivery.webhook_id)
                .context("the webhook is gone");
        }
        Server::Vercel | Server::Github | Server::Model => {}
    }
    let vercel = state.vercel.webhooks.iter().find(|webhook| webhook.id == delivery.webhook_id);
    if let Some(webhook) = vercel {
        return Ok(webhook.secret.clone());
    }
    let mut hooks = state.github.repositories.iter().flat_map(|repository| &repository.hooks);
    let hook =
        hooks.find(|hook| hook.id.to_string() == delivery.webhook_id).context("the webhook is gone")?;
    Ok(hook.secret.clone().unwrap_or_default())
}
