//! Watched projects.

use super::{
    Db, DbError, FURTHEST,
    entity::{deployment, fix_rule, integration, subscription},
};
use crate::model::{Provider, RepositoryKind, Timestamp};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, OnConflict},
};

/// A project to be watched.
#[derive(Clone, Debug, Default)]
pub struct NewSubscription {
    /// Our id, if it is new.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// Through which connection.
    pub integration_id: String,
    /// The platform's id of the project.
    pub platform_project_id: String,
    /// Its name.
    pub platform_project_name: String,
    /// The team that owns it.
    pub team_id: Option<String>,
    /// `owner/name` on github.com; empty when its code is elsewhere, so that nothing can be pushed there.
    pub github_repo_full_name: String,
    /// Where its code lives.
    pub repository_kind: RepositoryKind,
    /// The repository's name where it is not on github.com.
    pub repository_name: Option<String>,
    /// Its folder in the repository.
    pub root_directory: Option<String>,
    /// Fixes start by themselves, if it is new.
    pub auto_fix_enabled: bool,
}

/// Settings that a user changes; `None` leaves one as it is.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Start fixes by themselves.
    pub auto_fix_enabled: Option<bool>,
    /// What the names of fix branches begin with.
    pub fix_branch_prefix: Option<String>,
    /// Attempts per fix.
    pub max_fix_attempts: Option<i32>,
    /// Tell the user about pull requests.
    pub notify_on_fix: Option<bool>,
    /// Build a commit once more by itself where nothing is wrong with the code.
    pub redeploy_flaky: Option<bool>,
}

/// Where a watched project's code lives. A word that is not known counts as a place without pull requests.
pub fn repository_kind(row: &subscription::Model) -> RepositoryKind {
    RepositoryKind::parse(&row.repository_kind).unwrap_or(RepositoryKind::Other)
}

/// Since when a project is watched. A time to come was written under a clock that was wrong: nobody knows the right one,
/// and what has failed lately is not to be missed for it.
pub fn watched_since(row: &subscription::Model, now: Timestamp) -> Timestamp {
    if row.created_at > now { now - FURTHEST } else { row.created_at }
}

/// The name of its repository, with the host where that is not the usual one.
pub fn repository_name(row: &subscription::Model) -> Option<String> {
    let github = Some(&row.github_repo_full_name).filter(|name| !name.is_empty());
    github.or(row.repository_name.as_ref()).cloned()
}

/// What a subscription's webhook secret is sealed for.
pub fn secret_identity(subscription_id: &str) -> String {
    format!("subscriptions:{subscription_id}:webhook_secret")
}

/// Watches a project; one that is watched already gets its new name and repository and keeps its settings.
pub async fn put(db: &Db, new: NewSubscription, now: Timestamp) -> Result<(), DbError> {
    let row = subscription::ActiveModel {
        id: Set(new.id),
        user_id: Set(new.user_id),
        integration_id: Set(new.integration_id),
        platform_project_id: Set(new.platform_project_id),
        platform_project_name: Set(new.platform_project_name),
        team_id: Set(new.team_id),
        github_repo_full_name: Set(new.github_repo_full_name),
        repository_kind: Set(new.repository_kind.as_str().to_owned()),
        repository_name: Set(new.repository_name),
        root_directory: Set(new.root_directory),
        auto_fix_enabled: Set(new.auto_fix_enabled),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    subscription::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([
                subscription::Column::UserId,
                subscription::Column::IntegrationId,
                subscription::Column::PlatformProjectId,
            ])
            .update_columns([
                subscription::Column::PlatformProjectName,
                subscription::Column::TeamId,
                subscription::Column::GithubRepoFullName,
                subscription::Column::RepositoryKind,
                subscription::Column::RepositoryName,
                subscription::Column::RootDirectory,
                subscription::Column::UpdatedAt,
            ])
            .to_owned(),
        )
        .exec_without_returning(&db.orm)
        .await?;
    Ok(())
}

/// The subscription with that id.
pub async fn find(db: &Db, id: &str) -> Result<Option<subscription::Model>, DbError> {
    Ok(subscription::Entity::find_by_id(id).one(&db.orm).await?)
}

/// The subscription with that id, if it is the user's.
pub async fn find_for_user(db: &Db, user_id: &str, id: &str) -> Result<Option<subscription::Model>, DbError> {
    Ok(subscription::Entity::find_by_id(id)
        .filter(subscription::Column::UserId.eq(user_id))
        .one(&db.orm)
        .await?)
}

/// A user's subscriptions, by project name.
pub async fn list(db: &Db, user_id: &str) -> Result<Vec<subscription::Model>, DbError> {
    Ok(subscription::Entity::find()
        .filter(subscription::Column::UserId.eq(user_id))
        .order_by_asc(subscription::Column::PlatformProjectName)
        .all(&db.orm)
        .await?)
}

/// What a connection watches.
pub async fn of_integration(db: &Db, integration_id: &str) -> Result<Vec<subscription::Model>, DbError> {
    Ok(subscription::Entity::find()
        .filter(subscription::Column::IntegrationId.eq(integration_id))
        .order_by_asc(subscription::Column::CreatedAt)
        .all(&db.orm)
        .await?)
}

/// How many projects a connection watches.
pub async fn count(db: &Db, integration_id: &str) -> Result<u64, DbError> {
    let of_integration = subscription::Column::IntegrationId.eq(integration_id);
    Ok(subscription::Entity::find().filter(of_integration).count(&db.orm).await?)
}

/// Everybody who watches a project of a platform, the longest watcher first: each may have a webhook secret.
pub async fn watching(
    db: &Db,
    provider: Provider,
    project_id: &str,
) -> Result<Vec<subscription::Model>, DbError> {
    let of_provider = integration::Entity::find()
        .select_only()
        .column(integration::Column::Id)
        .filter(integration::Column::Provider.eq(provider.as_str()))
        .into_query();
    Ok(subscription::Entity::find()
        .filter(subscription::Column::PlatformProjectId.eq(project_id))
        .filter(subscription::Column::IntegrationId.in_subquery(of_provider))
        .order_by_asc(subscription::Column::CreatedAt)
        .all(&db.orm)
        .await?)
}

/// Subscriptions with a webhook, of one team or of all, at most `limit`, one for each webhook, the newest first: whose
/// secrets may have signed a delivery that names no watched project.
pub async fn with_secret(
    db: &Db,
    provider: Provider,
    team_id: Option<&str>,
    limit: u64,
) -> Result<Vec<subscription::Model>, DbError> {
    let of_provider = integration::Entity::find()
        .select_only()
        .column(integration::Column::Id)
        .filter(integration::Column::Provider.eq(provider.as_str()))
        .into_query();
    let one_each = subscription::Entity::find()
        .select_only()
        .column_as(subscription::Column::Id.max(), "id")
        .filter(subscription::Column::WebhookSecret.is_not_null())
        .filter(subscription::Column::IntegrationId.in_subquery(of_provider))
        .filter(Condition::all().add_option(team_id.map(|team| subscription::Column::TeamId.eq(team))))
        .group_by(subscription::Column::WebhookId)
        .into_query();
    Ok(subscription::Entity::find()
        .filter(subscription::Column::Id.in_subquery(one_each))
        .order_by_desc(subscription::Column::CreatedAt)
        .limit(limit)
        .all(&db.orm)
        .await?)
}

/// How many subscriptions, whoever's, a webhook of a platform covers.
pub async fn with_webhook(db: &Db, webhook_id: &str) -> Result<u64, DbError> {
    let covered = subscription::Column::WebhookId.eq(webhook_id);
    Ok(subscription::Entity::find().filter(covered).count(&db.orm).await?)
}

/// Stores the webhook that covers a subscription, with its secret sealed for [`secret_identity`]; `None` removes it.
pub async fn set_webhook(db: &Db, id: &str, webhook: Option<(String, String)>) -> Result<(), DbError> {
    let (webhook_id, secret) = webhook.unzip();
    subscription::Entity::update_many()
        .col_expr(subscription::Column::WebhookId, Expr::value(webhook_id))
        .col_expr(subscription::Column::WebhookSecret, Expr::value(secret))
        .filter(subscription::Column::Id.eq(id))
        .exec(&db.orm)
        .await?;
    Ok(())
}

/// Changes a subscription's settings.
pub async fn update(db: &Db, id: &str, settings: Settings, now: Timestamp) -> Result<(), DbError> {
    let row = subscription::ActiveModel {
        id: Set(id.to_owned()),
        auto_fix_enabled: settings.auto_fix_enabled.map_or_else(Default::default, Set),
        fix_branch_prefix: settings.fix_branch_prefix.map_or_else(Default::default, Set),
        max_fix_attempts: settings.max_fix_attempts.map_or_else(Default::default, Set),
        notify_on_fix: settings.notify_on_fix.map_or_else(Default::default, Set),
        redeploy_flaky: settings.redeploy_flaky.map_or_else(Default::default, Set),
        updated_at: Set(now),
        ..Default::default()
    };
    subscription::Entity::update_many()
        .set(row)
        .filter(subscription::Column::Id.eq(id))
        .exec(&db.orm)
        .await?;
    Ok(())
}

/// Ends a subscription. Its fixes pass to another watcher of the project, and go with the last one.
pub async fn remove(db: &Db, row: &subscription::Model) -> Result<(), DbError> {
    let tx = db.write().await?;
    // Two platforms may give projects the same id.
    let provider = integration::Entity::find()
        .select_only()
        .column(integration::Column::Provider)
        .filter(integration::Column::Id.eq(&row.integration_id))
        .into_query();
    let same_provider = integration::Entity::find()
        .select_only()
        .column(integration::Column::Id)
        .filter(integration::Column::Provider.in_subquery(provider))
        .into_query();
    let heir = subscription::Entity::find()
        .filter(subscription::Column::PlatformProjectId.eq(&row.platform_project_id))
        .filter(subscription::Column::IntegrationId.in_subquery(same_provider))
        .filter(subscription::Column::Id.ne(&row.id))
        .order_by_asc(subscription::Column::CreatedAt)
        .one(&tx)
        .await?;
    if let Some(heir) = heir {
        deployment::Entity::update_many()
            .col_expr(deployment::Column::SubscriptionId, Expr::value(heir.id))
            .col_expr(deployment::Column::MatchedRuleId, Expr::value(None::<String>))
            .filter(deployment::Column::SubscriptionId.eq(&row.id))
            .exec(&tx)
            .await?;
    }
    fix_rule::Entity::delete_many().filter(fix_rule::Column::SubscriptionId.eq(&row.id)).exec(&tx).await?;
    subscription::Entity::delete_by_id(&row.id).exec(&tx).await?;
    tx.commit().await?;
    Ok(())
}
