//! Signed-in browsers. The id is a hash: who reads the table cannot sign in with it.

use super::{Db, DbError, entity::session};
use crate::model::Timestamp;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, sea_query::OnConflict,
};

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
