//! What is built without an API call of the product: deployments of Pages projects and builds of Workers, as they are
//! after a push.

use std::sync::Arc;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::state::{Build, Commit, Deployment, LogLine};
use crate::git;
use crate::ids::{guid, now_ms, random};
use crate::world::World;

/// A deployment of a Pages project, or a build of a Worker, to add.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct NewDeployment {
    /// A Pages project's id or name, or a Worker's tag or name.
    pub project: String,
    /// Branch; the production branch without it.
    pub branch: Option<String>,
    /// Commit; without it the branch's head in the linked repository.
    pub sha: Option<String>,
    /// Pages: the newest stage; `build` without it. Workers: the status; `stopped` without it.
    pub stage: Option<String>,
    /// Pages: the stage's status; `failure` without it. Workers: the outcome; `fail` without it when it has stopped.
    pub status: Option<String>,
    /// Pages: not built at all.
    pub skipped: bool,
    /// Text of the build log.
    pub log: String,
    /// When it was made, in ms since 1970; now without it.
    pub created_at: Option<i64>,
}

/// What to change of a deployment or a build; what is not given stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Change {
    /// Pages: the newest stage. Workers: the status.
    pub stage: Option<String>,
    /// Pages: the stage's status. Workers: the outcome.
    pub status: Option<String>,
    /// Text to append to the log.
    pub log: String,
}

/// Adds a deployment of a commit and returns its id. Nobody is told.
///
/// # Errors
/// The project is unknown, or no commit was given and none can be found.
pub async fn add_deployment(world: &Arc<World>, new: NewDeployment) -> anyhow::Result<String> {
    let (project, worker) = {
        let state = world.state();
        (state.cloudflare.project(&new.project).cloned(), state.cloudflare.worker(&new.project).cloned())
    };
    let created_at = new.created_at.unwrap_or_else(now_ms);
    let log = log_lines(&new.log, created_at);
    let modified_at = log.last().map_or(created_at, |line| line.at);
    let id = guid();
    if let Some(project) = project {
        let branch = new.branch.unwrap_or_else(|| project.production_branch.clone());
        let config = project.source.as_ref().map(|source| &source["config"]);
        let text = |key: &str| config.and_then(|config| config[key].as_str());
        let repository = text("owner").zip(text("repo_name")).map(|(owner, name)| format!("{owner}/{name}"));
        let is_production = branch == project.production_branch;
        let deployment = Deployment {
            id: id.clone(),
            project_id: project.id,
            environment: if is_production { "production" } else { "preview" }.to_owned(),
            stage: new.stage.unwrap_or_else(|| "build".to_owned()),
            status: new.status.unwrap_or_else(|| "failure".to_owned()),
            is_skipped: new.skipped,
            commit: commit(world, repository.as_deref(), branch, new.sha).await?,
            log,
            created_at,
            modified_at,
        };
        world.state().cloudflare.deployments.push(deployment);
        return Ok(id);
    }
    let worker = worker.with_context(|| format!("no project {}", new.project))?;
    let main = worker.triggers.iter().flat_map(|it| &it.branch_includes).find(|branch| *branch != "*");
    let branch = new.branch.or_else(|| main.cloned()).context("the Worker has no trigger")?;
    let by_name = worker.triggers.iter().find(|it| it.branch_includes.contains(&branch));
    let trigger = by_name.or_else(|| worker.triggers.first()).context("the Worker has no trigger")?;
    let status = new.stage.unwrap_or_else(|| "stopped".to_owned());
    let build = Build {
        uuid: id.clone(),
        tag: worker.tag.clone(),
        trigger: trigger.uuid.clone(),
        outcome: new.status.or_else(|| (status == "stopped").then(|| "fail".to_owned())),
        status,
        source: "push".to_owned(),
        commit: commit(world, Some(&trigger.repository), branch, new.sha).await?,
        log,
        created_at,
        modified_at,
    };
    world.state().cloudflare.builds.push(build);
    Ok(id)
}

/// Moves a deployment or a build on.
///
/// # Errors
/// No such deployment.
pub fn change_deployment(world: &World, id: &str, change: Change) -> anyhow::Result<()> {
    let now = now_ms();
    let lines = log_lines(&change.log, now);
    let mut state = world.state();
    let cloudflare = &mut state.cloudflare;
    if let Some(deployment) = cloudflare.deployments.iter_mut().find(|it| it.id == id) {
        deployment.stage = change.stage.unwrap_or_else(|| deployment.stage.clone());
        deployment.status = change.status.unwrap_or_else(|| deployment.status.clone());
        deployment.log.extend(lines);
        deployment.modified_at = now;
        return Ok(());
    }
    let build = cloudflare.builds.iter_mut().find(|build| build.uuid == id);
    let build = build.with_context(|| format!("no deployment {id}"))?;
    build.status = change.stage.unwrap_or_else(|| build.status.clone());
    build.outcome = change.status.or_else(|| build.outcome.clone());
    build.log.extend(lines);
    build.modified_at = now;
    Ok(())
}

/// The text as log lines, each a millisecond after the one before.
#[must_use]
pub fn log_lines(text: &str, start: i64) -> Vec<LogLine> {
    text.lines().zip(start..).map(|(line, at)| LogLine { at, text: line.to_owned() }).collect()
}

/// The commit, out of the linked repository where the GitHub stand-in has that.
async fn commit(
    world: &World,
    repository: Option<&str>,
    branch: String,
    sha: Option<String>,
) -> anyhow::Result<Commit> {
    let known = repository.filter(|name| world.state().github.repository(name).is_some());
    let Some(repository) = known else {
        return Ok(Commit {
            branch,
            sha: sha.unwrap_or_else(|| hex::encode(random(20))),
            ..Commit::default()
        });
    };
    let bare = world.bare(repository);
    let revision = sha.clone().unwrap_or_else(|| format!("refs/heads/{branch}"));
    let sha = git::resolve(&bare, &revision).await.or(sha).context("no such commit")?;
    let found = git::commits(&bare, &sha).await.ok().and_then(|list| list.into_iter().next());
    let (message, author) = found.map(|it| (it.message, it.author.name)).unwrap_or_default();
    Ok(Commit { branch, sha, message, author })
}
