//! What the stored events prove, for the commit and the pull request.

use crate::{
    model::{BranchBuild, EventKind, Finding, FixDetail, GuardCheck, Stage},
    server::{
        db::{self, DbError, entity::deployment},
        fix::FixContext,
        github::body::{CommandRun, Story},
    },
};

/// The stored facts of a fix, owned for as long as the story is told.
pub(in crate::server::fix) struct Evidence {
    detail: FixDetail,
    finding: Finding,
    before: CommandRun,
    after: Option<CommandRun>,
    checks: Vec<GuardCheck>,
    page_url: Option<String>,
}

impl Evidence {
    /// `page_url` is the fix's page, when people can reach it.
    fn new(detail: FixDetail, finding: Finding, page_url: Option<String>) -> Self {
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

    /// What is stored about a fix; `None` while it has no diagnosis.
    pub async fn of(ctx: &FixContext, fix: &deployment::Model) -> Result<Option<Self>, DbError> {
        let finding = fix.finding.as_deref().and_then(|json| serde_json::from_str(json).ok());
        let Some(finding) = finding else { return Ok(None) };
        let detail = db::fixes::detail(&ctx.db, fix).await?;
        let page = |url: &url::Url| format!("{}/deployments/{}", url.as_str().trim_end_matches('/'), fix.id);
        Ok(Some(Self::new(detail, finding, ctx.config.public_url.as_ref().map(page))))
    }

    /// How the platforms have built the branch of the pull request.
    pub fn builds(&self) -> Vec<&BranchBuild> {
        self.detail.branch_builds()
    }

    /// The story that the commit and the pull request tell.
    pub fn story<'a>(&'a self, builds: &'a [&'a BranchBuild]) -> Story<'a> {
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
            builds,
            fellows: &self.detail.fellows,
            page_url: self.page_url.as_deref(),
        }
    }
}
