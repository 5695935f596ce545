//! The schema of Deploymend, for SQLite and PostgreSQL alike. One file per aggregate, in order of dependence.
//! Ids are ULIDs as text, times are UTC in milliseconds, enumerations are text checked by the application.

pub use sea_orm_migration::prelude::*;

mod columns;
mod m20261123_000001_accounts;
mod m20261123_000002_connections;
mod m20261123_000003_fixes;
mod m20261123_000004_settings;
mod m20261124_000005_projects;
mod m20261124_000006_lists;
mod m20261124_000007_brakes;
mod m20261124_000008_events;
mod m20261125_000009_accounts;
mod m20261125_000011_notifications;
mod m20261127_000012_polling;
mod m20261127_000013_incidents;
mod m20261127_000014_merges;
mod m20261127_000015_choices;
mod m20261127_000016_operations;
mod m20261128_000017_outages;
mod m20261128_000018_sandboxes;

/// All migrations, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_accounts::Migration),
            Box::new(m20261123_000002_connections::Migration),
            Box::new(m20261123_000003_fixes::Migration),
            Box::new(m20261123_000004_settings::Migration),
            Box::new(m20261124_000005_projects::Migration),
            Box::new(m20261124_000006_lists::Migration),
            Box::new(m20261124_000007_brakes::Migration),
            Box::new(m20261124_000008_events::Migration),
            Box::new(m20261125_000009_accounts::Migration),
            Box::new(m20261125_000011_notifications::Migration),
            Box::new(m20261127_000012_polling::Migration),
            Box::new(m20261127_000013_incidents::Migration),
            Box::new(m20261127_000014_merges::Migration),
            Box::new(m20261127_000015_choices::Migration),
            Box::new(m20261127_000016_operations::Migration),
            Box::new(m20261128_000017_outages::Migration),
            Box::new(m20261128_000018_sandboxes::Migration),
        ]
    }
}
