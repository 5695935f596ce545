//! The same tests on SQLite and, by `TEST_DATABASE_URL`, on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]

mod backup;
mod connections;
mod counts;
mod fixes;
mod incidents;
mod lists;
mod notifications;
mod outgoing;
mod owner;
mod retention;
mod schema;
mod statements;
mod upgrade;
mod watchers;

use super::{
    Db,
    fixes::NewFix,
    integrations::{self, NewIntegration},
    subscriptions::{self, NewSubscription},
    users,
};
use crate::{
    model::{Attempt, FixStatus, Provider, RepositoryKind, Timestamp},
    server::clock::new_id,
};

fn at(second: i64) -> Timestamp {
    chrono::DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
}

/// A user beside the owner: only the owner is made by the product so far.
async fn user(db: &Db, email: &str) -> String {
    use sea_orm::{ActiveValue::Set, EntityTrait as _};
    if let Some(owner) = users::create_owner(db, email, "Somebody", "hash", at(0)).await.unwrap() {
        return owner.id;
    }
    let row = super::entity::user::ActiveModel {
        id: Set(new_id()),
        email: Set(email.to_owned()),
        name: Set("Somebody".to_owned()),
        created_at: Set(at(0)),
        updated_at: Set(at(0)),
        ..Default::default()
    };
    super::entity::user::Entity::insert(row).exec_with_returning(&db.orm).await.unwrap().id
}

/// A user who watches `project` at Vercel. Returns the ids of user and subscription.
async fn watcher(db: &Db, email: &str, project: &str) -> (String, String) {
    watcher_at(db, Provider::VERCEL, email, project).await
}

async fn watcher_at(db: &Db, provider: Provider, email: &str, project: &str) -> (String, String) {
    let user_id = user(db, email).await;
    let integration = NewIntegration {
        id: new_id(),
        user_id: user_id.clone(),
        provider,
        external_user_id: "usr_1".into(),
        username: "octo".into(),
        access_token: "sealed".into(),
        token_note: None,
        team_id: None,
        expires_at: None,
    };
    let integration = integrations::put(db, integration, at(0)).await.unwrap();
    let new = NewSubscription {
        id: new_id(),
        user_id: user_id.clone(),
        integration_id: integration.id,
        platform_project_id: project.into(),
        platform_project_name: "shop".into(),
        team_id: None,
        github_repo_full_name: "acme/shop".into(),
        repository_kind: RepositoryKind::Github,
        auto_fix_enabled: true,
        ..NewSubscription::default()
    };
    subscriptions::put(db, new.clone(), at(0)).await.unwrap();
    (user_id, new.id)
}

fn failure(subscription_id: &str, deployment: &str, delivery: Option<&str>) -> NewFix {
    NewFix {
        id: new_id(),
        subscription_id: subscription_id.into(),
        provider: Provider::VERCEL,
        platform_deployment_id: deployment.into(),
        webhook_delivery_id: delivery.map(str::to_owned),
        project_name: "shop".into(),
        repository: "acme/shop".into(),
        branch: Some("main".into()),
        commit_sha: Some("1".repeat(40)),
        deployment_created_at: Some(at(0)),
        status: FixStatus::Pending,
        reason_code: None,
        reason: None,
        started_by_hand: false,
    }
}

/// What came of a run of the agent.
fn attempt() -> Attempt {
    Attempt {
        number: 1,
        model: "m".into(),
        input_tokens: 1,
        output_tokens: 2,
        cost_usd: 0.5,
        outcome: "ok".into(),
        seconds: 1.5,
    }
}
