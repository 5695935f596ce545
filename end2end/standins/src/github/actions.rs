//! What happens at GitHub without an API call of the product: people sign up, make repositories,
//! commit, merge. Used by the control API and by tests.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};

use super::state::{CheckRun, Permission, Repository, Status, Token, User};
use super::{deliveries, merge, pulls};
use crate::git::{self, Author};
use crate::ids::{now_ms, random};
use crate::world::World;

/// A person to add.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewUser {
    /// Unique name.
    pub login: String,
    /// Display name.
    #[serde(default)]
    pub name: Option<String>,
    /// Primary address; without it `LOGIN@example.com`.
    #[serde(default)]
    pub email: Option<String>,
    /// Shown in `/user`.
    #[serde(default)]
    pub public_email: bool,
}

/// A token to hand out.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct NewToken {
    /// Whose.
    pub login: String,
    /// Classic scopes such as `repo`; none makes it fine-grained.
    pub scopes: Option<String>,
    /// Its text; without it `ghp_` or `github_pat_` and random characters.
    pub value: Option<String>,
    /// May only read.
    pub read_only: bool,
    /// Only these repositories.
    pub repositories: Option<Vec<String>>,
}

/// A repository to make.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct NewRepository {
    /// `owner/name`.
    pub full_name: String,
    /// 404 for others.
    pub private: bool,
    /// Default branch; `main` without it.
    pub default_branch: Option<String>,
    /// Login to permission; the owner, if a known user, is an admin anyway.
    pub collaborators: BTreeMap<String, Permission>,
    /// Folder whose files are the first commit.
    pub folder: Option<PathBuf>,
    /// Files of the first commit when there is no folder.
    pub files: BTreeMap<String, Option<String>>,
    /// Author of the first commit.
    pub author: Author,
    /// Message of the first commit.
    pub message: Option<String>,
}

/// A commit to make.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct NewCommit {
    /// `owner/name`.
    pub repository: String,
    /// Branch; the default branch without it. A new one starts at `base`.
    pub branch: Option<String>,
    /// Where a new branch starts; the default branch without it.
    pub base: Option<String>,
    /// Path to text, or to null to delete.
    pub files: BTreeMap<String, Option<String>>,
    /// Folder to take as the next state in place of `files`.
    pub folder: Option<PathBuf>,
    /// Author.
    pub author: Author,
    /// Message.
    pub message: Option<String>,
}

/// A check to show on a commit.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewCheck {
    /// `owner/name`.
    pub repository: String,
    /// Commit.
    pub sha: String,
    /// Name of the check run, or the status's context.
    pub name: String,
    /// A conclusion (`success`, `failure`, …) makes a completed check run; without it one in progress.
    #[serde(default)]
    pub conclusion: Option<String>,
    /// Makes a commit status with this state in place of a check run.
    #[serde(default)]
    pub state: Option<String>,
}

/// Adds a person.
pub fn add_user(world: &World, new: NewUser) -> User {
    let mut state = world.state();
    let user = User {
        id: state.github.next_id(),
        email: new.email.unwrap_or_else(|| format!("{}@example.com", new.login)),
        login: new.login,
        name: new.name,
        public_email: new.public_email,
    };
    state.github.users.push(user.clone());
    user
}

/// Hands out a token and returns its text.
///
/// # Errors
/// No such user.
pub fn add_token(world: &World, new: NewToken) -> anyhow::Result<String> {
    let mut state = world.state();
    let login =
        state.github.user(&new.login).with_context(|| format!("no user {}", new.login))?.login.clone();
    let prefix = if new.scopes.is_some() { "ghp_" } else { "github_pat_" };
    let value = new.value.unwrap_or_else(|| format!("{prefix}{}", random(36)));
    let NewToken { scopes, read_only, repositories, .. } = new;
    state.github.tokens.push(Token { value: value.clone(), login, scopes, read_only, repositories });
    Ok(value)
}

/// Makes a token worthless. False if it was unknown.
pub fn revoke_token(world: &World, value: &str) -> bool {
    let tokens = &mut world.state().github.tokens;
    let before = tokens.len();
    tokens.retain(|token| token.value != value);
    tokens.len() < before
}

/// Makes a bare repository with a first commit and returns it with the commit's id (empty without
/// folder and files).
///
/// # Errors
/// It exists, or git fails.
pub async fn add_repository(world: &Arc<World>, new: NewRepository) -> anyhow::Result<(Repository, String)> {
    let (owner, name) = new.full_name.split_once('/').context("the full name needs an owner")?;
    let branch = new.default_branch.clone().unwrap_or_else(|| "main".to_owned());
    let bare = world.bare(&new.full_name);
    git::init_bare(&bare, &branch).await?;
    let message = new.message.as_deref().unwrap_or("Initial commit");
    let sha = if let Some(folder) = &new.folder {
        git::commit_folder(&bare, folder, &branch, &new.author, message).await?
    } else if new.files.is_empty() {
        String::new()
    } else {
        git::commit_files(&bare, &branch, None, &new.files, &new.author, message).await?
    };
    let mut state = world.state();
    let id = state.github.next_id();
    let owner_id = state.github.user(owner).map_or(id + 500_000, |user| user.id);
    let mut collaborators = new.collaborators;
    if state.github.user(owner).is_some() {
        collaborators.insert(owner.to_owned(), Permission::Admin);
    }
    let repository = Repository {
        id,
        owner: owner.to_owned(),
        owner_id,
        name: name.to_owned(),
        private: new.private,
        default_branch: branch,
        collaborators,
        pulls: Vec::new(),
        hooks: Vec::new(),
        statuses: Vec::new(),
        check_runs: Vec::new(),
        created_at: now_ms(),
    };
    state.github.repositories.push(repository.clone());
    Ok((repository, sha))
}

/// Commits and lets open pull requests of the branch follow. Returns the commit's id.
///
/// # Errors
/// The repository is unknown, or git fails.
pub async fn commit(world: &Arc<World>, new: NewCommit) -> anyhow::Result<String> {
    let repository = known(world, &new.repository)?;
    let branch = new.branch.unwrap_or_else(|| repository.default_branch.clone());
    let base = new.base.unwrap_or(repository.default_branch);
    let bare = world.bare(&new.repository);
    let message = new.message.as_deref().unwrap_or("Change files");
    let sha = match &new.folder {
        Some(folder) => git::commit_folder(&bare, folder, &branch, &new.author, message).await?,
        None => git::commit_files(&bare, &branch, Some(&base), &new.files, &new.author, message).await?,
    };
    let moved = pulls::follow_heads(world, &new.repository).await;
    deliveries::pull_events(world, &new.repository, &moved, "synchronize");
    Ok(sha)
}

/// Merges a pull request as `login` and returns the merge commit's id.
///
/// # Errors
/// It is not open, is a draft, or conflicts.
pub async fn merge_pull(
    world: &Arc<World>,
    repository: &str,
    number: u64,
    login: &str,
) -> anyhow::Result<String> {
    merge::carry_out(world, repository, number, login, false, None)
        .await
        .map_err(|error| anyhow!("{repository}#{number} cannot be merged: {error:?}"))
}

/// Closes a pull request without merging it.
///
/// # Errors
/// No such pull request.
pub fn close_pull(world: &Arc<World>, repository: &str, number: u64) -> anyhow::Result<()> {
    {
        let mut state = world.state();
        let pull = state.github.repository_mut(repository).and_then(|known| known.pull_mut(number));
        let pull = pull.with_context(|| format!("no pull request {repository}#{number}"))?;
        pull.open = false;
        pull.closed_at = Some(now_ms());
    }
    deliveries::pull_events(world, repository, &[number], "closed");
    Ok(())
}

/// Adds a check run or a commit status.
///
/// # Errors
/// No such repository.
pub fn add_check(world: &World, new: NewCheck) -> anyhow::Result<()> {
    let mut state = world.state();
    let id = state.github.next_id();
    let known =
        state.github.repository_mut(&new.repository).with_context(|| format!("no {}", new.repository))?;
    let created_at = now_ms();
    if let Some(status) = new.state {
        let status = Status {
            id,
            sha: new.sha,
            state: status,
            context: new.name,
            description: None,
            target_url: None,
            created_at,
        };
        known.statuses.push(status);
    } else {
        let status = if new.conclusion.is_some() { "completed" } else { "in_progress" }.to_owned();
        let run =
            CheckRun { id, sha: new.sha, name: new.name, status, conclusion: new.conclusion, created_at };
        known.check_runs.push(run);
    }
    Ok(())
}

/// A copy of what is known of a repository.
///
/// # Errors
/// No such repository.
pub fn known(world: &World, full_name: &str) -> anyhow::Result<Repository> {
    world.state().github.repository(full_name).cloned().with_context(|| format!("no repository {full_name}"))
}
