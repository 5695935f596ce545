//! More ways in, and who came in by them: API tokens, invitations, GitHub accounts that sign in, and when a session
//! was last seen.

use crate::columns::{drop_tables, id, index, reference, switch, table, text, time, time_null, unique};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_column(manager, "sessions", time_null("last_seen_at")).await?;
        add_column(manager, "accounts", switch("signs_in", false)).await?;
        manager.get_connection().execute_unprepared(ONE_PERSON).await?;
        manager
            .create_table(
                table("api_tokens")
                    .col(id())
                    .col(text("user_id"))
                    .col(text("name"))
                    .col(text("token_hash"))
                    .col(text("hint"))
                    .col(time_null("last_used_at"))
                    .col(time_null("expires_at"))
                    .col(time("created_at"))
                    .foreign_key(&mut reference("user_id", "users", ForeignKeyAction::Cascade))
                    .to_owned(),
            )
            .await?;
        manager.create_index(unique("api_tokens", "hash", &["token_hash"])).await?;
        manager.create_index(index("api_tokens", "user", &["user_id"])).await?;
        manager
            .create_table(
                table("invitations")
                    .col(id())
                    .col(text("user_id"))
                    .col(text("token_hash"))
                    .col(time("expires_at"))
                    .col(time("created_at"))
                    .foreign_key(&mut reference("user_id", "users", ForeignKeyAction::Cascade))
                    .to_owned(),
            )
            .await?;
        manager.create_index(unique("invitations", "hash", &["token_hash"])).await?;
        manager.create_index(index("invitations", "user", &["user_id"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["invitations", "api_tokens"]).await?;
        manager.get_connection().execute_unprepared("DROP INDEX accounts_sign_in_idx").await?;
        drop_column(manager, "accounts", "signs_in").await?;
        drop_column(manager, "sessions", "last_seen_at").await
    }

    /// On SQLite too: a crash half-way leaves nothing behind.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// A GitHub account signs in one person at most. Several people may open pull requests with it.
const ONE_PERSON: &str =
    "CREATE UNIQUE INDEX accounts_sign_in_idx ON accounts (provider, external_id) WHERE signs_in";

async fn add_column(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: ColumnDef,
) -> Result<(), DbErr> {
    manager.alter_table(Table::alter().table(Alias::new(table)).add_column(column).to_owned()).await
}

async fn drop_column(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: &'static str,
) -> Result<(), DbErr> {
    let change = Table::alter().table(Alias::new(table)).drop_column(Alias::new(column)).to_owned();
    manager.alter_table(change).await
}
