//! Users' own webhooks, one for each, and the messages to them: the outbox from which they are sent.

mod deliveries;

pub use deliveries::{Claimed, Outcome, claim, due, finish, recent, tell, test};

use super::{Db, DbError, entity::outgoing_webhook};
use crate::model::Timestamp;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, EntityTrait as _, QueryFilter as _,
    sea_query::{Expr, OnConflict},
};

/// A webhook to be stored.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    /// Our id.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// Where messages go.
    pub url: String,
    /// Sealed for [`secret_identity`].
    pub secret: String,
    /// Messages are sent.
    pub enabled: bool,
}

/// What a webhook's secret is sealed for.
pub fn secret_identity(webhook_id: &str) -> String {
    format!("outgoing_webhooks:{webhook_id}:secret")
}

/// A user's webhook.
pub async fn of_user(db: &Db, user_id: &str) -> Result<Option<outgoing_webhook::Model>, DbError> {
    let theirs = outgoing_webhook::Entity::find().filter(outgoing_webhook::Column::UserId.eq(user_id));
    Ok(theirs.one(&db.orm).await?)
}

/// Stores a user's webhook; one that is there gets the new address and keeps its id and secret. Returns whether it is
/// new.
pub async fn put(db: &Db, new: NewWebhook, now: Timestamp) -> Result<bool, DbError> {
    let (id, user_id) = (new.id.clone(), new.user_id.clone());
    let row = outgoing_webhook::ActiveModel {
        id: Set(new.id),
        user_id: Set(new.user_id),
        url: Set(new.url),
        secret: Set(new.secret),
        enabled: Set(new.enabled),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let kept = OnConflict::column(outgoing_webhook::Column::UserId)
        .update_columns([
            outgoing_webhook::Column::Url,
            outgoing_webhook::Column::Enabled,
            outgoing_webhook::Column::UpdatedAt,
        ])
        .to_owned();
    let tx = db.write().await?;
    outgoing_webhook::Entity::insert(row).on_conflict(kept).exec_without_returning(&tx).await?;
    if !new.enabled {
        deliveries::give_up(&tx, &user_id, now).await?;
    }
    let stored = outgoing_webhook::Entity::find_by_id(&id).one(&tx).await?;
    tx.commit().await?;
    Ok(stored.is_some())
}

/// Removes a user's webhook with its messages. `false` when there is none.
pub async fn remove(db: &Db, user_id: &str) -> Result<bool, DbError> {
    let theirs = outgoing_webhook::Entity::delete_many();
    let removed = theirs.filter(outgoing_webhook::Column::UserId.eq(user_id)).exec(&db.orm).await?;
    Ok(removed.rows_affected == 1)
}

/// Notes what the last try came to; a webhook that is gone is switched off.
async fn note(
    tx: &sea_orm::DatabaseTransaction,
    webhook_id: &str,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), DbError> {
    let noted = outgoing_webhook::Entity::update_many()
        .col_expr(outgoing_webhook::Column::LastAt, Expr::value(now))
        .col_expr(outgoing_webhook::Column::LastStatus, Expr::value(outcome.status()))
        .col_expr(outgoing_webhook::Column::LastError, Expr::value(outcome.error()))
        .filter(outgoing_webhook::Column::Id.eq(webhook_id));
    let noted = match outcome {
        Outcome::Gone => noted.col_expr(outgoing_webhook::Column::Enabled, Expr::value(false)),
        _ => noted,
    };
    noted.exec(tx).await?;
    Ok(())
}
