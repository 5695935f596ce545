//! What each page is made of: one type per page, filled by one server function.

use super::{
    Connection, DeploymentRow, FixDetail, GithubConnection, PlatformDeployment, Provider, Timestamp,
};
use serde::{Deserialize, Serialize};

/// Who is looking.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visitor {
    /// The signed-in user.
    pub user: Option<CurrentUser>,
    /// No account exists yet: the owner's has to be made first.
    pub setup_needed: bool,
}

/// The signed-in user, as the layout shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentUser {
    /// The address they sign in with.
    pub email: String,
    /// Fixes that failed in the last 24 hours: the number beside "Deployments".
    pub failing: u64,
}

/// Everything on `/deployments`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeploymentsPage {
    /// The figures above the list.
    pub stats: Stats,
    /// Newest first.
    pub rows: Vec<DeploymentRow>,
    /// Platforms whose deployments are missing from `rows`, with the reason as a sentence.
    pub unavailable: Vec<PlatformTrouble>,
    /// At least one platform is connected.
    pub platform_connected: bool,
    /// A GitHub account is connected: without it no pull request can be opened.
    pub github_connected: bool,
}

/// A platform that could not be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    pub failed_24h: u64,
    /// Fixes that a worker is busy with or that wait for one.
    pub being_fixed: u64,
    /// Verified pull requests that wait for a person.
    pub open_pull_requests: u64,
    /// The last 14 days, oldest first.
    pub days: Vec<Day>,
}

impl Stats {
    /// The share of ended fixes of the last 14 days that led to a pull request, 0 to 1. `None` when none ended.
    pub fn fix_rate(&self) -> Option<f64> {
        let (fixed, ended) = self
            .days
            .iter()
            .fold((0, 0), |(fixed, ended), day| (fixed + day.fixed, ended + day.fixed + day.failed));
        (ended > 0).then(|| f64::from(fixed) / f64::from(ended))
    }
}

/// One day of the sparkline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Midnight UTC at its start.
    pub start: Timestamp,
    /// Fixes received on it that led to a pull request.
    pub fixed: u32,
    /// Fixes received on it that failed.
    pub failed: u32,
}

/// Everything on `/deployments/{id}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentDetail {
    /// There is a fix, so there is a story.
    Fix {
        /// The story. Its log is left out: it is asked for on its own.
        fix: Box<FixDetail>,
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
