//! What the Cloudflare stand-in knows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::ids::now_ms;
use crate::vercel::state::DeliveryMode;
use crate::webhook::Delivery;

/// All of it.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cloudflare {
    /// People.
    pub users: Vec<User>,
    /// Accounts that own everything else.
    pub accounts: Vec<Account>,
    /// Tokens; a revoked one is gone.
    pub tokens: Vec<Token>,
    /// Pages projects, oldest first.
    pub projects: Vec<Project>,
    /// Pages deployments, oldest first.
    pub deployments: Vec<Deployment>,
    /// Workers, oldest first.
    pub workers: Vec<Worker>,
    /// Builds of Workers, oldest first.
    pub builds: Vec<Build>,
    /// Where notifications may go.
    pub destinations: Vec<Destination>,
    /// Which notifications go where.
    pub policies: Vec<Policy>,
    /// Deliveries made, oldest first.
    pub deliveries: Vec<Delivery>,
    /// What to do with the next deliveries.
    pub delivery_mode: DeliveryMode,
    /// Start of the window in ms and requests in it, by token.
    #[serde(skip)]
    pub spent: BTreeMap<String, (i64, u64)>,
}

/// A person.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// 32 hex digits.
    pub id: String,
    /// Unique name in these stand-ins.
    pub login: String,
    /// Address.
    pub email: String,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
}

/// An account.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// 32 hex digits.
    pub id: String,
    /// Display name.
    pub name: String,
    /// User ids.
    pub members: Vec<String>,
    /// Its plan has webhooks for notifications.
    pub webhooks_allowed: bool,
    /// ms since 1970.
    pub created_at: i64,
}

/// What the platform says of a token when it is verified.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenStatus {
    /// It works.
    #[default]
    Active,
    /// Switched off.
    Disabled,
    /// Its time is over.
    Expired,
}

/// An API token, of a user or of an account.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// 32 hex digits; not secret.
    pub id: String,
    /// What goes after `Bearer`.
    pub value: String,
    /// Whose it is; none for a token of an account.
    pub user_id: Option<String>,
    /// The only account that it may act on; none means all of the user's.
    pub account_id: Option<String>,
    /// `pages.read`, `pages.edit`, …
    pub permissions: Vec<String>,
    /// What it was set to.
    pub status: TokenStatus,
    /// When it stops working, in ms since 1970.
    pub expires_at: Option<i64>,
}

impl Token {
    /// What the platform says of it now.
    #[must_use]
    pub fn status(&self) -> TokenStatus {
        match self.expires_at {
            Some(end) if end <= now_ms() => TokenStatus::Expired,
            _ => self.status,
        }
    }

    /// Whether it holds this permission; who may edit may read.
    #[must_use]
    pub fn may(&self, permission: &str) -> bool {
        let edit = permission.strip_suffix(".read").map(|area| format!("{area}.edit"));
        self.permissions.iter().any(|held| held == permission || Some(held) == edit.as_ref())
    }
}

/// A Pages project.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    /// A uuid.
    pub id: String,
    /// Unique in its account; used in paths.
    pub name: String,
    /// The owner.
    pub account_id: String,
    /// `source` as the API shows it, unless files are uploaded directly.
    pub source: Option<Value>,
    /// `build_config`: `build_command`, `destination_dir`, `root_dir`.
    pub build_config: Map<String, Value>,
    /// The branch of production.
    pub production_branch: String,
    /// ms since 1970.
    pub created_at: i64,
}

/// A commit that was built.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Commit {
    /// The branch.
    pub branch: String,
    /// Full id; empty without a repository.
    pub sha: String,
    /// Message.
    pub message: String,
    /// The author's name.
    pub author: String,
}

/// A Pages deployment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// A uuid.
    pub id: String,
    /// The project.
    pub project_id: String,
    /// `production` or `preview`.
    pub environment: String,
    /// Name of the newest stage: `queued`, `initialize`, `clone_repo`, `build`, `deploy`.
    pub stage: String,
    /// That stage's status: `idle`, `active`, `success`, `failure`, `canceled`, `skipped`.
    pub status: String,
    /// Not built at all.
    pub is_skipped: bool,
    /// What it was built from.
    pub commit: Commit,
    /// Lines of the build log; their number in snapshots.
    #[serde(serialize_with = "count")]
    pub log: Vec<LogLine>,
    /// ms since 1970.
    pub created_at: i64,
    /// ms since 1970.
    pub modified_at: i64,
}

/// A Worker.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Worker {
    /// 32 hex digits; stays when the Worker is renamed.
    pub tag: String,
    /// The script's name, unique in its account.
    pub name: String,
    /// The owner.
    pub account_id: String,
    /// What builds it; none for a Worker without a repository.
    pub triggers: Vec<Trigger>,
    /// ms since 1970.
    pub created_at: i64,
}

/// Which pushes build a Worker, and how.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trigger {
    /// A uuid.
    pub uuid: String,
    /// Display name.
    pub name: String,
    /// Branches, or `*`.
    pub branch_includes: Vec<String>,
    /// Branches that another trigger has.
    pub branch_excludes: Vec<String>,
    /// Builds.
    pub build_command: String,
    /// Deploys what was built.
    pub deploy_command: String,
    /// Folder in the repository.
    pub root_directory: String,
    /// `github` or `gitlab`.
    pub provider_type: String,
    /// `owner/name`.
    pub repository: String,
}

/// A build of a Worker.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Build {
    /// A uuid.
    pub uuid: String,
    /// The Worker's tag.
    pub tag: String,
    /// The trigger's uuid.
    pub trigger: String,
    /// `queued`, `initializing`, `running`, `stopped`.
    pub status: String,
    /// `success`, `fail`, `skipped`, `cancelled`, `terminated`, or none yet.
    pub outcome: Option<String>,
    /// `push`, `manual`, `api`.
    pub source: String,
    /// What it was built from.
    pub commit: Commit,
    /// Lines of the build log; their number in snapshots.
    #[serde(serialize_with = "count")]
    pub log: Vec<LogLine>,
    /// ms since 1970.
    pub created_at: i64,
    /// ms since 1970.
    pub modified_at: i64,
}

/// One line of a build log.
#[derive(Debug, Clone)]
pub struct LogLine {
    /// ms since 1970.
    pub at: i64,
    /// The line without its end.
    pub text: String,
}

/// A webhook destination of notifications.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Destination {
    /// 32 hex digits.
    pub id: String,
    /// The owner.
    pub account_id: String,
    /// Display name.
    pub name: String,
    /// Where it goes.
    pub url: String,
    /// Sent along in `cf-webhook-auth`; never shown to clients.
    pub secret: Option<String>,
    /// ms since 1970.
    pub created_at: i64,
}

/// A notification policy.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// 32 hex digits.
    pub id: String,
    /// The owner.
    pub account_id: String,
    /// Display name.
    pub name: String,
    /// Whether it sends.
    pub enabled: bool,
    /// `pages_event_alert`.
    pub alert_type: String,
    /// Ids of destinations, by kind: `webhooks`, `email`.
    pub mechanisms: BTreeMap<String, Vec<String>>,
    /// `project_id`, `environment`, `event`.
    pub filters: BTreeMap<String, Vec<String>>,
    /// ms since 1970.
    pub created_at: i64,
}

impl Cloudflare {
    /// The Pages project with this id or name.
    #[must_use]
    pub fn project(&self, id_or_name: &str) -> Option<&Project> {
        self.projects.iter().find(|project| project.id == id_or_name || project.name == id_or_name)
    }

    /// The Worker with this tag or name.
    #[must_use]
    pub fn worker(&self, tag_or_name: &str) -> Option<&Worker> {
        self.workers.iter().find(|worker| worker.tag == tag_or_name || worker.name == tag_or_name)
    }

    /// Pages deployments of a project, newest first.
    #[must_use]
    pub fn deployments_of(&self, project_id: &str) -> Vec<&Deployment> {
        let mut found: Vec<_> = self.deployments.iter().filter(|it| it.project_id == project_id).collect();
        found.sort_by_key(|deployment| std::cmp::Reverse(deployment.created_at));
        found
    }

    /// Builds of a Worker, newest first.
    #[must_use]
    pub fn builds_of(&self, tag: &str) -> Vec<&Build> {
        let mut found: Vec<_> = self.builds.iter().filter(|build| build.tag == tag).collect();
        found.sort_by_key(|build| std::cmp::Reverse(build.created_at));
        found
    }
}

fn count<S: Serializer>(lines: &[LogLine], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(lines.len() as u64)
}
