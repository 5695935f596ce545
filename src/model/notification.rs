//! What people are told about fixes, on the page and by their webhooks.

use super::{Provider, Timestamp};
use serde::{Deserialize, Serialize};

/// Which news of a fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NotificationKind {
    /// A pull request is open.
    PullRequest,
    /// It was merged.
    Merged,
    /// The fix failed.
    Failed,
    /// The fix had begun, and there was nothing to repair in the code.
    Skipped,
}

impl NotificationKind {
    const ALL: [Self; 4] = [Self::PullRequest, Self::Merged, Self::Failed, Self::Skipped];

    /// The name in the database and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PullRequest => "pull_request",
            Self::Merged => "merged",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// The kind with that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// What a person was told about a fix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Notification {
    /// Our id.
    pub id: String,
    /// Our id of the fix.
    pub fix_id: String,
    /// Which news.
    pub kind: NotificationKind,
    /// The platform.
    pub provider: Provider,
    /// The project's name.
    pub project_name: String,
    /// The branch that failed.
    pub branch: Option<String>,
    /// The number of the pull request.
    pub pr_number: Option<i32>,
    /// Why it failed or was skipped.
    pub reason: Option<String>,
    /// When it happened.
    pub created_at: Timestamp,
    /// When it was read; `None`: not yet.
    pub read_at: Option<Timestamp>,
}

impl Notification {
    /// The news in one sentence.
    pub fn sentence(&self) -> String {
        let project = &self.project_name;
        let pull_request = match self.pr_number {
            Some(number) => format!("Pull request #{number}"),
            None => "The pull request".to_owned(),
        };
        match self.kind {
            NotificationKind::PullRequest => format!("{pull_request} repairs {project}"),
            NotificationKind::Merged => format!("{pull_request} of {project} was merged"),
            NotificationKind::Failed => format!("The fix of {project} failed"),
            NotificationKind::Skipped => {
                format!("{project} needs you: there is nothing to repair in its code")
            }
        }
    }
}

/// Everything on `/notifications`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NotificationsPage {
    /// Newest first.
    pub notifications: Vec<Notification>,
    /// How many are unread, on this page and others.
    pub unread: u64,
    /// Where the next page begins: `after` of its address. `None` on the last one.
    pub next: Option<String>,
}

/// How far a message to a webhook has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// To be sent, or to be sent again.
    Pending,
    /// Taken.
    Delivered,
    /// Given up.
    Failed,
}

impl DeliveryState {
    /// The name in the database and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// The state with that name. A word that is not known counts as given up.
    pub fn parse(name: &str) -> Self {
        [Self::Pending, Self::Delivered]
            .into_iter()
            .find(|state| state.as_str() == name)
            .unwrap_or(Self::Failed)
    }
}

/// A message to a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = OutgoingDelivery))]
pub struct OutgoingDelivery {
    /// Its `webhook-id`, the same at every try.
    pub id: String,
    /// Its `type`: `fix.pull_request`, `fix.merged`, `fix.failed`, `fix.skipped` or `webhook.test`.
    #[serde(rename = "type")]
    pub kind: String,
    /// How far it has come.
    pub state: DeliveryState,
    /// Tries so far.
    pub attempts: i32,
    /// When it is tried again.
    pub next_try_at: Option<Timestamp>,
    /// The HTTP status of the last answer.
    pub last_status: Option<i32>,
    /// What was wrong with the last try.
    pub last_error: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A person's outgoing webhook, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct OutgoingWebhook {
    /// Where messages go.
    pub url: String,
    /// Messages are sent.
    pub enabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When something was sent last.
    pub last_at: Option<Timestamp>,
    /// The HTTP status of the last answer.
    pub last_status: Option<i32>,
    /// What was wrong with the last try.
    pub last_error: Option<String>,
    /// The last messages, newest first.
    pub deliveries: Vec<OutgoingDelivery>,
}
