//! What is out of order for now: how often a fix has waited for it, and since when a platform gives no usable answers.

use crate::columns::{int, text_null, time_null};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

fn alter(table: &'static str) -> TableAlterStatement {
    Table::alter().table(Alias::new(table)).to_owned()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(alter("deployments").add_column(int("waits", 0)).to_owned()).await?;
        for column in [int("poll_failures", 0), text_null("trouble"), time_null("trouble_since")] {
            manager.alter_table(alter("integrations").add_column(column).to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["trouble_since", "trouble", "poll_failures"] {
            let dropped = alter("integrations").drop_column(Alias::new(column)).to_owned();
            manager.alter_table(dropped).await?;
        }
        manager.alter_table(alter("deployments").drop_column(Alias::new("waits")).to_owned()).await
    }

    /// On SQLite too: a crash half-way leaves nothing behind.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
