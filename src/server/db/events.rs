//! The append-only events of fixes. They are written by `fixes`, in the transaction that changes the fix.

use super::{Db, DbError, entity::fix_event};
use crate::model::FixEvent;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

/// The events of a fix after `seq`, ascending, at most `limit`.
pub async fn since(db: &Db, fix_id: &str, seq: i64, limit: u64) -> Result<Vec<FixEvent>, DbError> {
    let rows = fix_event::Entity::find()
        .filter(fix_event::Column::DeploymentId.eq(fix_id))
        .filter(fix_event::Column::Seq.gt(seq))
        .order_by_asc(fix_event::Column::Seq)
        .limit(limit.min(i64::MAX.unsigned_abs()))
        .all(&db.orm)
        .await?;
    rows.into_iter()
        .map(|row| {
            let kind = serde_json::from_str(&row.kind)?;
            Ok(FixEvent { fix_id: row.deployment_id, seq: row.seq, at: row.created_at, kind })
        })
        .collect()
}
