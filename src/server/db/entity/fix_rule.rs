//! `fix_rules`: what to do about errors that match a pattern.

use sea_orm::entity::prelude::*;

/// What to do about errors that match a pattern.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Eq)]
#[sea_orm(table_name = "fix_rules")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    pub subscription_id: String,
    pub name: String,
    pub error_pattern: String,
    pub error_type: Option<String>,
    pub skip_fix: bool,
    pub custom_prompt: Option<String>,
    pub priority: i32,
    pub enabled: bool,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
