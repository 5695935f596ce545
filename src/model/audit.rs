//! Who did what, as the page and the API show it.

use super::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which kind of entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AuditKind {
    /// Something was changed, or should have been.
    Change,
    /// Somebody signed in or out, or tried to.
    SignIn,
    /// A stored token was used for the first time on a day, for a purpose.
    TokenUse,
}

impl AuditKind {
    /// All of them, as the page offers them.
    pub const ALL: [Self; 3] = [Self::Change, Self::SignIn, Self::TokenUse];

    /// The name in the database, in addresses and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::SignIn => "sign_in",
            Self::TokenUse => "token_use",
        }
    }

    /// The word on the page.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Change => "Changes",
            Self::SignIn => "Sign-ins",
            Self::TokenUse => "Token use",
        }
    }

    /// The kind with that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// What somebody did. It carries no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Our id.
    pub id: String,
    /// When it was done.
    pub at: Timestamp,
    /// Which kind.
    pub kind: AuditKind,
    /// The stable name of what was done, for instance `api_token.create`.
    pub action: String,
    /// The same in words.
    pub label: String,
    /// Who did it: a mail address, `server` or `command line`. `None`: nobody who is known.
    pub who: Option<String>,
    /// What they were let in with: `session`, or `api_token:` and its id.
    pub credential: Option<String>,
    /// From where. Behind a proxy: the address that it names, and the proxy's own.
    pub address: Option<String>,
    /// On what: the parts of the address that name it, for instance `vercel/01J…`.
    pub object: Option<String>,
    /// `done`, or the code of the refusal.
    pub outcome: String,
    /// What else is known about it.
    pub details: BTreeMap<String, String>,
}

impl AuditEntry {
    /// It was done.
    pub fn done(&self) -> bool {
        self.outcome == "done"
    }
}

/// Everything on `/settings/audit`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AuditPage {
    /// Newest first.
    pub entries: Vec<AuditEntry>,
    /// Where the next page begins: `after` of its address. `None` on the last one.
    pub next: Option<String>,
    /// Entries of everybody are among them: the owner asks.
    pub everybody: bool,
}
