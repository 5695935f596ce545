//! What is old enough to go, a bounded batch at a time: each is a short transaction, so that nobody waits for it.

use super::{
    Db, DbError, Pool, among,
    entity::{audit_entry, deployment, notification, outgoing_delivery, session, task, webhook_delivery},
};
use crate::model::{FixStatus, Timestamp};
use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait, QueryFilter as _, QuerySelect as _, sea_query::Expr,
};

/// Rows of one batch. Logs may be a MiB each.
pub const BATCH: u64 = 100;

/// Statuses in which nothing asks for the log any more. A fix whose pull request is open may go on.
const ENDED: [FixStatus; 3] = [FixStatus::Merged, FixStatus::Failed, FixStatus::Skipped];

/// Forgets build logs of fixes that ended before `before`, and notes for how many days they were kept.
pub async fn logs(db: &Db, before: Timestamp, days: i32) -> Result<u64, DbError> {
    let ended = || {
        Condition::all()
            .add(deployment::Column::FixStatus.is_in(ENDED.map(FixStatus::as_str)))
            .add(deployment::Column::CompletedAt.lt(before))
    };
    let old = ended().add(deployment::Column::Logs.is_not_null());
    let ids = ids::<deployment::Entity>(db, deployment::Column::Id, old).await?;
    // Asked again: somebody may have started the fix anew meanwhile.
    let forgotten = deployment::Entity::update_many()
        .col_expr(deployment::Column::Logs, Expr::value(None::<String>))
        .col_expr(deployment::Column::LogKeptDays, Expr::value(days))
        .filter(ended().add(among(db, deployment::Column::Id, &ids)))
        .exec(&db.orm)
        .await?;
    Ok(forgotten.rows_affected)
}

/// Forgets what agents did step by step, in runs that ended before `before`. Their costs stay.
pub async fn transcripts(db: &Db, before: Timestamp) -> Result<u64, DbError> {
    let old = Condition::all()
        .add(task::Column::CompletedAt.lt(before))
        .add(task::Column::Transcript.is_not_null());
    let ids = ids::<task::Entity>(db, task::Column::Id, old).await?;
    let forgotten = task::Entity::update_many()
        .col_expr(task::Column::Transcript, Expr::value(None::<String>))
        .filter(among(db, task::Column::Id, &ids))
        .exec(&db.orm)
        .await?;
    Ok(forgotten.rows_affected)
}

/// Removes deliveries that came before `before`.
pub async fn deliveries(db: &Db, before: Timestamp) -> Result<u64, DbError> {
    let old = Condition::all().add(webhook_delivery::Column::CreatedAt.lt(before));
    remove::<webhook_delivery::Entity>(db, webhook_delivery::Column::Id, old).await
}

/// Removes messages to webhooks that were taken or given up before `before`.
pub async fn messages(db: &Db, before: Timestamp) -> Result<u64, DbError> {
    let old = Condition::all().add(outgoing_delivery::Column::EndedAt.lt(before));
    remove::<outgoing_delivery::Entity>(db, outgoing_delivery::Column::Id, old).await
}

/// Removes notifications of before `before`.
pub async fn notifications(db: &Db, before: Timestamp) -> Result<u64, DbError> {
    let old = Condition::all().add(notification::Column::CreatedAt.lt(before));
    remove::<notification::Entity>(db, notification::Column::Id, old).await
}

/// Removes entries of the audit log of before `before`.
pub async fn audit(db: &Db, before: Timestamp) -> Result<u64, DbError> {
    let old = Condition::all().add(audit_entry::Column::CreatedAt.lt(before));
    remove::<audit_entry::Entity>(db, audit_entry::Column::Id, old).await
}

/// Removes sessions that have run out.
pub async fn sessions(db: &Db, now: Timestamp) -> Result<u64, DbError> {
    let old = Condition::all().add(session::Column::ExpiresAt.lte(now));
    remove::<session::Entity>(db, session::Column::Id, old).await
}

/// Removes jobs that ended before `before`, and workers that nobody has seen since and that hold none.
pub async fn jobs(db: &Db, before: Timestamp) -> Result<u64, DbError> {
    let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
    match &db.pool {
        Pool::Sqlite(pool) => {
            let jobs = "DELETE FROM Jobs WHERE id IN (SELECT id FROM Jobs WHERE done_at < ?1 AND (status IN ('Done', \
                        'Killed') OR (status = 'Failed' AND attempts >= max_attempts)) LIMIT ?2)";
            let workers = "DELETE FROM Workers WHERE last_seen < ?1 AND NOT EXISTS (SELECT 1 FROM Jobs WHERE lock_by = \
                           Workers.id)";
            let removed =
                sqlx::query(jobs).bind(before.timestamp()).bind(limit).execute(pool).await?.rows_affected();
            sqlx::query(workers).bind(before.timestamp()).execute(pool).await?;
            Ok(removed)
        }
        Pool::Postgres(pool) => {
            let jobs = "DELETE FROM apalis.jobs WHERE id IN (SELECT id FROM apalis.jobs WHERE done_at < to_timestamp($1) \
                        AND (status IN ('Done', 'Killed') OR (status = 'Failed' AND attempts >= max_attempts)) LIMIT $2)";
            let workers = "DELETE FROM apalis.workers WHERE last_seen < to_timestamp($1) AND NOT EXISTS (SELECT 1 FROM \
                           apalis.jobs WHERE lock_by = apalis.workers.id)";
            let seconds = before.timestamp() as f64;
            let removed = sqlx::query(jobs).bind(seconds).bind(limit).execute(pool).await?.rows_affected();
            sqlx::query(workers).bind(seconds).execute(pool).await?;
            Ok(removed)
        }
    }
}

async fn ids<E: EntityTrait>(db: &Db, id: E::Column, which: Condition) -> Result<Vec<String>, DbError> {
    Ok(E::find().select_only().column(id).filter(which).limit(BATCH).into_tuple().all(&db.orm).await?)
}

async fn remove<E: EntityTrait>(db: &Db, id: E::Column, which: Condition) -> Result<u64, DbError> {
    let ids = ids::<E>(db, id, which).await?;
    Ok(E::delete_many().filter(among(db, id, &ids)).exec(&db.orm).await?.rows_affected)
}
