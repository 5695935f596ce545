//! Keys for programs, found by the hash of what was shown once.

use super::{
    Db, DbError,
    entity::{api_token, user},
};
use crate::model::Timestamp;
use chrono::TimeDelta;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, sea_query::Expr,
};

/// One user's tokens. Whoever needs more has forgotten to revoke some.
pub const AT_MOST: u64 = 50;
/// How exact "last used" is: a write for each request would cost more than the request.
const EXACT: TimeDelta = TimeDelta::minutes(1);

/// A token to be stored.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Our id.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// What its user calls it.
    pub name: String,
    /// SHA-256 in hex.
    pub token_hash: String,
    /// Its last characters.
    pub hint: String,
    /// `None`: it works until it is revoked.
    pub expires_at: Option<Timestamp>,
}

/// Stores a token. `false` when the user has [`AT_MOST`] already.
pub async fn create(db: &Db, new: NewToken, now: Timestamp) -> Result<bool, DbError> {
    let tx = db.write().await?;
    // Two at once take turns on the user's row, so that both count right.
    user::Entity::find_by_id(&new.user_id).lock_exclusive().one(&tx).await?;
    let theirs = api_token::Entity::find().filter(api_token::Column::UserId.eq(&new.user_id));
    if theirs.count(&tx).await? >= AT_MOST {
        return Ok(false);
    }
    let row = api_token::ActiveModel {
        id: Set(new.id),
        user_id: Set(new.user_id),
        name: Set(new.name),
        token_hash: Set(new.token_hash),
        hint: Set(new.hint),
        last_used_at: Set(None),
        expires_at: Set(new.expires_at),
        created_at: Set(now),
    };
    api_token::Entity::insert(row).exec_without_returning(&tx).await?;
    tx.commit().await?;
    Ok(true)
}

fn working(now: Timestamp) -> Condition {
    Condition::any().add(api_token::Column::ExpiresAt.is_null()).add(api_token::Column::ExpiresAt.gt(now))
}

/// The token with that hash, if it still works. Notes that it was used.
pub async fn find_used(
    db: &Db,
    token_hash: &str,
    now: Timestamp,
) -> Result<Option<api_token::Model>, DbError> {
    let found = api_token::Entity::find().filter(api_token::Column::TokenHash.eq(token_hash));
    let Some(token) = found.filter(working(now)).one(&db.orm).await? else { return Ok(None) };
    if token.last_used_at.is_none_or(|at| now - at >= EXACT) {
        let noted = api_token::Entity::update_many()
            .col_expr(api_token::Column::LastUsedAt, Expr::value(now))
            .filter(api_token::Column::Id.eq(&token.id))
            .exec(&db.orm)
            .await;
        // Nobody is turned away for it.
        if let Err(error) = noted {
            tracing::warn!(%error, "It could not be noted that an API token was used");
        }
    }
    Ok(Some(token))
}

/// Whether the token with that id still works.
pub async fn works(db: &Db, id: &str, now: Timestamp) -> Result<bool, DbError> {
    Ok(api_token::Entity::find_by_id(id).filter(working(now)).one(&db.orm).await?.is_some())
}

/// A user's tokens, newest first, expired ones too.
pub async fn of_user(db: &Db, user_id: &str) -> Result<Vec<api_token::Model>, DbError> {
    let theirs = api_token::Entity::find().filter(api_token::Column::UserId.eq(user_id));
    let newest = theirs.order_by_desc(api_token::Column::CreatedAt).order_by_desc(api_token::Column::Id);
    Ok(newest.all(&db.orm).await?)
}

/// Makes a user's token worthless. `false` when there is none of theirs with that id.
pub async fn revoke(db: &Db, user_id: &str, id: &str) -> Result<bool, DbError> {
    let theirs = api_token::Entity::delete_many().filter(api_token::Column::UserId.eq(user_id));
    Ok(theirs.filter(api_token::Column::Id.eq(id)).exec(&db.orm).await?.rows_affected == 1)
}
