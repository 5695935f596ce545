//! The version before → this one: what it stored is read by this one, and what it still writes meanwhile is taken.

use super::schema::{TABLES, rows};
use crate::{
    model::{AuditKind, BuildsOn, EventKind, FixStatus, Provider, Timestamp},
    server::{
        crypto::KeyRing,
        db::{
            Db, Pool, accounts,
            audit::{Which, list},
            deliveries,
            fixes::{self, Unheld},
            integrations, invitations, left_out, notifications, outgoing, rules, sessions, settings,
            subscriptions, tasks, testing, tokens, users,
        },
    },
};
use migrations::{Migrator, MigratorTrait as _};
use sea_orm::{ConnectionTrait as _, Statement};
use secrecy::ExposeSecret as _;
use std::collections::{BTreeMap, BTreeSet};

/// Migrations of the version before.
const BEFORE: usize = 14;
const ROWS: &str = include_str!("upgrade.sql");

fn keys() -> KeyRing {
    KeyRing::parse("k1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=").unwrap()
}

/// A database as the version before has left it.
async fn left_behind(db: &Db) {
    Migrator::up(&db.orm, Some(BEFORE as u32)).await.unwrap();
    assert_eq!(Migrator::migrations()[BEFORE - 1].name(), "m20261127_000015_choices");
    let mut text = ROWS.to_owned();
    for (mark, identity, secret) in [
        ("SEALED_GITHUB", accounts::token_identity("acc"), "gh-token"),
        ("SEALED_VERCEL", integrations::token_identity("int"), "vercel-token"),
        ("SEALED_HOOK", subscriptions::secret_identity("sub"), "hook-secret"),
        ("SEALED_OUT", outgoing::secret_identity("out"), "out-secret"),
    ] {
        text = text.replace(mark, &keys().seal(&identity, &secret.into()).unwrap());
    }
    db.orm.execute_unprepared(&text).await.unwrap();
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[tokio::test]
async fn what_the_version_before_has_stored_is_read_by_this_one() {
    let test = testing::empty().await.unwrap();
    let db = &test.db;
    left_behind(db).await;
    let mut before = BTreeMap::new();
    for table in TABLES {
        before.insert(table, rows(db, table).await);
    }
    let filled = before.values().flatten().filter(|count| **count > 0).count();
    assert_eq!(filled, TABLES.len() - 1, "every table but the new one: {before:?}");
    db.migrate().await.unwrap();
    before.insert("audit_log", Some(0));
    for (table, count) in before {
        assert_eq!(rows(db, table).await, count, "{table}");
    }

    let now = time("2026-11-27T08:00:00Z");
    let user = users::by_email(db, "Owner@example.test").await.unwrap().unwrap();
    assert!(users::is_owner(db, &user.id).await.unwrap());
    let keys = keys();
    let account = accounts::signing_in(db, "1").await.unwrap().unwrap();
    let opened = keys.open(&accounts::token_identity("acc"), &account.access_token).unwrap();
    assert_eq!(opened.expose_secret(), "gh-token");
    let row = integrations::of_user(db, "usr", Provider::VERCEL).await.unwrap().unwrap();
    let opened = keys.open(&integrations::token_identity("int"), &row.access_token).unwrap();
    assert_eq!(opened.expose_secret(), "vercel-token");
    assert_eq!(integrations::builds_on(&row), BuildsOn::Here);
    assert_eq!(keys.uses(db).await.unwrap()[0].secrets, 4);
    let watched = subscriptions::find_for_user(db, "usr", "sub").await.unwrap().unwrap();
    assert!(watched.redeploy_flaky && watched.auto_fix_enabled);
    assert_eq!(left_out::of_integration(db, "int").await.unwrap().len(), 1);
    assert_eq!(rules::list(db, "sub").await.unwrap()[0].name, "Quota");
    assert!(sessions::find(db, "ses", now).await.unwrap().is_some());
    assert!(tokens::find_used(db, "hash-of-token", now).await.unwrap().is_some());
    assert!(invitations::is_open(db, "hash-of-invitation", now).await.unwrap());
    assert!(deliveries::find(db, Provider::VERCEL, "uev_1").await.unwrap().is_some());
    assert_eq!(settings::get(db, "a").await.unwrap().as_deref(), Some("1"));
    assert_eq!(notifications::unread(db, "usr").await.unwrap(), 1);
    assert_eq!(outgoing::recent(db, "out", 10).await.unwrap().len(), 1);
    assert_eq!(tasks::attempts(db, "fix").await.unwrap()[0].cost_usd, 0.25);
    let fix = fixes::find_for_user(db, "usr", "fix").await.unwrap().unwrap();
    let detail = fixes::detail(db, &fix).await.unwrap();
    assert_eq!(
        (detail.log.as_deref(), detail.log_kept_days, detail.trace_id),
        (Some("line one"), None, None)
    );
    assert_eq!(detail.summary.status, FixStatus::Failed);
    assert_eq!(detail.events[1].kind, EventKind::Note { text: "Hello".into(), stage: None });
    // What it was working on goes on.
    let waiting = fixes::unfinished_without_lease(db, now, 10).await.unwrap();
    assert_eq!(waiting, [Unheld { id: "wip".into(), version: 2, begun: true }]);
    assert_eq!(list(db, Which { kind: Some(AuditKind::Change), ..Which::default() }, 10).await.unwrap(), []);
}

/// During a rolling upgrade the version before goes on writing to a schema that is ahead of it.
#[tokio::test]
async fn what_the_version_before_writes_is_taken_by_the_new_schema() {
    let test = testing::empty().await.unwrap();
    left_behind(&test.db).await;
    let late = testing::empty().await.unwrap();
    late.db.migrate().await.unwrap();
    late.db.orm.execute_unprepared(ROWS).await.unwrap();
    for table in TABLES {
        let expected = rows(&test.db, table).await.unwrap_or(0);
        assert_eq!(rows(&late.db, table).await, Some(expected), "{table}");
    }
    let row = integrations::of_user(&late.db, "usr", Provider::VERCEL).await.unwrap().unwrap();
    assert_eq!(row.builds_on, BuildsOn::Here.as_str());
}

/// A column of a table: whether a writer that does not know it is refused.
type Schema = BTreeMap<(String, String), bool>;

/// The columns, and the unique indexes as `table: definition`.
async fn schema(db: &Db) -> (Schema, BTreeSet<(String, String)>) {
    let (columns, indexes) = match db.pool {
        Pool::Sqlite(_) => (
            "SELECT m.name AS t, c.name AS c, CASE WHEN c.\"notnull\" = 1 AND c.dflt_value IS NULL THEN 1 ELSE 0 END AS n \
             FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'",
            "SELECT tbl_name AS t, sql AS d FROM sqlite_master WHERE type = 'index' AND sql LIKE '%UNIQUE%'",
        ),
        Pool::Postgres(_) => (
            "SELECT table_name::text AS t, column_name::text AS c, CASE WHEN is_nullable = 'NO' AND column_default IS NULL \
             THEN 1 ELSE 0 END AS n FROM information_schema.columns WHERE table_schema = 'public'",
            "SELECT tablename::text AS t, indexdef AS d FROM pg_indexes WHERE schemaname = 'public' AND indexdef LIKE \
             '%UNIQUE%'",
        ),
    };
    let backend = db.orm.get_database_backend();
    let mut found = Schema::new();
    for row in db.orm.query_all_raw(Statement::from_string(backend, columns)).await.unwrap() {
        let needed: i32 = row.try_get("", "n").unwrap();
        found.insert((row.try_get("", "t").unwrap(), row.try_get("", "c").unwrap()), needed == 1);
    }
    let mut unique = BTreeSet::new();
    for row in db.orm.query_all_raw(Statement::from_string(backend, indexes)).await.unwrap() {
        unique.insert((row.try_get("", "t").unwrap(), row.try_get("", "d").unwrap()));
    }
    (found, unique)
}

/// What would stop a version that knows only the schema before.
fn breaks(
    (before, unique_before): &(Schema, BTreeSet<(String, String)>),
    (after, unique_after): &(Schema, BTreeSet<(String, String)>),
) -> Vec<String> {
    let known: BTreeSet<_> = before.keys().map(|(table, _)| table).collect();
    let gone = before
        .keys()
        .filter(|column| !after.contains_key(column))
        .map(|column| format!("{column:?} is gone"));
    let refused = after
        .iter()
        .filter(|((table, _), needed)| known.contains(table) && **needed)
        .filter(|(column, _)| before.get(column).is_none_or(|needed| !needed))
        .map(|(column, _)| format!("{column:?} has to be written"));
    let unique = unique_after
        .difference(unique_before)
        .filter(|(table, _)| known.contains(table))
        .map(|(_, index)| format!("rows are refused by {index}"));
    gone.chain(refused).chain(unique).collect()
}

#[tokio::test]
async fn migrations_only_add_to_the_schema() {
    let test = testing::empty().await.unwrap();
    let db = &test.db;
    Migrator::up(&db.orm, Some(BEFORE as u32)).await.unwrap();
    let mut before = schema(db).await;
    for migration in &Migrator::migrations()[BEFORE..] {
        Migrator::up(&db.orm, Some(1)).await.unwrap();
        let after = schema(db).await;
        assert_eq!(
            breaks(&before, &after),
            Vec::<String>::new(),
            "{} is not safe while the version before runs",
            migration.name()
        );
        before = after;
    }
    // It would be seen.
    for (change, complaints) in [
        ("ALTER TABLE settings ADD COLUMN more TEXT", 0),
        ("ALTER TABLE settings ADD COLUMN filled TEXT NOT NULL DEFAULT ''", 0),
        ("CREATE TABLE another (id TEXT NOT NULL)", 0),
        ("ALTER TABLE settings RENAME COLUMN value TO content", 2),
        ("CREATE UNIQUE INDEX one_each ON tasks (model)", 1),
        ("ALTER TABLE sessions DROP COLUMN last_seen_at", 1),
    ] {
        db.orm.execute_unprepared(change).await.unwrap();
        let after = schema(db).await;
        assert_eq!(breaks(&before, &after).len(), complaints, "{change}: {:?}", breaks(&before, &after));
        before = after;
    }
}
