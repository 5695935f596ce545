//! Reading fixes: single rows, and work for the reconciler and the watchers.

use super::{
    summary::{or_skipped, summary},
    visible::watched_subscriptions,
};
use crate::{
    model::{Attempt, Fellow, Finding, FixDetail, FixStatus, FixSummary, Provider, Timestamp},
    server::db::{
        Db, DbError, among,
        entity::{deployment, subscription},
        events, incidents, is_past, tasks,
    },
};
use chrono::TimeDelta;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait as _, EntityTrait as _, FromQueryResult,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
    sea_query::{Alias, Asterisk, Expr, ExprTrait as _, Query},
};
use std::collections::{BTreeSet, HashSet};

/// The states in which a worker has something to do.
pub(super) fn unfinished() -> impl Iterator<Item = &'static str> {
    FixStatus::ALL.into_iter().filter(|status| status.is_unfinished()).map(FixStatus::as_str)
}

/// The fix with that id, whoever's it is.
pub async fn find(db: &Db, fix_id: &str) -> Result<Option<deployment::Model>, DbError> {
    Ok(deployment::Entity::find_by_id(fix_id).one(&db.orm).await?)
}

/// The fix with our id, or with `{provider}:{platform id}`, if the user watches its project.
pub async fn find_for_user(db: &Db, user_id: &str, id: &str) -> Result<Option<deployment::Model>, DbError> {
    let which =
        match id.split_once(':').map(|(provider, platform_id)| (provider.parse::<Provider>(), platform_id)) {
            Some((Ok(provider), platform_id)) => Condition::all()
                .add(deployment::Column::Provider.eq(provider.as_str()))
                .add(deployment::Column::PlatformDeploymentId.eq(platform_id)),
            Some((Err(_), _)) => return Ok(None),
            None => Condition::all().add(deployment::Column::Id.eq(id)),
        };
    Ok(deployment::Entity::find()
        .filter(which)
        .filter(deployment::Column::SubscriptionId.in_subquery(watched_subscriptions(user_id)))
        .one(&db.orm)
        .await?)
}

/// Which of these deployments of a platform have a fix already.
pub async fn known(
    db: &Db,
    provider: Provider,
    platform_deployment_ids: &[String],
) -> Result<HashSet<String>, DbError> {
    let known: Vec<String> = deployment::Entity::find()
        .select_only()
        .column(deployment::Column::PlatformDeploymentId)
        .filter(deployment::Column::Provider.eq(provider.as_str()))
        .filter(among(db, deployment::Column::PlatformDeploymentId, platform_deployment_ids))
        .into_tuple()
        .all(&db.orm)
        .await?;
    Ok(known.into_iter().collect())
}

/// The pull request is open, or was merged after `since`: platforms are about to build its commit.
fn is_built(since: Timestamp) -> Condition {
    let merged = Condition::all()
        .add(deployment::Column::FixStatus.eq(FixStatus::Merged.as_str()))
        .add(deployment::Column::CompletedAt.gt(since));
    Condition::any().add(deployment::Column::FixStatus.eq(FixStatus::PrCreated.as_str())).add(merged)
}

/// Fixes of these subscriptions whose pull request is open, or was merged after `since`, the newest first.
pub async fn built_pull_requests_of(
    db: &Db,
    subscription_ids: &[String],
    since: Timestamp,
    limit: u64,
) -> Result<Vec<deployment::Model>, DbError> {
    Ok(deployment::Entity::find()
        // Not by `among`, for which SQLite would read the open pull requests of everybody. A connection has as many all the
        // time.
        .filter(deployment::Column::SubscriptionId.is_in(subscription_ids))
        .filter(is_built(since))
        .order_by_desc(deployment::Column::CreatedAt)
        .limit(limit)
        .all(&db.orm)
        .await?)
}

/// How many fixes of a user's subscriptions started by themselves since `since`, for the daily cap. Counted up to
/// `limit` only: nobody asks how far beyond it they are.
pub async fn started_by_themselves(
    db: &Db,
    user_id: &str,
    since: Timestamp,
    limit: u64,
) -> Result<u64, DbError> {
    let subscriptions = subscription::Entity::find()
        .select_only()
        .column(subscription::Column::Id)
        .filter(subscription::Column::UserId.eq(user_id))
        .into_query();
    // Skipped from the first event on: nothing was started. What the diagnosis skipped had a start.
    let started = Condition::any()
        .add(deployment::Column::FixStatus.ne(FixStatus::Skipped.as_str()))
        .add(deployment::Column::StartedAt.is_not_null());
    let ids = deployment::Entity::find()
        .select_only()
        .column(deployment::Column::Id)
        .filter(deployment::Column::SubscriptionId.in_subquery(subscriptions))
        .filter(deployment::Column::CreatedAt.gte(since))
        .filter(deployment::Column::StartedByHand.eq(false))
        .filter(started)
        .limit(limit)
        .into_query();
    let counted = Query::select()
        .expr_as(Expr::col(Asterisk).count(), Alias::new("found"))
        .from_subquery(ids, Alias::new("started"))
        .to_owned();
    let row = db.orm.query_one(&counted).await?;
    let found = row.map(|row| row.try_get::<i64>("", "found")).transpose()?;
    Ok(found.and_then(|found| found.try_into().ok()).unwrap_or_default())
}

/// Everything stored about a fix. The platform's side is left for the caller to ask.
pub async fn detail(db: &Db, row: &deployment::Model) -> Result<FixDetail, DbError> {
    let attempts: Vec<Attempt> = tasks::attempts(db, &row.id).await?;
    let finding: Option<Finding> = row.finding.as_deref().map(serde_json::from_str).transpose()?;
    Ok(FixDetail {
        summary: summary(row)?,
        deployment: None,
        finding,
        finding_disputed_at: row.finding_disputed_at,
        log: row.logs.clone(),
        log_kept_days: row.log_kept_days,
        trace_id: row.trace_id.clone(),
        diff: row.diff.clone(),
        fix_summary: row.fix_summary.clone(),
        fellows: incidents::fellows(db, row).await?.iter().filter_map(fellow).collect(),
        attempts,
        events: events::since(db, &row.id, 0, u64::MAX).await?,
    })
}

/// The same, as that user may see it: others may watch one of the projects and not the rest.
pub async fn detail_for_user(db: &Db, row: &deployment::Model, user_id: &str) -> Result<FixDetail, DbError> {
    let mut detail = detail(db, row).await?;
    let mut seen = Vec::new();
    for fellow in std::mem::take(&mut detail.fellows) {
        if find_for_user(db, user_id, &fellow.id).await?.is_some() {
            seen.push(fellow);
        }
    }
    detail.fellows = seen;
    Ok(detail)
}

fn fellow(row: &deployment::Model) -> Option<Fellow> {
    let FixSummary { id, provider, project_name, platform_deployment_id, status, pr_url, pr_number, .. } =
        or_skipped(&row.id, summary(row))?;
    Some(Fellow { id, provider, project_name, platform_deployment_id, status, pr_url, pr_number })
}

/// Since when the oldest unfinished fix has been there that no live worker holds.
pub async fn oldest_waiting(db: &Db, now: Timestamp) -> Result<Option<Timestamp>, DbError> {
    let waiting = deployment::Entity::find()
        .select_only()
        .column(deployment::Column::CreatedAt)
        .filter(deployment::Column::FixStatus.is_in(unfinished()))
        .filter(without_lease(now));
    Ok(waiting.order_by_asc(deployment::Column::CreatedAt).into_tuple().one(&db.orm).await?)
}

/// After so many restarts in one state a fix may be what brings its workers down.
const SUSPECT_RESUMES: i32 = 5;
/// It then waits, so that a worker has time for others in between.
const SUSPECT_PAUSE: TimeDelta = TimeDelta::minutes(1);

/// Nobody holds it, and it waits for nothing.
pub(super) fn without_lease(now: Timestamp) -> Condition {
    let until = deployment::Column::LeaseUntil;
    let trusted = deployment::Column::CrashResumes.lt(SUSPECT_RESUMES);
    Condition::any()
        .add(until.is_null())
        .add(is_past(until, now).and(trusted))
        .add(is_past(until, now - SUSPECT_PAUSE))
}

/// An unfinished fix that no live worker holds.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Unheld {
    /// Our id of the fix.
    pub id: String,
    /// Counts who has held it and what was written.
    pub version: i32,
    /// Whether a worker has begun with it.
    pub begun: bool,
}

/// Unfinished fixes that no live worker holds: first those that a worker has begun with, and of each the oldest.
pub async fn unfinished_without_lease(db: &Db, now: Timestamp, limit: u64) -> Result<Vec<Unheld>, DbError> {
    let begun = deployment::Column::FixStatus.ne(FixStatus::Pending.as_str());
    Ok(deployment::Entity::find()
        .select_only()
        .columns([deployment::Column::Id, deployment::Column::Version])
        .column_as(begun.clone(), "begun")
        .filter(deployment::Column::FixStatus.is_in(unfinished()))
        .filter(without_lease(now))
        .order_by_desc(begun)
        .order_by_asc(deployment::Column::CreatedAt)
        .limit(limit)
        .into_model()
        .all(&db.orm)
        .await?)
}

/// The stable codes of what a user's unfinished fixes wait for.
pub async fn waited_for(db: &Db, user_id: &str) -> Result<Vec<String>, DbError> {
    let reasons = deployment::Entity::find()
        .select_only()
        .column(deployment::Column::ReasonCode)
        .distinct()
        .filter(deployment::Column::FixStatus.is_in(unfinished()))
        .filter(deployment::Column::ReasonCode.is_not_null())
        .filter(deployment::Column::SubscriptionId.in_subquery(watched_subscriptions(user_id)));
    Ok(reasons.into_tuple().all(&db.orm).await?)
}

/// How many unfinished fixes are `owner`'s, or nobody's.
pub async fn left_to(db: &Db, owner: &str, now: Timestamp) -> Result<u64, DbError> {
    let reachable = Condition::any().add(deployment::Column::LeaseOwner.eq(owner)).add(without_lease(now));
    Ok(deployment::Entity::find()
        .filter(deployment::Column::FixStatus.is_in(unfinished()))
        .filter(reachable)
        .count(&db.orm)
        .await?)
}

/// Fixes whose pull request is open, oldest first.
pub async fn open_pull_requests(db: &Db, limit: u64) -> Result<Vec<deployment::Model>, DbError> {
    Ok(deployment::Entity::find()
        .filter(deployment::Column::FixStatus.eq(FixStatus::PrCreated.as_str()))
        .order_by_asc(deployment::Column::CreatedAt)
        .limit(limit)
        .all(&db.orm)
        .await?)
}

/// Another fix of the same error on the same branch whose pull request is open.
pub async fn open_twin(
    db: &Db,
    fix: &deployment::Model,
    fingerprint: &str,
) -> Result<Option<deployment::Model>, DbError> {
    Ok(deployment::Entity::find()
        .filter(deployment::Column::Repository.eq(&fix.repository))
        .filter(match &fix.branch {
            Some(branch) => deployment::Column::Branch.eq(branch),
            None => deployment::Column::Branch.is_null(),
        })
        .filter(deployment::Column::Fingerprint.eq(fingerprint))
        .filter(deployment::Column::FixStatus.eq(FixStatus::PrCreated.as_str()))
        .filter(deployment::Column::Id.ne(&fix.id))
        .one(&db.orm)
        .await?)
}

/// Whether the commit of a fix was built once more by itself for another fix of the same project.
pub async fn redeployed_for_another(db: &Db, fix: &deployment::Model) -> Result<bool, DbError> {
    let Some(commit) = &fix.commit_sha else { return Ok(false) };
    // Whoever else watches the project may hold that fix.
    let project = subscription::Entity::find_by_id(&fix.subscription_id)
        .select_only()
        .column(subscription::Column::PlatformProjectId)
        .into_query();
    let watching = subscription::Entity::find()
        .select_only()
        .column(subscription::Column::Id)
        .filter(subscription::Column::PlatformProjectId.in_subquery(project))
        .into_query();
    let other = deployment::Entity::find()
        .select_only()
        .column(deployment::Column::Id)
        .filter(deployment::Column::SubscriptionId.in_subquery(watching))
        // Two platforms may give projects the same id.
        .filter(deployment::Column::Provider.eq(&fix.provider))
        .filter(deployment::Column::CommitSha.eq(commit))
        .filter(deployment::Column::RedeployedAt.is_not_null())
        .filter(deployment::Column::Id.ne(&fix.id))
        .into_tuple::<String>()
        .one(&db.orm)
        .await?;
    Ok(other.is_some())
}

/// Branches and commits of the pull requests in these repositories that are open, or were merged after `since`.
pub async fn built_heads(
    db: &Db,
    repositories: &BTreeSet<String>,
    since: Timestamp,
) -> Result<HashSet<String>, DbError> {
    let repositories: Vec<&String> = repositories.iter().collect();
    let rows: Vec<(Option<String>, Option<String>, Option<String>)> = deployment::Entity::find()
        .select_only()
        .column(deployment::Column::FixBranchName)
        .column(deployment::Column::PushedSha)
        .column(deployment::Column::MergeSha)
        .filter(among(db, deployment::Column::Repository, &repositories))
        .filter(is_built(since))
        .into_tuple()
        .all(&db.orm)
        .await?;
    Ok(rows.into_iter().flat_map(|(branch, pushed, merged)| [branch, pushed, merged]).flatten().collect())
}

/// The fix of that repository whose open pull request has this commit as its head.
pub async fn by_pushed_commit(
    db: &Db,
    repository: &str,
    commit: &str,
) -> Result<Option<deployment::Model>, DbError> {
    Ok(deployment::Entity::find()
        .filter(deployment::Column::Repository.eq(repository))
        .filter(deployment::Column::PushedSha.eq(commit))
        .filter(deployment::Column::FixStatus.eq(FixStatus::PrCreated.as_str()))
        .one(&db.orm)
        .await?)
}

/// The fix of that repository whose merged pull request has made this commit.
pub async fn by_merge_commit(
    db: &Db,
    repository: &str,
    commit: &str,
) -> Result<Option<deployment::Model>, DbError> {
    Ok(deployment::Entity::find()
        .filter(deployment::Column::Repository.eq(repository))
        .filter(deployment::Column::MergeSha.eq(commit))
        .one(&db.orm)
        .await?)
}

/// The fix whose branch is `branch` in `repository`, for deployments of our own fix branches.
pub async fn by_fix_branch(
    db: &Db,
    repository: &str,
    branch: &str,
) -> Result<Option<deployment::Model>, DbError> {
    Ok(deployment::Entity::find()
        .filter(deployment::Column::Repository.eq(repository))
        .filter(deployment::Column::FixBranchName.eq(branch))
        .one(&db.orm)
        .await?)
}
