//! What is watched: `integrations`, `subscriptions`, `fix_rules`.

use crate::columns::{
    drop_tables, id, index, int, reference, switch, table, text, text_null, time, time_null, unique,
};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table("integrations")
                    .col(id())
                    .col(text("user_id"))
                    .col(text("provider"))
                    .col(text("external_user_id"))
                    .col(text("access_token"))
                    .col(text_null("refresh_token"))
                    .col(time_null("expires_at"))
                    .col(text("username"))
                    .col(text_null("team_id"))
                    .col(time_null("token_created_at"))
                    .col(text_null("token_note"))
                    .col(text("health").default("ok"))
                    .col(text_null("delivery_note"))
                    .col(time_null("last_polled_at"))
                    .col(time_null("next_poll_at"))
                    .col(time_null("last_delivery_at"))
                    .col(time("created_at"))
                    .col(time("updated_at"))
                    .foreign_key(&mut reference("user_id", "users", ForeignKeyAction::Cascade))
                    .to_owned(),
            )
            .await?;
        manager.create_index(unique("integrations", "user_provider", &["user_id", "provider"])).await?;
        manager.create_index(index("integrations", "next_poll", &["next_poll_at"])).await?;
        manager
            .create_table(
                table("subscriptions")
                    .col(id())
                    .col(text("user_id"))
                    .col(text("integration_id"))
                    .col(text("platform_project_id"))
                    .col(text("platform_project_name"))
                    .col(text_null("team_id"))
                    .col(text_null("webhook_id"))
                    .col(text_null("webhook_secret"))
                    .col(text("github_repo_full_name"))
                    .col(switch("auto_fix_enabled", true))
                    .col(text("fix_branch_prefix").default("fix/deployment-"))
                    .col(int("max_fix_attempts", 3))
                    .col(switch("notify_on_fix", true))
                    .col(time("created_at"))
                    .col(time("updated_at"))
                    .foreign_key(&mut reference("user_id", "users", ForeignKeyAction::Cascade))
                    .foreign_key(&mut reference("integration_id", "integrations", ForeignKeyAction::Cascade))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(unique(
                "subscriptions",
                "user_project",
                &["user_id", "integration_id", "platform_project_id"],
            ))
            .await?;
        manager.create_index(index("subscriptions", "project", &["platform_project_id"])).await?;
        manager.create_index(index("subscriptions", "integration", &["integration_id"])).await?;
        manager
            .create_table(
                table("fix_rules")
                    .col(id())
                    .col(text("subscription_id"))
                    .col(text("name"))
                    .col(text("error_pattern"))
                    .col(text_null("error_type"))
                    .col(switch("skip_fix", false))
                    .col(text_null("custom_prompt"))
                    .col(int("priority", 0))
                    .col(switch("enabled", true))
                    .col(time("created_at"))
                    .col(time("updated_at"))
                    .foreign_key(&mut reference(
                        "subscription_id",
                        "subscriptions",
                        ForeignKeyAction::Cascade,
                    ))
                    .to_owned(),
            )
            .await?;
        manager.create_index(index("fix_rules", "subscription", &["subscription_id"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["fix_rules", "subscriptions", "integrations"]).await
    }

    /// On SQLite too: a crash half-way leaves nothing behind.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
