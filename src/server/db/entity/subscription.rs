//! `subscriptions`: a watched project; `webhook_secret` is sealed.

use sea_orm::entity::prelude::*;

/// A watched project; `webhook_secret` is sealed.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Eq)]
#[sea_orm(table_name = "subscriptions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    pub user_id: String,
    pub integration_id: String,
    pub platform_project_id: String,
    pub platform_project_name: String,
    pub team_id: Option<String>,
    pub webhook_id: Option<String>,
    pub webhook_secret: Option<String>,
    pub github_repo_full_name: String,
    pub repository_kind: String,
    pub repository_name: Option<String>,
    pub root_directory: Option<String>,
    pub auto_fix_enabled: bool,
    pub fix_branch_prefix: String,
    pub max_fix_attempts: i32,
    pub notify_on_fix: bool,
    pub redeploy_flaky: bool,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
