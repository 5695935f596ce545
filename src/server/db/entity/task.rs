//! `tasks`: one run of the agent; `transcript` is JSON of its steps.

use sea_orm::entity::prelude::*;

/// One run of the agent; `transcript` is JSON of its steps.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "tasks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    pub deployment_id: String,
    pub attempt: i32,
    pub model: String,
    pub transcript: Option<String>,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cost_usd: f64,
    pub outcome: Option<String>,
    pub exit_code: Option<i32>,
    pub seconds: f64,
    pub started_at: DateTimeUtc,
    pub completed_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
