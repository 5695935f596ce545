//! Where the builds of a connection's projects run.

use crate::columns::text;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

fn connections() -> TableAlterStatement {
    Table::alter().table(Alias::new("integrations")).to_owned()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The version before makes connections without a word about it.
        manager.alter_table(connections().add_column(text("builds_on").default("here")).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(connections().drop_column(Alias::new("builds_on")).to_owned()).await
    }

    /// On SQLite too: a crash half-way leaves nothing behind.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
