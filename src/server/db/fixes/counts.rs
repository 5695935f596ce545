//! How many fixes are in which state, read from `fix_counts`. Triggers keep that table in step with `deployments`
//! (see the migration), so nothing is counted here.

use crate::{
    model::FixStatus,
    server::db::{
        Db, DbError, among,
        entity::{deployment, fix_count},
    },
};
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QuerySelect as _};

/// The day that stands for all days together.
const ALL_DAYS: &str = "";

/// Fixes of one subscription in one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// The subscription.
    pub subscription_id: String,
    /// The state.
    pub status: FixStatus,
    /// How many.
    pub fixes: u64,
}

/// All fixes of these subscriptions, by subscription and state.
pub async fn totals(db: &Db, subscriptions: &[String]) -> Result<Vec<Total>, DbError> {
    let rows = fix_count::Entity::find()
        .filter(among(db, fix_count::Column::SubscriptionId, subscriptions))
        .filter(fix_count::Column::Day.eq(ALL_DAYS))
        .all(&db.orm)
        .await?;
    let total = |row: fix_count::Model| {
        let status = FixStatus::parse(&row.fix_status)?;
        Some(Total { subscription_id: row.subscription_id, status, fixes: row.fixes.try_into().ok()? })
    };
    Ok(rows.into_iter().filter_map(total).collect())
}

/// Unfinished fixes of everybody, by state. There are few, and they have an index.
pub async fn unfinished(db: &Db) -> Result<Vec<(FixStatus, u64)>, DbError> {
    let mut counted = Vec::new();
    for status in FixStatus::ALL.into_iter().filter(|status| status.is_unfinished()) {
        let found = deployment::Entity::find().filter(deployment::Column::FixStatus.eq(status.as_str()));
        counted.push((status, found.count(&db.orm).await?));
    }
    Ok(counted)
}

/// Fixes of these subscriptions that arrived on `first_day` or later, by day (`2026-11-24`, UTC) and state.
pub async fn by_day(
    db: &Db,
    subscriptions: &[String],
    first_day: &str,
) -> Result<Vec<(String, FixStatus, u64)>, DbError> {
    let rows: Vec<(String, String, i64)> = fix_count::Entity::find()
        .select_only()
        .columns([fix_count::Column::Day, fix_count::Column::FixStatus, fix_count::Column::Fixes])
        .filter(among(db, fix_count::Column::SubscriptionId, subscriptions))
        .filter(fix_count::Column::Day.gte(first_day))
        .into_tuple()
        .all(&db.orm)
        .await?;
    let found = rows.into_iter().filter_map(|(day, status, fixes)| {
        Some((day, FixStatus::parse(&status)?, u64::try_from(fixes).ok()?))
    });
    Ok(found.collect())
}
