//! `left_out_projects`: a project that a person chose not to watch, so that syncing does not bring it back.

use sea_orm::entity::prelude::*;

/// A project that a person chose not to watch.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Eq)]
#[sea_orm(table_name = "left_out_projects")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub integration_id: String,
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub platform_project_id: String,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
