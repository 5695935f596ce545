//! What one process at a time does for all of them: `duties`, by name.

use crate::columns::{drop_tables, table, text, time};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let duties = table("duties")
            .col(text("name").primary_key())
            .col(text("owner"))
            .col(time("held_until"))
            .to_owned();
        manager.create_table(duties).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["duties"]).await
    }

    /// On SQLite too: a crash half-way leaves nothing behind.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
