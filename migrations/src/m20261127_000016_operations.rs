//! What running it needs: `audit_log`, the trace of a fix, and for how many days its log was kept.

use crate::columns::{drop_tables, id, index, int_null, is_sqlite, table, text, text_null, time, unique};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Rows are added and, when they are old enough, removed; nobody changes one.
const APPEND_ONLY_SQLITE: &str = "CREATE TRIGGER audit_log_append_only BEFORE UPDATE ON audit_log \
     BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END";
const APPEND_ONLY_POSTGRES: &str = "CREATE FUNCTION audit_log_append_only() RETURNS trigger LANGUAGE plpgsql AS \
     $$ BEGIN RAISE EXCEPTION 'audit_log is append-only'; END $$; \
     CREATE TRIGGER audit_log_append_only BEFORE UPDATE ON audit_log \
     FOR EACH ROW EXECUTE FUNCTION audit_log_append_only()";

fn deployments() -> TableAlterStatement {
    Table::alter().table(Alias::new("deployments")).to_owned()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table("audit_log")
                    .col(id())
                    .col(time("created_at"))
                    .col(text("kind"))
                    .col(text("action"))
                    // No key to `users`: what somebody did stays when they have gone.
                    .col(text_null("user_id"))
                    .col(text_null("who"))
                    .col(text_null("credential"))
                    .col(text_null("address"))
                    .col(text_null("object"))
                    .col(text("outcome"))
                    .col(text("details"))
                    .col(text_null("once"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(unique("audit_log", "once", &["once"])).await?;
        manager.create_index(index("audit_log", "user", &["user_id", "id"])).await?;
        manager.create_index(index("audit_log", "kind", &["kind", "id"])).await?;
        manager.create_index(index("audit_log", "created", &["created_at"])).await?;
        let append_only = if is_sqlite(manager) { APPEND_ONLY_SQLITE } else { APPEND_ONLY_POSTGRES };
        manager.get_connection().execute_unprepared(append_only).await?;
        manager.alter_table(deployments().add_column(text_null("trace_id")).to_owned()).await?;
        manager.alter_table(deployments().add_column(int_null("log_kept_days")).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(deployments().drop_column(Alias::new("log_kept_days")).to_owned()).await?;
        manager.alter_table(deployments().drop_column(Alias::new("trace_id")).to_owned()).await?;
        drop_tables(manager, &["audit_log"]).await?;
        if !is_sqlite(manager) {
            manager.get_connection().execute_unprepared("DROP FUNCTION audit_log_append_only()").await?;
        }
        Ok(())
    }

    /// On SQLite too: a crash half-way leaves nothing behind.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
