//! What lists and figures are read from without counting rows: `fix_counts`, kept by triggers, an index for fixes in
//! one state, and the time at which a pull request was opened.
//!
//! Triggers, since whoever writes `deployments` then cannot forget the counts: also a delete that cascades.

use crate::columns::{big_int, drop_tables, index, is_sqlite, table, text, time_null};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let opened_at =
            Table::alter().table(Alias::new("deployments")).add_column(time_null("pr_opened_at")).to_owned();
        manager.alter_table(opened_at).await?;
        run(manager, &[OPENED_BEFORE.to_owned()]).await?;
        manager
            .create_index(index(
                "deployments",
                "state",
                &["subscription_id", "fix_status", "created_at", "id"],
            ))
            .await?;
        manager
            .create_table(
                table("fix_counts")
                    .col(text("subscription_id"))
                    // `2026-11-24` in UTC; empty for all days together.
                    .col(text("day"))
                    .col(text("fix_status"))
                    .col(big_int("fixes", 0))
                    .primary_key(
                        Index::create()
                            .col(Alias::new("subscription_id"))
                            .col(Alias::new("day"))
                            .col(Alias::new("fix_status")),
                    )
                    .to_owned(),
            )
            .await?;
        let (triggers, day) = if is_sqlite(manager) {
            (sqlite_triggers(), "substr(created_at, 1, 10)")
        } else {
            (postgres_triggers(), POSTGRES_DAY)
        };
        // The triggers first: on PostgreSQL they lock out writers, so that no row is counted twice or not at all.
        run(manager, &triggers).await?;
        run(manager, &[format!(
            "INSERT INTO fix_counts (subscription_id, day, fix_status, fixes) SELECT subscription_id, day, fix_status, \
             count(*) FROM (SELECT subscription_id, '' AS day, fix_status FROM deployments UNION ALL SELECT \
             subscription_id, {day} AS day, fix_status FROM deployments) AS found GROUP BY subscription_id, day, \
             fix_status"
        )])
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (event, _) in POSTGRES_CHANGES {
            let name = format!("deployments_count_{}", event.to_lowercase());
            let of_table = if is_sqlite(manager) { "" } else { " ON deployments" };
            run(manager, &[format!("DROP TRIGGER {name}{of_table}")]).await?;
            if !is_sqlite(manager) {
                run(manager, &[format!("DROP FUNCTION {name}()")]).await?;
            }
        }
        drop_tables(manager, &["fix_counts"]).await?;
        manager
            .drop_index(
                Index::drop().name("deployments_state_idx").table(Alias::new("deployments")).to_owned(),
            )
            .await?;
        let opened_at = Table::alter()
            .table(Alias::new("deployments"))
            .drop_column(Alias::new("pr_opened_at"))
            .to_owned();
        manager.alter_table(opened_at).await
    }

    /// On SQLite too: a crash half-way leaves nothing behind.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn run(manager: &SchemaManager<'_>, statements: &[String]) -> Result<(), DbErr> {
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

/// Fixes that had their pull request before the column: their events know when.
const OPENED_BEFORE: &str = "UPDATE deployments SET pr_opened_at = (SELECT min(fix_events.created_at) FROM fix_events \
    WHERE fix_events.deployment_id = deployments.id AND fix_events.kind LIKE '{\"type\":\"pull_request\"%') \
    WHERE pr_number IS NOT NULL";

/// A row counts twice: on its day and in all. SQLite calls a trigger for each row.
fn sqlite_triggers() -> Vec<String> {
    let counts = |row: &str| {
        format!(
            "INSERT INTO fix_counts (subscription_id, day, fix_status, fixes) VALUES ({row}.subscription_id, '', \
             {row}.fix_status, 1), ({row}.subscription_id, substr({row}.created_at, 1, 10), {row}.fix_status, 1) ON \
             CONFLICT (subscription_id, day, fix_status) DO UPDATE SET fixes = fixes + 1;"
        )
    };
    let no_longer = |row: &str| {
        format!(
            "UPDATE fix_counts SET fixes = fixes - 1 WHERE subscription_id = {row}.subscription_id AND fix_status = \
             {row}.fix_status AND day IN ('', substr({row}.created_at, 1, 10));"
        )
    };
    let (added, removed) = (counts("NEW"), no_longer("OLD"));
    vec![
        format!("CREATE TRIGGER deployments_count_insert AFTER INSERT ON deployments BEGIN {added} END"),
        format!("CREATE TRIGGER deployments_count_delete AFTER DELETE ON deployments BEGIN {removed} END"),
        format!(
            "CREATE TRIGGER deployments_count_update AFTER UPDATE OF subscription_id, fix_status, created_at ON \
             deployments BEGIN {removed} {added} END"
        ),
    ]
}

const POSTGRES_DAY: &str = "to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')";

/// A transition table: of which rows, its name, and what one of them adds to a count.
type Transition = (&'static str, &'static str, i8);

/// What each kind of statement changes.
const POSTGRES_CHANGES: [(&str, &[Transition]); 3] = [
    ("INSERT", &[("NEW", "rows_after", 1)]),
    ("DELETE", &[("OLD", "rows_before", -1)]),
    ("UPDATE", &[("OLD", "rows_before", -1), ("NEW", "rows_after", 1)]),
];

/// PostgreSQL calls a trigger once for a whole statement: a million rows are one change per count. All counts of a
/// statement are locked in one order, so that no two statements wait for each other.
fn postgres_triggers() -> Vec<String> {
    POSTGRES_CHANGES
        .into_iter()
        .flat_map(|(event, tables)| {
            let name = format!("deployments_count_{}", event.to_lowercase());
            let changed: Vec<_> = tables
                .iter()
                .map(|(_, rows, by)| {
                    format!(
                        "SELECT subscription_id, '' AS day, fix_status, {by} AS fixes FROM {rows} UNION ALL SELECT \
                         subscription_id, {POSTGRES_DAY}, fix_status, {by} FROM {rows}"
                    )
                })
                .collect();
            let referencing: Vec<_> =
                tables.iter().map(|(kind, rows, _)| format!("{kind} TABLE AS {rows}")).collect();
            [
                format!(
                    "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO fix_counts AS \
                     kept (subscription_id, day, fix_status, fixes) SELECT subscription_id, day, fix_status, sum(fixes) \
                     FROM ({}) AS changed GROUP BY subscription_id, day, fix_status HAVING sum(fixes) <> 0 ORDER BY \
                     subscription_id, day, fix_status ON CONFLICT (subscription_id, day, fix_status) DO UPDATE SET \
                     fixes = kept.fixes + excluded.fixes; RETURN NULL; END $$",
                    changed.join(" UNION ALL ")
                ),
                format!(
                    "CREATE TRIGGER {name} AFTER {event} ON deployments REFERENCING {} FOR EACH STATEMENT EXECUTE \
                     FUNCTION {name}()",
                    referencing.join(" ")
                ),
            ]
        })
        .collect()
}
