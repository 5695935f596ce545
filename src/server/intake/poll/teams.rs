//! One team's deployments → fixes of what failed, and notes on fixes whose branch the platform has built.

use super::{Found, PollError};
use crate::{
    model::{DeploymentState, PlatformDeployment, Timestamp},
    server::{
        db::{entity::subscription, fixes, subscriptions},
        intake::{
            Action, Delivered, Failure, IntakeContext, Receipt, admit,
            own_branch::{self, Ended, Owner},
        },
        integrations::{Access, Look, ProjectRef, TokenProvider},
    },
};
use chrono::TimeDelta;
use std::collections::{BTreeMap, HashSet};

/// A failure that is older was missed for good: nobody waits for its fix any more.
const LOOK_BACK: TimeDelta = TimeDelta::days(7);
/// After a pause in polling of this length everything is looked at again.
const GAP: TimeDelta = TimeDelta::hours(1);
/// A deployment that was made longer ago has ended by now, and its end was seen.
const WINDOW: TimeDelta = TimeDelta::hours(6);
/// A deployment that claims to be built for longer than this keeps nobody busy.
const LONGEST_BUILD: TimeDelta = TimeDelta::hours(2);
/// After a pull request was opened the platform builds its branch within this time.
pub(super) const BRANCH_BUILD: TimeDelta = TimeDelta::minutes(30);
/// Open pull requests that make their project busy.
const MAX_BRANCHES: u64 = 20;

/// Subscriptions by the team that owns their project.
pub(super) fn by_team(rows: Vec<subscription::Model>) -> BTreeMap<Option<String>, Vec<subscription::Model>> {
    let mut teams: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for watched in rows {
        teams.entry(watched.team_id.clone()).or_default().push(watched);
    }
    teams
}

/// A poll of one connection.
pub(super) struct Poll<'a> {
    pub ctx: &'a IntakeContext,
    pub provider: &'a dyn TokenProvider,
    pub now: Timestamp,
    /// When the connection was polled before.
    pub last: Option<Timestamp>,
    /// What went on then.
    pub busy: HashSet<String>,
    /// Branches and commits of open pull requests in the watched repositories.
    pub heads: HashSet<String>,
}

impl Poll<'_> {
    /// Looks at one team.
    pub async fn team(
        &self,
        access: &Access,
        rows: &[subscription::Model],
        found: &mut Found,
    ) -> Result<(), PollError> {
        let since = rows.iter().map(|watched| subscriptions::watched_since(watched, self.now));
        let Some(oldest) = since.min() else { return Ok(()) };
        let awaited = self.awaited_branches(rows).await?;
        // One to come was written under a clock that was wrong.
        let last = self.last.filter(|last| *last <= self.now && self.now - *last < GAP);
        let look = Look {
            projects: rows.iter().map(ProjectRef::from).collect(),
            since: oldest.max(self.now - last.map_or(LOOK_BACK, |_| WINDOW)),
            last,
            busy: self.busy.iter().chain(&awaited).cloned().collect(),
        };
        let mut deployments = self.provider.look(access, look).await?;
        // Oldest first, as deliveries would have come.
        deployments.sort_by_key(|deployment| deployment.created_at);
        let ids: Vec<String> = deployments.iter().map(|deployment| deployment.platform_id.clone()).collect();
        let known = fixes::known(&self.ctx.platforms.db, self.provider.provider(), &ids).await?;
        for deployment in deployments.into_iter().filter(|it| !known.contains(&it.platform_id)) {
            if self.goes_on(&deployment) {
                found.busy.insert(deployment.project_id.clone());
            }
            let receipt = self.take(rows, deployment, None).await?;
            found.new += usize::from(receipt.is_some_and(|receipt| is_new(receipt.action)));
        }
        found.busy.extend(awaited);
        Ok(())
    }

    /// Projects whose platform is about to build the branch of a pull request, or what came of merging it.
    async fn awaited_branches(&self, rows: &[subscription::Model]) -> Result<HashSet<String>, PollError> {
        let ids: Vec<String> = rows.iter().map(|watched| watched.id.clone()).collect();
        let mut awaited = HashSet::new();
        let (db, since) = (&self.ctx.platforms.db, self.now - BRANCH_BUILD);
        for fix in fixes::built_pull_requests_of(db, &ids, since, MAX_BRANCHES).await? {
            // Ended when it was handed in, and again when it was merged.
            let fresh = [fix.pr_opened_at, fix.completed_at].into_iter().flatten().any(|at| at > since);
            let watched = rows.iter().find(|watched| watched.id == fix.subscription_id);
            if let (true, Some(watched)) = (fresh, watched)
                && !own_branch::is_green(&self.ctx.platforms.db, &fix.id).await?
            {
                awaited.insert(watched.platform_project_id.clone());
            }
        }
        Ok(awaited)
    }

    /// Most deployments are of nobody's pull request: they cost no question to the database.
    fn may_be_ours(&self, deployment: &PlatformDeployment) -> bool {
        let names = [&deployment.branch, &deployment.commit_sha];
        names.into_iter().flatten().any(|name| self.heads.contains(name))
    }

    fn goes_on(&self, deployment: &PlatformDeployment) -> bool {
        matches!(deployment.state, DeploymentState::Queued | DeploymentState::Building)
            && self.now - deployment.created_at < LONGEST_BUILD
    }

    /// Does what a deployment's state asks for. `None` when that is nothing.
    pub async fn take(
        &self,
        rows: &[subscription::Model],
        deployment: PlatformDeployment,
        delivered: Option<&Delivered>,
    ) -> Result<Option<Receipt>, PollError> {
        let mine = rows.iter().find(|watched| watched.platform_project_id == deployment.project_id);
        let Some(mine) =
            mine.filter(|mine| deployment.created_at >= subscriptions::watched_since(mine, self.now))
        else {
            return Ok(None);
        };
        match deployment.state {
            DeploymentState::Failed => {
                let (db, kind) = (&self.ctx.platforms.db, self.provider.provider());
                let mut watchers = subscriptions::watching(db, kind, &deployment.project_id).await?;
                watchers.sort_by_key(|watched| watched.id != mine.id);
                Ok(Some(admit(self.ctx, &watchers, Failure::from(deployment), delivered).await?))
            }
            DeploymentState::Ready if !deployment.from_fork && self.may_be_ours(&deployment) => {
                let (branch, commit) = (deployment.branch.as_deref(), deployment.commit_sha.as_deref());
                let owner =
                    own_branch::owner_of_success(&self.ctx.platforms.db, mine, branch, commit).await?;
                let Owner::Fix(fix) = owner else { return Ok(None) };
                let ended = Ended {
                    provider: self.provider.provider(),
                    watched: mine,
                    deployment_id: &deployment.platform_id,
                    commit,
                    ready: true,
                };
                own_branch::ended(self.ctx, &fix.id, &ended).await?;
                Ok(Some(Receipt::new(Action::Ignored, Some(fix.id))))
            }
            _ => Ok(None),
        }
    }
}

const fn is_new(action: Action) -> bool {
    matches!(action, Action::Queued | Action::Skipped)
}
