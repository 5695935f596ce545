//! What was done: `incidents`, `deployments` (the fixes), `tasks` (agent runs), `fix_events`, `webhook_deliveries`.

use crate::columns::{
    big_int, double, drop_tables, id, index, int, int_null, is_sqlite, reference, switch, table, text,
    text_null, time, time_null, unique,
};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table("incidents")
                    .col(id())
                    .col(text("repository"))
                    .col(text_null("commit_sha"))
                    .col(text_null("branch"))
                    .col(text("fingerprint"))
                    .col(time("created_at"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(index("incidents", "error", &["repository", "branch", "fingerprint"])).await?;
        create_deployments(manager).await?;
        create_tasks(manager).await?;
        manager
            .create_table(
                table("fix_events")
                    .col(id())
                    .col(text("deployment_id"))
                    .col(big_int("seq", 0))
                    .col(text("kind"))
                    .col(time("created_at"))
                    .foreign_key(&mut reference("deployment_id", "deployments", ForeignKeyAction::Cascade))
                    .to_owned(),
            )
            .await?;
        manager.create_index(unique("fix_events", "deployment_seq", &["deployment_id", "seq"])).await?;
        manager
            .create_table(
                table("webhook_deliveries")
                    .col(id())
                    .col(text("provider"))
                    .col(text("delivery_id"))
                    .col(text("kind"))
                    .col(text_null("platform_project_id"))
                    .col(text_null("platform_deployment_id"))
                    .col(text_null("deployment_id"))
                    .col(text("decision"))
                    .col(text_null("reason"))
                    .col(time("created_at"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(unique("webhook_deliveries", "delivery", &["provider", "delivery_id"])).await?;
        manager.create_index(index("webhook_deliveries", "created", &["created_at"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if !is_sqlite(manager) {
            let name = last_task().get_foreign_key().get_name().unwrap_or_default().to_owned();
            let key = ForeignKey::drop().table(Alias::new("deployments")).name(name).to_owned();
            manager.drop_foreign_key(key).await?;
        }
        drop_tables(manager, &["webhook_deliveries", "fix_events", "tasks", "deployments", "incidents"]).await
    }

    /// On SQLite too: a crash half-way leaves nothing behind.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// Fixes and runs point to each other, so one of the keys must be ahead of its table. SQLite takes it there and
/// cannot add it later; PostgreSQL the other way round.
fn last_task() -> ForeignKeyCreateStatement {
    reference("task_id", "tasks", ForeignKeyAction::SetNull)
        .name("deployments_task_id_fkey")
        .from_tbl(Alias::new("deployments"))
        .to_owned()
}

async fn create_deployments(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut deployments = deployments();
    if is_sqlite(manager) {
        deployments.foreign_key(&mut last_task());
    }
    manager.create_table(deployments).await?;
    manager.create_index(unique("deployments", "platform_deployment", &["platform_deployment_id"])).await?;
    manager.create_index(unique("deployments", "webhook_delivery", &["webhook_delivery_id"])).await?;
    // Newest first within a subscription; also serves look-ups by subscription alone.
    // The id is there so that a list finds its rows in the index alone: the rows hold logs.
    manager
        .create_index(index("deployments", "subscription", &["subscription_id", "created_at", "id"]))
        .await?;
    manager.create_index(index("deployments", "fix_status", &["fix_status", "lease_until"])).await?;
    manager.create_index(index("deployments", "error", &["repository", "branch", "fingerprint"])).await?;
    manager.create_index(index("deployments", "fix_branch", &["repository", "fix_branch_name"])).await
}

fn deployments() -> TableCreateStatement {
    table("deployments")
        .col(id())
        .col(text("subscription_id"))
        .col(text("provider"))
        .col(text("platform_deployment_id"))
        .col(text_null("webhook_delivery_id"))
        .col(text_null("incident_id"))
        // The platform's facts at the time of the failure, so that lists need no call.
        .col(text("project_name"))
        .col(text("repository"))
        .col(text_null("branch"))
        .col(text_null("commit_sha"))
        .col(time_null("deployment_created_at"))
        // Where the fix stands.
        .col(text("fix_status").default("pending"))
        .col(int("fix_attempt_number", 1))
        .col(int("version", 1))
        .col(big_int("last_seq", 0))
        .col(text_null("lease_owner"))
        .col(time_null("lease_until"))
        .col(int("crash_resumes", 0))
        .col(switch("cancel_requested", false))
        .col(switch("started_by_hand", false))
        .col(text_null("reason_code"))
        .col(text_null("reason"))
        // The diagnosis.
        .col(text_null("matched_rule_id"))
        .col(text_null("error_type"))
        .col(text_null("error_message"))
        .col(text_null("error_context"))
        .col(text_null("verdict"))
        .col(double("confidence", 0.0))
        .col(text_null("fingerprint"))
        .col(text_null("finding"))
        .col(text_null("logs"))
        // The repair.
        .col(text_null("task_id"))
        .col(text_null("last_failure"))
        .col(text_null("diff"))
        .col(text_null("fix_summary"))
        .col(text_null("fix_details"))
        .col(int_null("before_exit_code"))
        .col(int_null("after_exit_code"))
        .col(text_null("head_sha"))
        .col(text_null("pushed_sha"))
        .col(text_null("fix_branch_name"))
        .col(text_null("pr_url"))
        .col(int_null("pr_number"))
        .col(time("created_at"))
        .col(time_null("started_at"))
        .col(time_null("completed_at"))
        // No action on delete: a fix passes to another subscriber first, see `subscriptions::remove`.
        .foreign_key(&mut reference("subscription_id", "subscriptions", ForeignKeyAction::Cascade))
        .foreign_key(&mut reference("matched_rule_id", "fix_rules", ForeignKeyAction::SetNull))
        .foreign_key(&mut reference("incident_id", "incidents", ForeignKeyAction::SetNull))
        .to_owned()
}

async fn create_tasks(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            table("tasks")
                .col(id())
                .col(text("deployment_id"))
                .col(int("attempt", 1))
                .col(text("model"))
                .col(text_null("transcript"))
                .col(big_int("input_tokens", 0))
                .col(big_int("output_tokens", 0))
                .col(double("cost_usd", 0.0))
                .col(text_null("outcome"))
                .col(int_null("exit_code"))
                .col(double("seconds", 0.0))
                .col(time("started_at"))
                .col(time_null("completed_at"))
                .foreign_key(&mut reference("deployment_id", "deployments", ForeignKeyAction::Cascade))
                .to_owned(),
        )
        .await?;
    if !is_sqlite(manager) {
        manager.create_foreign_key(last_task()).await?;
    }
    manager.create_index(index("tasks", "deployment", &["deployment_id", "attempt"])).await
}
