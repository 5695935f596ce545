//! Fixes: the `deployments` table. A row is admitted once, held by a lease, and changed by compare-and-set on
//! `version`; its events are written in the transaction that changes it.

mod admit;
mod change;
pub mod counts;
pub mod list;
mod read;
mod summary;
mod visible;

pub use admit::{Admissions, Admitted, NewFix, admissions, admit};
pub use change::FixChange;
pub use list::{Window, diagnosed, summaries};
pub use read::{
    Unheld, built_heads, built_pull_requests_of, by_fix_branch, by_merge_commit, by_pushed_commit, detail,
    detail_for_user, find, find_for_user, known, left_to, oldest_waiting, open_pull_requests, open_twin,
    redeployed_for_another, started_by_themselves, unfinished_without_lease, waited_for,
};
pub(super) use summary::or_skipped;
pub use summary::summary;
pub(super) use visible::watched_subscriptions;
pub use visible::{Visible, visible};

use super::{
    Db, DbError,
    entity::{deployment, fix_event},
    notifications,
};
use crate::{
    model::{EventKind, FixEvent, Timestamp},
    server::clock::new_id,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    sea_query::{Expr, ExprTrait as _},
};

/// Takes the lease of an unfinished fix that nobody holds. `None` when it is over, held, or gone.
///
/// Bumps `version`, so that whoever held it before cannot write any more.
pub async fn claim(
    db: &Db,
    fix_id: &str,
    owner: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<deployment::Model>, DbError> {
    let taken = deployment::Entity::update_many()
        .col_expr(deployment::Column::LeaseOwner, Expr::value(owner))
        .col_expr(deployment::Column::LeaseUntil, Expr::value(until))
        .col_expr(deployment::Column::Version, Expr::col(deployment::Column::Version).add(1))
        .filter(deployment::Column::Id.eq(fix_id))
        .filter(deployment::Column::FixStatus.is_in(read::unfinished()))
        .filter(read::without_lease(now))
        .exec(&db.orm)
        .await?;
    if taken.rows_affected == 0 {
        return Ok(None);
    }
    let row = find(db, fix_id).await?;
    // Between the two statements the lease is ours, unless it ran out at once.
    Ok(row.filter(|row| row.lease_owner.as_deref() == Some(owner)))
}

/// Holds the lease longer. `false` when it is no longer `owner`'s.
pub async fn renew(db: &Db, fix_id: &str, owner: &str, until: Timestamp) -> Result<bool, DbError> {
    let renewed = deployment::Entity::update_many()
        .col_expr(deployment::Column::LeaseUntil, Expr::value(until))
        .filter(deployment::Column::Id.eq(fix_id))
        .filter(deployment::Column::LeaseOwner.eq(owner))
        .exec(&db.orm)
        .await?;
    Ok(renewed.rows_affected == 1)
}

/// Gives the lease back, if it is still `owner`'s.
pub async fn release(db: &Db, fix_id: &str, owner: &str) -> Result<(), DbError> {
    deployment::Entity::update_many()
        .col_expr(deployment::Column::LeaseOwner, Expr::value(None::<String>))
        .col_expr(deployment::Column::LeaseUntil, Expr::value(None::<Timestamp>))
        .filter(deployment::Column::Id.eq(fix_id))
        .filter(deployment::Column::LeaseOwner.eq(owner))
        .exec(&db.orm)
        .await?;
    Ok(())
}

/// Gives the lease back, if it is still `owner`'s, and keeps everybody away until `until`.
pub async fn put_off(db: &Db, fix_id: &str, owner: &str, until: Timestamp) -> Result<(), DbError> {
    deployment::Entity::update_many()
        .col_expr(deployment::Column::LeaseOwner, Expr::value(None::<String>))
        .col_expr(deployment::Column::LeaseUntil, Expr::value(until))
        .filter(deployment::Column::Id.eq(fix_id))
        .filter(deployment::Column::LeaseOwner.eq(owner))
        .exec(&db.orm)
        .await?;
    Ok(())
}

/// Gives back every lease of a process that leaves.
pub async fn release_all(db: &Db, owner: &str) -> Result<(), DbError> {
    deployment::Entity::update_many()
        .col_expr(deployment::Column::LeaseOwner, Expr::value(None::<String>))
        .col_expr(deployment::Column::LeaseUntil, Expr::value(None::<Timestamp>))
        .filter(deployment::Column::LeaseOwner.eq(owner))
        .exec(&db.orm)
        .await?;
    Ok(())
}

/// Asks the worker to stop. `version` stays, so that the worker can still write how it ended.
pub async fn request_cancel(db: &Db, fix_id: &str) -> Result<(), DbError> {
    deployment::Entity::update_many()
        .col_expr(deployment::Column::CancelRequested, Expr::value(true))
        .filter(deployment::Column::Id.eq(fix_id))
        .exec(&db.orm)
        .await?;
    Ok(())
}

/// Keeps that its user said, at that time, that the diagnosis of a fix was wrong; `None` takes it back. `false` when there
/// is no diagnosis. `version` stays, so that a worker can still write.
pub async fn dispute(db: &Db, fix_id: &str, at: Option<Timestamp>) -> Result<bool, DbError> {
    let kept = deployment::Entity::update_many()
        .col_expr(deployment::Column::FindingDisputedAt, Expr::value(at))
        .filter(deployment::Column::Id.eq(fix_id))
        .filter(deployment::Column::Finding.is_not_null())
        .exec(&db.orm)
        .await?;
    Ok(kept.rows_affected == 1)
}

/// Whether a person asked for the fix to stop.
pub async fn cancel_requested(db: &Db, fix_id: &str) -> Result<bool, DbError> {
    Ok(find(db, fix_id).await?.is_none_or(|row| row.cancel_requested))
}

/// Writes a change, its events and who is told of it in one transaction, if `version` has not moved; `fix` gets the new values.
///
/// Errors: [`DbError::Conflict`] when it has.
pub async fn transition(
    db: &Db,
    fix: &mut deployment::Model,
    change: FixChange,
    events: Vec<EventKind>,
    now: Timestamp,
) -> Result<Vec<FixEvent>, DbError> {
    let mut after = fix.clone();
    change.apply(&mut after)?;
    after.version = fix.version + 1;
    after.last_seq = fix.last_seq + i64::try_from(events.len()).unwrap_or(0);
    let tx = db.write().await?;
    let update = change::differences(fix, &after)
        .filter(deployment::Column::Id.eq(&fix.id))
        .filter(deployment::Column::Version.eq(fix.version));
    if update.exec(&tx).await?.rows_affected == 0 {
        tx.rollback().await?;
        return Err(DbError::Conflict);
    }
    let mut written = Vec::with_capacity(events.len());
    for (seq, kind) in (fix.last_seq + 1..).zip(events) {
        let event = FixEvent { fix_id: fix.id.clone(), seq, at: now, kind };
        insert_event(&tx, &event).await?;
        written.push(event);
    }
    notifications::tell(&tx, fix, &after, now).await?;
    tx.commit().await?;
    *fix = after;
    Ok(written)
}

async fn insert_event(tx: &impl ConnectionTrait, event: &FixEvent) -> Result<(), DbError> {
    let row = fix_event::ActiveModel {
        id: Set(new_id()),
        deployment_id: Set(event.fix_id.clone()),
        seq: Set(event.seq),
        kind: Set(serde_json::to_string(&event.kind)?),
        created_at: Set(event.at),
    };
    fix_event::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}
