//! One commit that fails in the same way on several platforms is one incident, and one of its fixes leads.

use crate::columns::{text_null, unique};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// What `incidents` gains.
const COLUMNS: [&str; 2] = ["user_id", "leader_id"];

fn incidents() -> TableAlterStatement {
    Table::alter().table(Alias::new("incidents")).to_owned()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite takes one change at a time.
        for name in COLUMNS {
            manager.alter_table(incidents().add_column(text_null(name)).to_owned()).await?;
        }
        let same = ["user_id", "repository", "commit_sha", "fingerprint"];
        manager.create_index(unique("incidents", "same", &same)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::drop().name("incidents_same_idx").table("incidents").to_owned();
        manager.drop_index(index).await?;
        for name in COLUMNS {
            manager.alter_table(incidents().drop_column(Alias::new(name)).to_owned()).await?;
        }
        Ok(())
    }

    /// On SQLite too: a crash half-way leaves nothing behind.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
