//! What the Render stand-in knows.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::now_ms;
use crate::vercel::state::DeliveryMode;
use crate::webhook::Delivery;

/// All of it.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Render {
    /// People.
    pub users: Vec<User>,
    /// Keys that work; a revoked one is gone.
    pub tokens: Vec<Token>,
    /// Workspaces.
    pub owners: Vec<Owner>,
    /// Services, oldest first.
    pub services: Vec<Service>,
    /// Deploys, oldest first.
    pub deploys: Vec<Deploy>,
    /// Lines of all services, in the order of their writing.
    #[serde(skip)]
    pub logs: Vec<LogLine>,
    /// What happened, oldest first.
    pub events: Vec<Event>,
    /// Registered webhooks.
    pub webhooks: Vec<Webhook>,
    /// Deliveries made, oldest first.
    pub deliveries: Vec<Delivery>,
    /// What to do with the next deliveries.
    pub delivery_mode: DeliveryMode,
    /// Requests of a key in a minute; 400 without it.
    pub rate_limit: Option<u64>,
    /// By key: when its window began, in ms since 1970, and the requests since then.
    #[serde(skip)]
    pub windows: HashMap<String, (i64, u64)>,
}

/// A person.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Names the person in control calls; the API shows it nowhere.
    pub login: String,
    /// Address.
    pub email: String,
    /// Display name.
    pub name: String,
}

/// An API key.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// What goes after `Bearer`.
    pub value: String,
    /// Whose it is.
    pub login: String,
    /// When it stops working, in ms since 1970. The platform has no such keys; a deleted one is like an expired one.
    pub expires_at: Option<i64>,
}

impl Token {
    /// Whether its time is not over.
    #[must_use]
    pub fn works(&self) -> bool {
        self.expires_at.is_none_or(|end| end > now_ms())
    }
}

/// What a workspace has paid for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Plan {
    /// Free: no webhooks.
    Hobby,
    /// Paid: one webhook.
    #[default]
    Professional,
    /// Paid, larger: up to 100 webhooks.
    Scale,
}

/// A workspace.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// `tea-…`, or `usr-…` for the workspace of one person.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Address for bills.
    pub email: String,
    /// Plan.
    pub plan: Plan,
    /// Logins of its administrators.
    pub admins: Vec<String>,
    /// Logins of those who may do everything but administrate.
    pub developers: Vec<String>,
}

impl Owner {
    /// Whether the person belongs to it.
    #[must_use]
    pub fn has(&self, login: &str) -> bool {
        self.admins.iter().chain(&self.developers).any(|member| member == login)
    }
}

/// What a service runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Serves requests.
    #[default]
    WebService,
    /// Files that were built.
    StaticSite,
    /// Serves requests of the workspace.
    PrivateService,
    /// Runs on its own.
    BackgroundWorker,
    /// Runs at times.
    CronJob,
}

impl Kind {
    /// The platform's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Kind::WebService => "web_service",
            Kind::StaticSite => "static_site",
            Kind::PrivateService => "private_service",
            Kind::BackgroundWorker => "background_worker",
            Kind::CronJob => "cron_job",
        }
    }
}

/// What people set on a service. What is missing has the platform's default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Settings {
    /// What it runs.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// `node`, `python`, `docker`, …; `node` without it.
    pub runtime: Option<String>,
    /// Folder in the repository.
    pub root_dir: String,
    /// Installs and builds; `npm install && npm run build` without it.
    pub build_command: Option<String>,
    /// Starts the program; `npm start` without it.
    pub start_command: Option<String>,
    /// Folder with a static site's files; `dist` without it.
    pub publish_path: Option<String>,
    /// It is switched off.
    pub suspended: bool,
}

/// A service.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// `srv-…`, `crn-…` for a cron job.
    pub id: String,
    /// Unique in its workspace.
    pub name: String,
    /// The workspace.
    pub owner_id: String,
    /// Address of the repository; none for an image.
    pub repo: Option<String>,
    /// The branch that it deploys.
    pub branch: Option<String>,
    /// Address of an image.
    pub image: Option<String>,
    /// Id of the service that it is a preview of.
    pub preview_of: Option<String>,
    /// What people set.
    pub settings: Settings,
    /// ms since 1970.
    pub created_at: i64,
}

impl Service {
    /// `owner/name` of a repository on GitHub.
    #[must_use]
    pub fn github(&self) -> Option<&str> {
        self.repo.as_deref()?.strip_prefix("https://github.com/").map(|path| path.trim_end_matches(".git"))
    }

    /// Its build command.
    #[must_use]
    pub fn build_command(&self) -> &str {
        self.settings.build_command.as_deref().unwrap_or("npm install && npm run build")
    }
}

/// A deploy.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Deploy {
    /// `dep-…`.
    pub id: String,
    /// The service.
    pub service_id: String,
    /// The platform's word: `created`, `build_in_progress`, `live`, `build_failed`, …
    pub status: String,
    /// `new_commit`, `api`, `manual`, …
    pub trigger: String,
    /// Forty hex digits; none for an image.
    pub commit: Option<String>,
    /// The commit's message.
    pub message: Option<String>,
    /// Address of the image.
    pub image: Option<String>,
    /// ms since 1970.
    pub created_at: i64,
    /// ms since 1970; none while it waits.
    pub started_at: Option<i64>,
    /// ms since 1970.
    pub updated_at: i64,
    /// ms since 1970; none before its end.
    pub finished_at: Option<i64>,
}

/// A line of a service's log.
#[derive(Debug, Clone)]
pub struct LogLine {
    /// Unique.
    pub id: String,
    /// The service.
    pub service_id: String,
    /// `build`, `app` or `request`.
    pub kind: &'static str,
    /// ms since 1970.
    pub at: i64,
    /// The line without its end.
    pub message: String,
}

/// Something that happened to a service.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// `evt-…`.
    pub id: String,
    /// `deploy_ended`, `build_ended`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The service.
    pub service_id: String,
    /// ms since 1970.
    pub at: i64,
    /// What the API shows as details.
    pub details: Value,
    /// `succeeded`, `failed` or `canceled`, of events at an end.
    pub status: Option<&'static str>,
}

/// A registered webhook.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// `whk-…`.
    pub id: String,
    /// The workspace.
    pub owner_id: String,
    /// Its name.
    pub name: String,
    /// Where it goes.
    pub url: String,
    /// It sends.
    pub enabled: bool,
    /// Event names; none means all.
    pub event_filter: Vec<String>,
    /// Signs the deliveries.
    pub secret: String,
}

impl Render {
    /// The service with this id or name.
    #[must_use]
    pub fn service(&self, id_or_name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.id == id_or_name || service.name == id_or_name)
    }

    /// The deploy with this id.
    #[must_use]
    pub fn deploy(&self, id: &str) -> Option<&Deploy> {
        self.deploys.iter().find(|deploy| deploy.id == id)
    }

    /// The workspace with this id or name.
    #[must_use]
    pub fn owner(&self, id_or_name: &str) -> Option<&Owner> {
        self.owners.iter().find(|owner| owner.id == id_or_name || owner.name == id_or_name)
    }
}
