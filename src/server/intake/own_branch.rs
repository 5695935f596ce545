//! Deployments of our own fix branches: they never start a fix; what they say is noted on the fix they belong to.

use super::IntakeContext;
use crate::{
    model::{EventKind, FixStatus, Stage},
    server::db::{
        Db, DbError,
        entity::{deployment, subscription},
        events, fixes,
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

fn ends_with_id(branch: &str) -> bool {
    let start = branch.len().checked_sub(ulid::ULID_LEN);
    start.and_then(|start| branch.get(start..)).is_some_and(|end| ulid::Ulid::from_str(end).is_ok())
}

/// Notes once on a fix that the platform built its branch.
pub async fn built(ctx: &IntakeContext, fix: &deployment::Model, platform: &str) -> Result<(), DbError> {
    let text = format!("{platform} built the fix branch successfully.");
    note(ctx, &fix.id, text, Some(Stage::Green)).await
}

/// Notes once on a fix that the platform could not build its branch.
pub async fn failed(
    ctx: &IntakeContext,
    fix: &deployment::Model,
    platform: &str,
    deployment_id: &str,
) -> Result<(), DbError> {
    note(ctx, &fix.id, format!("{platform} could not build the fix branch ({deployment_id})."), None).await
}

async fn note(ctx: &IntakeContext, fix_id: &str, text: String, stage: Option<Stage>) -> Result<(), DbError> {
    let db = &ctx.platforms.db;
    for _ in 0..TRIES {
        let Some(mut fix) = fixes::find(db, fix_id).await? else { return Ok(()) };
        let is_merged = FixStatus::parse(&fix.fix_status) == Some(FixStatus::Merged);
        // While a worker holds the fix, a change would take it out of its hands. The poll comes again.
        let unfinished = FixStatus::parse(&fix.fix_status).is_some_and(FixStatus::is_unfinished);
        if unfinished || (is_merged && stage.is_none()) || is_noted(db, fix_id, &text, stage).await? {
            return Ok(());
        }
        let event = EventKind::Note { text: text.clone(), stage };
        match fixes::transition(
            db,
            &mut fix,
            fixes::FixChange::default(),
            vec![event],
            ctx.platforms.clock.now(),
        )
        .await
        {
            Ok(_) => {
                ctx.wake.changed(fix_id);
                return Ok(());
            }
            Err(DbError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether the platform's own build of the fix has been seen to succeed.
pub async fn is_green(db: &Db, fix_id: &str) -> Result<bool, DbError> {
    let events = events::since(db, fix_id, 0, u64::MAX).await?;
    Ok(events.iter().any(|event| event.kind.stage() == Some(Stage::Green)))
}

async fn is_noted(db: &Db, fix_id: &str, text: &str, stage: Option<Stage>) -> Result<bool, DbError> {
    let events = events::since(db, fix_id, 0, u64::MAX).await?;
    Ok(events.iter().any(|event| {
        (stage.is_some() && event.kind.stage() == stage)
            || matches!(&event.kind, EventKind::Note { text: noted, .. } if noted == text)
    }))
}
