//! People who may sign in.

use super::{Db, DbError, entity::user};
use crate::{model::Timestamp, server::clock::new_id};
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};

/// Whether nobody has an account yet.
pub async fn none_yet(db: &Db) -> Result<bool, DbError> {
    Ok(user::Entity::find().count(&db.orm).await? == 0)
}

/// Makes the owner's account, unless somebody has one already: then `None`.
///
/// `password_hash` is a PHC string.
pub async fn create_owner(
    db: &Db,
    email: &str,
    name: &str,
    password_hash: &str,
    now: Timestamp,
) -> Result<Option<user::Model>, DbError> {
    let tx = db.write().await?;
    if user::Entity::find().count(&tx).await? > 0 {
        return Ok(None);
    }
    let row = user::ActiveModel {
        id: Set(new_id()),
        email: Set(email.trim().to_lowercase()),
        name: Set(name.to_owned()),
        password_hash: Set(Some(password_hash.to_owned())),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let made = user::Entity::insert(row).exec_with_returning(&tx).await?;
    tx.commit().await?;
    Ok(Some(made))
}

/// The user with that address; letter case does not matter.
pub async fn by_email(db: &Db, email: &str) -> Result<Option<user::Model>, DbError> {
    Ok(user::Entity::find().filter(user::Column::Email.eq(email.trim().to_lowercase())).one(&db.orm).await?)
}

/// The user with that id.
pub async fn find(db: &Db, user_id: &str) -> Result<Option<user::Model>, DbError> {
    Ok(user::Entity::find_by_id(user_id).one(&db.orm).await?)
}
