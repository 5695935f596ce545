//! Signed-in browsers. The id is a hash: who reads the table cannot sign in with it.

use super::{Db, DbError, entity::session};
use crate::model::Timestamp;
use chrono::TimeDelta;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::{Expr, OnConflict},
};

/// How exact "last seen" is: a write for each request would cost more than the request.
const EXACT: TimeDelta = TimeDelta::minutes(1);
/// A program that signs in again and again must not make the list endless.
const SHOWN: u64 = 100;

/// Stores a session in place of an earlier state of it. `false` when `only_new` and the id is taken.
pub async fn put(
    db: &Db,
    id: String,
    user_id: Option<String>,
    data: String,
    expires_at: Timestamp,
    now: Timestamp,
    only_new: bool,
) -> Result<bool, DbError> {
    let row = session::ActiveModel {
        id: Set(id),
        user_id: Set(user_id),
        data: Set(data),
        expires_at: Set(expires_at),
        created_at: Set(now),
        last_seen_at: Set(Some(now)),
    };
    let mut conflict = OnConflict::column(session::Column::Id);
    if only_new {
        conflict.do_nothing();
    } else {
        conflict.update_columns([session::Column::UserId, session::Column::Data, session::Column::ExpiresAt]);
    }
    let written = session::Entity::insert(row).on_conflict(conflict).exec_without_returning(&db.orm).await?;
    Ok(written == 1)
}

/// A session that has not run out.
pub async fn find(db: &Db, id: &str, now: Timestamp) -> Result<Option<session::Model>, DbError> {
    Ok(session::Entity::find_by_id(id).filter(session::Column::ExpiresAt.gt(now)).one(&db.orm).await?)
}

/// The same, and notes that it was seen.
pub async fn find_seen(db: &Db, id: &str, now: Timestamp) -> Result<Option<session::Model>, DbError> {
    let Some(row) = find(db, id, now).await? else { return Ok(None) };
    if row.last_seen_at.is_none_or(|at| now - at >= EXACT) {
        let noted = session::Entity::update_many()
            .col_expr(session::Column::LastSeenAt, Expr::value(now))
            .filter(session::Column::Id.eq(id))
            .exec(&db.orm)
            .await;
        // Nobody is turned away for it.
        if let Err(error) = noted {
            tracing::warn!(%error, "It could not be noted that a session was seen");
        }
    }
    Ok(Some(row))
}

/// A user's sessions that have not run out, the one seen last first; at most [`SHOWN`].
pub async fn of_user(db: &Db, user_id: &str, now: Timestamp) -> Result<Vec<session::Model>, DbError> {
    let theirs = session::Entity::find().filter(session::Column::UserId.eq(user_id));
    let open = theirs.filter(session::Column::ExpiresAt.gt(now));
    let newest = open.order_by_desc(session::Column::LastSeenAt).order_by_desc(session::Column::CreatedAt);
    Ok(newest.limit(SHOWN).all(&db.orm).await?)
}

/// Ends one of a user's sessions. `false` when there is none of theirs with that id.
pub async fn end(db: &Db, user_id: &str, id: &str) -> Result<bool, DbError> {
    let theirs = session::Entity::delete_many().filter(session::Column::UserId.eq(user_id));
    Ok(theirs.filter(session::Column::Id.eq(id)).exec(&db.orm).await?.rows_affected == 1)
}

/// Ends all sessions of a user but the one with that id.
pub async fn end_others(db: &Db, user_id: &str, kept: &str) -> Result<(), DbError> {
    let theirs = session::Entity::delete_many().filter(session::Column::UserId.eq(user_id));
    theirs.filter(session::Column::Id.ne(kept)).exec(&db.orm).await?;
    Ok(())
}

/// Ends a session.
pub async fn remove(db: &Db, id: &str) -> Result<(), DbError> {
    session::Entity::delete_by_id(id).exec(&db.orm).await?;
    Ok(())
}

/// Removes the sessions that have run out. Returns how many there were.
pub async fn sweep(db: &Db, now: Timestamp) -> Result<u64, DbError> {
    let swept =
        session::Entity::delete_many().filter(session::Column::ExpiresAt.lte(now)).exec(&db.orm).await?;
    Ok(swept.rows_affected)
}
