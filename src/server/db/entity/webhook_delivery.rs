//! `webhook_deliveries`: an authentic delivery and what was decided on it.

use sea_orm::entity::prelude::*;

/// An authentic delivery and what was decided on it.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Eq)]
#[sea_orm(table_name = "webhook_deliveries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    pub provider: String,
    pub delivery_id: String,
    pub integration_id: Option<String>,
    pub kind: String,
    pub platform_project_id: Option<String>,
    pub platform_deployment_id: Option<String>,
    pub deployment_id: Option<String>,
    pub decision: String,
    pub reason: Option<String>,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
