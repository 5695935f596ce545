//! What every platform must be able to do, in one vocabulary: [`TokenProvider`] and the types it speaks.
//!
//! The folders beside this file turn each platform's JSON into these types. Nothing outside `integrations/`
//! asks which platform it is talking to.

use crate::{
    model::{
        DeploymentState, PlatformDeployment, Provider, RepositoryKind, Timestamp, TokenFormatError, Trouble,
        token::check_format,
    },
    server::db::entity::subscription,
};
use async_trait::async_trait;
use axum::http::HeaderMap;
use futures::future::join_all;
use secrecy::SecretString;
use std::{collections::HashSet, time::Duration};
use url::Url;

/// Projects that are asked at the same time for one deployment.
const AT_ONCE: usize = 8;

/// What a call to a platform needs: the token, and the team whose things are meant.
#[derive(Clone, Debug)]
pub struct Access {
    /// The user's token.
    pub token: SecretString,
    /// The platform's id of a team or an account; `None` means the token's personal or default scope.
    pub team_id: Option<String>,
}

impl Access {
    /// The same token, acting on `team_id`.
    pub fn for_team(&self, team_id: Option<String>) -> Self {
        Self { token: self.token.clone(), team_id }
    }
}

/// The owner of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderUser {
    /// The platform's id of the user.
    pub external_id: String,
    /// The name shown as `@name`.
    pub username: String,
    /// Mail address, if the token may see it.
    pub email: Option<String>,
    /// Full name.
    pub name: Option<String>,
    /// Address or hash of the picture, as the platform gives it.
    pub avatar_url: Option<String>,
}

/// A team, an account or a workspace that owns projects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// The platform's id.
    pub id: String,
    /// The name in addresses.
    pub slug: String,
    /// The name that people read.
    pub name: String,
    /// The token may act on it; a platform may name teams that it does not open.
    pub accessible: bool,
}

/// Where a project's code lives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RepositoryLink {
    /// A GitHub repository.
    Github {
        /// `owner/name`.
        full_name: String,
        /// The host of a GitHub Enterprise server; `None` is github.com.
        host: Option<String>,
    },
    /// A GitLab project.
    Gitlab {
        /// Path with its groups.
        full_name: String,
    },
    /// A Bitbucket repository.
    Bitbucket {
        /// `owner/slug`.
        full_name: String,
    },
    /// A kind that Deploymend does not know, or a known one without a repository's name.
    Other {
        /// The platform's word for it.
        kind: String,
    },
    /// No repository.
    #[default]
    None,
}

impl RepositoryLink {
    /// `owner/name` on github.com: the only repositories that get fixes.
    pub fn github_full_name(&self) -> Option<&str> {
        match self {
            Self::Github { full_name, host: None } => Some(full_name),
            _ => None,
        }
    }

    /// What kind of place it is.
    pub const fn kind(&self) -> RepositoryKind {
        match self {
            Self::Github { host: None, .. } => RepositoryKind::Github,
            Self::Github { host: Some(_), .. } => RepositoryKind::GithubEnterprise,
            Self::Gitlab { .. } => RepositoryKind::Gitlab,
            Self::Bitbucket { .. } => RepositoryKind::Bitbucket,
            Self::Other { .. } => RepositoryKind::Other,
            Self::None => RepositoryKind::None,
        }
    }

    /// The repository's name there, with the host where that is not the usual one.
    pub fn name(&self) -> Option<String> {
        match self {
            Self::Github { full_name, host: Some(host) } if !host.is_empty() => {
                Some(format!("{host}/{full_name}"))
            }
            Self::Github { full_name, .. } | Self::Gitlab { full_name } | Self::Bitbucket { full_name } => {
                Some(full_name.clone())
            }
            Self::Other { .. } | Self::None => None,
        }
    }
}

/// A project (Vercel, Cloudflare Pages), Worker or service (Render).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Project {
    /// The platform's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The team that owns it.
    pub team_id: Option<String>,
    /// Where its code lives.
    pub link: RepositoryLink,
    /// The platform's name of the framework preset.
    pub framework: Option<String>,
    /// Folder of the project in the repository.
    pub root_directory: Option<String>,
    /// Install command, when the user overrides the preset's.
    pub install_command: Option<String>,
    /// Build command, when the user overrides the preset's.
    pub build_command: Option<String>,
    /// Folder with the built files, when the user overrides the preset's.
    pub output_directory: Option<String>,
    /// Major version of Node.js, for instance `22.x`.
    pub node_version: Option<String>,
    /// The branch that is deployed to production.
    pub production_branch: Option<String>,
}

impl Project {
    /// What the platform's own settings say about the build.
    pub fn build_settings(&self) -> BuildSettings {
        BuildSettings {
            root_directory: self.root_directory.clone(),
            install_command: self.install_command.clone(),
            build_command: self.build_command.clone(),
            after_build: None,
            output_directory: self.output_directory.clone(),
            node_version: self.node_version.clone(),
        }
    }
}

/// How a project is built, as one source says it. What the source does not say is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildSettings {
    /// Folder of the project in the repository.
    pub root_directory: Option<String>,
    /// Installs the dependencies; empty when nothing does, or the build command.
    pub install_command: Option<String>,
    /// Builds.
    pub build_command: Option<String>,
    /// Runs after the build and has to pass, too.
    pub after_build: Option<String>,
    /// Folder with the built files.
    pub output_directory: Option<String>,
    /// Version of Node.js, in full or in part: `22`, `22.x`, `v22.11.0`.
    pub node_version: Option<String>,
}

impl BuildSettings {
    /// These, and `other` where they say nothing.
    pub fn or(self, other: Self) -> Self {
        Self {
            root_directory: self.root_directory.or(other.root_directory),
            install_command: self.install_command.or(other.install_command),
            build_command: self.build_command.or(other.build_command),
            after_build: self.after_build.or(other.after_build),
            output_directory: self.output_directory.or(other.output_directory),
            node_version: self.node_version.or(other.node_version),
        }
    }
}

/// Text files of a repository at the commit that failed.
pub trait RepositoryFiles {
    /// The text of a file in the repository's root; `None` when there is none that can be read.
    fn at_root(&self, name: &str) -> Option<String>;

    /// The text of a file in the project's root directory.
    fn in_project(&self, name: &str) -> Option<String>;
}

/// A project as calls about it name it: some platforms want its id, some its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProjectRef {
    /// The platform's id.
    pub id: String,
    /// Its name.
    pub name: String,
}

impl From<&Project> for ProjectRef {
    fn from(project: &Project) -> Self {
        Self { id: project.id.clone(), name: project.name.clone() }
    }
}

impl From<&subscription::Model> for ProjectRef {
    fn from(watched: &subscription::Model) -> Self {
        Self { id: watched.platform_project_id.clone(), name: watched.platform_project_name.clone() }
    }
}

/// Which deployments to list: those of `projects`; every other field narrows.
#[derive(Clone, Debug, Default)]
pub struct DeploymentsQuery {
    /// Only these projects. Without any there are no deployments.
    pub projects: Vec<ProjectRef>,
    /// Only deployments created at or after this time.
    pub since: Option<Timestamp>,
    /// Only deployments created before this time.
    pub until: Option<Timestamp>,
    /// Only deployments in this state.
    pub state: Option<DeploymentState>,
    /// Only deployments of this branch.
    pub branch: Option<String>,
    /// At most this many, newest first. `None` means 500.
    pub limit: Option<usize>,
}

/// What a poll asks: the deployments of `projects` made since `since`, as far as something may have happened.
#[derive(Clone, Debug)]
pub struct Look {
    /// The watched projects of one team.
    pub projects: Vec<ProjectRef>,
    /// Only deployments created at or after this time.
    pub since: Timestamp,
    /// When these projects were looked at before; `None` wants to know everything.
    pub last: Option<Timestamp>,
    /// Ids of projects where something is known to go on: these are always asked about.
    pub busy: HashSet<String>,
}

impl Look {
    /// The same question about all of its projects, in full.
    pub fn query(&self) -> DeploymentsQuery {
        DeploymentsQuery {
            projects: self.projects.clone(),
            since: Some(self.since),
            ..DeploymentsQuery::default()
        }
    }
}

/// How much a platform still lets a token ask, as its last answer said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateBudget {
    /// Requests in a window.
    pub limit: u64,
    /// Requests left in this one.
    pub remaining: u64,
    /// When the next window begins.
    pub reset_at: Timestamp,
}

/// Something that a token was tried on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// What it was, for people: `Deployments and build logs`.
    pub name: &'static str,
    /// Whether the platform allowed it; `None` where there was nothing to try it on.
    pub allowed: Option<bool>,
    /// How Deploymend does without it, as a sentence; `None` when it cannot.
    pub otherwise: Option<&'static str>,
}

/// The name of the probe that every platform with webhooks has.
pub const WEBHOOKS: &str = "Webhooks";

/// A build log, bounded in memory. Lines have no line ends; they are neither cleaned nor redacted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildLog {
    /// The lines, oldest first. A long log keeps its head and its tail.
    pub lines: Vec<String>,
    /// How many lines of the head were kept. The line at this index says how much was left out.
    pub gap_after: Option<usize>,
}

/// A webhook that was just made at a platform.
#[derive(Clone, Debug)]
pub struct CreatedWebhook {
    /// The platform's id.
    pub id: String,
    /// The secret that signs its deliveries; most platforms tell it only once.
    pub secret: SecretString,
}

/// A webhook that exists at a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredWebhook {
    /// The platform's id.
    pub id: String,
    /// Where it delivers.
    pub url: String,
    /// The projects that it is limited to. Empty means all of its team.
    pub project_ids: Vec<String>,
}

impl RegisteredWebhook {
    /// Whether it tells about all of `projects`.
    pub fn covers(&self, projects: &[ProjectRef]) -> bool {
        self.project_ids.is_empty() || projects.iter().all(|project| self.project_ids.contains(&project.id))
    }
}

/// What a delivery is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookKind {
    /// A deployment failed.
    DeploymentFailed,
    /// A deployment is live.
    DeploymentSucceeded,
    /// A deployment was canceled.
    DeploymentCanceled,
    /// Something happened of which the delivery does not say enough: the platform has to be asked.
    Hint(String),
    /// Something else, by the platform's name for it.
    Other(String),
}

/// What a delivery says about its deployment. A platform may leave out everything but the id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveredDeployment {
    /// The platform's id of the deployment.
    pub id: String,
    /// The project's name.
    pub project_name: Option<String>,
    /// `production`, `preview` or another environment.
    pub target: Option<String>,
    /// The branch it was built from.
    pub branch: Option<String>,
    /// The commit it was built from.
    pub commit_sha: Option<String>,
    /// The linked repository, `owner/name`.
    pub repository: Option<String>,
    /// Built from a fork of the linked repository.
    pub from_fork: bool,
}

/// One delivery of a webhook, parsed. Trust it only after [`TokenProvider::verify_webhook`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookEvent {
    /// The same for every repetition of the delivery.
    pub delivery_id: String,
    /// What happened.
    pub kind: WebhookKind,
    /// The platform's id of the project.
    pub project_id: Option<String>,
    /// The platform's id of the team that owns it.
    pub team_id: Option<String>,
    /// When the platform sent it.
    pub sent_at: Option<Timestamp>,
    /// The deployment, when it is about one.
    pub deployment: Option<DeliveredDeployment>,
}

/// The body of a delivery is not what the platform documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body of the delivery is not understood")]
pub struct MalformedDelivery;

/// Why a platform did not do what it was asked, by what the caller can do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlatformError {
    /// 429, 5xx, a timeout or a broken connection: ask again, not before `retry_after`.
    #[error("the platform is not available now")]
    Transient {
        /// How long the platform asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// 401 or 403: the token is wrong, expired or lacks a permission.
    #[error("the platform refused the token")]
    TokenRefused,
    /// 404 or 410.
    #[error("the platform does not know it")]
    NotFound,
    /// Any other refusal.
    #[error("the platform refused the request with status {status}")]
    Rejected {
        /// HTTP status.
        status: u16,
        /// The platform's code, empty when it gave none.
        code: String,
        /// The platform's sentence, cut to one line. For people who look for the cause; not for deciding.
        message: String,
    },
    /// The answer cannot be parsed.
    #[error("the answer of the platform is not understood")]
    Malformed,
}

impl PlatformError {
    /// It is out of order: the same call may go well later. Answers that nobody understands come of a proxy, a half-done
    /// release or an error page more often than of a new API.
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Transient { .. } | Self::Malformed)
    }

    /// How long the platform asks to be left alone.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Transient { retry_after } => *retry_after,
            _ => None,
        }
    }

    /// What the connection's card says about it. `None`: it says something of its own, or nothing is out of order.
    pub const fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::Transient { .. } => Some(Trouble::Unreachable),
            Self::Malformed => Some(Trouble::Unreadable),
            Self::Rejected { .. } => Some(Trouble::Refused),
            Self::TokenRefused | Self::NotFound => None,
        }
    }
}

/// A platform, reached with a user's token.
#[async_trait]
pub trait TokenProvider: Send + Sync {
    /// Which platform it is.
    fn provider(&self) -> Provider;

    /// Where a user makes a token.
    fn token_page(&self) -> &'static str;

    /// The permissions that the token needs, as that page names them.
    fn token_scopes(&self) -> &'static [&'static str];

    /// Whether `token` may be a token at all, without asking the platform.
    fn check_token_format(&self, token: &str) -> Result<(), TokenFormatError> {
        check_format(token)
    }

    /// Asks the platform whose token it is.
    async fn validate_token(&self, token: &SecretString) -> Result<ProviderUser, PlatformError>;

    /// When the token expires; `None` when it never does, or when the platform does not tell.
    async fn token_expires_at(&self, _token: &SecretString) -> Result<Option<Timestamp>, PlatformError> {
        Ok(None)
    }

    /// All teams that the token can see.
    async fn teams(&self, access: &Access) -> Result<Vec<Team>, PlatformError>;

    /// All projects of the access's team.
    async fn projects(&self, access: &Access) -> Result<Vec<Project>, PlatformError>;

    /// One project.
    async fn project(&self, access: &Access, project: &ProjectRef) -> Result<Project, PlatformError>;

    /// Tries out what the token may do in the access's team beside listing `projects`. A refusal is an answer.
    async fn probe(&self, access: &Access, projects: &[Project]) -> Result<Vec<Probe>, PlatformError> {
        let Some(first) = projects.first() else { return Ok(Vec::new()) };
        let newest =
            DeploymentsQuery { projects: vec![first.into()], limit: Some(1), ..DeploymentsQuery::default() };
        let deployments = allowed(self.deployments(access, newest).await)?;
        let webhooks = allowed(self.webhooks(access).await)?;
        Ok(vec![
            Probe { name: "Deployments and build logs", allowed: Some(deployments), otherwise: None },
            Probe {
                name: WEBHOOKS,
                allowed: Some(webhooks),
                otherwise: Some("Its plan or your role there has none. Failures are found by polling."),
            },
        ])
    }

    /// Deployments, newest first.
    async fn deployments(
        &self,
        access: &Access,
        query: DeploymentsQuery,
    ) -> Result<Vec<PlatformDeployment>, PlatformError>;

    /// What a poll wants to know, in any order, with as few requests as the platform allows. Projects in which nothing
    /// has moved since `look.last` may be left out.
    async fn look(&self, access: &Access, look: Look) -> Result<Vec<PlatformDeployment>, PlatformError> {
        self.deployments(access, look.query()).await
    }

    /// One deployment of `project`.
    async fn deployment(
        &self,
        access: &Access,
        project: &ProjectRef,
        id: &str,
    ) -> Result<PlatformDeployment, PlatformError>;

    /// One deployment of one of `projects`, by its id alone.
    async fn find_deployment(
        &self,
        access: &Access,
        projects: &[ProjectRef],
        id: &str,
    ) -> Result<PlatformDeployment, PlatformError> {
        for some in projects.chunks(AT_ONCE) {
            for answer in join_all(some.iter().map(|project| self.deployment(access, project, id))).await {
                match answer {
                    Err(PlatformError::NotFound) => {}
                    found_or_trouble => return found_or_trouble,
                }
            }
        }
        Err(PlatformError::NotFound)
    }

    /// The build log of one deployment of `project`, read to its end, with head and tail kept when it is long.
    async fn build_log(
        &self,
        access: &Access,
        project: &ProjectRef,
        id: &str,
    ) -> Result<BuildLog, PlatformError>;

    /// Makes the platform build that deployment's commit once more.
    async fn redeploy(&self, access: &Access, project: &ProjectRef, id: &str) -> Result<(), PlatformError>;

    /// What the platform reads about the build from the repository's own files.
    fn settings_in_files(&self, _project: &ProjectRef, _files: &dyn RepositoryFiles) -> BuildSettings {
        BuildSettings::default()
    }

    /// What the platform has printed about the build: `lines` are without colours.
    fn settings_in_log(&self, _lines: &[String]) -> BuildSettings {
        BuildSettings::default()
    }

    /// Scripts of `package.json` that the platform runs when nothing else is set, the preferred one first.
    fn build_scripts(&self) -> &'static [&'static str] {
        &["build"]
    }

    /// How much may still be asked with this token; `None` before the first answer that says so.
    fn budget(&self, token: &SecretString) -> Option<RateBudget>;

    /// Why the platform has no webhook for this project, as a sentence; `None` when it has.
    fn polled_only(&self, _project: &ProjectRef) -> Option<&'static str> {
        None
    }

    /// Makes the platform call `url` when deployments of at least these projects of the team fail, succeed or are
    /// canceled.
    async fn create_webhook(
        &self,
        access: &Access,
        url: &Url,
        projects: &[ProjectRef],
    ) -> Result<CreatedWebhook, PlatformError>;

    /// The webhooks of the access's team.
    async fn webhooks(&self, access: &Access) -> Result<Vec<RegisteredWebhook>, PlatformError>;

    /// Removes a webhook. One that is gone already is [`PlatformError::NotFound`].
    async fn delete_webhook(&self, access: &Access, id: &str) -> Result<(), PlatformError>;

    /// Whether the holder of `secret` sent exactly `body`. Compares in constant time.
    fn verify_webhook(&self, headers: &HeaderMap, body: &[u8], secret: &SecretString) -> bool;

    /// Reads a delivery. Anyone can send one: this proves nothing.
    fn parse_webhook(&self, headers: &HeaderMap, body: &[u8]) -> Result<WebhookEvent, MalformedDelivery>;

    /// The deployment that a [`WebhookKind::Hint`] is about. `None`: the platform does not tell, a look has to.
    async fn hinted(
        &self,
        _access: &Access,
        _project: &ProjectRef,
        _delivery_id: &str,
    ) -> Result<Option<PlatformDeployment>, PlatformError> {
        Ok(None)
    }
}

/// A refusal is an answer; anything else that goes wrong leaves the question open.
///
/// # Errors
/// The platform did not answer the question.
pub fn allowed<T>(answer: Result<T, PlatformError>) -> Result<bool, PlatformError> {
    match answer {
        Ok(_) => Ok(true),
        Err(PlatformError::TokenRefused | PlatformError::NotFound | PlatformError::Rejected { .. }) => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
