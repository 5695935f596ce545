//! `incidents`: what several deployments have in common.

use sea_orm::entity::prelude::*;

/// What several deployments have in common.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Eq)]
#[sea_orm(table_name = "incidents")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    pub user_id: Option<String>,
    pub repository: String,
    pub commit_sha: Option<String>,
    pub branch: Option<String>,
    pub fingerprint: String,
    pub leader_id: Option<String>,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
