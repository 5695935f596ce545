//! `accounts`: a user's account at GitHub; `access_token` is sealed. Where `signs_in`, it signs the user in.

use sea_orm::entity::prelude::*;

/// A user's account at GitHub; `access_token` is sealed. Where `signs_in`, it signs the user in.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Eq)]
#[sea_orm(table_name = "accounts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    pub user_id: String,
    pub provider: String,
    pub external_id: String,
    pub login: String,
    pub email: Option<String>,
    pub access_token: String,
    pub scopes: Option<String>,
    pub expires_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub signs_in: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
