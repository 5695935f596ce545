//! Who may sign in: `users`, `accounts` (GitHub), `sessions`.

use crate::columns::{drop_tables, id, index, reference, table, text, text_null, time, time_null, unique};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table("users")
                    .col(id())
                    .col(text("email"))
                    .col(text("name"))
                    .col(text_null("password_hash"))
                    .col(time("created_at"))
                    .col(time("updated_at"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(unique("users", "email", &["email"])).await?;
        manager
            .create_table(
                table("accounts")
                    .col(id())
                    .col(text("user_id"))
                    .col(text("provider"))
                    .col(text("external_id"))
                    .col(text("login"))
                    .col(text_null("email"))
                    .col(text("access_token"))
                    .col(text_null("scopes"))
                    .col(time_null("expires_at"))
                    .col(time("created_at"))
                    .col(time("updated_at"))
                    .foreign_key(&mut reference("user_id", "users", ForeignKeyAction::Cascade))
                    .to_owned(),
            )
            .await?;
        manager.create_index(unique("accounts", "user_provider", &["user_id", "provider"])).await?;
        manager
            .create_table(
                table("sessions")
                    .col(id())
                    .col(text_null("user_id"))
                    .col(text("data"))
                    .col(time("expires_at"))
                    .col(time("created_at"))
                    .foreign_key(&mut reference("user_id", "users", ForeignKeyAction::Cascade))
                    .to_owned(),
            )
            .await?;
        manager.create_index(index("sessions", "expires", &["expires_at"])).await?;
        manager.create_index(index("sessions", "user", &["user_id"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["sessions", "accounts", "users"]).await
    }

    /// On SQLite too: a crash half-way leaves nothing behind.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
