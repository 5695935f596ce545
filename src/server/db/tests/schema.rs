//! Up, down and up again, with rows in every table.

use super::{at, attempt, failure, watcher};
use crate::{
    model::{AgentStep, EventKind, FixStatus, Provider},
    server::{
        audit,
        clock::new_id,
        db::{
            accounts,
            deliveries::NewDelivery,
            entity::{deployment, fix_event, incident, notification, task, user},
            events, fixes, invitations, left_out, outgoing, rules, sessions, settings, subscriptions, tasks,
            testing, tokens,
        },
    },
};
use migrations::{Migrator, MigratorTrait as _};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Statement,
};

pub(super) const TABLES: [&str; 19] = [
    "users",
    "accounts",
    "sessions",
    "integrations",
    "subscriptions",
    "fix_rules",
    "deployments",
    "tasks",
    "fix_events",
    "webhook_deliveries",
    "incidents",
    "settings",
    "left_out_projects",
    "api_tokens",
    "invitations",
    "notifications",
    "outgoing_webhooks",
    "outgoing_deliveries",
    "audit_log",
];

pub(super) async fn fill(db: &crate::server::db::Db) {
    let (user_id, subscription) = watcher(db, "a@example.test", "prj_1").await;
    let account = accounts::NewAccount {
        id: new_id(),
        user_id: user_id.clone(),
        external_id: "1".into(),
        login: "octo".into(),
        email: "octo@example.test".into(),
        access_token: "sealed".into(),
        scopes: None,
    };
    accounts::put_github(db, account, at(0)).await.unwrap();
    assert!(accounts::set_signs_in(db, &user_id, true, at(0)).await.unwrap());
    let token = tokens::NewToken {
        id: new_id(),
        user_id: user_id.clone(),
        name: "t".into(),
        token_hash: "hash".into(),
        hint: "abcd".into(),
        expires_at: None,
    };
    assert!(tokens::create(db, token, at(0)).await.unwrap());
    assert!(invitations::create(db, &user_id, "hash".into(), at(60), at(0)).await.unwrap());
    sessions::put(db, "hash".into(), Some(user_id), "{}".into(), at(60), at(0), true).await.unwrap();
    let rule = rules::RuleInput {
        name: "r".into(),
        error_pattern: "x".into(),
        error_type: None,
        skip_fix: true,
        custom_prompt: None,
        priority: None,
        enabled: true,
    };
    rules::create(db, &subscription, rules::Place::ByPriority, rule, at(0)).await.unwrap().unwrap();
    let delivery = NewDelivery {
        provider: Provider::VERCEL,
        integration_id: "int".into(),
        delivery_id: "uev_1".into(),
        kind: "deployment.error".into(),
        platform_project_id: None,
        platform_deployment_id: None,
        deployment_id: None,
        decision: "queued".into(),
        reason: None,
    };
    let new = failure(&subscription, "dpl_1", Some("uev_1"));
    let fix_id = new.id.clone();
    fixes::admit(db, new, Some(delivery), at(1)).await.unwrap();
    let task = tasks::start(db, &fix_id, 1, "m", at(2)).await.unwrap();
    let attempt = attempt();
    let step = AgentStep { tool: "read".into(), title: "a.ts".into(), detail: String::new(), failed: false };
    tasks::finish(db, &task, &attempt, &[step], Some(0), at(3)).await.unwrap();
    assert_eq!(tasks::attempts(db, &fix_id).await.unwrap(), [attempt]);
    // The rows that point to each other and to the incident do.
    let incident = incident::ActiveModel {
        id: Set(new_id()),
        repository: Set("acme/shop".into()),
        fingerprint: Set("f".into()),
        created_at: Set(at(3)),
        ..Default::default()
    };
    let incident = incident::Entity::insert(incident).exec_with_returning(&db.orm).await.unwrap();
    let linked = deployment::ActiveModel {
        id: Set(fix_id),
        task_id: Set(Some(task)),
        incident_id: Set(Some(incident.id)),
        ..Default::default()
    };
    deployment::Entity::update(linked).exec(&db.orm).await.unwrap();
    let notification = notification::ActiveModel {
        id: Set(new_id()),
        user_id: Set(user_of(db).await),
        deployment_id: Set(fix(db).await.id),
        kind: Set("failed".into()),
        created_at: Set(at(3)),
        ..Default::default()
    };
    notification::Entity::insert(notification).exec_without_returning(&db.orm).await.unwrap();
    let webhook = outgoing::NewWebhook {
        id: "out".into(),
        user_id: user_of(db).await,
        url: "https://hooks.example.test/".into(),
        secret: "sealed".into(),
        enabled: true,
    };
    assert!(outgoing::put(db, webhook, at(3)).await.unwrap());
    assert!(outgoing::test(db, "out", at(3)).await.unwrap().is_some());
    settings::put(db, "a", "1".into(), at(3)).await.unwrap();
    audit::by_command(db, "keys.rotate", "command line", [], at(3)).await.unwrap();
    let watched = subscriptions::find(db, &subscription).await.unwrap().unwrap();
    left_out::add(db, &watched.integration_id, "prj_2", at(3)).await.unwrap();
    left_out::add(db, &watched.integration_id, "prj_2", at(4)).await.unwrap();
}

async fn fix(db: &crate::server::db::Db) -> deployment::Model {
    deployment::Entity::find().one(&db.orm).await.unwrap().unwrap()
}

async fn user_of(db: &crate::server::db::Db) -> String {
    user::Entity::find().one(&db.orm).await.unwrap().unwrap().id
}

pub(super) async fn rows(db: &crate::server::db::Db, table: &str) -> Option<i64> {
    let statement =
        Statement::from_string(db.orm.get_database_backend(), format!("SELECT count(*) AS n FROM {table}"));
    db.orm.query_one_raw(statement).await.ok()?.unwrap().try_get("", "n").ok()
}

#[tokio::test]
async fn the_schema_goes_up_down_and_up_again_with_rows_in_place() {
    let test = testing::empty().await.unwrap();
    for _ in 0..2 {
        Migrator::up(&test.db.orm, None).await.unwrap();
        fill(&test.db).await;
        for table in TABLES {
            assert_eq!(rows(&test.db, table).await, Some(1), "{table}");
        }
        // For its day, and for all days.
        assert_eq!(rows(&test.db, "fix_counts").await, Some(2));
        Migrator::down(&test.db.orm, None).await.unwrap();
        for table in TABLES {
            assert_eq!(rows(&test.db, table).await, None, "{table}");
        }
    }
}

/// A database remembers them by name: one that is renamed or moved locks out everybody who has it already.
#[test]
fn migrations_keep_their_names_and_their_order() {
    let names: Vec<_> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let released = [
        "m20261123_000001_accounts",
        "m20261123_000002_connections",
        "m20261123_000003_fixes",
        "m20261123_000004_settings",
        "m20261124_000005_projects",
        "m20261124_000006_lists",
        "m20261124_000007_brakes",
        "m20261124_000008_events",
        "m20261125_000009_accounts",
        "m20261125_000011_notifications",
        "m20261127_000012_polling",
        "m20261127_000013_incidents",
        "m20261127_000014_merges",
        "m20261127_000015_choices",
        "m20261127_000016_operations",
        "m20261128_000017_outages",
        "m20261128_000018_sandboxes",
    ];
    assert_eq!(names, released);
}

/// Rows from before the counts, the time of the pull request, and events that name their kind outside.
#[tokio::test]
async fn old_rows_are_counted_and_get_the_time_of_their_pull_request() {
    let test = testing::empty().await.unwrap();
    let db = &test.db;
    // Whoever watches is stored as it is today; what is stored about fixes is to be old.
    Migrator::up(&db.orm, None).await.unwrap();
    let (_, subscription) = watcher(db, "a@example.test", "prj_1").await;
    let newer = Migrator::migrations().len() as u32 - 5;
    Migrator::down(&db.orm, Some(newer)).await.unwrap();
    for (number, second) in [(1, 0), (2, 86_400)] {
        let old = deployment::ActiveModel {
            id: Set(new_id()),
            subscription_id: Set(subscription.clone()),
            provider: Set("vercel".to_owned()),
            platform_deployment_id: Set(format!("dpl_{number}")),
            project_name: Set("shop".to_owned()),
            repository: Set("acme/shop".to_owned()),
            created_at: Set(at(second)),
            ..Default::default()
        };
        deployment::Entity::insert(old).exec_without_returning(&db.orm).await.unwrap();
    }
    let fix = fix_ids(db).await[0].clone();
    let old = [
        (2, r#"{"type":"pull_request","number":7,"url":"u"}"#),
        (3, r#"{"type":"note","text":"{\"type\":\"note\"} \"é\":{}","stage":null}"#),
    ];
    for (seq, kind) in old {
        let event = fix_event::ActiveModel {
            id: Set(new_id()),
            deployment_id: Set(fix.clone()),
            seq: Set(seq),
            kind: Set(kind.to_owned()),
            created_at: Set(at(90)),
        };
        fix_event::Entity::insert(event).exec_without_returning(&db.orm).await.unwrap();
    }
    db.orm.execute_unprepared("UPDATE deployments SET pr_number = 7, fix_status = 'pr_created' WHERE platform_deployment_id = 'dpl_1'").await.unwrap();
    for _ in 0..2 {
        Migrator::up(&db.orm, None).await.unwrap();
        let mut totals = fixes::counts::totals(db, std::slice::from_ref(&subscription)).await.unwrap();
        totals.sort_by_key(|total| total.status.as_str());
        let facts: Vec<_> = totals.iter().map(|total| (total.status, total.fixes)).collect();
        assert_eq!(facts, [(FixStatus::Pending, 1), (FixStatus::PrCreated, 1)]);
        let days =
            fixes::counts::by_day(db, std::slice::from_ref(&subscription), "2027-01-16").await.unwrap();
        assert_eq!(days, [("2027-01-16".to_owned(), FixStatus::Pending, 1)]);
        let opened: Vec<_> = deployment::Entity::find().all(&db.orm).await.unwrap();
        let opened = opened.into_iter().map(|fix| (fix.platform_deployment_id, fix.pr_opened_at));
        let opened: std::collections::BTreeMap<_, _> = opened.collect();
        assert_eq!((opened["dpl_1"], opened["dpl_2"]), (Some(at(90)), None));
        let events = events::since(db, &fix, 1, 10).await.unwrap();
        let kinds: Vec<_> = events.into_iter().map(|event| event.kind).collect();
        let note = EventKind::Note { text: r#"{"type":"note"} "é":{}"#.into(), stage: None };
        assert_eq!(kinds, [EventKind::PullRequest { number: 7, url: "u".into() }, note]);
        Migrator::down(&db.orm, Some(newer)).await.unwrap();
        for (seq, kind) in old {
            assert_eq!(stored_event(db, &fix, seq).await, kind);
        }
        assert_eq!(rows(db, "fix_counts").await, None);
        assert_eq!(rows(db, "deployments").await, Some(2));
    }
}

async fn stored_event(db: &crate::server::db::Db, fix: &str, seq: i64) -> String {
    let events = fix_event::Entity::find().filter(fix_event::Column::DeploymentId.eq(fix));
    let event = events.filter(fix_event::Column::Seq.eq(seq)).one(&db.orm).await.unwrap();
    event.unwrap().kind
}

async fn fix_ids(db: &crate::server::db::Db) -> Vec<String> {
    let ids = deployment::Entity::find().select_only().column(deployment::Column::Id);
    ids.order_by_asc(deployment::Column::CreatedAt).into_tuple().all(&db.orm).await.unwrap()
}

#[tokio::test]
async fn a_fix_outlives_its_run_and_its_incident() {
    let test = testing::fresh().await.unwrap();
    fill(&test.db).await;
    assert!(fix(&test.db).await.task_id.is_some());
    task::Entity::delete_many().exec(&test.db.orm).await.unwrap();
    incident::Entity::delete_many().exec(&test.db.orm).await.unwrap();
    let left = fix(&test.db).await;
    assert_eq!((left.task_id, left.incident_id), (None, None));
}

#[tokio::test]
async fn machines_that_start_at_once_make_one_schema() {
    let test = testing::empty().await.unwrap();
    if matches!(test.db.pool, crate::server::db::Pool::Sqlite(_)) {
        return;
    }
    let starts = (0..4).map(|_| test.db.migrate());
    for started in futures::future::join_all(starts).await {
        started.unwrap();
    }
    fill(&test.db).await;
}

#[tokio::test]
async fn a_printed_database_keeps_its_password() {
    let test = testing::empty().await.unwrap();
    let printed = format!("{:?}", test.db);
    assert!(["Db(SQLite)", "Db(PostgreSQL)"].contains(&printed.as_str()), "{printed}");
}
