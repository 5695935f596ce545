//! Stored events name their kind outside: `{"type":"note","text":"…"}` becomes `{"note":{"text":"…"}}`. A reader then
//! knows what follows before it follows, and holds nothing back.

use crate::columns::is_sqlite;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // After `{"type":"` the name ends at the next quote, and a comma follows: every kind has fields.
        let name = format!("substr(kind, 10, {} - 1)", quote(manager, 10));
        let fields = format!("substr(kind, 10 + {} + 1)", quote(manager, 10));
        let kind = format!("'{{\"' || {name} || '\":{{' || {fields} || '}}'");
        rewrite(manager, &kind, r#"LIKE '{"type":"%'"#).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // After `{"` the name ends at the next quote, and `:{` follows; the last brace is the outer one.
        let name = format!("substr(kind, 3, {} - 1)", quote(manager, 3));
        let start = format!("(3 + {} + 2)", quote(manager, 3));
        let kind =
            format!("'{{\"type\":\"' || {name} || '\",' || substr(kind, {start}, length(kind) - {start})");
        rewrite(manager, &kind, r#"NOT LIKE '{"type":"%'"#).await
    }

    /// On SQLite too: a crash half-way leaves nothing behind.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// Where the first quote from that character on is, counted from 1.
fn quote(manager: &SchemaManager<'_>, from: usize) -> String {
    let function = if is_sqlite(manager) { "instr" } else { "strpos" };
    format!("{function}(substr(kind, {from}), '\"')")
}

async fn rewrite(manager: &SchemaManager<'_>, kind: &str, those: &str) -> Result<(), DbErr> {
    let statement = format!("UPDATE fix_events SET kind = {kind} WHERE kind {those}");
    manager.get_connection().execute_unprepared(&statement).await?;
    Ok(())
}
