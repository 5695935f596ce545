//! Users' accounts at GitHub.

use super::{Db, DbError, entity::account};
use crate::model::Timestamp;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, SqlErr,
    sea_query::{Expr, OnConflict},
};

const GITHUB: &str = "github";

/// A GitHub account to be stored.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Our id; part of what the token is sealed for.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// GitHub's number of the user.
    pub external_id: String,
    /// GitHub's login name.
    pub login: String,
    /// The address that commits are made with.
    pub email: String,
    /// Sealed for [`token_identity`] of `id`.
    pub access_token: String,
    /// What the token may do, when GitHub says so.
    pub scopes: Option<String>,
}

/// What an account's token is sealed for.
pub fn token_identity(account_id: &str) -> String {
    format!("accounts:{account_id}:access_token")
}

/// The same account goes on signing its user in; another one does not.
const STILL_SIGNS_IN: &str = "accounts.signs_in AND accounts.external_id = excluded.external_id";

/// Stores a user's GitHub account in place of an earlier one.
pub async fn put_github(db: &Db, new: NewAccount, now: Timestamp) -> Result<(), DbError> {
    let row = account::ActiveModel {
        id: Set(new.id),
        user_id: Set(new.user_id),
        provider: Set(GITHUB.to_owned()),
        external_id: Set(new.external_id),
        login: Set(new.login),
        email: Set(Some(new.email)),
        access_token: Set(new.access_token),
        scopes: Set(new.scopes),
        expires_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
        signs_in: Set(false),
    };
    account::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([account::Column::UserId, account::Column::Provider])
                // The id too: the new token is sealed for it.
                .update_columns([
                    account::Column::Id,
                    account::Column::ExternalId,
                    account::Column::Login,
                    account::Column::Email,
                    account::Column::AccessToken,
                    account::Column::Scopes,
                    account::Column::UpdatedAt,
                ])
                .value(account::Column::SignsIn, Expr::cust(STILL_SIGNS_IN))
                .to_owned(),
        )
        .exec_without_returning(&db.orm)
        .await?;
    Ok(())
}

/// A user's GitHub account.
pub async fn github(db: &Db, user_id: &str) -> Result<Option<account::Model>, DbError> {
    Ok(account::Entity::find()
        .filter(account::Column::UserId.eq(user_id))
        .filter(account::Column::Provider.eq(GITHUB))
        .one(&db.orm)
        .await?)
}

/// The account at GitHub that signs somebody in.
pub async fn signing_in(db: &Db, external_id: &str) -> Result<Option<account::Model>, DbError> {
    Ok(account::Entity::find()
        .filter(account::Column::Provider.eq(GITHUB))
        .filter(account::Column::ExternalId.eq(external_id))
        .filter(account::Column::SignsIn.eq(true))
        .one(&db.orm)
        .await?)
}

/// Lets a user's GitHub account sign them in, or no longer. `false` when it signs somebody else in.
pub async fn set_signs_in(db: &Db, user_id: &str, signs_in: bool, now: Timestamp) -> Result<bool, DbError> {
    let changed = account::Entity::update_many()
        .col_expr(account::Column::SignsIn, Expr::value(signs_in))
        .col_expr(account::Column::UpdatedAt, Expr::value(now))
        .filter(account::Column::UserId.eq(user_id))
        .filter(account::Column::Provider.eq(GITHUB))
        .exec(&db.orm)
        .await;
    match changed {
        Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => Ok(false),
        changed => Ok(changed.map(|_| true)?),
    }
}

/// Forgets a user's GitHub account with its token.
pub async fn remove_github(db: &Db, user_id: &str) -> Result<(), DbError> {
    account::Entity::delete_many()
        .filter(account::Column::UserId.eq(user_id))
        .filter(account::Column::Provider.eq(GITHUB))
        .exec(&db.orm)
        .await?;
    Ok(())
}
