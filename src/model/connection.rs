//! Connections to platforms and to GitHub, as pages show them: never with a token.

use super::{Provider, Timestamp};
use serde::{Deserialize, Serialize};

/// Whether a stored token still works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConnectionHealth {
    /// The platform accepted it the last time it was used.
    Ok,
    /// The platform answered 401 or 403: a new token is needed.
    NeedsNewToken,
}

/// How failures of a connection's projects reach us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// The platform calls us; polling stays as the safety net.
    Webhook,
    /// We ask the platform.
    Polling,
}

/// How much a platform lets a token ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RateLimit {
    /// Requests in a window.
    pub limit: u32,
    /// Requests that are left in this one.
    pub remaining: u32,
    /// When the next window begins.
    pub reset_at: Timestamp,
}

/// Why a platform cannot be used for now, although its token is good. It is asked again by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// It does not answer, says that it cannot, or asks to be left alone.
    Unreachable,
    /// Its answers are not what it documents.
    Unreadable,
    /// It refuses what it documents.
    Refused,
}

impl Trouble {
    const ALL: [Self; 3] = [Self::Unreachable, Self::Unreadable, Self::Refused];

    /// The name in the database and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Unreadable => "unreadable",
            Self::Refused => "refused",
        }
    }

    /// The trouble with that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trouble| trouble.as_str() == name)
    }

    /// What is wrong, in one sentence about the platform of that name.
    pub fn sentence(self, name: &str) -> String {
        match self {
            Self::Unreachable => format!("{name} does not answer."),
            Self::Unreadable => format!("{name} gives answers that cannot be understood."),
            Self::Refused => format!("{name} refuses what it is asked."),
        }
    }
}

/// What is wrong with a platform, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Outage {
    /// What.
    pub trouble: Trouble,
    /// When it was first seen.
    pub since: Timestamp,
}

/// Where the builds of a connection's projects run: those that reproduce a failure, and those that prove its repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BuildsOn {
    /// In a sandbox on the machine that works on the fix.
    Here,
    /// In Vercel Sandbox, with the connection's token. Connections to Vercel alone have this choice.
    Vercel,
}

impl BuildsOn {
    /// All of them, as the page offers them.
    pub const ALL: [Self; 2] = [Self::Here, Self::Vercel];

    /// The name in the database, in forms and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Vercel => "vercel",
        }
    }

    /// The words on the page, after "Builds run".
    pub const fn label(self) -> &'static str {
        match self {
            Self::Here => "On this server",
            Self::Vercel => "In Vercel Sandbox, with this token",
        }
    }

    /// What it means for the code and for the account, in one sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Here => {
                "The repository stays here: only the pull request, and what the model is asked, leave this server."
            }
            Self::Vercel => {
                "The repository is copied to a virtual machine at Vercel, which your Vercel account is charged for; \
                 the agent there asks the model through the public address of this server."
            }
        }
    }

    /// The choice with that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.as_str() == name)
    }
}

/// A connected platform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Connection {
    /// Our id.
    pub id: String,
    /// The platform.
    pub provider: Provider,
    /// The user's name there.
    pub username: String,
    /// Whether the token works.
    pub health: ConnectionHealth,
    /// How failures arrive.
    pub delivery: Delivery,
    /// Why polling is used, when webhooks were wanted.
    pub delivery_note: Option<String>,
    /// Where the builds of its projects run. Connections to Vercel alone have a choice.
    pub builds_on: BuildsOn,
    /// Why they cannot run anywhere but on this server, where there would be a choice.
    pub builds_note: Option<String>,
    /// How many projects are watched.
    pub projects: u64,
    /// How many of them a webhook covers.
    pub covered: u64,
    /// How many of them can get pull requests.
    pub repairable: u64,
    /// When the platform last called us.
    pub last_delivery_at: Option<Timestamp>,
    /// When we last asked the platform.
    pub last_polled_at: Option<Timestamp>,
    /// What was wrong with the platform at the last poll, if anything was.
    pub outage: Option<Outage>,
    /// What the platform still lets the token ask, as its last answer to a poll said.
    pub rate: Option<RateLimit>,
    /// When the token expires, if that is known.
    pub expires_at: Option<Timestamp>,
    /// The user's own note about the token.
    pub token_note: Option<String>,
    /// When it was connected.
    pub created_at: Timestamp,
}

/// A user's name as people write it: `@login`, and anything that is no login as it is.
pub fn handle(username: &str) -> String {
    let is_login = username.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if is_login { format!("@{username}") } else { username.to_owned() }
}

/// The connected GitHub user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GithubConnection {
    /// Login name.
    pub login: String,
    /// The mail address used as the author of commits.
    pub email: String,
    /// What is wrong with GitHub, as long as fixes wait for it.
    pub trouble: Option<Trouble>,
    /// When it was connected.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::handle;

    #[test]
    fn only_logins_get_an_at() {
        assert_eq!(handle("octo-dev"), "@octo-dev");
        assert_eq!(handle("octo@example.com"), "octo@example.com");
        assert_eq!(handle("Octo Dev"), "Octo Dev");
    }
}
