//! A platform that could not build the branch of the pull request → what the next attempt is told, and one more build
//! that has to pass. Platforms build one commit in different ways: green on one is no proof for another.

use super::{Run, Stop, prepare::Site};
use crate::{
    model::{BranchBuild, EventKind, branch_builds},
    server::{
        db::{self, fixes::FixChange},
        diagnosis::{self, Hints},
        fix::plan::BuildPlan,
        github::git::Checkout,
        sandbox::Slot,
    },
};

/// Lines of a platform's log that the agent sees beside the finding's own.
const TAIL: usize = 40;

/// A build of the branch that failed, and where that was.
pub(super) struct RedBuild {
    build: BranchBuild,
    site: Site,
}

/// What those platforms run in the same folder, where that is something else than `own`.
pub(super) fn plans(red: &[RedBuild], clone: &Checkout, own: &BuildPlan) -> Result<Vec<BuildPlan>, Stop> {
    let mut plans: Vec<BuildPlan> = Vec::new();
    for RedBuild { site, .. } in red {
        let plan = BuildPlan::detect(clone.dir(), site.provider.as_ref(), &site.project, &[])?;
        if plan.root == own.root && plan != *own && !plans.contains(&plan) {
            plans.push(plan);
        }
    }
    Ok(plans)
}

impl Run<'_> {
    /// The platforms on which the branch of the pull request is red now. Those that are not watched any more have no
    /// say.
    pub(super) async fn red_builds(&self, user_id: &str) -> Result<Vec<RedBuild>, Stop> {
        let events = db::events::since(&self.ctx.db, &self.fix.id, 0, u64::MAX).await?;
        let builds = branch_builds(events.iter().map(|event| &event.kind)).into_iter();
        let mut red = Vec::new();
        for build in builds.filter(|build| !build.ready) {
            let watching =
                db::subscriptions::watching(&self.ctx.db, build.provider, &build.project_id).await?;
            if let Some(subscription) = watching.into_iter().find(|watched| watched.user_id == user_id) {
                red.push(RedBuild { site: self.site(subscription).await?, build: build.clone() });
            }
        }
        Ok(red)
    }

    /// The attempt before this one led to the pull request: no other has ended since.
    pub(super) async fn was_handed_in(&self) -> Result<bool, Stop> {
        let events = db::events::since(&self.ctx.db, &self.fix.id, 0, u64::MAX).await?;
        let last = events.iter().rev().find_map(|event| match event.kind {
            EventKind::PullRequest { .. } => Some(true),
            EventKind::AttemptEnded { .. } => Some(false),
            _ => None,
        });
        Ok(last == Some(true))
    }

    /// Asks the platforms what went wrong there and keeps it for the agent. After a restart it is there already.
    pub(super) async fn hear_of(&mut self, red: &[RedBuild]) -> Result<(), Stop> {
        if red.is_empty() || self.fix.last_failure.is_some() {
            return Ok(());
        }
        let mut told = Vec::new();
        for RedBuild { build, site } in red {
            let id = &build.platform_deployment_id;
            let log =
                self.ask_site(site, || site.provider.build_log(&site.access, &site.project_ref, id)).await?;
            let shown = diagnosis::shown(&log.lines);
            let hints = Hints {
                provider: Some(build.provider),
                root_directory: site.project.root_directory.clone(),
                ..Hints::default()
            };
            let finding = diagnosis::diagnose(&shown.plain, &hints);
            let tail = &shown.plain[shown.plain.len().saturating_sub(TAIL)..];
            told.push(format!(
                "With the change, {} could not build the branch: {}\n{}\n\nThe end of its log:\n{}",
                build.provider.display_name(),
                finding.message,
                finding.context_text(),
                tail.join("\n")
            ));
        }
        let change = FixChange { last_failure: Some(Some(told.join("\n\n"))), ..FixChange::default() };
        let names: Vec<&str> = red.iter().map(|red| red.build.provider.display_name()).collect();
        let text = format!("The next attempt begins with the build log of {}.", names.join(" and "));
        self.record(change, vec![EventKind::Note { text, stage: None }]).await
    }

    /// Builds the patched copy as those platforms do, too. Returns what failed, in words for the next attempt.
    pub(super) async fn builds_elsewhere(
        &mut self,
        red: &[RedBuild],
        clone: &Checkout,
        own: &BuildPlan,
    ) -> Result<Option<String>, Stop> {
        for RedBuild { build, site } in red {
            let plan = BuildPlan::detect(clone.dir(), site.provider.as_ref(), &site.project, &[])?;
            if plan == *own {
                continue;
            }
            let failure =
                self.build(Slot::Verify, &plan, "install_elsewhere", "verify_elsewhere", None).await?;
            if let Some(failure) = failure {
                return Ok(Some(format!(
                    "With the patch applied, `{}` exits {}, as {} runs it:\n{}",
                    failure.command,
                    failure.exit(),
                    build.provider.display_name(),
                    failure.tail
                )));
            }
        }
        Ok(None)
    }
}
