//! What people decide about failures: whether a flaky one is built again by itself, and that a diagnosis was wrong.

use crate::columns::{switch, time_null};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// What `deployments` gains.
const TIMES: [&str; 2] = ["redeployed_at", "finding_disputed_at"];

fn table(name: &'static str) -> TableAlterStatement {
    Table::alter().table(Alias::new(name)).to_owned()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let allowed = switch("redeploy_flaky", false);
        manager.alter_table(table("subscriptions").add_column(allowed).to_owned()).await?;
        // SQLite takes one change at a time.
        for name in TIMES {
            manager.alter_table(table("deployments").add_column(time_null(name)).to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in TIMES {
            manager.alter_table(table("deployments").drop_column(Alias::new(name)).to_owned()).await?;
        }
        let allowed = Alias::new("redeploy_flaky");
        manager.alter_table(table("subscriptions").drop_column(allowed).to_owned()).await
    }

    /// On SQLite too: a crash half-way leaves nothing behind.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
