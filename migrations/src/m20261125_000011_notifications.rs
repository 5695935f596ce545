//! What people are told: notifications of fixes, and the webhooks that carry them outside.

use crate::columns::{
    drop_tables, id, index, int, int_null, reference, switch, table, text, text_null, time, time_null, unique,
};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table("notifications")
                    .col(id())
                    .col(text("user_id"))
                    .col(text("deployment_id"))
                    .col(text("kind"))
                    .col(time("created_at"))
                    .col(time_null("read_at"))
                    .foreign_key(&mut reference("user_id", "users", ForeignKeyAction::Cascade))
                    .foreign_key(&mut reference("deployment_id", "deployments", ForeignKeyAction::Cascade))
                    .to_owned(),
            )
            .await?;
        // A step that is repeated tells nobody twice.
        manager
            .create_index(unique("notifications", "user_fix_kind", &["user_id", "deployment_id", "kind"]))
            .await?;
        manager.create_index(index("notifications", "user", &["user_id", "id"])).await?;
        manager.create_index(index("notifications", "deployment", &["deployment_id"])).await?;
        manager
            .create_table(
                table("outgoing_webhooks")
                    .col(id())
                    .col(text("user_id"))
                    .col(text("url"))
                    .col(text("secret"))
                    .col(switch("enabled", true))
                    .col(time_null("last_at"))
                    .col(int_null("last_status"))
                    .col(text_null("last_error"))
                    .col(time("created_at"))
                    .col(time("updated_at"))
                    .foreign_key(&mut reference("user_id", "users", ForeignKeyAction::Cascade))
                    .to_owned(),
            )
            .await?;
        manager.create_index(unique("outgoing_webhooks", "user", &["user_id"])).await?;
        manager
            .create_table(
                table("outgoing_deliveries")
                    .col(id())
                    .col(text("webhook_id"))
                    .col(text("kind"))
                    .col(text("body"))
                    .col(text("state").default("pending"))
                    .col(int("attempts", 0))
                    .col(time_null("next_try_at"))
                    .col(int_null("last_status"))
                    .col(text_null("last_error"))
                    .col(time("created_at"))
                    .col(time_null("ended_at"))
                    .foreign_key(&mut reference("webhook_id", "outgoing_webhooks", ForeignKeyAction::Cascade))
                    .to_owned(),
            )
            .await?;
        manager.create_index(index("outgoing_deliveries", "webhook", &["webhook_id", "id"])).await?;
        manager.create_index(index("outgoing_deliveries", "next_try", &["next_try_at"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["outgoing_deliveries", "outgoing_webhooks", "notifications"]).await
    }

    /// On SQLite too: a crash half-way leaves nothing behind.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
