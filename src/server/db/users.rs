//! People who may sign in.

use super::{Db, DbError, entity::user};
use crate::{model::Timestamp, server::clock::new_id};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DbBackend, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, sea_query::OnConflict,
};

/// A person to be stored.
#[derive(Clone, Copy, Debug)]
pub struct NewUser<'a> {
    /// The mail address; letter case does not matter.
    pub email: &'a str,
    /// What to call them.
    pub name: &'a str,
    /// A PHC string.
    pub password_hash: &'a str,
}

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
    // Two at once would both find nobody. On SQLite only one writes at a time.
    if tx.get_database_backend() == DbBackend::Postgres {
        tx.execute_unprepared("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE").await?;
    }
    if user::Entity::find().count(&tx).await? > 0 {
        return Ok(None);
    }
    let made = insert(&tx, NewUser { email, name, password_hash }, now).await?;
    tx.commit().await?;
    Ok(made)
}

/// Stores a person; `None` when somebody has the address.
pub(super) async fn insert(
    on: &impl ConnectionTrait,
    new: NewUser<'_>,
    now: Timestamp,
) -> Result<Option<user::Model>, DbError> {
    let id = new_id();
    let row = user::ActiveModel {
        id: Set(id.clone()),
        email: Set(new.email.trim().to_lowercase()),
        name: Set(new.name.to_owned()),
        password_hash: Set(Some(new.password_hash.to_owned())),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let free = OnConflict::column(user::Column::Email).do_nothing().to_owned();
    if user::Entity::insert(row).on_conflict(free).exec_without_returning(on).await? == 0 {
        return Ok(None);
    }
    Ok(user::Entity::find_by_id(id).one(on).await?)
}

/// Whether the user is the owner: whoever had the first account.
pub async fn is_owner(db: &Db, user_id: &str) -> Result<bool, DbError> {
    let ids = user::Entity::find().select_only().column(user::Column::Id);
    let first = ids.order_by_asc(user::Column::CreatedAt).order_by_asc(user::Column::Id);
    Ok(first.into_tuple::<String>().one(&db.orm).await?.as_deref() == Some(user_id))
}

/// The user with that address; letter case does not matter.
pub async fn by_email(db: &Db, email: &str) -> Result<Option<user::Model>, DbError> {
    Ok(user::Entity::find().filter(user::Column::Email.eq(email.trim().to_lowercase())).one(&db.orm).await?)
}

/// The user with that id.
pub async fn find(db: &Db, user_id: &str) -> Result<Option<user::Model>, DbError> {
    Ok(user::Entity::find_by_id(user_id).one(&db.orm).await?)
}
