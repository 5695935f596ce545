//! A fix: the story of one failed deployment from its arrival to a pull request.

use super::{EventKind, Finding, FixEvent, PlatformDeployment, Provider, Timestamp};
use serde::{Deserialize, Serialize};

/// Where a fix stands. Stored in `deployments.fix_status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FixStatus {
    /// Stored, waiting for a worker.
    Pending,
    /// The log is being fetched and diagnosed, and the failure reproduced.
    Analyzing,
    /// The agent is at work.
    Fixing,
    /// The patch is being guarded, verified and handed in.
    Reviewing,
    /// A verified pull request is open.
    PrCreated,
    /// The pull request was merged.
    Merged,
    /// Ended without a pull request.
    Failed,
    /// Nothing was done, for the stored reason.
    Skipped,
}

impl FixStatus {
    /// Every status, in the order of a fix's life.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Analyzing,
        Self::Fixing,
        Self::Reviewing,
        Self::PrCreated,
        Self::Merged,
        Self::Failed,
        Self::Skipped,
    ];

    /// The name in the database and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Analyzing => "analyzing",
            Self::Fixing => "fixing",
            Self::Reviewing => "reviewing",
            Self::PrCreated => "pr_created",
            Self::Merged => "merged",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// The status with that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// The words on the page.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pending => "Waiting",
            Self::Analyzing => "Analysing",
            Self::Fixing => "Fixing",
            Self::Reviewing => "Verifying",
            Self::PrCreated => "Pull request open",
            Self::Merged => "Merged",
            Self::Failed => "Failed",
            Self::Skipped => "Skipped",
        }
    }

    /// A worker still has something to do.
    pub const fn is_unfinished(self) -> bool {
        matches!(self, Self::Pending | Self::Analyzing | Self::Fixing | Self::Reviewing)
    }

    /// It led to a pull request that is open or merged.
    pub const fn has_pull_request(self) -> bool {
        matches!(self, Self::PrCreated | Self::Merged)
    }
}

/// A station on the rail of the deployment page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The failure was stored.
    Received,
    /// The cause was found in the log.
    Diagnosed,
    /// The same build failed in the sandbox.
    Reproduced,
    /// The agent changed the code.
    Fixed,
    /// The guard passed and the build that failed now exits 0.
    Verified,
    /// The pull request is open.
    PullRequest,
    /// The platform's own build of the pull request succeeded, or it was merged.
    Green,
}

impl Stage {
    /// Every station, in order.
    pub const ALL: [Self; 7] = [
        Self::Received,
        Self::Diagnosed,
        Self::Reproduced,
        Self::Fixed,
        Self::Verified,
        Self::PullRequest,
        Self::Green,
    ];

    /// The word under the station.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Received => "Received",
            Self::Diagnosed => "Diagnosed",
            Self::Reproduced => "Reproduced",
            Self::Fixed => "Fixing",
            Self::Verified => "Verified",
            Self::PullRequest => "Pull request",
            Self::Green => "Green",
        }
    }
}

/// A fix in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FixSummary {
    /// Our id.
    pub id: String,
    /// The platform.
    pub provider: Provider,
    /// The platform's id of the failed deployment.
    pub platform_deployment_id: String,
    /// The project's name.
    pub project_name: String,
    /// The repository, `owner/name`.
    pub repository: String,
    /// The branch whose deployment failed.
    pub branch: Option<String>,
    /// The commit that failed.
    pub commit_sha: Option<String>,
    /// Where it stands.
    pub status: FixStatus,
    /// The error in one line.
    pub error_message: Option<String>,
    /// Stable code of why it was skipped or failed.
    pub reason_code: Option<String>,
    /// The sentence that goes with it.
    pub reason: Option<String>,
    /// The pull request's page.
    pub pr_url: Option<String>,
    /// Its number.
    pub pr_number: Option<i32>,
    /// The running or last attempt, from 1.
    pub attempt: i32,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
}

/// One attempt of the agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Attempt {
    /// From 1.
    pub number: i32,
    /// The model that ran.
    pub model: String,
    /// Tokens read by the model.
    pub input_tokens: i64,
    /// Tokens written by the model.
    pub output_tokens: i64,
    /// In US dollars, as the agent reports it.
    pub cost_usd: f64,
    /// Stable code of how it ended: `ok`, `no_change`, `timeout`, …
    pub outcome: String,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// One thing the agent said or did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AgentStep {
    /// The tool (`read`, `edit`, `bash`, …), or `text` for words.
    pub tool: String,
    /// What it was done to, in one line: a path, a command.
    pub title: String,
    /// The tool's output or the words, cut to a few thousand characters, redacted.
    pub detail: String,
    /// The tool reported an error.
    pub failed: bool,
}

/// A platform's own build of a fix branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct BranchBuild {
    /// The platform.
    pub provider: Provider,
    /// The platform's id of the project.
    pub project_id: String,
    /// The project's name.
    pub project_name: String,
    /// The platform's id of the deployment.
    pub platform_deployment_id: String,
    /// It succeeded.
    pub ready: bool,
}

impl BranchBuild {
    /// `Green on Render` or `Red on Render`.
    pub fn words(&self) -> String {
        Self::in_one_sentence(&[self])
    }

    /// `Green on Vercel, red on Render`.
    pub fn in_one_sentence(builds: &[&Self]) -> String {
        let mut sentence = String::new();
        for build in builds {
            let colour = match (sentence.is_empty(), build.ready) {
                (true, true) => "Green",
                (true, false) => "Red",
                (false, true) => ", green",
                (false, false) => ", red",
            };
            sentence.push_str(colour);
            sentence.push_str(" on ");
            sentence.push_str(build.provider.display_name());
        }
        sentence
    }
}

/// How the platforms have built the branch of the pull request as it is now: the newest build of each project, in the
/// order in which they were heard of.
pub fn branch_builds<'a>(events: impl IntoIterator<Item = &'a EventKind>) -> Vec<&'a BranchBuild> {
    let mut builds: Vec<&BranchBuild> = Vec::new();
    for event in events {
        match event {
            // What is pushed with it, or merged, has not been built yet.
            EventKind::PullRequest { .. } | EventKind::Status { status: FixStatus::Merged, .. } => {
                builds.clear()
            }
            EventKind::Built { build, .. } => {
                let same = |known: &&BranchBuild| {
                    (known.provider, &known.project_id) == (build.provider, &build.project_id)
                };
                match builds.iter().position(same) {
                    Some(known) => builds[known] = build,
                    None => builds.push(build),
                }
            }
            _ => {}
        }
    }
    builds
}

/// One check of the guard on a patch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct GuardCheck {
    /// Stable name, for instance `no_ci_edits`.
    pub name: String,
    /// What was checked, as a sentence.
    pub label: String,
    /// It holds.
    pub passed: bool,
    /// Where it does not hold.
    pub detail: Option<String>,
}

/// A deployment of the same commit that failed with the same error somewhere else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Fellow {
    /// Our id of its fix.
    pub id: String,
    /// The platform.
    pub provider: Provider,
    /// The project's name.
    pub project_name: String,
    /// The platform's id of the deployment.
    pub platform_deployment_id: String,
    /// Where its fix stands.
    pub status: FixStatus,
    /// The pull request's page, if its fix has led to one.
    pub pr_url: Option<String>,
    /// Its number.
    pub pr_number: Option<i32>,
}

/// Everything the deployment page shows about a fix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FixDetail {
    /// The facts of the list.
    pub summary: FixSummary,
    /// The platform's side, when the platform answered.
    pub deployment: Option<PlatformDeployment>,
    /// The diagnosis, once made.
    pub finding: Option<Finding>,
    /// When its user said that the diagnosis was wrong, unless that was taken back.
    pub finding_disputed_at: Option<Timestamp>,
    /// The redacted build log, head and tail with a marked gap when it was long.
    pub log: Option<String>,
    /// The log was removed after so many days.
    #[serde(default)]
    pub log_kept_days: Option<i32>,
    /// What all log lines about this fix carry, and its commands in the sandbox.
    #[serde(default)]
    pub trace_id: Option<String>,
    /// The unified diff of the accepted patch.
    pub diff: Option<String>,
    /// What the agent says it did.
    pub fix_summary: Option<String>,
    /// Other deployments of the same commit that failed with the same error.
    pub fellows: Vec<Fellow>,
    /// All attempts, oldest first.
    pub attempts: Vec<Attempt>,
    /// All events so far, by ascending `seq`.
    pub events: Vec<FixEvent>,
}

impl FixDetail {
    /// The live stream's cursor: events after this one are still to come.
    pub fn cursor(&self) -> i64 {
        self.events.last().map_or(0, |event| event.seq)
    }

    /// Takes in an event of the live stream. A sequence number seen before is ignored.
    pub fn apply(&mut self, event: FixEvent) {
        if event.seq <= self.cursor() {
            return;
        }
        match &event.kind {
            EventKind::Status { status, reason_code, reason, .. } => {
                self.summary.status = *status;
                self.summary.reason_code.clone_from(reason_code);
                self.summary.reason.clone_from(reason);
                if !status.is_unfinished() {
                    self.summary.completed_at = Some(event.at);
                }
            }
            EventKind::Diagnosed { finding } => {
                self.summary.error_message = Some(finding.message.clone());
                self.finding = Some((**finding).clone());
                self.finding_disputed_at = None;
            }
            EventKind::AttemptStarted { number, .. } => self.summary.attempt = *number,
            EventKind::AttemptEnded { attempt } => self.attempts.push(attempt.clone()),
            EventKind::Patch { diff, summary } => {
                self.diff = Some(diff.clone());
                self.fix_summary.clone_from(summary);
            }
            EventKind::PullRequest { number, url } => {
                self.summary.pr_number = Some(*number);
                self.summary.pr_url = Some(url.clone());
            }
            EventKind::Command { .. }
            | EventKind::Agent { .. }
            | EventKind::Guard { .. }
            | EventKind::Built { .. }
            | EventKind::Note { .. } => {}
        }
        self.events.push(event);
    }

    /// How the platforms have built the branch of the pull request.
    pub fn branch_builds(&self) -> Vec<&BranchBuild> {
        branch_builds(self.events.iter().map(|event| &event.kind))
    }

    /// When a station was reached, if it was.
    pub fn reached(&self, stage: Stage) -> Option<Timestamp> {
        self.events.iter().find(|event| event.kind.stage() == Some(stage)).map(|event| event.at)
    }
}
