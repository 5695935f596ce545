//! What each page is made of: one type per page, filled by one server function.

use super::{
    Connection, Cursor, DeploymentRow, DeploymentState, FixDetail, GithubConnection, PlatformDeployment,
    Provider, RuleLink, Tab, Timestamp,
};
use serde::{Deserialize, Serialize};

/// Who is looking.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visitor {
    /// The signed-in user.
    pub user: Option<CurrentUser>,
    /// No account exists yet: the owner's has to be made first.
    pub setup_needed: bool,
    /// People may sign in with GitHub.
    pub github: bool,
    /// What is out of order on the server, in sentences for the signed-in.
    #[serde(default)]
    pub disorder: Option<String>,
}

/// The signed-in user, as the layout shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentUser {
    /// The address they sign in with.
    pub email: String,
    /// Failures of the last 24 hours without a pull request: the number beside "Deployments".
    pub failing: AtLeast,
    /// Notifications that they have not read: the number beside "Notifications".
    pub unread: u64,
}

/// Everything on `/deployments` and on `/repos/{owner}/{repo}/deployments`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeploymentsPage {
    /// The figures above the list.
    pub stats: Stats,
    /// The list.
    pub list: DeploymentList,
    /// The watched projects, by name.
    pub projects: Vec<ProjectSummary>,
    /// At least one platform is connected.
    pub platform_connected: bool,
    /// A GitHub account is connected: without it no pull request can be opened.
    pub github_connected: bool,
    /// When this was put together.
    pub made_at: Timestamp,
}

/// One page of deployments over all platforms.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DeploymentList {
    /// Newest first.
    pub deployments: Vec<DeploymentRow>,
    /// Where the next page begins: `after` of its address. `None` on the last one.
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>))]
    pub next: Option<Cursor>,
    /// How many rows each tab has.
    pub counts: TabCounts,
    /// Platforms whose deployments are missing, with the reason as a sentence.
    pub unavailable: Vec<PlatformTrouble>,
}

/// A number that is exact, or a lower bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AtLeast {
    /// How many were counted.
    pub count: u64,
    /// There may be more.
    pub more: bool,
}

impl std::fmt::Display for AtLeast {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.count, if self.more { "+" } else { "" })
    }
}

/// How many rows each tab has under the filters. Platforms tell how many deployments they have only by listing them,
/// so these numbers may be lower bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "each field is the tab of the same name")]
pub struct TabCounts {
    pub projects: AtLeast,
    pub all: AtLeast,
    pub success: AtLeast,
    pub failed: AtLeast,
    pub fixed: AtLeast,
}

impl TabCounts {
    /// The number on a tab.
    pub const fn of(&self, tab: Tab) -> AtLeast {
        match tab {
            Tab::Projects => self.projects,
            Tab::All => self.all,
            Tab::Success => self.success,
            Tab::Failed => self.failed,
            Tab::Fixed => self.fixed,
        }
    }
}

/// A watched project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProjectSummary {
    /// The platform.
    pub provider: Provider,
    /// The platform's id.
    pub project_id: String,
    /// Its name.
    pub name: String,
    /// The linked repository, `owner/name`.
    pub repository: String,
    /// Fixes of its failures start by themselves.
    pub auto_fix: bool,
    /// Stored failures.
    pub failed: u64,
    /// Failures that led to a pull request.
    pub fixed: u64,
    /// Its newest deployment: state and time. Absent while its platform cannot be asked.
    pub newest: Option<(DeploymentState, Timestamp)>,
    /// The platform could not be asked.
    pub unreachable: bool,
}

/// A platform that could not be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PlatformTrouble {
    /// The platform.
    pub provider: Provider,
    /// What happened, as a sentence.
    pub message: String,
    /// The stored token was refused: connecting again is the way out.
    pub needs_new_token: bool,
}

/// The figures above the list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// Failed deployments that arrived in the last 24 hours.
    pub failed_24h: AtLeast,
    /// Fixes that a worker is busy with or that wait for one.
    pub being_fixed: u64,
    /// Verified pull requests that wait for a person.
    pub open_pull_requests: u64,
    /// Seconds from a failure's arrival to its pull request: the median of the days below.
    pub seconds_to_pull_request: Option<f64>,
    /// The last 14 days, oldest first.
    pub days: Vec<Day>,
}

impl Stats {
    /// The share of ended fixes of the last 14 days that led to a pull request, 0 to 1. `None` when none ended.
    pub fn fix_rate(&self) -> Option<f64> {
        let (fixed, failed) =
            self.days.iter().fold((0, 0), |(fixed, failed), day| (fixed + day.fixed, failed + day.failed));
        rate(fixed, failed)
    }
}

fn rate(fixed: u32, failed: u32) -> Option<f64> {
    (fixed + failed > 0).then(|| f64::from(fixed) / f64::from(fixed + failed))
}

/// One day of the small charts. Fixes belong to the day on which their failure arrived.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Day {
    /// Midnight UTC at its start.
    pub start: Timestamp,
    /// Failures that arrived.
    pub arrived: u32,
    /// Those whose fix led to a pull request.
    pub fixed: u32,
    /// Those whose fix failed.
    pub failed: u32,
    /// Seconds from the arrival to the pull request, their median.
    pub seconds_to_pull_request: Option<f64>,
}

impl Day {
    /// The share of its ended fixes that led to a pull request. `None` when none ended.
    pub fn fix_rate(&self) -> Option<f64> {
        rate(self.fixed, self.failed)
    }
}

/// Everything on `/deployments/{id}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentDetail {
    /// There is a fix, so there is a story.
    Fix {
        /// The story. Its log is left out: it is asked for on its own.
        fix: Box<FixDetail>,
        /// The user's rule that decided about it.
        rule: Option<RuleLink>,
    },
    /// The platform's deployment alone.
    Platform {
        /// The platform's side.
        deployment: Box<PlatformDeployment>,
    },
}

/// Everything on `/integrations`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IntegrationsPage {
    /// Every platform, connected or not.
    pub platforms: Vec<PlatformCard>,
    /// The connected GitHub user.
    pub github: Option<GithubConnection>,
}

/// A platform on `/integrations`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlatformCard {
    /// The platform.
    pub provider: Provider,
    /// The platform's page on which a token is made. `None`: this platform cannot be connected yet.
    pub token_page: Option<String>,
    /// The connection, if there is one.
    pub connection: Option<Connection>,
}
