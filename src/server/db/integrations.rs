//! Connected platforms.

use super::{
    Db, DbError,
    entity::{integration, subscription},
    is_past,
};
use crate::model::{BuildsOn, Provider, Timestamp};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, OnConflict},
};

/// The stored word for a token that works.
pub const HEALTH_OK: &str = "ok";
/// The stored word for a token that the platform refused.
pub const HEALTH_NEEDS_NEW_TOKEN: &str = "needs_new_token";

/// A platform to be connected.
#[derive(Clone, Debug)]
pub struct NewIntegration {
    /// Our id; part of what the token is sealed for.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// The platform.
    pub provider: Provider,
    /// The user's id there.
    pub external_user_id: String,
    /// The user's name there.
    pub username: String,
    /// Sealed for [`token_identity`] of `id`.
    pub access_token: String,
    /// The user's own note about the token.
    pub token_note: Option<String>,
    /// The only team whose projects are watched; `None` is all that the token reaches.
    pub team_id: Option<String>,
    /// When the token expires.
    pub expires_at: Option<Timestamp>,
}

/// What an integration's token is sealed for.
pub fn token_identity(integration_id: &str) -> String {
    format!("integrations:{integration_id}:access_token")
}

/// What an integration's refresh token is sealed for.
pub fn refresh_identity(integration_id: &str) -> String {
    format!("integrations:{integration_id}:refresh_token")
}

/// Stores a connection, whose builds run here until somebody says otherwise. A reconnection keeps its id, its
/// subscriptions, and where its builds run. Returns the stored row.
///
/// Callers look the id up first with [`of_user`], since the token is sealed for it.
pub async fn put(db: &Db, new: NewIntegration, now: Timestamp) -> Result<integration::Model, DbError> {
    let row = integration::ActiveModel {
        id: Set(new.id),
        user_id: Set(new.user_id),
        provider: Set(new.provider.as_str().to_owned()),
        external_user_id: Set(new.external_user_id),
        access_token: Set(new.access_token),
        username: Set(new.username),
        team_id: Set(new.team_id),
        expires_at: Set(new.expires_at),
        token_created_at: Set(Some(now)),
        token_note: Set(new.token_note),
        health: Set(HEALTH_OK.to_owned()),
        builds_on: Set(BuildsOn::Here.as_str().to_owned()),
        poll_failures: Set(0),
        trouble: Set(None),
        trouble_since: Set(None),
        next_poll_at: Set(Some(now)),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let made = integration::Entity::insert(row)
        .on_conflict(
            OnConflict::column(integration::Column::Id)
                .update_columns([
                    integration::Column::ExternalUserId,
                    integration::Column::AccessToken,
                    integration::Column::Username,
                    integration::Column::TeamId,
                    integration::Column::ExpiresAt,
                    integration::Column::TokenCreatedAt,
                    integration::Column::TokenNote,
                    integration::Column::Health,
                    integration::Column::PollFailures,
                    integration::Column::Trouble,
                    integration::Column::TroubleSince,
                    integration::Column::NextPollAt,
                    integration::Column::UpdatedAt,
                ])
                .to_owned(),
        )
        .exec_with_returning(&db.orm)
        .await?;
    Ok(made)
}

/// The integration with that id.
pub async fn find(db: &Db, id: &str) -> Result<Option<integration::Model>, DbError> {
    Ok(integration::Entity::find_by_id(id).one(&db.orm).await?)
}

/// A user's connection to a platform.
pub async fn of_user(
    db: &Db,
    user_id: &str,
    provider: Provider,
) -> Result<Option<integration::Model>, DbError> {
    Ok(integration::Entity::find()
        .filter(integration::Column::UserId.eq(user_id))
        .filter(integration::Column::Provider.eq(provider.as_str()))
        .one(&db.orm)
        .await?)
}

/// All connections of a user.
pub async fn list(db: &Db, user_id: &str) -> Result<Vec<integration::Model>, DbError> {
    Ok(integration::Entity::find()
        .filter(integration::Column::UserId.eq(user_id))
        .order_by_asc(integration::Column::Provider)
        .all(&db.orm)
        .await?)
}

/// Notes that the platform refused the token.
pub async fn needs_new_token(db: &Db, integration_id: &str) -> Result<(), DbError> {
    set(&db.orm, integration_id, integration::Column::Health, HEALTH_NEEDS_NEW_TOKEN.into()).await
}

/// Notes why polling is used, or that it is not.
pub async fn set_delivery_note(db: &Db, integration_id: &str, note: Option<String>) -> Result<(), DbError> {
    set(&db.orm, integration_id, integration::Column::DeliveryNote, note.into()).await
}

/// Where the builds of a connection's projects run. A word that only a later version knows means here: nothing goes
/// anywhere that this one does not know.
pub fn builds_on(row: &integration::Model) -> BuildsOn {
    BuildsOn::parse(&row.builds_on).unwrap_or(BuildsOn::Here)
}

/// Sets where the builds of a user's connection run.
pub async fn set_builds_on(
    db: &Db,
    user_id: &str,
    provider: Provider,
    builds_on: BuildsOn,
    now: Timestamp,
) -> Result<(), DbError> {
    integration::Entity::update_many()
        .col_expr(integration::Column::BuildsOn, Expr::value(builds_on.as_str()))
        .col_expr(integration::Column::UpdatedAt, Expr::value(now))
        .filter(integration::Column::UserId.eq(user_id))
        .filter(integration::Column::Provider.eq(provider.as_str()))
        .exec(&db.orm)
        .await?;
    Ok(())
}

/// Notes the arrival of an authentic delivery.
pub(super) async fn delivered(
    connection: &impl ConnectionTrait,
    integration_id: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    set(connection, integration_id, integration::Column::LastDeliveryAt, now.into()).await
}

async fn set(
    connection: &impl ConnectionTrait,
    integration_id: &str,
    column: integration::Column,
    value: sea_orm::Value,
) -> Result<(), DbError> {
    integration::Entity::update_many()
        .col_expr(column, Expr::value(value))
        .filter(integration::Column::Id.eq(integration_id))
        .exec(connection)
        .await?;
    Ok(())
}

/// Connections whose next poll is due, whose token works, and which nobody polls now.
pub async fn due(db: &Db, now: Timestamp, limit: u64) -> Result<Vec<integration::Model>, DbError> {
    let watched =
        subscription::Entity::find().select_only().column(subscription::Column::IntegrationId).into_query();
    Ok(integration::Entity::find()
        .filter(is_past(integration::Column::NextPollAt, now))
        .filter(nobody_polls(now))
        .filter(integration::Column::Health.eq(HEALTH_OK))
        .filter(integration::Column::Id.in_subquery(watched))
        .order_by_asc(integration::Column::NextPollAt)
        .limit(limit)
        .all(&db.orm)
        .await?)
}

/// A lease that is over was left by a process that ended in the middle.
fn nobody_polls(now: Timestamp) -> Condition {
    let lease = integration::Column::PollLeaseUntil;
    Condition::any().add(lease.is_null()).add(is_past(lease, now))
}

fn next_poll_is(at: Option<Timestamp>) -> Condition {
    let next = integration::Column::NextPollAt;
    Condition::all().add(at.map_or_else(|| next.is_null(), |at| next.eq(at)))
}

/// Takes a poll until `lease_until`, so that a connection is never polled twice at once, whoever polls.
/// `false` when somebody else has taken it, or has ended it since `row` was read.
pub async fn take_poll(
    db: &Db,
    row: &integration::Model,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<bool, DbError> {
    let taken = integration::Entity::update_many()
        .col_expr(integration::Column::PollLeaseUntil, Expr::value(lease_until))
        .filter(integration::Column::Id.eq(&row.id))
        .filter(nobody_polls(now))
        .filter(next_poll_is(row.next_poll_at))
        .exec(&db.orm)
        .await?;
    Ok(taken.rows_affected == 1)
}

/// What a poll leaves for the next one.
#[derive(Clone, Debug)]
pub struct Polled {
    /// When the next one is due.
    pub next: Timestamp,
    /// When this one began and what it saw going on, as JSON; `None` when it did not see everything.
    pub seen: Option<(Timestamp, String)>,
    /// Requests in a window, requests left, and the end of the window.
    pub rate: Option<(i32, i32, Timestamp)>,
    /// What was wrong, as a stable code; `None` when nothing was.
    pub trouble: Option<&'static str>,
}

/// Ends a poll that [`take_poll`] took with `row`. A poll that was asked for meanwhile stays due.
pub async fn end_poll(
    db: &Db,
    row: &integration::Model,
    polled: Polled,
    now: Timestamp,
) -> Result<(), DbError> {
    // At once: a poll that is free while it still looks due would be taken by somebody else.
    let next = Expr::case(next_poll_is(row.next_poll_at), polled.next)
        .finally(Expr::col(integration::Column::NextPollAt));
    let since = polled.trouble.map(|_| row.trouble_since.unwrap_or(now));
    let failures = polled.trouble.map_or(0, |_| row.poll_failures.saturating_add(1));
    let mut update = integration::Entity::update_many()
        .col_expr(integration::Column::NextPollAt, next.into())
        .col_expr(integration::Column::PollLeaseUntil, Expr::value(None::<Timestamp>))
        .col_expr(integration::Column::PollFailures, Expr::value(failures))
        .col_expr(integration::Column::Trouble, Expr::value(polled.trouble))
        .col_expr(integration::Column::TroubleSince, Expr::value(since));
    if let Some((at, busy)) = polled.seen {
        update = update
            .col_expr(integration::Column::LastPolledAt, Expr::value(at))
            .col_expr(integration::Column::Busy, Expr::value(busy));
    }
    if let Some((limit, remaining, reset_at)) = polled.rate {
        update = update
            .col_expr(integration::Column::RateLimit, Expr::value(limit))
            .col_expr(integration::Column::RateRemaining, Expr::value(remaining))
            .col_expr(integration::Column::RateResetAt, Expr::value(reset_at));
    }
    update.filter(integration::Column::Id.eq(&row.id)).exec(&db.orm).await?;
    Ok(())
}

/// Makes a connection's poll due now.
pub async fn poll_soon(db: &Db, integration_id: &str, now: Timestamp) -> Result<(), DbError> {
    set(&db.orm, integration_id, integration::Column::NextPollAt, now.into()).await
}

/// Forgets a connection with its token. Its subscriptions must be gone already: see `subscriptions::remove`.
pub async fn remove(db: &Db, integration_id: &str) -> Result<(), DbError> {
    integration::Entity::delete_by_id(integration_id).exec(&db.orm).await?;
    Ok(())
}
