//! A user's fixes → the facts that figures are counted from.

use super::read::{unfinished, watched_subscriptions};
use crate::{
    model::{FixStatus, Timestamp},
    server::db::{Db, DbError, entity::deployment},
};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

/// More than this many fixes in the window are not counted one by one.
const LIMIT: u64 = 20_000;

/// What counts about one fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// When its failure arrived.
    pub created_at: Timestamp,
    /// Where it stands.
    pub status: FixStatus,
}

/// What the figures of a user are counted from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Fixes that were received since the given time, newest first.
    pub recent: Vec<Figure>,
    /// Fixes of any age that are not ended.
    pub unfinished: u64,
    /// Fixes of any age whose pull request is open.
    pub open: u64,
}

/// Counts a user's fixes, those since `since` with their times.
pub async fn figures(db: &Db, user_id: &str, since: Timestamp) -> Result<Figures, DbError> {
    let mine = || {
        deployment::Entity::find()
            .filter(deployment::Column::SubscriptionId.in_subquery(watched_subscriptions(user_id)))
    };
    let recent: Vec<(Timestamp, String)> = mine()
        .select_only()
        .columns([deployment::Column::CreatedAt, deployment::Column::FixStatus])
        .filter(deployment::Column::CreatedAt.gte(since))
        .order_by_desc(deployment::Column::CreatedAt)
        .limit(LIMIT)
        .into_tuple()
        .all(&db.orm)
        .await?;
    let unfinished = mine().filter(deployment::Column::FixStatus.is_in(unfinished())).count(&db.orm).await?;
    let open = FixStatus::PrCreated.as_str();
    let open = mine().filter(deployment::Column::FixStatus.eq(open)).count(&db.orm).await?;
    let recent = recent
        .into_iter()
        .filter_map(|(created_at, status)| Some(Figure { created_at, status: FixStatus::parse(&status)? }))
        .collect();
    Ok(Figures { recent, unfinished, open })
}
