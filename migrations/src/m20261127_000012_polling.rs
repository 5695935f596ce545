//! Polling as a full citizen: who polls a connection now, what it saw going on, what the platform still allows; and
//! deliveries that only say "look again" are found by their connection, and fixes by the commit that they have pushed.

use crate::columns::{index, int_null, text_null, time_null};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// The tables and what each gains.
fn columns() -> [(&'static str, &'static str, ColumnDef); 6] {
    [
        ("integrations", "poll_lease_until", time_null("poll_lease_until")),
        ("integrations", "busy", text_null("busy")),
        ("integrations", "rate_limit", int_null("rate_limit")),
        ("integrations", "rate_remaining", int_null("rate_remaining")),
        ("integrations", "rate_reset_at", time_null("rate_reset_at")),
        ("webhook_deliveries", "integration_id", text_null("integration_id")),
    ]
}

fn table(name: &'static str) -> TableAlterStatement {
    Table::alter().table(Alias::new(name)).to_owned()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite takes one change at a time.
        for (of, _, mut column) in columns() {
            manager.alter_table(table(of).add_column(&mut column).to_owned()).await?;
        }
        manager
            .create_index(index(
                "webhook_deliveries",
                "integration",
                &["integration_id", "decision", "reason"],
            ))
            .await?;
        manager.create_index(index("deployments", "pushed_sha", &["pushed_sha"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index =
            Index::drop().name("webhook_deliveries_integration_idx").table("webhook_deliveries").to_owned();
        manager.drop_index(index).await?;
        let index = Index::drop().name("deployments_pushed_sha_idx").table("deployments").to_owned();
        manager.drop_index(index).await?;
        for (of, name, _) in columns() {
            manager.alter_table(table(of).drop_column(Alias::new(name)).to_owned()).await?;
        }
        Ok(())
    }

    /// On SQLite too: a crash half-way leaves nothing behind.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
