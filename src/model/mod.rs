//! What the server and the browser talk about: plain serde types, no I/O, no secrets.

pub mod account;
pub mod audit;
pub mod connection;
pub mod deployment;
pub mod error;
pub mod finding;
pub mod fix;
pub mod list;
pub mod live;
pub mod log;
pub mod notification;
pub mod page;
pub mod project;
pub mod provider;
pub mod rule;
pub mod token;

pub use account::{GithubSignIn, InvitationRow, SessionRow, SettingsPage, TokenRow};
pub use audit::{AuditEntry, AuditKind, AuditPage};
pub use connection::{
    BuildsOn, Connection, ConnectionHealth, Delivery, GithubConnection, Outage, RateLimit, Trouble, handle,
};
pub use deployment::{DeploymentRow, DeploymentState, PlatformDeployment};
pub use error::{ApiError, ErrorCode};
pub use finding::{ContextLine, ErrorType, Finding, Link, LinkKind, Verdict};
pub use fix::{
    AgentStep, Attempt, BranchBuild, Fellow, FixDetail, FixStatus, FixSummary, GuardCheck, Stage,
    branch_builds,
};
pub use list::{Cursor, ListQuery, Tab};
pub use live::{EventKind, FixEvent};
pub use log::{DeploymentLog, LogExcerpt, LogMatches};
pub use notification::{
    DeliveryState, Notification, NotificationKind, NotificationsPage, OutgoingDelivery, OutgoingWebhook,
};
pub use page::{
    AtLeast, CurrentUser, Day, DeploymentDetail, DeploymentList, DeploymentsPage, IntegrationsPage,
    PlatformCard, PlatformTrouble, ProjectSummary, Stats, TabCounts, Visitor,
};
pub use project::{ProjectRow, ProjectSettings, ProjectStanding, ProjectsPage, RepositoryKind, Synced};
pub use provider::Provider;
pub use rule::{
    ProjectRules, RULE_NAME_LIMIT, RULE_PATTERN_LIMIT, RULE_PROMPT_LIMIT, RULES_AT_MOST, RuleDraft, RuleForm,
    RuleLink, RuleRow, Step, Trial, TrialLine, TrialMatch, rules_path,
};
pub use token::{
    ConnectInput, Permission, Secret, TokenCheck, TokenFormatError, TokenOwner, TokenReport, TokenScope,
};

/// A point in time in UTC; RFC 3339 on the wire.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
