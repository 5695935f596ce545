//! A person's own account, as the settings show it.

use super::{OutgoingWebhook, Secret, Timestamp};
use serde::{Deserialize, Serialize};

/// Everything on `/settings`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsPage {
    /// What to call them.
    pub name: String,
    /// The address they sign in with.
    pub email: String,
    /// Signing in with GitHub; `None` where this server does not offer it.
    pub github: Option<GithubSignIn>,
    /// Where they are signed in: the browser that asks, then the one seen last.
    pub sessions: Vec<SessionRow>,
    /// Keys of their programs, newest first.
    pub tokens: Vec<TokenRow>,
    /// The token that was made a moment ago.
    pub new_token: Option<Secret>,
    /// Where messages about fixes go; `None`: nowhere.
    pub webhook: Option<OutgoingWebhook>,
    /// The secret of the webhook that was made a moment ago.
    pub new_webhook: Option<Secret>,
    /// Open invitations; `None` for anybody but the owner.
    pub invitations: Option<Vec<InvitationRow>>,
    /// The link of the invitation that was made a moment ago.
    pub new_invitation: Option<Secret>,
}

/// How a person's GitHub account stands to signing in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GithubSignIn {
    /// The login of the connected account.
    pub login: Option<String>,
    /// It signs them in.
    pub signs_in: bool,
}

/// A browser in which somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    /// Its name; worth nothing to sign in with.
    pub id: String,
    /// The browser in a few words.
    pub browser: String,
    /// When they signed in.
    pub since: Timestamp,
    /// When it was last used, to a minute. `None`: before that was noted.
    pub last_seen_at: Option<Timestamp>,
    /// It is the one that asks.
    pub current: bool,
}

/// A key for programs, without what opens anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRow {
    /// Our id.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// Its last characters.
    pub hint: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to a minute.
    pub last_used_at: Option<Timestamp>,
    /// When it stops to work; `None`: never.
    pub expires_at: Option<Timestamp>,
}

/// An open invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationRow {
    /// Our id.
    pub id: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops to work.
    pub expires_at: Timestamp,
}
