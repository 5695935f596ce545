//! Lists of fixes, the newest first, in time that depends on what is shown and not on what is stored.
//!
//! Each subscription's fixes lie sorted in an index, so a list is the merge of such runs that stops after its last
//! row: `UNION ALL … ORDER BY … LIMIT`, which SQLite and PostgreSQL both merge without sorting. An `IN` would read
//! and sort everything.

use super::{
    summary::{or_skipped, provider},
    visible::visible,
};
use crate::{
    model::{AtLeast, Cursor, Finding, FixStatus, FixSummary, Provider, Timestamp},
    server::db::{Db, DbError, among, entity::deployment},
};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait as _, DerivePartialModel, EntityTrait as _,
    QueryFilter as _, QuerySelect as _, QueryTrait as _,
    sea_query::{Alias, Asterisk, Expr, ExprTrait as _, Order, Query, SelectStatement, UnionType},
};
use std::{cmp::Reverse, collections::HashMap};

/// Runs merged by one statement. SQLite's limit is 500.
const RUNS: usize = 200;

/// Which fixes a list holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window<'a> {
    /// Of these subscriptions.
    pub subscriptions: &'a [String],
    /// In one of these states; empty: in any.
    pub statuses: &'a [FixStatus],
    /// Created at this time or later.
    pub from: Option<Timestamp>,
    /// Created earlier than this time.
    pub until: Option<Timestamp>,
    /// Below this place of the list.
    pub after: Option<&'a Cursor>,
}

impl Window<'_> {
    /// The statements that find time and id of the newest `limit` fixes, in the index alone.
    pub(in crate::server::db) fn keys(&self, limit: u64) -> Vec<SelectStatement> {
        let any = [None];
        let some: Vec<_> = self.statuses.iter().copied().map(Some).collect();
        let statuses = if some.is_empty() { any.as_slice() } else { some.as_slice() };
        let runs: Vec<_> = self
            .subscriptions
            .iter()
            .flat_map(|subscription| statuses.iter().map(|status| self.run(subscription, *status)))
            .collect();
        let merged = runs.chunks(RUNS).filter_map(|runs| {
            let (first, others) = runs.split_first()?;
            let mut merged = first.clone();
            for run in others {
                merged.union(UnionType::All, run.clone());
            }
            merged
                .order_by(deployment::Column::CreatedAt, Order::Desc)
                .order_by(deployment::Column::Id, Order::Desc)
                .limit(limit);
            Some(merged)
        });
        merged.collect()
    }

    fn run(&self, subscription_id: &str, status: Option<FixStatus>) -> SelectStatement {
        use deployment::Column::{CreatedAt, FixStatus, Id, SubscriptionId};
        let below = self.after.map(|place| {
            // At the same time, ours come before the platforms'.
            let same_time = place.is_ours().then(|| Id.lt(place.id.as_str()).and(CreatedAt.eq(place.at)));
            let lower = Condition::any().add(CreatedAt.lt(place.at)).add_option(same_time);
            Condition::all().add(CreatedAt.lte(place.at)).add(lower)
        });
        let wanted = Condition::all()
            .add(SubscriptionId.eq(subscription_id))
            .add_option(status.map(|status| FixStatus.eq(status.as_str())))
            .add_option(self.from.map(|from| CreatedAt.gte(from)))
            .add_option(self.until.map(|until| CreatedAt.lt(until)))
            .add_option(below);
        deployment::Entity::find().select_only().columns([CreatedAt, Id]).filter(wanted).into_query()
    }
}

/// Time and id of the newest fixes, at most `limit`.
async fn keys(db: &Db, window: &Window<'_>, limit: u64) -> Result<Vec<(Timestamp, String)>, DbError> {
    let mut found = Vec::new();
    for statement in window.keys(limit) {
        for row in db.orm.query_all(&statement).await? {
            found.push((row.try_get("", "created_at")?, row.try_get("", "id")?));
        }
    }
    found.sort_unstable_by(|one: &(Timestamp, String), other| other.cmp(one));
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
}

/// The newest fixes, at most `limit`. They are chosen in the index and read without their logs and diffs.
pub async fn newest(db: &Db, window: &Window<'_>, limit: u64) -> Result<Vec<FixSummary>, DbError> {
    let ids: Vec<String> = keys(db, window, limit).await?.into_iter().map(|(_, id)| id).collect();
    let rows: Vec<ListRow> = deployment::Entity::find()
        .filter(among(db, deployment::Column::Id, &ids))
        .into_partial_model()
        .all(&db.orm)
        .await?;
    let mut fixes: Vec<_> = rows.into_iter().filter_map(ListRow::summary).collect();
    fixes.sort_by_cached_key(|fix| Reverse((fix.created_at, fix.id.clone())));
    Ok(fixes)
}

/// The newest fixes that have a diagnosis, among the newest `limit`; the newest first.
pub async fn diagnosed(
    db: &Db,
    window: &Window<'_>,
    limit: u64,
) -> Result<Vec<(FixSummary, Finding)>, DbError> {
    let ids: Vec<String> = keys(db, window, limit).await?.into_iter().map(|(_, id)| id).collect();
    let findings: HashMap<String, String> = deployment::Entity::find()
        .select_only()
        .columns([deployment::Column::Id, deployment::Column::Finding])
        .filter(among(db, deployment::Column::Id, &ids))
        .filter(deployment::Column::Finding.is_not_null())
        .into_tuple::<(String, String)>()
        .all(&db.orm)
        .await?
        .into_iter()
        .collect();
    let mut found = Vec::with_capacity(findings.len());
    for fix in newest(db, window, limit).await? {
        if let Some(finding) = findings.get(&fix.id) {
            let finding = serde_json::from_str(finding)?;
            found.push((fix, finding));
        }
    }
    Ok(found)
}

/// How many fixes there are, counted up to `limit`.
pub async fn count(db: &Db, window: &Window<'_>, limit: u64) -> Result<AtLeast, DbError> {
    let mut found = 0;
    for keys in window.keys(limit + 1) {
        let counted = Query::select()
            .expr_as(Expr::col(Asterisk).count(), Alias::new("found"))
            .from_subquery(keys, Alias::new("keys"))
            .to_owned();
        if let Some(row) = db.orm.query_one(&counted).await? {
            found += u64::try_from(row.try_get::<i64>("", "found")?).unwrap_or_default();
        }
    }
    Ok(AtLeast { count: Ord::min(found, limit), more: found > limit })
}

/// When the newest fixes with a pull request arrived, and when it was opened; at most `limit`.
pub async fn pull_request_times(
    db: &Db,
    window: &Window<'_>,
    limit: u64,
) -> Result<Vec<(Timestamp, Timestamp)>, DbError> {
    let statuses = [FixStatus::PrCreated, FixStatus::Merged];
    let window = Window { statuses: &statuses, ..*window };
    let ids: Vec<String> = keys(db, &window, limit).await?.into_iter().map(|(_, id)| id).collect();
    let times: Vec<(Timestamp, Option<Timestamp>)> = deployment::Entity::find()
        .select_only()
        .columns([deployment::Column::CreatedAt, deployment::Column::PrOpenedAt])
        .filter(among(db, deployment::Column::Id, &ids))
        .into_tuple()
        .all(&db.orm)
        .await?;
    Ok(times.into_iter().filter_map(|(arrived, opened)| Some((arrived, opened?))).collect())
}

/// The fixes of these deployments of a platform that belong to one of the subscriptions, by the platform's id.
pub async fn of_deployments(
    db: &Db,
    provider: Provider,
    subscriptions: &[String],
    platform_ids: &[String],
) -> Result<HashMap<String, FixSummary>, DbError> {
    // Looked up by the unique id; a filter by subscription would invite the database to read all of them.
    let rows: Vec<ListRow> = deployment::Entity::find()
        .filter(among(db, deployment::Column::PlatformDeploymentId, platform_ids))
        .into_partial_model()
        .all(&db.orm)
        .await?;
    let mine = rows
        .into_iter()
        .filter(|row| row.provider == provider.as_str() && subscriptions.contains(&row.subscription_id));
    Ok(mine.filter_map(|row| Some((row.platform_deployment_id.clone(), row.summary()?))).collect())
}

/// A user's newest fixes, created before `before` when it is given.
pub async fn summaries(
    db: &Db,
    user_id: &str,
    limit: u64,
    before: Option<Timestamp>,
) -> Result<Vec<FixSummary>, DbError> {
    let subscriptions: Vec<_> =
        visible(db, user_id).await?.into_iter().map(|seen| seen.subscription_id).collect();
    newest(db, &Window { subscriptions: &subscriptions, until: before, ..Window::default() }, limit).await
}

/// The columns of [`FixSummary`].
#[derive(DerivePartialModel)]
#[sea_orm(entity = "deployment::Entity")]
struct ListRow {
    id: String,
    subscription_id: String,
    provider: String,
    platform_deployment_id: String,
    project_name: String,
    repository: String,
    branch: Option<String>,
    commit_sha: Option<String>,
    fix_status: String,
    error_message: Option<String>,
    reason_code: Option<String>,
    reason: Option<String>,
    pr_url: Option<String>,
    pr_number: Option<i32>,
    fix_attempt_number: i32,
    created_at: Timestamp,
    completed_at: Option<Timestamp>,
}

impl ListRow {
    fn summary(self) -> Option<FixSummary> {
        let provider = or_skipped(&self.id, provider(&self.provider))?;
        Some(FixSummary {
            id: self.id,
            provider,
            platform_deployment_id: self.platform_deployment_id,
            project_name: self.project_name,
            repository: self.repository,
            branch: self.branch,
            commit_sha: self.commit_sha,
            status: FixStatus::parse(&self.fix_status).unwrap_or(FixStatus::Failed),
            error_message: self.error_message,
            reason_code: self.reason_code,
            reason: self.reason,
            pr_url: self.pr_url,
            pr_number: self.pr_number,
            attempt: self.fix_attempt_number,
            created_at: self.created_at,
            completed_at: self.completed_at,
        })
    }
}
