//! `audit_log`: who did what; a row is never changed.

use sea_orm::entity::prelude::*;

/// Who did what. `outcome` is `done` or the code of the refusal, `details` JSON of names and values, and of rows with the
/// same `once` only the first is kept.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Eq)]
#[sea_orm(table_name = "audit_log")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    pub created_at: DateTimeUtc,
    pub kind: String,
    pub action: String,
    pub user_id: Option<String>,
    pub who: Option<String>,
    pub credential: Option<String>,
    pub address: Option<String>,
    pub object: Option<String>,
    pub outcome: String,
    pub details: String,
    pub once: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
