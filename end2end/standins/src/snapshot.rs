//! Everything there is to see, as JSON.

use std::path::Path;

use serde_json::{Value, json};

use crate::git;
use crate::record::{Server, authorizations, creates};
use crate::world::World;

/// A JSON object.
pub type Snapshot = Value;

/// The whole state: users, tokens, projects, deployments (with the number of log lines in place of
/// the log), webhooks with secrets, deliveries with answers, repositories with pull requests, pushes,
/// counts of create calls, model requests, `Authorization` headers seen.
#[must_use]
pub fn take(world: &World) -> Snapshot {
    let state = world.state();
    let (vercel, github, model) = (&state.vercel, &state.github, &state.model);
    let deployments: Vec<Value> = vercel
        .deployments
        .iter()
        .map(|deployment| {
            let mut shown = json!(deployment);
            shown["log"] = json!(deployment.log.len());
            shown
        })
        .collect();
    json!({
        "vercel": {
            "users": vercel.users, "teams": vercel.teams, "tokens": vercel.tokens, "projects": vercel.projects,
            "deployments": deployments, "webhooks": vercel.webhooks, "deliveries": vercel.deliveries,
            "deliveryMode": vercel.delivery_mode,
            "sandboxes": vercel.sandboxes.seen(), "removedSandboxes": vercel.sandboxes.removed(),
            "authorizations": authorizations(&state.requests, Server::Vercel),
        },
        "cloudflare": state.cloudflare, "render": state.render,
        "github": {
            "users": github.users, "tokens": github.tokens, "repositories": github.repositories,
            "deliveries": github.deliveries, "pushes": github.pushes,
            "authorizations": authorizations(&state.requests, Server::Github),
        },
        "model": {
            "mode": model.mode, "requestCount": model.requests.len(), "requests": model.requests,
            "authorizations": authorizations(&state.requests, Server::Model),
        },
        "creates": creates(&state.requests),
        "faults": state.faults,
        "requests": state.requests,
    })
}

/// A branch: head, newest commits, and its text files.
///
/// # Errors
/// No such branch.
pub async fn branch(world: &World, repository: &str, branch: &str) -> anyhow::Result<Snapshot> {
    let bare = world.bare(repository);
    let revision = format!("refs/heads/{branch}");
    let commits = git::commits(&bare, &revision).await?;
    let files = files(&bare, &revision).await?;
    Ok(json!({"head": commits.first().map(|commit| &commit.sha), "commits": commits, "files": files}))
}

async fn files(bare: &Path, revision: &str) -> anyhow::Result<Value> {
    let mut files = serde_json::Map::new();
    for path in git::list_files(bare, revision).await? {
        let text = git::read_file(bare, revision, &path).await?;
        files.insert(path, Value::String(text));
    }
    Ok(Value::Object(files))
}
