//! Messages to webhooks. A row is written with the news that it carries; whoever takes it by compare-and-set on its
//! tries sends it.

use crate::{
    model::{FixSummary, NotificationKind, Timestamp},
    server::{
        clock::new_id,
        db::{
            Db, DbError,
            entity::{outgoing_delivery, outgoing_webhook},
        },
    },
};
use chrono::TimeDelta;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, ExprTrait as _, SelectStatement},
};
use serde_json::{Value, json};

/// Messages kept for each webhook.
const KEPT: u64 = 100;
/// The longest pause between two tries.
const FURTHEST_TRY: TimeDelta = TimeDelta::days(1);
const PENDING: &str = "pending";
const DELIVERED: &str = "delivered";
const FAILED: &str = "failed";

/// What a try came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken, with this HTTP status.
    Delivered(i32),
    /// It was not.
    Refused {
        /// The HTTP status, when there was an answer.
        status: Option<i32>,
        /// What was wrong, in one sentence.
        error: String,
        /// When to try again; `None`: that was the last try.
        again: Option<Timestamp>,
    },
    /// The receiver says that it is gone for good (410).
    Gone,
}

impl Outcome {
    /// The HTTP status of the answer.
    pub const fn status(&self) -> Option<i32> {
        match self {
            Self::Delivered(status) => Some(*status),
            Self::Refused { status, .. } => *status,
            Self::Gone => Some(410),
        }
    }

    pub(super) fn error(&self) -> Option<String> {
        match self {
            Self::Delivered(_) => None,
            Self::Refused { error, .. } => Some(error.clone()),
            Self::Gone => Some("The receiver is gone (410), so the webhook was switched off.".to_owned()),
        }
    }
}

/// A message that this process is about to send.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// It, with this try counted.
    pub delivery: outgoing_delivery::Model,
    /// Where it goes.
    pub webhook: outgoing_webhook::Model,
}

/// Puts the news of a fix into the outbox of a user, if they have a webhook.
pub async fn tell(
    tx: &DatabaseTransaction,
    user_id: &str,
    kind: NotificationKind,
    fix: &FixSummary,
    now: Timestamp,
) -> Result<(), DbError> {
    let theirs = outgoing_webhook::Entity::find().filter(outgoing_webhook::Column::UserId.eq(user_id));
    let wanted = theirs.filter(outgoing_webhook::Column::Enabled.eq(true));
    let Some(webhook) = wanted.one(tx).await? else { return Ok(()) };
    let data = serde_json::to_value(fix)?;
    insert(tx, &webhook.id, format!("fix.{}", kind.as_str()), &data, now).await?;
    Ok(())
}

/// Puts a test message into the outbox of a webhook. `None` while one is still on its way.
pub async fn test(
    db: &Db,
    webhook_id: &str,
    now: Timestamp,
) -> Result<Option<outgoing_delivery::Model>, DbError> {
    const KIND: &str = "webhook.test";
    let tx = db.write().await?;
    // Two at once take turns on the webhook's row, so that both see what is on its way.
    outgoing_webhook::Entity::find_by_id(webhook_id).lock_exclusive().one(&tx).await?;
    let on_its_way = pending(webhook_id).filter(outgoing_delivery::Column::Kind.eq(KIND));
    if on_its_way.one(&tx).await?.is_some() {
        return Ok(None);
    }
    let data = json!({"message": "This is a test. Messages about fixes look like it."});
    let id = insert(&tx, webhook_id, KIND.to_owned(), &data, now).await?;
    let made = outgoing_delivery::Entity::find_by_id(id).one(&tx).await?;
    tx.commit().await?;
    Ok(made)
}

fn pending(webhook_id: &str) -> sea_orm::Select<outgoing_delivery::Entity> {
    outgoing_delivery::Entity::find()
        .filter(outgoing_delivery::Column::WebhookId.eq(webhook_id))
        .filter(outgoing_delivery::Column::State.eq(PENDING))
}

async fn insert(
    tx: &DatabaseTransaction,
    webhook_id: &str,
    kind: String,
    data: &Value,
    now: Timestamp,
) -> Result<String, DbError> {
    let id = new_id();
    // The bytes that are signed: a later try sends the same.
    let body = json!({"type": &kind, "timestamp": now, "data": data}).to_string();
    let row = outgoing_delivery::ActiveModel {
        id: Set(id.clone()),
        webhook_id: Set(webhook_id.to_owned()),
        kind: Set(kind),
        body: Set(body),
        next_try_at: Set(Some(now)),
        created_at: Set(now),
        ..Default::default()
    };
    outgoing_delivery::Entity::insert(row).exec_without_returning(tx).await?;
    forget_old(tx, webhook_id).await?;
    Ok(id)
}

async fn forget_old(tx: &DatabaseTransaction, webhook_id: &str) -> Result<(), DbError> {
    let theirs = outgoing_delivery::Entity::find()
        .select_only()
        .column(outgoing_delivery::Column::Id)
        .filter(outgoing_delivery::Column::WebhookId.eq(webhook_id));
    let newest = theirs.order_by_desc(outgoing_delivery::Column::Id);
    let kept: Option<String> = newest.offset(KEPT - 1).limit(1).into_tuple().one(tx).await?;
    if let Some(kept) = kept {
        outgoing_delivery::Entity::delete_many()
            .filter(outgoing_delivery::Column::WebhookId.eq(webhook_id))
            .filter(outgoing_delivery::Column::State.ne(PENDING))
            .filter(outgoing_delivery::Column::Id.lt(kept))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Messages whose time has come, oldest first, with the tries so far.
pub async fn due(db: &Db, now: Timestamp, limit: u64) -> Result<Vec<(String, i32)>, DbError> {
    Ok(outgoing_delivery::Entity::find()
        .select_only()
        .columns([outgoing_delivery::Column::Id, outgoing_delivery::Column::Attempts])
        .filter(has_come(now))
        .order_by_asc(outgoing_delivery::Column::NextTryAt)
        .limit(limit)
        .into_tuple()
        .all(&db.orm)
        .await?)
}

/// The next try is due. Pauses grow to a day: one that lies further ahead was written under a clock that was wrong.
fn has_come(now: Timestamp) -> Condition {
    let next = outgoing_delivery::Column::NextTryAt;
    Condition::any().add(next.lte(now)).add(next.gt(now + FURTHEST_TRY))
}

/// Takes a message whose time has come, until `until`: should this process end, it comes back then. `None` when
/// somebody else has it, or it has ended.
pub async fn claim(db: &Db, id: &str, now: Timestamp, until: Timestamp) -> Result<Option<Claimed>, DbError> {
    let taken = outgoing_delivery::Entity::update_many()
        .col_expr(outgoing_delivery::Column::Attempts, Expr::col(outgoing_delivery::Column::Attempts).add(1))
        .col_expr(outgoing_delivery::Column::NextTryAt, Expr::value(until))
        .filter(outgoing_delivery::Column::Id.eq(id))
        .filter(has_come(now))
        .exec(&db.orm)
        .await?;
    if taken.rows_affected == 0 {
        return Ok(None);
    }
    let Some(delivery) = outgoing_delivery::Entity::find_by_id(id).one(&db.orm).await? else {
        return Ok(None);
    };
    let webhook = outgoing_webhook::Entity::find_by_id(&delivery.webhook_id).one(&db.orm).await?;
    Ok(webhook.map(|webhook| Claimed { delivery, webhook }))
}

/// Writes what a try came to, unless another one has begun since.
pub async fn finish(db: &Db, claimed: &Claimed, outcome: &Outcome, now: Timestamp) -> Result<(), DbError> {
    let (state, again) = match outcome {
        Outcome::Delivered(_) => (DELIVERED, None),
        Outcome::Refused { again: Some(again), .. } => (PENDING, Some(*again)),
        Outcome::Refused { again: None, .. } | Outcome::Gone => (FAILED, None),
    };
    let tx = db.write().await?;
    let written = outgoing_delivery::Entity::update_many()
        .col_expr(outgoing_delivery::Column::State, Expr::value(state))
        .col_expr(outgoing_delivery::Column::NextTryAt, Expr::value(again))
        .col_expr(outgoing_delivery::Column::LastStatus, Expr::value(outcome.status()))
        .col_expr(outgoing_delivery::Column::LastError, Expr::value(outcome.error()))
        .col_expr(outgoing_delivery::Column::EndedAt, Expr::value(again.is_none().then_some(now)))
        .filter(outgoing_delivery::Column::Id.eq(&claimed.delivery.id))
        .filter(outgoing_delivery::Column::Attempts.eq(claimed.delivery.attempts))
        .filter(outgoing_delivery::Column::State.eq(PENDING))
        .exec(&tx)
        .await?;
    if written.rows_affected == 1 {
        super::note(&tx, &claimed.webhook.id, outcome, now).await?;
        if *outcome == Outcome::Gone {
            give_up(&tx, &claimed.webhook.user_id, now).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// Ends what is on its way to a webhook that is off.
pub(super) async fn give_up(tx: &impl ConnectionTrait, user_id: &str, now: Timestamp) -> Result<(), DbError> {
    outgoing_delivery::Entity::update_many()
        .col_expr(outgoing_delivery::Column::State, Expr::value(FAILED))
        .col_expr(outgoing_delivery::Column::NextTryAt, Expr::value(None::<Timestamp>))
        .col_expr(outgoing_delivery::Column::LastError, Expr::value("The webhook was switched off."))
        .col_expr(outgoing_delivery::Column::EndedAt, Expr::value(now))
        .filter(outgoing_delivery::Column::WebhookId.in_subquery(of_user(user_id)))
        .filter(outgoing_delivery::Column::State.eq(PENDING))
        .exec(tx)
        .await?;
    Ok(())
}

fn of_user(user_id: &str) -> SelectStatement {
    outgoing_webhook::Entity::find()
        .select_only()
        .column(outgoing_webhook::Column::Id)
        .filter(outgoing_webhook::Column::UserId.eq(user_id))
        .into_query()
}

/// The last messages to a webhook, newest first.
pub async fn recent(db: &Db, webhook_id: &str, limit: u64) -> Result<Vec<outgoing_delivery::Model>, DbError> {
    let theirs =
        outgoing_delivery::Entity::find().filter(outgoing_delivery::Column::WebhookId.eq(webhook_id));
    Ok(theirs.order_by_desc(outgoing_delivery::Column::Id).limit(limit).all(&db.orm).await?)
}
