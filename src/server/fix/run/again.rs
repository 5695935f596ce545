//! A failure with nothing wrong in the code → one more build of the same commit by the platform, if its user allows it.

use super::{
    Run, Stop,
    prepare::{Pauses, Subject, short},
};
use crate::{
    model::{EventKind, Finding, PlatformDeployment},
    server::{
        db::{self, fixes::FixChange},
        fix::crash_point,
        integrations::PlatformError,
    },
};

impl Run<'_> {
    /// Has the platform build the commit once more, and ends the fix with that. Comes back where the user does not allow
    /// it, it was done before, or the platform refuses: then the advice is for the user.
    ///
    /// The mark is written before the platform is asked. The new deployment may fail within seconds, and its fix must
    /// find the mark even if this process has died right after asking; asked first, it would be built a third time. A
    /// mark alone proves nothing, so whoever goes on after a crash looks at the platform, and asks only where the new
    /// deployment is missing.
    pub(super) async fn build_again(
        &mut self,
        subject: &Subject,
        deployment: &PlatformDeployment,
        finding: &Finding,
    ) -> Result<(), Stop> {
        let Some(commit) = &self.fix.commit_sha else { return Ok(()) };
        let resumed = self.has_asked();
        if !resumed {
            let before = self.fix.redeployed_at.is_some()
                || db::fixes::redeployed_for_another(&self.ctx.db, &self.fix).await?;
            if before || !subject.subscription.redeploy_flaky {
                return Ok(());
            }
            let text = format!("{} is asked to build {} once more.", subject.platform_name(), short(commit));
            self.mark(true, text).await?;
        }
        crash_point!("before_redeploy");
        // Two deployments of one commit may fail at once. With both marks written, at most one asks.
        if db::fixes::redeployed_for_another(&self.ctx.db, &self.fix).await? {
            let text = "Another deployment of this commit has failed, too, and that one counts.".to_owned();
            return self.mark(false, text).await;
        }
        if !self.ask_again(subject, deployment, resumed).await? {
            let text = format!("{} did not take it.", subject.platform_name());
            return self.mark(false, text).await;
        }
        crash_point!("after_redeploy");
        // It goes on now: the poll is to see how it ends.
        let connection = &subject.subscription.integration_id;
        db::integrations::poll_soon(&self.ctx.db, connection, self.ctx.clock.now()).await?;
        Err(Stop::skipped(
            "redeployed",
            format!(
                "Nothing is wrong with the code, so {} builds it once more: {}",
                subject.platform_name(),
                finding.message
            ),
        ))
    }

    /// This run has written the mark, perhaps before a restart. One from before the fix was tried again is older.
    pub(super) fn has_asked(&self) -> bool {
        let (marked, started) = (self.fix.redeployed_at, self.fix.started_at);
        marked.zip(started).is_some_and(|(marked, started)| marked >= started)
    }

    async fn mark(&mut self, asked: bool, text: String) -> Result<(), Stop> {
        let at = asked.then(|| self.ctx.clock.now());
        let change = FixChange { redeployed_at: Some(at), ..FixChange::default() };
        self.record(change, vec![EventKind::Note { text, stage: None }]).await
    }

    /// Whether the platform builds it again. A call without an answer may have had its effect, so each further one is
    /// made only after a look. `asked`: there may have been one already.
    async fn ask_again(
        &self,
        subject: &Subject,
        deployment: &PlatformDeployment,
        mut asked: bool,
    ) -> Result<bool, Stop> {
        let mut pauses = Pauses::default();
        loop {
            if asked && built_again(&self.newer(subject, deployment).await?, deployment) {
                return Ok(true);
            }
            asked = true;
            let (access, project) = (&subject.access, &subject.project_ref);
            let call = subject.provider.redeploy(access, project, &deployment.platform_id);
            match self.lease.guard(call).await? {
                Ok(()) => return Ok(true),
                Err(PlatformError::Transient { retry_after }) if pauses.left(retry_after) => {
                    self.lease.guard(pauses.wait(&self.ctx.clock, retry_after)).await?;
                }
                // Not noted on the connection: a token that may read and not build is as good as ever.
                Err(error) => {
                    tracing::warn!(fix.id = %self.fix.id, %error, "A platform did not build a commit again");
                    return Ok(false);
                }
            }
        }
    }
}

/// Whether one of the newer deployments is of the same commit.
pub(super) fn built_again(newer: &[PlatformDeployment], deployment: &PlatformDeployment) -> bool {
    deployment.commit_sha.is_some() && newer.iter().any(|other| other.commit_sha == deployment.commit_sha)
}
