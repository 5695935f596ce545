//! What the stored events prove, for the commit and the pull request.

use crate::{
    model::{EventKind, Finding, FixDetail, GuardCheck, Stage},
    server::github::body::{CommandRun, Story},
};

/// The stored facts of a fix, owned for as long as the story is told.
pub(super) struct Evidence {
    detail: FixDetail,
    finding: Finding,
    before: CommandRun,
    after: Option<CommandRun>,
    checks: Vec<GuardCheck>,
    page_url: Option<String>,
}

impl Evidence {
    /// `page_url` is the fix's page, when people can reach it.
    pub fn new(detail: FixDetail, finding: Finding, page_url: Option<String>) -> Self {
        let mut before = CommandRun { command: String::new(), exit_code: None };
        let (mut after, mut checks) = (None, Vec::new());
        for event in &detail.events {
            match &event.kind {
                EventKind::Command { command, exit_code, stage: Some(Stage::Reproduced), .. } => {
                    before = CommandRun { command: command.clone(), exit_code: *exit_code };
                }
                EventKind::Command { purpose, command, exit_code, .. } if purpose == "verify" => {
                    after = Some(CommandRun { command: command.clone(), exit_code: *exit_code });
                }
                EventKind::Guard { checks: latest } => checks.clone_from(latest),
                _ => {}
            }
        }
        Self { detail, finding, before, after, checks, page_url }
    }

    /// The story that the commit and the pull request tell.
    pub fn story(&self) -> Story<'_> {
        let summary = &self.detail.summary;
        let last = self.detail.events.last().map_or(summary.created_at, |event| event.at);
        Story {
            fix_id: &summary.id,
            provider: summary.provider,
            project_name: &summary.project_name,
            platform_deployment_id: &summary.platform_deployment_id,
            inspector_url: None,
            commit_sha: summary.commit_sha.as_deref().unwrap_or_default(),
            finding: &self.finding,
            summary: self.detail.fix_summary.as_deref(),
            before: &self.before,
            after: self.after.as_ref(),
            checks: &self.checks,
            attempts: &self.detail.attempts,
            seconds: (last - summary.created_at).as_seconds_f64(),
            page_url: self.page_url.as_deref(),
        }
    }
}
