//! What the Vercel stand-in knows.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::sandbox::state::Sandboxes;
use crate::ids::now_ms;
use crate::webhook::{Delivery, sha256_hex};

/// All of it.
#[derive(Debug, Default)]
pub struct Vercel {
    /// People.
    pub users: Vec<User>,
    /// Teams.
    pub teams: Vec<Team>,
    /// Tokens that work; a revoked one is gone.
    pub tokens: Vec<Token>,
    /// Projects, oldest first.
    pub projects: Vec<Project>,
    /// Deployments, oldest first.
    pub deployments: Vec<Deployment>,
    /// Registered webhooks.
    pub webhooks: Vec<Webhook>,
    /// Deliveries made, oldest first.
    pub deliveries: Vec<Delivery>,
    /// What to do with the next deliveries.
    pub delivery_mode: DeliveryMode,
    /// Sandboxes with their sessions.
    pub sandboxes: Sandboxes,
}

/// What becomes of deliveries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryMode {
    /// Sent once, again only if not answered with 2xx.
    #[default]
    Send,
    /// Lost.
    Drop,
    /// Sent twice.
    Duplicate,
}

/// A person.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// 24 random characters.
    pub id: String,
    /// Unique name.
    pub username: String,
    /// Address.
    pub email: String,
    /// Display name.
    pub name: Option<String>,
}

/// What a team has paid for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Plan {
    /// Free: no webhooks.
    Hobby,
    /// Paid.
    #[default]
    Pro,
    /// Paid, larger.
    Enterprise,
}

/// A team.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Team {
    /// `team_…`.
    pub id: String,
    /// Unique name in addresses.
    pub slug: String,
    /// Display name.
    pub name: String,
    /// Plan.
    pub plan: Plan,
    /// User ids.
    pub members: Vec<String>,
    /// ms since 1970.
    pub created_at: i64,
}

/// A personal token.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// What goes after `Bearer`.
    pub value: String,
    /// Whose it is.
    pub user_id: String,
    /// Set if it was limited to one team when it was made.
    pub team_id: Option<String>,
    /// When it stops working, in ms since 1970.
    pub expires_at: Option<i64>,
}

impl Token {
    /// Its id, which tells nothing about its text.
    #[must_use]
    pub fn id(&self) -> String {
        sha256_hex("token", self.value.as_bytes())
    }

    /// Whether its time is not over.
    #[must_use]
    pub fn works(&self) -> bool {
        self.expires_at.is_none_or(|end| end > now_ms())
    }
}

/// A project.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    /// `prj_…`.
    pub id: String,
    /// Unique in its account.
    pub name: String,
    /// A team's or a user's id.
    pub account_id: String,
    /// `link` as the API shows it, if the project has one.
    pub link: Option<Value>,
    /// Further fields shown as they are: `framework`, `rootDirectory`, `buildCommand`, …
    pub settings: Map<String, Value>,
    /// ms since 1970.
    pub created_at: i64,
    /// ms since 1970.
    pub updated_at: i64,
}

/// A deployment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// `dpl_…`.
    pub id: String,
    /// The project.
    pub project_id: String,
    /// Host name, no scheme.
    pub url: String,
    /// `QUEUED`, `INITIALIZING`, `BUILDING`, `READY`, `ERROR`, `CANCELED`, `BLOCKED`, `DELETED`.
    pub state: String,
    /// `production`, `staging`, or none for a preview.
    pub target: Option<String>,
    /// The user whose push or call made it.
    pub creator_id: String,
    /// Git facts as strings.
    pub meta: Map<String, Value>,
    /// `errorCode`.
    pub error_code: Option<String>,
    /// `errorMessage`.
    pub error_message: Option<String>,
    /// Lines of the build log.
    pub log: Vec<LogLine>,
    /// ms since 1970.
    pub created_at: i64,
    /// End of the build in ms since 1970.
    pub finished_at: Option<i64>,
}

/// One line of a build log.
#[derive(Debug, Clone, Serialize)]
pub struct LogLine {
    /// ms since 1970.
    pub date: i64,
    /// `command`, `stdout` or `stderr`.
    pub kind: &'static str,
    /// The line without its end.
    pub text: String,
}

/// A registered webhook.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// `hook_…`.
    pub id: String,
    /// The team.
    pub owner_id: String,
    /// Where it goes.
    pub url: String,
    /// Event names.
    pub events: Vec<String>,
    /// Only these projects; none means all of the team.
    pub project_ids: Option<Vec<String>>,
    /// Signs the deliveries; shown to the client once.
    pub secret: String,
    /// ms since 1970.
    pub created_at: i64,
}

impl Vercel {
    /// The project with this id or name.
    #[must_use]
    pub fn project(&self, id_or_name: &str) -> Option<&Project> {
        self.projects.iter().find(|project| project.id == id_or_name || project.name == id_or_name)
    }

    /// The deployment with this id or host name.
    #[must_use]
    pub fn deployment(&self, id_or_url: &str) -> Option<&Deployment> {
        self.deployments.iter().find(|found| found.id == id_or_url || found.url == id_or_url)
    }
}
