//! Builds a branch for real, in a folder of its own; [`run`] with the log lines that Vercel writes around it.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use anyhow::Context;
use serde_json::Value;
use tokio::process::Command;

use crate::git;
use crate::world::World;

/// What a build may see of this process's environment: where programs are, and how to reach a registry.
const KEPT: [&str; 10] = [
    "PATH",
    "HOME",
    "LANG",
    "TMPDIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "npm_config_registry",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
];

/// What a build came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Exit code of the command that decided: the install's if it failed, else the build's.
    pub exit_code: Option<i32>,
    /// The build log.
    pub log: String,
}

/// A branch's head in a folder of its own, to be built there.
#[derive(Debug)]
pub struct Checkout {
    scratch: tempfile::TempDir,
    /// The project's folder in it.
    pub folder: PathBuf,
    /// The commit.
    pub sha: String,
}

impl Checkout {
    /// Clones the branch's head.
    ///
    /// # Errors
    /// The repository or the branch is unknown.
    pub async fn new(world: &World, repository: &str, branch: &str, root: &str) -> anyhow::Result<Checkout> {
        let bare = world.bare(repository);
        let sha = git::resolve(&bare, &format!("refs/heads/{branch}"))
            .await
            .with_context(|| format!("no branch {branch}"))?;
        let scratch = tempfile::tempdir()?;
        let folder = git::export(&bare, &sha, &scratch.path().join("path0")).await?.join(root);
        Ok(Checkout { scratch, folder, sha })
    }

    /// What installs the packages when the project says nothing else.
    #[must_use]
    pub fn install_command(&self) -> &'static str {
        if self.folder.join("package-lock.json").is_file() { "npm ci" } else { "npm install" }
    }

    /// Runs a shell command in the project's folder. In its output the platform's own folder stands in for ours.
    ///
    /// # Errors
    /// The shell cannot be started.
    pub async fn shell(&self, command: &str, shown_as: &str) -> anyhow::Result<(Option<i32>, String)> {
        let (code, output) = shell(&self.folder, command).await?;
        Ok((code, output.replace(&self.scratch.path().display().to_string(), shown_as)))
    }
}

/// Clones the branch's head, installs and builds it with the project's own commands, as Vercel does.
///
/// # Errors
/// The project has no repository, the branch is unknown, or npm cannot be started.
pub async fn run(world: &Arc<World>, project: &str, branch: Option<&str>) -> anyhow::Result<Outcome> {
    let project =
        world.state().vercel.project(project).cloned().with_context(|| format!("no project {project}"))?;
    let text = |key: &str| project.link.as_ref()?.get(key)?.as_str().map(str::to_owned);
    let repository =
        text("org").zip(text("repo")).map(|(org, repo)| format!("{org}/{repo}")).context("no repository")?;
    let branch =
        branch.map(str::to_owned).or_else(|| text("productionBranch")).unwrap_or_else(|| "main".to_owned());
    let setting = |key: &str| project.settings.get(key).and_then(Value::as_str).map(str::to_owned);
    let root = setting("rootDirectory").unwrap_or_default();
    let checkout = Checkout::new(world, &repository, &branch, &root).await?;
    let sha = &checkout.sha;
    let install = setting("installCommand").unwrap_or_else(|| checkout.install_command().to_owned());
    let build = setting("buildCommand").unwrap_or_else(|| "npm run build".to_owned());
    let mut log = format!(
        "Running build in Washington, D.C., USA (East) – iad1\nBuild machine configuration: 2 cores, 8 GB\n\
         Cloning github.com/{repository} (Branch: {branch}, Commit: {})\nCloning completed: 312.000ms\n\
         Running \"vercel build\"\nVercel CLI 48.10.2\nRunning \"install\" command: `{install}`...\n",
        &sha[..7]
    );
    let (code, output) = checkout.shell(&install, "/vercel").await?;
    log.push_str(&output);
    if code != Some(0) {
        log.push_str(&format!("Error: Command \"{install}\" exited with {}\n", code.unwrap_or(1)));
        return Ok(Outcome { exit_code: code, log });
    }
    log.push_str(&format!("Running \"{build}\"\n"));
    let (code, output) = checkout.shell(&build, "/vercel").await?;
    log.push_str(&output);
    match code {
        Some(0) => log
            .push_str("Build Completed in /vercel/output [2s]\nDeploying outputs...\nDeployment completed\n"),
        code => log.push_str(&format!("Error: Command \"{build}\" exited with {}\n", code.unwrap_or(1))),
    }
    Ok(Outcome { exit_code: code, log })
}

/// The version of the Node.js that builds here, such as `22.16.0`.
///
/// # Errors
/// The shell cannot be started.
pub async fn node_version() -> anyhow::Result<String> {
    let (_, output) = shell(std::path::Path::new("/"), "node --version").await?;
    Ok(output.trim().trim_start_matches('v').to_owned())
}

/// Runs a shell command in a folder, with both streams together. Exit code (none after a signal) and output.
///
/// # Errors
/// The shell cannot be started.
pub async fn shell(folder: &std::path::Path, command: &str) -> anyhow::Result<(Option<i32>, String)> {
    let output = Command::new("sh")
        .args(["-c", &format!("({command}) 2>&1")])
        .current_dir(folder)
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(|name| KEPT.contains(&name))))
        .env("CI", "1")
        .env("VERCEL", "1")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .with_context(|| format!("{command} could not be started"))?;
    Ok((output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned()))
}
