//! Invitations that are open. One that is accepted, revoked or has run out is no row any more.

use super::{
    Db, DbError,
    entity::{invitation, user},
    users::{self, NewUser},
};
use crate::{model::Timestamp, server::clock::new_id};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};

/// Open invitations of one user.
pub const AT_MOST: u64 = 20;

/// What came of an acceptance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// The new user.
    User(Box<user::Model>),
    /// The invitation is unknown, used, revoked or has run out.
    Gone,
    /// Somebody has that mail address. The invitation stays open.
    EmailTaken,
}

/// Stores an invitation, known by the hash of its token. `false` when the user has [`AT_MOST`] open ones.
pub async fn create(
    db: &Db,
    user_id: &str,
    token_hash: String,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<bool, DbError> {
    let tx = db.write().await?;
    // Two at once take turns on the user's row, so that both count right.
    user::Entity::find_by_id(user_id).lock_exclusive().one(&tx).await?;
    invitation::Entity::delete_many().filter(invitation::Column::ExpiresAt.lte(now)).exec(&tx).await?;
    let open = invitation::Entity::find().filter(invitation::Column::UserId.eq(user_id));
    if open.count(&tx).await? >= AT_MOST {
        return Ok(false);
    }
    let row = invitation::ActiveModel {
        id: Set(new_id()),
        user_id: Set(user_id.to_owned()),
        token_hash: Set(token_hash),
        expires_at: Set(expires_at),
        created_at: Set(now),
    };
    invitation::Entity::insert(row).exec_without_returning(&tx).await?;
    tx.commit().await?;
    Ok(true)
}

/// Whether the token with that hash invites somebody.
pub async fn is_open(db: &Db, token_hash: &str, now: Timestamp) -> Result<bool, DbError> {
    let found = invitation::Entity::find().filter(invitation::Column::TokenHash.eq(token_hash));
    Ok(found.filter(invitation::Column::ExpiresAt.gt(now)).one(&db.orm).await?.is_some())
}

/// Uses an invitation up for a new user. Of two at once, one wins.
pub async fn accept(
    db: &Db,
    token_hash: &str,
    new: NewUser<'_>,
    now: Timestamp,
) -> Result<Accepted, DbError> {
    let tx = db.write().await?;
    let used = invitation::Entity::delete_many()
        .filter(invitation::Column::TokenHash.eq(token_hash))
        .filter(invitation::Column::ExpiresAt.gt(now))
        .exec(&tx)
        .await?;
    if used.rows_affected == 0 {
        return Ok(Accepted::Gone);
    }
    // Without a commit the invitation comes back.
    let Some(made) = users::insert(&tx, new, now).await? else { return Ok(Accepted::EmailTaken) };
    tx.commit().await?;
    Ok(Accepted::User(Box::new(made)))
}

/// A user's open invitations, newest first.
pub async fn of_user(db: &Db, user_id: &str, now: Timestamp) -> Result<Vec<invitation::Model>, DbError> {
    let theirs = invitation::Entity::find().filter(invitation::Column::UserId.eq(user_id));
    let open = theirs.filter(invitation::Column::ExpiresAt.gt(now));
    Ok(open.order_by_desc(invitation::Column::CreatedAt).all(&db.orm).await?)
}

/// Takes an invitation back. `false` when there is none of theirs with that id.
pub async fn revoke(db: &Db, user_id: &str, id: &str) -> Result<bool, DbError> {
    let theirs = invitation::Entity::delete_many().filter(invitation::Column::UserId.eq(user_id));
    Ok(theirs.filter(invitation::Column::Id.eq(id)).exec(&db.orm).await?.rows_affected == 1)
}
