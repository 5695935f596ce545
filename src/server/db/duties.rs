//! Duties: what any process can do, and only one at a time is to do.

use super::{Db, DbError, entity::duty};
use crate::model::Timestamp;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _,
    sea_query::{Expr, OnConflict},
};

/// Looking up the open pull requests at GitHub.
pub const PULL_REQUESTS: &str = "pull_requests";

/// Takes a duty until a point in time, or goes on with it. `false` while another process has it.
///
/// # Errors
/// The database's.
pub async fn take(
    db: &Db,
    name: &str,
    owner: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, DbError> {
    let row = duty::ActiveModel {
        name: Set(name.to_owned()),
        owner: Set(owner.to_owned()),
        held_until: Set(until),
    };
    let there = OnConflict::column(duty::Column::Name).do_nothing().to_owned();
    if duty::Entity::insert(row).on_conflict(there).exec_without_returning(&db.orm).await? == 1 {
        return Ok(true);
    }
    let free = Condition::any().add(duty::Column::Owner.eq(owner)).add(duty::Column::HeldUntil.lt(now));
    let taken = duty::Entity::update_many()
        .col_expr(duty::Column::Owner, Expr::value(owner))
        .col_expr(duty::Column::HeldUntil, Expr::value(until))
        .filter(duty::Column::Name.eq(name))
        .filter(free)
        .exec(&db.orm)
        .await?;
    Ok(taken.rows_affected == 1)
}
