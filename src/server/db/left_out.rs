//! Projects that a person chose not to watch.

use super::{Db, DbError, entity::left_out_project};
use crate::model::Timestamp;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, sea_query::OnConflict,
};
use std::collections::HashSet;

/// Leaves a project out. Leaving it out already is success.
pub async fn add(db: &Db, integration_id: &str, project_id: &str, now: Timestamp) -> Result<(), DbError> {
    let row = left_out_project::ActiveModel {
        integration_id: Set(integration_id.to_owned()),
        platform_project_id: Set(project_id.to_owned()),
        created_at: Set(now),
    };
    let key = [left_out_project::Column::IntegrationId, left_out_project::Column::PlatformProjectId];
    left_out_project::Entity::insert(row)
        .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
        .exec_without_returning(&db.orm)
        .await?;
    Ok(())
}

/// Takes the decision back.
pub async fn remove(db: &Db, integration_id: &str, project_id: &str) -> Result<(), DbError> {
    left_out_project::Entity::delete_by_id((integration_id.to_owned(), project_id.to_owned()))
        .exec(&db.orm)
        .await?;
    Ok(())
}

/// The platform's ids of all that are left out of a connection.
pub async fn of_integration(db: &Db, integration_id: &str) -> Result<HashSet<String>, DbError> {
    let rows = left_out_project::Entity::find()
        .filter(left_out_project::Column::IntegrationId.eq(integration_id))
        .all(&db.orm)
        .await?;
    Ok(rows.into_iter().map(|row| row.platform_project_id).collect())
}
