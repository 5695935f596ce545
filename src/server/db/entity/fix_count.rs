//! `fix_counts`: how many fixes of a subscription are in a state, for each day and for all. Written by triggers only.

use sea_orm::entity::prelude::*;

/// How many fixes of a subscription are in a state. `day` is empty for all days together.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "fix_counts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub subscription_id: String,
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub day: String,
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub fix_status: String,
    pub fixes: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
