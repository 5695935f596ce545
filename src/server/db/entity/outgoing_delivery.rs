//! `outgoing_deliveries`: one message to an outgoing webhook; `id` is its `webhook-id`, `next_try_at` is empty once it has ended.

use sea_orm::entity::prelude::*;

/// One message to an outgoing webhook; `id` is its `webhook-id`, `next_try_at` is empty once it has ended.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Eq)]
#[sea_orm(table_name = "outgoing_deliveries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    pub webhook_id: String,
    pub kind: String,
    pub body: String,
    pub state: String,
    pub attempts: i32,
    pub next_try_at: Option<DateTimeUtc>,
    pub last_status: Option<i32>,
    pub last_error: Option<String>,
    pub created_at: DateTimeUtc,
    pub ended_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
