//! `integrations`: a connected platform; `access_token` and `refresh_token` are sealed.

use sea_orm::entity::prelude::*;

/// A connected platform; `access_token` and `refresh_token` are sealed.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Eq)]
#[sea_orm(table_name = "integrations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    pub user_id: String,
    pub provider: String,
    pub external_user_id: String,
    pub access_token: String,
    pub refresh_token: Option<String>,
    pub expires_at: Option<DateTimeUtc>,
    pub username: String,
    pub team_id: Option<String>,
    pub token_created_at: Option<DateTimeUtc>,
    pub token_note: Option<String>,
    pub health: String,
    pub delivery_note: Option<String>,
    pub builds_on: String,
    pub last_polled_at: Option<DateTimeUtc>,
    pub next_poll_at: Option<DateTimeUtc>,
    pub poll_lease_until: Option<DateTimeUtc>,
    pub busy: Option<String>,
    pub poll_failures: i32,
    pub trouble: Option<String>,
    pub trouble_since: Option<DateTimeUtc>,
    pub rate_limit: Option<i32>,
    pub rate_remaining: Option<i32>,
    pub rate_reset_at: Option<DateTimeUtc>,
    pub last_delivery_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
