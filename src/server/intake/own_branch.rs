//! Deployments of our own fix branches: they never start a fix of their own; how they went is written on the fix they
//! belong to, and one that failed is the next attempt's input.

use super::IntakeContext;
use crate::{
    model::{BranchBuild, EventKind, FixStatus, Provider, Stage, branch_builds},
    server::db::{
        Db, DbError,
        entity::{deployment, subscription},
        events, fixes,
        fixes::FixChange,
        subscriptions,
    },
};
use std::str::FromStr as _;

/// A fix whose row moves on all the time has a worker that is busy with it.
const TRIES: usize = 5;

/// Whose branch it is.
pub enum Owner {
    /// Not ours.
    Other,
    /// Of this fix.
    Fix(Box<deployment::Model>),
    /// Of a fix that is gone.
    Gone,
}

/// Whether `branch` is one of our fix branches in the subscription's repository, or `commit` the head of one with an
/// open pull request: not every platform names the branch that it builds.
///
/// The name alone tells, too: a worker that dies between the push and its next line has not stored it.
pub async fn owner(
    db: &Db,
    watched: &subscription::Model,
    branch: Option<&str>,
    commit: Option<&str>,
) -> Result<Owner, DbError> {
    // All of ours end with the id of their fix, whatever the prefix was.
    let Some(branch) = branch.filter(|branch| ends_with_id(branch)) else {
        let repository = Some(&watched.github_repo_full_name).filter(|name| !name.is_empty());
        let (Some(repository), Some(commit)) = (repository, commit) else { return Ok(Owner::Other) };
        let fix = fixes::by_pushed_commit(db, repository, commit).await?;
        return Ok(fix.map_or(Owner::Other, |fix| Owner::Fix(Box::new(fix))));
    };
    if let Some(fix) = fixes::by_fix_branch(db, &watched.github_repo_full_name, branch).await? {
        return Ok(Owner::Fix(Box::new(fix)));
    }
    let id = branch.strip_prefix(&watched.fix_branch_prefix).unwrap_or_default();
    if ulid::Ulid::from_str(id).is_err() {
        return Ok(Owner::Other);
    }
    let fix = fixes::find(db, id).await?;
    let fix = fix.filter(|fix| fix.repository.eq_ignore_ascii_case(&watched.github_repo_full_name));
    Ok(fix.map_or(Owner::Gone, |fix| Owner::Fix(Box::new(fix))))
}

/// The same for a deployment that succeeded; what came of merging a fix belongs to that, too. A failed one is a failure
/// of its own.
pub async fn owner_of_success(
    db: &Db,
    watched: &subscription::Model,
    branch: Option<&str>,
    commit: Option<&str>,
) -> Result<Owner, DbError> {
    let owner = owner(db, watched, branch, commit).await?;
    let repository = Some(&watched.github_repo_full_name).filter(|name| !name.is_empty());
    match (owner, repository, commit) {
        (Owner::Other, Some(repository), Some(commit)) => {
            let fix = fixes::by_merge_commit(db, repository, commit).await?;
            Ok(fix.map_or(Owner::Other, |fix| Owner::Fix(Box::new(fix))))
        }
        (owner, ..) => Ok(owner),
    }
}

fn ends_with_id(branch: &str) -> bool {
    let start = branch.len().checked_sub(ulid::ULID_LEN);
    start.and_then(|start| branch.get(start..)).is_some_and(|end| ulid::Ulid::from_str(end).is_ok())
}

/// A deployment of a fix branch that has ended.
pub struct Ended<'a> {
    /// The platform.
    pub provider: Provider,
    /// Through whom it is known.
    pub watched: &'a subscription::Model,
    /// The platform's id of it.
    pub deployment_id: &'a str,
    /// The commit that was built, where the platform says so.
    pub commit: Option<&'a str>,
    /// It succeeded.
    pub ready: bool,
}

impl Ended<'_> {
    fn build(&self) -> BranchBuild {
        BranchBuild {
            provider: self.provider,
            project_id: self.watched.platform_project_id.clone(),
            project_name: self.watched.platform_project_name.clone(),
            platform_deployment_id: self.deployment_id.to_owned(),
            ready: self.ready,
        }
    }
}

/// Writes once on a fix how a platform has built its branch. A red build of an open pull request starts the next
/// attempt while there are any left.
pub async fn ended(ctx: &IntakeContext, fix_id: &str, ended: &Ended<'_>) -> Result<(), DbError> {
    let db = &ctx.platforms.db;
    for _ in 0..TRIES {
        let Some(mut fix) = fixes::find(db, fix_id).await? else { return Ok(()) };
        let Some(status) = FixStatus::parse(&fix.fix_status) else { return Ok(()) };
        // While a worker holds the fix, a change would take it out of its hands. The poll comes again.
        let held = status.is_unfinished() || (status == FixStatus::Merged && !ended.ready);
        let wanted = fix.merge_sha.as_deref().or(fix.pushed_sha.as_deref());
        let outdated = ended.commit.is_some_and(|built| wanted.is_some_and(|wanted| wanted != built));
        if held || outdated {
            return Ok(());
        }
        let build = ended.build();
        let events = events::since(db, fix_id, 0, u64::MAX).await?;
        // A poll sees older builds beside newer ones, again and again.
        if events
            .iter()
            .any(|event| matches!(&event.kind, EventKind::Built { build: told, .. } if *told == build))
        {
            return Ok(());
        }
        let known = branch_builds(events.iter().map(|event| &event.kind));
        let of_same =
            |known: &&BranchBuild| (known.provider, &known.project_id) == (build.provider, &build.project_id);
        // The same once more is no news, whichever deployment says it.
        if known.iter().any(|known| of_same(known) && known.ready == build.ready) {
            return Ok(());
        }
        let others_green = known.iter().all(|known| known.ready || of_same(known));
        let stage = (build.ready && others_green).then_some(Stage::Green);
        let mut change = FixChange::default();
        let mut told = vec![EventKind::Built { build, stage }];
        let again = !ended.ready && status == FixStatus::PrCreated && may_try_again(ctx, &fix).await?;
        if again {
            change = FixChange {
                status: Some(FixStatus::Fixing),
                fix_attempt_number: Some(fix.fix_attempt_number + 1),
                // The worker asks the platform what went wrong.
                last_failure: Some(None),
                diff: Some(None),
                head_sha: Some(None),
                completed_at: Some(None),
                ..FixChange::default()
            };
            let status = FixStatus::Fixing;
            told.push(EventKind::Status { status, reason_code: None, reason: None, stage: None });
        }
        match fixes::transition(db, &mut fix, change, told, ctx.platforms.clock.now()).await {
            Ok(_) => {
                if again {
                    ctx.wake.wake(format!("{}:{}", fix.id, fix.version), fix.id.clone()).await;
                }
                ctx.wake.changed(fix_id);
                return Ok(());
            }
            Err(DbError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Attempts are left, and nobody has stopped everything.
async fn may_try_again(ctx: &IntakeContext, fix: &deployment::Model) -> Result<bool, DbError> {
    let watched = subscriptions::find(&ctx.platforms.db, &fix.subscription_id).await?;
    let left = watched.is_some_and(|watched| fix.fix_attempt_number < watched.max_fix_attempts);
    Ok(left && !ctx.platforms.config.paused)
}

/// Whether every platform that has built the branch of the fix has succeeded, and one has.
pub async fn is_green(db: &Db, fix_id: &str) -> Result<bool, DbError> {
    let events = events::since(db, fix_id, 0, u64::MAX).await?;
    let builds = branch_builds(events.iter().map(|event| &event.kind));
    Ok(!builds.is_empty() && builds.iter().all(|build| build.ready))
}
