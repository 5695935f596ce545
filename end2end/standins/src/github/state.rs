//! What the GitHub stand-in knows beside the bare repositories on disk.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::webhook::Delivery;

/// All of it.
#[derive(Debug, Default)]
pub struct Github {
    /// People.
    pub users: Vec<User>,
    /// Tokens that work.
    pub tokens: Vec<Token>,
    /// OAuth apps.
    pub oauth_apps: Vec<OauthApp>,
    /// Codes of OAuth apps that were not used yet.
    pub codes: Vec<Code>,
    /// Repositories.
    pub repositories: Vec<Repository>,
    /// Webhook deliveries made, oldest first.
    pub deliveries: Vec<Delivery>,
    /// If set, deliveries are made but not sent.
    pub drop_deliveries: bool,
    /// Pushes over git that changed a ref.
    pub pushes: Vec<Push>,
    /// Last id handed out, for whatever needs one.
    pub last_id: u64,
}

/// A push over git.
#[derive(Debug, Clone, Serialize)]
pub struct Push {
    /// `owner/name`.
    pub repository: String,
    /// Who pushed.
    pub login: String,
    /// Changed branches: name to (before, after), an empty text for none.
    pub changes: BTreeMap<String, (String, String)>,
    /// ms since 1970.
    pub at: i64,
}

/// A person.
#[derive(Debug, Clone, Serialize)]
pub struct User {
    /// Number.
    pub id: u64,
    /// Unique name.
    pub login: String,
    /// Display name.
    pub name: Option<String>,
    /// Primary address, shown by `/user/emails`.
    pub email: String,
    /// Whether `/user` and others may see the address.
    pub public_email: bool,
}

/// A token.
#[derive(Debug, Clone, Serialize)]
pub struct Token {
    /// What goes after `Bearer`, or is the password of git.
    pub value: String,
    /// Whose.
    pub login: String,
    /// Classic scopes for `X-OAuth-Scopes`; none for a fine-grained token.
    pub scopes: Option<String>,
    /// May only read, whatever the user may.
    pub read_only: bool,
    /// Only these repositories; none means all of the user's.
    pub repositories: Option<Vec<String>>,
}

/// An OAuth app.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OauthApp {
    /// What the app is known by.
    pub client_id: String,
    /// What it proves itself with.
    pub client_secret: String,
    /// Where browsers are sent back to.
    pub callback: String,
}

/// A code on its way from the browser to the app.
#[derive(Debug, Clone)]
pub struct Code {
    /// Its text.
    pub value: String,
    /// The app it is for.
    pub client_id: String,
    /// Who agreed.
    pub login: String,
    /// Where it was sent.
    pub redirect_uri: String,
    /// What they agreed to.
    pub scope: String,
    /// SHA-256 of the verifier, in base64url.
    pub challenge: Option<String>,
    /// ms since 1970.
    pub made_at: i64,
}

/// What a collaborator may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    /// Read.
    Pull,
    /// Push.
    Push,
    /// Everything, hooks too.
    Admin,
}

/// A repository; its objects and refs are in the bare repository on disk.
#[derive(Debug, Clone, Serialize)]
pub struct Repository {
    /// Number.
    pub id: u64,
    /// Owner's login.
    pub owner: String,
    /// Owner's number.
    pub owner_id: u64,
    /// Name.
    pub name: String,
    /// 404 for those without access.
    pub private: bool,
    /// Default branch.
    pub default_branch: String,
    /// Login to what they may do.
    pub collaborators: BTreeMap<String, Permission>,
    /// Pull requests; the number is the index + 1.
    pub pulls: Vec<Pull>,
    /// Webhooks.
    pub hooks: Vec<Hook>,
    /// Commit statuses, oldest first.
    pub statuses: Vec<Status>,
    /// Check runs, oldest first.
    pub check_runs: Vec<CheckRun>,
    /// ms since 1970.
    pub created_at: i64,
}

/// A pull request inside one repository.
#[derive(Debug, Clone, Serialize)]
pub struct Pull {
    /// Number over all of GitHub.
    pub id: u64,
    /// Number in the repository.
    pub number: u64,
    /// Title.
    pub title: String,
    /// Body.
    pub body: Option<String>,
    /// Draft.
    pub draft: bool,
    /// Open; else closed or merged.
    pub open: bool,
    /// Head branch.
    pub head: String,
    /// Head commit; follows pushes while open.
    pub head_sha: String,
    /// Base branch.
    pub base: String,
    /// Base commit when it was opened.
    pub base_sha: String,
    /// Who opened it.
    pub login: String,
    /// Label names.
    pub labels: Vec<String>,
    /// Comments.
    pub comments: Vec<Comment>,
    /// When it was merged, in ms since 1970.
    pub merged_at: Option<i64>,
    /// Who merged it.
    pub merged_by: Option<String>,
    /// The merge's commit.
    pub merge_commit_sha: Option<String>,
    /// When it was closed (or merged).
    pub closed_at: Option<i64>,
    /// ms since 1970.
    pub created_at: i64,
    /// ms since 1970.
    pub updated_at: i64,
}

/// A comment on a pull request.
#[derive(Debug, Clone, Serialize)]
pub struct Comment {
    /// Number.
    pub id: u64,
    /// Who wrote it.
    pub login: String,
    /// Text.
    pub body: String,
    /// ms since 1970.
    pub created_at: i64,
}

/// A webhook of a repository.
#[derive(Debug, Clone, Serialize)]
pub struct Hook {
    /// Number.
    pub id: u64,
    /// Address.
    pub url: String,
    /// Signs deliveries; without it there is no signature header.
    pub secret: Option<String>,
    /// Events, or `*`.
    pub events: Vec<String>,
    /// Delivers.
    pub active: bool,
    /// ms since 1970.
    pub created_at: i64,
}

/// A commit status.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// Number.
    pub id: u64,
    /// Commit.
    pub sha: String,
    /// `error`, `failure`, `pending`, `success`.
    pub state: String,
    /// Which check it is.
    pub context: String,
    /// Text.
    pub description: Option<String>,
    /// Address.
    pub target_url: Option<String>,
    /// ms since 1970.
    pub created_at: i64,
}

/// A check run, made by a control call only: clients need a GitHub App for that.
#[derive(Debug, Clone, Serialize)]
pub struct CheckRun {
    /// Number.
    pub id: u64,
    /// Commit.
    pub sha: String,
    /// Name.
    pub name: String,
    /// `queued`, `in_progress`, `completed`.
    pub status: String,
    /// `success`, `failure`, …
    pub conclusion: Option<String>,
    /// ms since 1970.
    pub created_at: i64,
}

impl Github {
    /// A number never handed out before.
    pub fn next_id(&mut self) -> u64 {
        self.last_id = self.last_id.max(1_000) + 1;
        self.last_id
    }

    /// The repository `owner/name`; letter case does not matter, as at GitHub.
    #[must_use]
    pub fn repository(&self, full_name: &str) -> Option<&Repository> {
        self.repositories.iter().find(|repository| repository.full_name().eq_ignore_ascii_case(full_name))
    }

    /// The same, to change.
    pub fn repository_mut(&mut self, full_name: &str) -> Option<&mut Repository> {
        self.repositories.iter_mut().find(|repository| repository.full_name().eq_ignore_ascii_case(full_name))
    }

    /// The person with this login.
    #[must_use]
    pub fn user(&self, login: &str) -> Option<&User> {
        self.users.iter().find(|user| user.login.eq_ignore_ascii_case(login))
    }
}

impl Repository {
    /// `owner/name`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// What the token lets its owner do here; none hides a private repository.
    #[must_use]
    pub fn permission(&self, token: Option<&Token>) -> Option<Permission> {
        let public = (!self.private).then_some(Permission::Pull);
        let Some(token) = token else { return public };
        let selected = token.repositories.as_ref().is_none_or(|list| list.contains(&self.full_name()));
        let own = self.collaborators.get(&token.login).copied().filter(|_| selected);
        let own = if token.read_only { own.map(|_| Permission::Pull) } else { own };
        own.max(public)
    }

    /// The pull request with this number.
    pub fn pull_mut(&mut self, number: u64) -> Option<&mut Pull> {
        self.pulls.iter_mut().find(|pull| pull.number == number)
    }
}
