//! The commit that a merge has made: when a platform deploys it, the story of a fix is over.

use crate::columns::{index, text_null};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

fn deployments() -> TableAlterStatement {
    Table::alter().table(Alias::new("deployments")).to_owned()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(deployments().add_column(text_null("merge_sha")).to_owned()).await?;
        manager.create_index(index("deployments", "merge_sha", &["merge_sha"])).await?;
        // Which pull requests were merged in the last half hour.
        manager.create_index(index("deployments", "ended", &["fix_status", "completed_at"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["deployments_ended_idx", "deployments_merge_sha_idx"] {
            let index = Index::drop().name(name).table("deployments").to_owned();
            manager.drop_index(index).await?;
        }
        manager.alter_table(deployments().drop_column(Alias::new("merge_sha")).to_owned()).await
    }

    /// On SQLite too: a crash half-way leaves nothing behind.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
