//! What several states need: the fix's owner and platform, the clean clone, the sandbox, and a build in it.

use super::{Run, Stop};
use crate::{
    model::{BuildsOn, EventKind, Provider, Stage},
    server::{
        audit::{self, Purpose},
        clock::Clock,
        db::{self, entity, fixes::FixChange},
        diagnosis::clean,
        fix::{FixContext, plan::BuildPlan, runtime},
        github::{
            GithubError, RepositoryName,
            git::{Checkout, Identity, Remote},
        },
        integrations::{Access, PlatformError, Project, ProjectRef, TokenProvider, connection_manager},
        sandbox::{
            EndedBy, Exec, ExecOutcome, Network, Sandbox as _, SandboxError, Slot, Workspace,
            observed::Observed, vercel::VercelSandbox,
        },
    },
};
use secrecy::SecretString;
use std::{path::PathBuf, sync::Arc, time::Duration};

/// Tries of a call to a platform or to GitHub before the fix is put off.
const TRIES: u32 = 5;
/// The pause before the second try; doubled after each, unless the platform names its own.
const PAUSE: Duration = Duration::from_secs(1);
/// Whoever asks for more patience than this has the fix put off, so that its worker is free for others.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// A watched project, and how its platform is asked about it.
pub(super) struct Site {
    pub subscription: entity::subscription::Model,
    pub provider: Arc<dyn TokenProvider>,
    pub access: Access,
    pub project_ref: ProjectRef,
    pub project: Project,
}

/// Whose fix it is, and where it failed.
pub(super) struct Subject {
    pub subscription: entity::subscription::Model,
    pub provider: Arc<dyn TokenProvider>,
    pub access: Access,
    pub project_ref: ProjectRef,
    pub project: Project,
    pub github: Github,
}

/// The connected GitHub user and the repository that the project is linked to.
pub(super) struct Github {
    /// Platforms refuse commits by authors they do not know.
    pub author: Identity,
    pub token: SecretString,
    pub repository: RepositoryName,
    pub remote: Remote,
}

impl Subject {
    pub fn platform_name(&self) -> &'static str {
        self.provider.provider().display_name()
    }
}

/// A command of the build that did not exit 0.
pub(super) struct BuildFailure {
    pub command: String,
    pub exit_code: Option<i32>,
    pub tail: String,
}

impl BuildFailure {
    /// `2`, or how else it ended.
    pub fn exit(&self) -> String {
        self.exit_code.map_or_else(|| "by a signal".to_owned(), |code| code.to_string())
    }
}

fn gone() -> Stop {
    Stop::skipped("disconnected", "The connection to the platform was removed.")
}

fn token(
    ctx: &FixContext,
    integration: &entity::integration::Model,
    subscription: &entity::subscription::Model,
) -> Result<Access, Stop> {
    connection_manager::access_for(&ctx.keys, integration, subscription).map_err(|_| {
        Stop::failed("token_unreadable", "The stored token cannot be decrypted. Reconnect the platform.")
    })
}

impl Run<'_> {
    pub(super) async fn subject(&self) -> Result<Subject, Stop> {
        let subscription = db::subscriptions::find(&self.ctx.db, &self.fix.subscription_id).await?;
        let subscription = subscription.ok_or_else(gone)?;
        let github = self.github(&subscription.user_id).await?;
        let Site { subscription, provider, access, project_ref, project } = self.site(subscription).await?;
        Ok(Subject { subscription, provider, access, project_ref, project, github })
    }

    pub(super) async fn site(&self, subscription: entity::subscription::Model) -> Result<Site, Stop> {
        let ctx = self.ctx;
        let integration =
            db::integrations::find(&ctx.db, &subscription.integration_id).await?.ok_or_else(gone)?;
        let provider = integration.provider.parse::<Provider>().ok().and_then(|kind| ctx.registry.get(kind));
        let provider = provider.ok_or_else(gone)?;
        let access = token(ctx, &integration, &subscription)?;
        audit::used(&self.ctx.db, &integration, Purpose::Fix, self.ctx.clock.now()).await;
        let project_ref = ProjectRef::from(&subscription);
        let project = self
            .ask_platform(provider.as_ref(), &integration.id, || provider.project(&access, &project_ref))
            .await?;
        Ok(Site { subscription, provider, access, project_ref, project })
    }

    async fn github(&self, user_id: &str) -> Result<Github, Stop> {
        let ctx = self.ctx;
        let account = db::accounts::github(&ctx.db, user_id).await?.ok_or_else(|| {
            Stop::skipped(
                "github_not_connected",
                "Connect GitHub first: without it no pull request can be opened.",
            )
        })?;
        let identity = db::accounts::token_identity(&account.id);
        let token = ctx.keys.open(&identity, &account.access_token).map_err(|_| {
            Stop::failed("token_unreadable", "The stored GitHub token cannot be decrypted. Reconnect GitHub.")
        })?;
        audit::used(&ctx.db, &account, Purpose::Fix, ctx.clock.now()).await;
        let repository: RepositoryName = self.fix.repository.parse().map_err(|_| {
            Stop::skipped(
                "repository_name",
                format!("\"{}\" is not a repository on GitHub.", self.fix.repository),
            )
        })?;
        let remote = Remote::new(&ctx.config.github_url, &repository, &token).map_err(|_| {
            Stop::failed("github_address", "DEPLOYMEND_GITHUB_URL must be https, or http on this machine.")
        })?;
        let author = Identity { name: account.login, email: account.email.unwrap_or_default() };
        Ok(Github { author, token, repository, remote })
    }

    /// A call to the platform, repeated while it says "later".
    pub(super) async fn ask<T, F>(&self, subject: &Subject, call: impl FnMut() -> F) -> Result<T, Stop>
    where
        F: Future<Output = Result<T, PlatformError>>,
    {
        self.ask_platform(subject.provider.as_ref(), &subject.subscription.integration_id, call).await
    }

    /// The same, for another project.
    pub(super) async fn ask_site<T, F>(&self, site: &Site, call: impl FnMut() -> F) -> Result<T, Stop>
    where
        F: Future<Output = Result<T, PlatformError>>,
    {
        self.ask_platform(site.provider.as_ref(), &site.subscription.integration_id, call).await
    }

    async fn ask_platform<T, F>(
        &self,
        provider: &dyn TokenProvider,
        integration_id: &str,
        mut call: impl FnMut() -> F,
    ) -> Result<T, Stop>
    where
        F: Future<Output = Result<T, PlatformError>>,
    {
        let mut pauses = Pauses::default();
        loop {
            match self.lease.guard(call()).await? {
                Ok(answer) => return Ok(answer),
                Err(error) if error.may_pass() && pauses.left(error.retry_after()) => {
                    self.lease.guard(pauses.wait(&self.ctx.clock, error.retry_after())).await?;
                }
                Err(error) => {
                    connection_manager::note_refusal(&self.ctx.db, integration_id, &error).await?;
                    return Err(Stop::platform(&error, provider.provider().display_name()));
                }
            }
        }
    }

    /// A call to GitHub, repeated while it says "later".
    pub(super) async fn ask_github<T, F>(&self, mut call: impl FnMut() -> F) -> Result<T, Stop>
    where
        F: Future<Output = Result<T, GithubError>>,
    {
        let mut pauses = Pauses::default();
        loop {
            match self.lease.guard(call()).await? {
                Ok(answer) => return Ok(answer),
                Err(error) if error.may_pass() && pauses.left(error.retry_after()) => {
                    self.lease.guard(pauses.wait(&self.ctx.clock, error.retry_after())).await?;
                }
                Err(error) => {
                    tracing::warn!(fix.id = %self.fix.id, %error, "GitHub refused a call");
                    return Err(Stop::github(&error));
                }
            }
        }
    }

    pub(super) async fn workspace(&mut self) -> Result<Arc<dyn Workspace>, Stop> {
        if let Some(workspace) = &self.workspace {
            return Ok(workspace.clone());
        }
        // Random, so that a stray process can be told from everybody else's.
        let marker = crate::server::clock::new_id();
        let workspace = match self.vercel_sandbox().await? {
            Some(sandbox) => {
                let workspace = self.lease.guard(Observed(sandbox).create(&self.fix.id, &marker)).await??;
                let text = "Builds and the agent run in Vercel Sandbox.".to_owned();
                self.record(FixChange::default(), vec![EventKind::Note { text, stage: None }]).await?;
                workspace
            }
            None => self.ctx.sandbox.create(&self.fix.id, &marker).await?,
        };
        self.workspace = Some(workspace.clone());
        Ok(workspace)
    }

    /// The sandbox at Vercel, where the connection says that its builds run there.
    async fn vercel_sandbox(&self) -> Result<Option<VercelSandbox>, Stop> {
        let ctx = self.ctx;
        let subscription = db::subscriptions::find(&ctx.db, &self.fix.subscription_id).await?;
        let subscription = subscription.ok_or_else(gone)?;
        let integration = db::integrations::find(&ctx.db, &subscription.integration_id).await?;
        let integration = integration.ok_or_else(gone)?;
        if db::integrations::builds_on(&integration) != BuildsOn::Vercel {
            return Ok(None);
        }
        let access = token(ctx, &integration, &subscription)?;
        // The sandbox API wants a team in every call; the personal account is named by its user.
        let team = access.team_id.clone().unwrap_or_else(|| integration.external_user_id.clone());
        let sandbox = ctx.vercel_sandboxes.of(access.for_team(Some(team)), subscription.platform_project_id);
        match sandbox.ready().await {
            Err(SandboxError::Unavailable { reason }) => Err(Stop::failed(
                "sandbox_unavailable_here",
                format!(
                    "Builds of this connection run in Vercel Sandbox, and that cannot be done: {reason}."
                ),
            )),
            other => Ok(other.map(|()| Some(sandbox))?),
        }
    }

    /// What the platform runs for the commit of `clone`.
    pub(super) fn plan(&self, subject: &Subject, clone: &Checkout) -> Result<BuildPlan, Stop> {
        let log = self.fix.logs.as_deref().unwrap_or_default();
        let lines: Vec<String> = log.lines().map(|line| clean::text(line).into_owned()).collect();
        Ok(BuildPlan::detect(clone.dir(), subject.provider.as_ref(), &subject.project, &lines)?)
    }

    /// Installs and builds. `None` when both exit 0; the first command that does not, otherwise.
    pub(super) async fn build(
        &mut self,
        slot: Slot,
        plan: &BuildPlan,
        install_purpose: &'static str,
        build_purpose: &'static str,
        stage: Option<Stage>,
    ) -> Result<Option<BuildFailure>, Stop> {
        self.fetch_runtime(slot, plan).await?;
        let steps = [(install_purpose, plan.install.clone()), (build_purpose, Some(plan.build.clone()))];
        for (purpose, command) in steps {
            let Some(command) = command else { continue };
            let outcome = self.run_command(slot, plan, &command).await?;
            let failed = outcome.exit_code != Some(0);
            if failed && self.ctx.capacity.is_disk_short() {
                return Err(Stop::disk_full());
            }
            let reached = match purpose {
                "reproduce" | "install" => failed,
                _ => !failed && purpose == build_purpose,
            };
            let event = EventKind::Command {
                purpose: purpose.to_owned(),
                command: command.clone(),
                exit_code: outcome.exit_code,
                seconds: outcome.seconds,
                tail: outcome.tail.clone(),
                stage: stage.filter(|_| reached),
            };
            self.record(Default::default(), vec![event]).await?;
            if let Some(limit) = outcome.ended_by {
                return Err(limit_reached(limit, &command));
            }
            if failed {
                return Ok(Some(BuildFailure { command, exit_code: outcome.exit_code, tail: outcome.tail }));
            }
        }
        Ok(None)
    }

    /// Fetches the pinned Node.js when it is another one than this machine's. Without it the build goes on with that.
    async fn fetch_runtime(&mut self, slot: Slot, plan: &BuildPlan) -> Result<(), Stop> {
        let Some(node) = &plan.node else { return Ok(()) };
        let inside = self.workspace.as_ref().and_then(|workspace| workspace.node());
        let Some(command) = runtime::fetch(node, inside) else { return Ok(()) };
        let outcome = self.run_command(slot, plan, &command).await?;
        let failed = outcome.exit_code != Some(0);
        let mut change = FixChange::default();
        let mut events = vec![EventKind::Command {
            purpose: "runtime".to_owned(),
            command,
            exit_code: outcome.exit_code,
            seconds: outcome.seconds,
            tail: outcome.tail,
            stage: None,
        }];
        if failed {
            let text = format!(
                "Node.js {node} could not be fetched. The build runs with this machine's version, which may make a difference."
            );
            change.finding = Some(Some(self.finding()?.with_difference(&text)));
            events.push(EventKind::Note { text, stage: None });
        }
        self.record(change, events).await
    }

    async fn run_command(&self, slot: Slot, plan: &BuildPlan, command: &str) -> Result<ExecOutcome, Stop> {
        let workspace =
            self.workspace.clone().ok_or_else(|| Stop::failed("sandbox", "The sandbox is gone."))?;
        let mut exec = Exec::new(BuildPlan::argv(command), self.ctx.config.build_timeout);
        exec.cwd.clone_from(&plan.root);
        exec.env.clone_from(&plan.env);
        exec.network = Network::Registries;
        let mut ignore = |_| {};
        Ok(self.lease.guard(workspace.exec(slot, exec, &mut ignore)).await??)
    }

    /// The repository at the commit that failed, outside the sandbox, where no foreign code runs.
    pub(super) async fn clean_clone(&self, subject: &Subject) -> Result<Checkout, Stop> {
        let Some(sha) = self.fix.commit_sha.clone() else {
            return Err(Stop::skipped("no_commit", "The platform names no commit for this deployment."));
        };
        let folder = clone_folder(self.ctx, &self.fix.id);
        let branch = self.fix.branch.clone();
        let mut pauses = Pauses::default();
        loop {
            remove_clone(self.ctx, &self.fix.id);
            let cloning = Checkout::clone_at(&subject.github.remote, &sha, branch.as_deref(), &folder);
            match self.lease.guard(cloning).await? {
                Ok(clone) => return Ok(clone),
                Err(error) if error.is_transient() && pauses.left(None) => {
                    self.lease.guard(pauses.wait(&self.ctx.clock, None)).await?
                }
                Err(error) => {
                    tracing::warn!(fix.id = %self.fix.id, %error, "The repository could not be cloned");
                    let what =
                        format!("{} could not be cloned at commit {}", self.fix.repository, short(&sha));
                    return Err(Stop::git(&error, "clone", &what));
                }
            }
        }
    }
}

/// Doubling pauses, or the ones that the other side asks for.
#[derive(Default)]
pub(super) struct Pauses(u32);

impl Pauses {
    pub fn left(&self, asked: Option<Duration>) -> bool {
        self.0 + 1 < TRIES && asked.is_none_or(|asked| asked <= LONGEST_PAUSE)
    }

    pub async fn wait(&mut self, clock: &Clock, asked: Option<Duration>) {
        let pause = asked.unwrap_or(PAUSE * 2_u32.pow(self.0));
        self.0 += 1;
        clock.sleep(pause).await;
    }
}

fn clone_folder(ctx: &FixContext, fix_id: &str) -> PathBuf {
    ctx.home.clones().join(fix_id)
}

/// Removes the clean clone, if there is one.
pub(super) fn remove_clone(ctx: &FixContext, fix_id: &str) {
    match std::fs::remove_dir_all(clone_folder(ctx, fix_id)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::error!(fix.id = %fix_id, %error, "A clone could not be removed");
        }
        _ => {}
    }
}

pub(super) fn short(sha: &str) -> &str {
    sha.get(..7).unwrap_or(sha)
}

fn limit_reached(limit: EndedBy, command: &str) -> Stop {
    Stop::failed("sandbox_limit", format!("`{command}` was ended in the sandbox. {}", limit.sentence()))
}
