//! Authentic webhook deliveries and what was decided on each.

use super::{Db, DbError, entity::webhook_delivery, integrations};
use crate::{
    model::{Provider, Timestamp},
    server::clock::new_id,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
    sea_query::{Expr, OnConflict},
};

/// A delivery whose signature was right.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    /// Who sent it.
    pub provider: Provider,
    /// The sender's id of the delivery; the same for a repetition.
    pub delivery_id: String,
    /// The sender's name of the event.
    pub kind: String,
    /// The connection through which it came.
    pub integration_id: String,
    /// The project it is about.
    pub platform_project_id: Option<String>,
    /// The deployment it is about.
    pub platform_deployment_id: Option<String>,
    /// Our fix, if it led to one.
    pub deployment_id: Option<String>,
    /// `queued`, `skipped`, `ignored` or `duplicate`.
    pub decision: String,
    /// Why, in a sentence or a code.
    pub reason: Option<String>,
}

/// Stores a delivery, and that its connection has heard from the platform; a repetition keeps the first decision.
/// Returns whether it was new.
pub async fn record(
    connection: &impl ConnectionTrait,
    delivery: NewDelivery,
    now: Timestamp,
) -> Result<bool, DbError> {
    integrations::delivered(connection, &delivery.integration_id, now).await?;
    let row = webhook_delivery::ActiveModel {
        id: Set(new_id()),
        provider: Set(delivery.provider.as_str().to_owned()),
        delivery_id: Set(delivery.delivery_id),
        integration_id: Set(Some(delivery.integration_id)),
        kind: Set(delivery.kind),
        platform_project_id: Set(delivery.platform_project_id),
        platform_deployment_id: Set(delivery.platform_deployment_id),
        deployment_id: Set(delivery.deployment_id),
        decision: Set(delivery.decision),
        reason: Set(delivery.reason),
        created_at: Set(now),
    };
    let inserted = webhook_delivery::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(connection)
        .await?;
    Ok(inserted == 1)
}

/// The stored reason of a delivery after which the platform has still to be asked.
pub const LOOK_AGAIN: &str = "look_again";

/// Deliveries of a connection that wait for a look at the platform, the oldest first.
pub async fn hints(
    db: &Db,
    integration_id: &str,
    limit: u64,
) -> Result<Vec<webhook_delivery::Model>, DbError> {
    Ok(webhook_delivery::Entity::find()
        .filter(webhook_delivery::Column::IntegrationId.eq(integration_id))
        .filter(webhook_delivery::Column::Decision.eq("queued"))
        .filter(webhook_delivery::Column::Reason.eq(LOOK_AGAIN))
        .order_by_asc(webhook_delivery::Column::CreatedAt)
        .limit(limit)
        .all(&db.orm)
        .await?)
}

/// Stores what a hint led to.
pub async fn settle(db: &Db, id: &str, settled: Settled) -> Result<(), DbError> {
    webhook_delivery::Entity::update_many()
        .col_expr(webhook_delivery::Column::Decision, Expr::value(settled.decision))
        .col_expr(webhook_delivery::Column::Reason, Expr::value(settled.reason))
        .col_expr(webhook_delivery::Column::PlatformDeploymentId, Expr::value(settled.platform_deployment_id))
        .col_expr(webhook_delivery::Column::DeploymentId, Expr::value(settled.deployment_id))
        .filter(webhook_delivery::Column::Id.eq(id))
        .exec(&db.orm)
        .await?;
    Ok(())
}

/// What a hint led to.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// As of [`NewDelivery`].
    pub decision: &'static str,
    /// Why.
    pub reason: Option<&'static str>,
    /// The deployment that it turned out to be about.
    pub platform_deployment_id: Option<String>,
    /// Our fix, if it led to one.
    pub deployment_id: Option<String>,
}

/// The stored delivery with the sender's id.
pub async fn find(
    db: &Db,
    provider: Provider,
    delivery_id: &str,
) -> Result<Option<webhook_delivery::Model>, DbError> {
    Ok(webhook_delivery::Entity::find()
        .filter(webhook_delivery::Column::Provider.eq(provider.as_str()))
        .filter(webhook_delivery::Column::DeliveryId.eq(delivery_id))
        .one(&db.orm)
        .await?)
}

/// How many deliveries are stored.
pub async fn count(db: &Db) -> Result<u64, DbError> {
    Ok(webhook_delivery::Entity::find().count(&db.orm).await?)
}
