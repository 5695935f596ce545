//! Named values of the installation.

use super::{Db, DbError, entity::setting};
use crate::model::Timestamp;
use chrono::TimeDelta;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _,
    sea_query::{Expr, OnConflict},
};

/// SHA-256 in hex of the token that allows the owner's account to be made. Gone once it has been made.
pub const SETUP_TOKEN_HASH: &str = "setup_token_hash";

/// The value with that name.
pub async fn get(db: &Db, name: &str) -> Result<Option<String>, DbError> {
    Ok(setting::Entity::find_by_id(name).one(&db.orm).await?.map(|row| row.value))
}

/// Stores a value in place of an earlier one.
pub async fn put(db: &Db, name: &str, value: String, now: Timestamp) -> Result<(), DbError> {
    let row = setting::ActiveModel { name: Set(name.to_owned()), value: Set(value), updated_at: Set(now) };
    let conflict = OnConflict::column(setting::Column::Name)
        .update_columns([setting::Column::Value, setting::Column::UpdatedAt])
        .to_owned();
    setting::Entity::insert(row).on_conflict(conflict).exec_without_returning(&db.orm).await?;
    Ok(())
}

/// Forgets a value.
pub async fn remove(db: &Db, name: &str) -> Result<(), DbError> {
    setting::Entity::delete_by_id(name).exec(&db.orm).await?;
    Ok(())
}

/// Takes a turn under a name that is free for everybody once in `every`. Of servers that try at once, one gets it.
pub async fn take_turn(db: &Db, name: &str, every: TimeDelta, now: Timestamp) -> Result<bool, DbError> {
    let row =
        setting::ActiveModel { name: Set(name.to_owned()), value: Set(String::new()), updated_at: Set(now) };
    let there = OnConflict::column(setting::Column::Name).do_nothing().to_owned();
    if setting::Entity::insert(row).on_conflict(there).exec_without_returning(&db.orm).await? == 1 {
        return Ok(true);
    }
    let taken = setting::Entity::update_many()
        .col_expr(setting::Column::UpdatedAt, Expr::value(now))
        .filter(setting::Column::Name.eq(name))
        // A clock that was ahead must not keep everybody away until then.
        .filter(
            Condition::any()
                .add(setting::Column::UpdatedAt.lte(now - every))
                .add(setting::Column::UpdatedAt.gt(now + every)),
        )
        .exec(&db.orm)
        .await?;
    Ok(taken.rows_affected == 1)
}
