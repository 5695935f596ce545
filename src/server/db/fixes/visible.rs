//! A user → the subscriptions, anybody's, whose fixes they may read: those to the projects that they watch.

use crate::{
    model::Provider,
    server::db::{
        Db, DbError,
        entity::{integration, subscription},
    },
};
use sea_orm::{
    ConnectionTrait as _, JoinType,
    sea_query::{Alias, Expr, ExprTrait as _, Query, SelectStatement},
};

/// A subscription whose fixes a user may read, with what the user's own one says about the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visible {
    /// The subscription, the user's or another watcher's.
    pub subscription_id: String,
    /// The platform.
    pub provider: Provider,
    /// The platform's id of the project.
    pub platform_project_id: String,
    /// The project's name.
    pub project_name: String,
    /// The linked repository, `owner/name`.
    pub repository: String,
}

/// Subscriptions, anybody's, to the projects that a user watches: a fix belongs to one of them and is readable by
/// each watcher.
pub(in crate::server::db) fn watched_subscriptions(user_id: &str) -> SelectStatement {
    let mine = Alias::new("mine");
    let mine_at = Alias::new("mine_at");
    let theirs = subscription::Entity;
    let theirs_at = integration::Entity;
    Query::select()
        .column((theirs, subscription::Column::Id))
        .from(theirs)
        .inner_join(
            theirs_at,
            Expr::col((theirs_at, integration::Column::Id))
                .equals((theirs, subscription::Column::IntegrationId)),
        )
        .join_as(
            JoinType::InnerJoin,
            subscription::Entity,
            mine.clone(),
            Expr::col((mine.clone(), subscription::Column::PlatformProjectId))
                .equals((theirs, subscription::Column::PlatformProjectId)),
        )
        // Two platforms may give projects the same id.
        .join_as(
            JoinType::InnerJoin,
            integration::Entity,
            mine_at.clone(),
            Expr::col((mine_at.clone(), integration::Column::Id))
                .equals((mine.clone(), subscription::Column::IntegrationId))
                .and(
                    Expr::col((mine_at, integration::Column::Provider))
                        .equals((theirs_at, integration::Column::Provider)),
                ),
        )
        .and_where(Expr::col((mine, subscription::Column::UserId)).eq(user_id))
        .to_owned()
}

/// What a user may read.
pub async fn visible(db: &Db, user_id: &str) -> Result<Vec<Visible>, DbError> {
    let mine = Alias::new("mine");
    let mut select = watched_subscriptions(user_id);
    select.column((integration::Entity, integration::Column::Provider)).columns([
        (mine.clone(), subscription::Column::PlatformProjectId),
        (mine.clone(), subscription::Column::PlatformProjectName),
        (mine, subscription::Column::GithubRepoFullName),
    ]);
    let mut found = Vec::new();
    for row in db.orm.query_all(&select).await? {
        let (id, provider, project, name, repository): (String, String, String, String, String) = (
            row.try_get("", "id")?,
            row.try_get("", "provider")?,
            row.try_get("", "platform_project_id")?,
            row.try_get("", "platform_project_name")?,
            row.try_get("", "github_repo_full_name")?,
        );
        let Ok(provider) = provider.parse() else { continue };
        found.push(Visible {
            subscription_id: id,
            provider,
            platform_project_id: project,
            project_name: name,
            repository,
        });
    }
    Ok(found)
}
