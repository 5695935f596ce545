//! The column kinds of this schema, so that every table spells them alike.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

/// A ULID as the primary key.
pub fn id() -> ColumnDef {
    text("id").primary_key().to_owned()
}

/// Text that is always there.
pub fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).text().not_null().to_owned()
}

/// Text that may be missing.
pub fn text_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).text().null().to_owned()
}

/// A point in time.
pub fn time(name: &'static str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).timestamp_with_time_zone().not_null().to_owned()
}

/// A point in time that may be missing.
pub fn time_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).timestamp_with_time_zone().null().to_owned()
}

/// A switch with its position for new rows.
pub fn switch(name: &'static str, default: bool) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).boolean().not_null().default(default).to_owned()
}

/// A number with its value for new rows.
pub fn int(name: &'static str, default: i32) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).integer().not_null().default(default).to_owned()
}

/// A number that may be missing.
pub fn int_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).integer().null().to_owned()
}

/// A 64-bit number with its value for new rows.
pub fn big_int(name: &'static str, default: i64) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).big_integer().not_null().default(default).to_owned()
}

/// A fraction with its value for new rows.
pub fn double(name: &'static str, default: f64) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).double().not_null().default(default).to_owned()
}

/// `column` refers to `table.id`.
pub fn reference(
    column: &'static str,
    table: &'static str,
    on_delete: ForeignKeyAction,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from_col(Alias::new(column))
        .to(Alias::new(table), Alias::new("id"))
        .on_delete(on_delete)
        .to_owned()
}

/// An empty table.
pub fn table(name: &'static str) -> TableCreateStatement {
    Table::create().table(Alias::new(name)).to_owned()
}

/// An index named `{table}_{name}_idx`.
pub fn index(table: &'static str, name: &str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(format!("{table}_{name}_idx")).table(Alias::new(table));
    for column in columns {
        index.col(Alias::new(*column));
    }
    index
}

/// The same, allowing each combination once.
pub fn unique(table: &'static str, name: &str, columns: &[&'static str]) -> IndexCreateStatement {
    index(table, name, columns).unique().to_owned()
}

/// Drops tables in the given order.
pub async fn drop_tables(manager: &SchemaManager<'_>, names: &[&'static str]) -> Result<(), DbErr> {
    for name in names {
        manager.drop_table(Table::drop().table(Alias::new(*name)).to_owned()).await?;
    }
    Ok(())
}

/// SQLite and PostgreSQL differ where neither builder nor standard reaches.
pub fn is_sqlite(manager: &SchemaManager<'_>) -> bool {
    manager.get_database_backend() == DbBackend::Sqlite
}
