//! Projects of every kind are watched: where a project's code lives, and which projects a person left out.

use crate::columns::{drop_tables, reference, table, text, text_null, time};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// What `subscriptions` gains.
fn columns() -> [(&'static str, ColumnDef); 3] {
    [
        ("repository_kind", text("repository_kind").default("github").to_owned()),
        ("repository_name", text_null("repository_name")),
        ("root_directory", text_null("root_directory")),
    ]
}

fn subscriptions() -> TableAlterStatement {
    Table::alter().table(Alias::new("subscriptions")).to_owned()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite takes one change at a time.
        for (_, mut column) in columns() {
            manager.alter_table(subscriptions().add_column(&mut column).to_owned()).await?;
        }
        manager
            .create_table(
                table("left_out_projects")
                    .col(text("integration_id"))
                    .col(text("platform_project_id"))
                    .col(time("created_at"))
                    .primary_key(
                        Index::create()
                            .col(Alias::new("integration_id"))
                            .col(Alias::new("platform_project_id")),
                    )
                    .foreign_key(&mut reference("integration_id", "integrations", ForeignKeyAction::Cascade))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["left_out_projects"]).await?;
        for (name, _) in columns() {
            manager.alter_table(subscriptions().drop_column(Alias::new(name)).to_owned()).await?;
        }
        Ok(())
    }

    /// On SQLite too: a crash half-way leaves nothing behind.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
