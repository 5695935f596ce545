//! Projects of a connected platform: where their code lives, and what is done about their failures.

use super::{Delivery, Provider};
use serde::{Deserialize, Serialize};

/// Where a project's code lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RepositoryKind {
    /// github.com: the only place where pull requests can be opened.
    Github,
    /// A GitHub Enterprise server.
    GithubEnterprise,
    /// GitLab.
    Gitlab,
    /// Bitbucket.
    Bitbucket,
    /// A place that Deploymend does not know, or a known one without a repository's name.
    Other,
    /// No repository.
    #[default]
    None,
}

impl RepositoryKind {
    const ALL: [Self; 6] =
        [Self::Github, Self::GithubEnterprise, Self::Gitlab, Self::Bitbucket, Self::Other, Self::None];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::GithubEnterprise => "github_enterprise",
            Self::Gitlab => "gitlab",
            Self::Bitbucket => "bitbucket",
            Self::Other => "other",
            Self::None => "none",
        }
    }

    /// The kind with that stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The name that people read.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Github => "GitHub",
            Self::GithubEnterprise => "GitHub Enterprise",
            Self::Gitlab => "GitLab",
            Self::Bitbucket => "Bitbucket",
            Self::Other => "Other repository",
            Self::None => "No repository",
        }
    }

    /// Why failures of such a project are shown and not repaired. `None`: they are repaired.
    pub const fn limit(self) -> Option<&'static str> {
        match self {
            Self::Github => None,
            Self::GithubEnterprise => Some(
                "The code is on a GitHub Enterprise server; pull requests are opened on github.com only.",
            ),
            Self::Gitlab => Some("The code is at GitLab; pull requests are opened on github.com only."),
            Self::Bitbucket => Some("The code is at Bitbucket; pull requests are opened on github.com only."),
            Self::Other => Some(
                "The platform names no github.com repository, so there is nowhere to open a pull request.",
            ),
            Self::None => Some(
                "No repository is linked. Link one in the project's Git settings on the platform, then sync.",
            ),
        }
    }
}

/// How a project stands to its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectStanding {
    /// It is watched.
    Watched,
    /// The platform has it, and nobody has decided about it yet.
    New,
    /// A person chose not to watch it.
    LeftOut,
    /// It is watched, and the platform does not have it any more.
    Gone,
}

/// A project on the page of a connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProjectRow {
    /// The platform's id.
    pub platform_id: String,
    /// Its name.
    pub name: String,
    /// The name of the team that owns it.
    pub team: Option<String>,
    /// Where its code lives.
    pub kind: RepositoryKind,
    /// The repository there, with its host when it is not the usual one.
    pub repository: Option<String>,
    /// Its folder in the repository, when several projects share one.
    pub root_directory: Option<String>,
    /// How it stands.
    pub standing: ProjectStanding,
    /// Its settings, when it is watched.
    pub settings: Option<ProjectSettings>,
}

/// What is set for a watched project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProjectSettings {
    /// Our id of the subscription.
    pub id: String,
    /// Fixes start by themselves.
    pub auto_fix_enabled: bool,
    /// What the names of fix branches begin with.
    pub fix_branch_prefix: String,
    /// Attempts per fix.
    pub max_fix_attempts: i32,
    /// The user is told about pull requests.
    pub notify_on_fix: bool,
    /// A commit that nothing is wrong with is built once more by itself.
    pub redeploy_flaky: bool,
    /// How failures arrive.
    pub delivery: Delivery,
}

/// Everything on `/integrations/{provider}/projects`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProjectsPage {
    /// The platform.
    pub provider: Provider,
    /// By name.
    pub projects: Vec<ProjectRow>,
    /// Why only watched projects are listed, when the platform could not be asked.
    pub trouble: Option<String>,
    /// Teams whose projects the token may not list.
    pub refused_teams: Vec<String>,
}

/// What syncing came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Synced {
    /// Projects that are watched from now on.
    pub added: usize,
    /// Watched projects whose name, repository or folder has changed.
    pub changed: usize,
    /// Watched projects that the platform does not have any more.
    pub gone: usize,
}
