//! All stand-ins in this process, for tests: started on free ports, gone when dropped.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::control::{ModelSettings, apply_model};
use crate::faults::{Fault, Kind};
use crate::git::{self, Commit};
use crate::github::actions as github;
use crate::github::state::{OauthApp, Pull, Repository};
use crate::model::state::Mode;
use crate::record::{Creates, Server, creates};
use crate::scenario::{self, Build, Built, Redelivery, Seed, Seeded};
use crate::serve::Bound;
use crate::snapshot;
use crate::vercel::actions as vercel;
use crate::vercel::sandbox::actions as sandbox;
use crate::vercel::sandbox::state::Seen;
use crate::vercel::state::{DeliveryMode, Deployment, Webhook};
use crate::webhook::{Attempt, Delivery};
use crate::world::{Options, World};

/// Running stand-ins. They have threads of their own, so a test may block.
#[derive(Debug)]
pub struct Standins {
    world: Arc<World>,
    stop: watch::Sender<bool>,
    runtime: Option<Runtime>,
    _scratch: Option<tempfile::TempDir>,
}

impl Standins {
    /// Starts all servers on 127.0.0.1.
    ///
    /// # Errors
    /// A port is taken or no folder can be made.
    pub fn start(options: Options) -> anyhow::Result<Standins> {
        let (root, scratch) = match &options.root {
            Some(root) => {
                std::fs::create_dir_all(root).context("the folder for repositories")?;
                (root.canonicalize()?, None)
            }
            None => {
                let scratch = tempfile::Builder::new().prefix("standins-").tempdir()?;
                (scratch.path().to_owned(), Some(scratch))
            }
        };
        let world = Arc::new(World::new(options, root));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("standins")
            .enable_all()
            .build()?;
        let bound = Bound::new(&world)?;
        let (stop, stopped) = watch::channel(false);
        runtime.spawn(bound.serve(world.clone(), stopped));
        Ok(Standins { world, stop, runtime: Some(runtime), _scratch: scratch })
    }

    /// `http://127.0.0.1:PORT`, in place of `https://api.vercel.com`.
    #[must_use]
    pub fn vercel_url(&self) -> String {
        self.world.vercel_url()
    }

    /// In place of `https://api.cloudflare.com/client/v4`.
    #[must_use]
    pub fn cloudflare_url(&self) -> String {
        format!("{}/client/v4", self.world.cloudflare_url())
    }

    /// In place of `https://api.render.com/v1`.
    #[must_use]
    pub fn render_url(&self) -> String {
        format!("{}/v1", self.world.render_url())
    }

    /// In place of `https://api.github.com`.
    #[must_use]
    pub fn github_api_url(&self) -> String {
        self.world.github_url()
    }

    /// In place of `https://github.com`: repositories are at `{github_url}/owner/name.git`.
    #[must_use]
    pub fn github_url(&self) -> String {
        self.world.github_url()
    }

    /// Base of the model's API, with `/v1`.
    #[must_use]
    pub fn model_url(&self) -> String {
        format!("{}/v1", self.world.model_url())
    }

    /// The key that the model wants.
    #[must_use]
    pub fn model_key(&self) -> String {
        self.world.state().model.key.clone()
    }

    /// The state behind the servers, for what has no method here.
    #[must_use]
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Runs on the stand-ins' own threads, whatever runtime the caller has.
    async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = anyhow::Result<T>> + Send + 'static,
    ) -> anyhow::Result<T> {
        let runtime = self.runtime.as_ref().context("stopped")?;
        runtime.spawn(work).await?
    }

    /// Forgets everything but the repositories on disk.
    pub fn reset(&self) {
        self.world.reset();
    }

    /// A person, tokens, a team, a repository and a project at once.
    ///
    /// # Errors
    /// As [`scenario::seed`].
    pub async fn seed(&self, seed: Seed) -> anyhow::Result<Seeded> {
        let world = self.world.clone();
        self.run(async move { scenario::seed(&world, seed).await }).await
    }

    /// Adds a repository; see [`github::add_repository`].
    ///
    /// # Errors
    /// It exists, or git fails.
    pub async fn add_repository(&self, new: github::NewRepository) -> anyhow::Result<(Repository, String)> {
        let world = self.world.clone();
        self.run(async move { github::add_repository(&world, new).await }).await
    }

    /// Commits files or a folder to a branch.
    ///
    /// # Errors
    /// git fails.
    pub async fn commit(&self, new: github::NewCommit) -> anyhow::Result<String> {
        let world = self.world.clone();
        self.run(async move { github::commit(&world, new).await }).await
    }

    /// Adds a project; its link is made from `repository`.
    ///
    /// # Errors
    /// Owner or repository unknown.
    pub fn add_project(&self, new: vercel::NewProject) -> anyhow::Result<crate::vercel::state::Project> {
        vercel::add_project(&self.world, new)
    }

    /// Makes a failed deployment of a branch's head (or of `sha`) with this log; with `deliver` tells
    /// the webhooks and waits for their answers.
    ///
    /// # Errors
    /// As [`vercel::add_deployment`].
    pub async fn break_project(
        &self,
        project: &str,
        branch: Option<&str>,
        log: &str,
        deliver: bool,
    ) -> anyhow::Result<(Deployment, Vec<Delivery>)> {
        let new = vercel::NewDeployment {
            project: project.to_owned(),
            branch: branch.map(str::to_owned),
            log: log.to_owned(),
            ..Default::default()
        };
        self.deploy(new, deliver).await
    }

    /// Makes any deployment.
    ///
    /// # Errors
    /// As [`vercel::add_deployment`].
    pub async fn deploy(
        &self,
        new: vercel::NewDeployment,
        deliver: bool,
    ) -> anyhow::Result<(Deployment, Vec<Delivery>)> {
        let world = self.world.clone();
        self.run(async move { scenario::deploy(&world, new, deliver).await }).await
    }

    /// Builds a branch on the platform, for real if the [`Build`] says so, and tells the webhooks.
    ///
    /// # Errors
    /// Project or branch unknown.
    pub async fn build(&self, build: Build) -> anyhow::Result<Built> {
        let world = self.world.clone();
        self.run(async move { scenario::build(&world, build).await }).await
    }

    /// Sends a Vercel delivery, as often as wanted at once, forged or not.
    ///
    /// # Errors
    /// No such delivery.
    pub async fn deliver(&self, wanted: Redelivery) -> anyhow::Result<Vec<Attempt>> {
        let world = self.world.clone();
        self.run(async move { scenario::redeliver(&world, Server::Vercel, wanted).await }).await
    }

    /// Sends a GitHub delivery again.
    ///
    /// # Errors
    /// No such delivery.
    pub async fn deliver_github(&self, wanted: Redelivery) -> anyhow::Result<Vec<Attempt>> {
        let world = self.world.clone();
        self.run(async move { scenario::redeliver(&world, Server::Github, wanted).await }).await
    }

    /// What becomes of Vercel's deliveries from now on.
    pub fn set_delivery_mode(&self, mode: DeliveryMode) {
        self.world.state().vercel.delivery_mode = mode;
    }

    /// Whether GitHub's deliveries are lost from now on.
    pub fn drop_github_deliveries(&self, drop: bool) {
        self.world.state().github.drop_deliveries = drop;
    }

    /// Spoils answers.
    pub fn add_fault(&self, fault: Fault) {
        self.world.state().faults.push(fault);
    }

    /// Spoils every answer of a server whose path contains this, until [`Standins::clear_faults`].
    pub fn break_down(&self, server: Server, path: &str, kind: Kind) {
        self.add_fault(Fault { server, method: None, path: path.to_owned(), times: u32::MAX, kind });
    }

    /// Nothing is spoilt any more.
    pub fn clear_faults(&self) {
        self.world.state().faults.clear();
    }

    /// How the model behaves from now on.
    pub fn set_model_mode(&self, mode: Mode) {
        self.set_model(ModelSettings { mode: Some(mode), ..Default::default() });
    }

    /// Any setting of the model.
    pub fn set_model(&self, settings: ModelSettings) {
        apply_model(&self.world, settings);
    }

    /// Deletes a project at Vercel.
    pub fn remove_project(&self, project: &str) -> bool {
        vercel::remove_project(&self.world, project)
    }

    /// Registers an OAuth app at GitHub.
    pub fn add_oauth_app(&self, app: OauthApp) {
        self.world.state().github.oauth_apps.push(app);
    }

    /// Makes a Vercel token worthless.
    pub fn revoke_vercel_token(&self, value: &str) -> bool {
        vercel::revoke_token(&self.world, value)
    }

    /// Makes a GitHub token worthless.
    pub fn revoke_github_token(&self, value: &str) -> bool {
        github::revoke_token(&self.world, value)
    }

    /// Sandboxes that exist, oldest first.
    #[must_use]
    pub fn sandboxes(&self) -> Vec<Seen> {
        self.world.state().vercel.sandboxes.seen()
    }

    /// Sandboxes that were deleted, oldest first, as they were at that time.
    #[must_use]
    pub fn removed_sandboxes(&self) -> Vec<Seen> {
        self.world.state().vercel.sandboxes.removed().to_vec()
    }

    /// How sandboxes behave from now on.
    pub fn set_sandboxes(&self, settings: &sandbox::Settings) {
        sandbox::set(&self.world, settings);
    }

    /// Takes a sandbox's machine away; see [`sandbox::lose`].
    ///
    /// # Errors
    /// None of that name runs.
    pub async fn lose_sandbox(&self, name: &str) -> anyhow::Result<()> {
        let (world, name) = (self.world.clone(), name.to_owned());
        self.run(async move { sandbox::lose(&world, &name).await }).await
    }

    /// Merges a pull request as `login`.
    ///
    /// # Errors
    /// Not open, a draft, or conflicting.
    pub async fn merge(&self, repository: &str, number: u64, login: &str) -> anyhow::Result<String> {
        let world = self.world.clone();
        let (repository, login) = (repository.to_owned(), login.to_owned());
        self.run(async move { github::merge_pull(&world, &repository, number, &login).await }).await
    }

    /// Closes a pull request unmerged.
    ///
    /// # Errors
    /// No such pull request.
    pub async fn close(&self, repository: &str, number: u64) -> anyhow::Result<()> {
        let world = self.world.clone();
        let repository = repository.to_owned();
        self.run(async move { github::close_pull(&world, &repository, number) }).await
    }

    /// Everything as JSON; see [`snapshot::take`].
    #[must_use]
    pub fn snapshot(&self) -> Value {
        snapshot::take(&self.world)
    }

    /// The repository's pull requests, oldest first.
    #[must_use]
    pub fn pulls(&self, repository: &str) -> Vec<Pull> {
        self.world.state().github.repository(repository).map(|known| known.pulls.clone()).unwrap_or_default()
    }

    /// Webhooks registered at Vercel.
    #[must_use]
    pub fn webhooks(&self) -> Vec<Webhook> {
        self.world.state().vercel.webhooks.clone()
    }

    /// How often clients asked to create something at this path (`/repos/acme/shop-web/pulls`).
    #[must_use]
    pub fn creates(&self, path: &str) -> Creates {
        creates(&self.world.state().requests).remove(&format!("POST {path}")).unwrap_or_default()
    }

    /// Requests to the model so far.
    #[must_use]
    pub fn model_requests(&self) -> usize {
        self.world.state().model.requests.len()
    }

    /// Folder of a bare repository.
    #[must_use]
    pub fn bare(&self, repository: &str) -> PathBuf {
        self.world.bare(repository)
    }

    /// A file's text on a branch (or at a commit).
    ///
    /// # Errors
    /// No such file.
    pub async fn read_file(&self, repository: &str, revision: &str, path: &str) -> anyhow::Result<String> {
        let (bare, revision, path) = (self.bare(repository), revision.to_owned(), path.to_owned());
        self.run(async move { git::read_file(&bare, &revision, &path).await }).await
    }

    /// Commits of a branch or range, newest first.
    ///
    /// # Errors
    /// No such revision.
    pub async fn commits(&self, repository: &str, range: &str) -> anyhow::Result<Vec<Commit>> {
        let (bare, range) = (self.bare(repository), range.to_owned());
        self.run(async move { git::commits(&bare, &range).await }).await
    }

    /// Checks a revision out into an empty folder, with real git.
    ///
    /// # Errors
    /// git fails.
    pub async fn export(&self, repository: &str, revision: &str, folder: &Path) -> anyhow::Result<PathBuf> {
        let (bare, revision, folder) = (self.bare(repository), revision.to_owned(), folder.to_owned());
        self.run(async move { git::export(&bare, &revision, &folder).await }).await
    }
}

impl Drop for Standins {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        if let Some(runtime) = self.runtime.take() {
            let (world, handle) = (self.world.clone(), runtime.handle().clone());
            // On a thread of its own: the caller may be within a runtime, where nothing may block on another.
            let ending = std::thread::spawn(move || handle.block_on(sandbox::end_all(&world)));
            let _ = ending.join();
            runtime.shutdown_background();
        }
    }
}
