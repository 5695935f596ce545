//! What users were told about fixes. Written in the transaction that changes a fix, together with the message to each
//! user's webhook, so that a crash neither loses nor repeats anything.

use super::{
    Db, DbError, among,
    entity::{deployment, integration, notification, subscription},
    fixes, outgoing,
};
use crate::{
    model::{FixStatus, Notification, NotificationKind, Timestamp},
    server::clock::new_id,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, DatabaseTransaction, EntityTrait as _, FromQueryResult, JoinType, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _, RelationDef, Select,
    sea_query::{Expr, OnConflict},
};

/// Kept for each user; older ones go.
pub const AT_MOST: u64 = 500;
/// Skipped by the brakes, as its user wished, or going on by itself: nobody waits for news of those.
const QUIET: [&str; 6] =
    ["before_subscription", "not_failed", "redeployed", "rule", "same_error_open", "superseded"];

/// Which of a user's notifications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// Every one.
    All,
    /// That one and older ones: what a page has shown.
    UpTo(String),
    /// Those.
    Ids(Vec<String>),
    /// Those about a fix.
    OfFix(String),
}

/// What a change of status is to its subscribers.
fn news(before: &deployment::Model, after: &deployment::Model) -> Option<NotificationKind> {
    if before.fix_status == after.fix_status {
        return None;
    }
    match FixStatus::parse(&after.fix_status)? {
        FixStatus::PrCreated => Some(NotificationKind::PullRequest),
        FixStatus::Merged => Some(NotificationKind::Merged),
        FixStatus::Failed => Some(NotificationKind::Failed),
        FixStatus::Skipped => {
            let quiet = after.reason_code.as_deref().is_some_and(|code| QUIET.contains(&code));
            (after.started_at.is_some() && !quiet).then_some(NotificationKind::Skipped)
        }
        FixStatus::Pending | FixStatus::Analyzing | FixStatus::Fixing | FixStatus::Reviewing => None,
    }
}

/// Tells the subscribers of a fix's project about its change, in the transaction that makes it.
pub(super) async fn tell(
    tx: &DatabaseTransaction,
    before: &deployment::Model,
    after: &deployment::Model,
    now: Timestamp,
) -> Result<(), DbError> {
    let again = before.fix_status != after.fix_status && after.fix_status == FixStatus::Pending.as_str();
    if again {
        // What an earlier run came to is no news any more; what the new one comes to will be.
        let theirs = notification::Entity::delete_many();
        theirs.filter(notification::Column::DeploymentId.eq(&after.id)).exec(tx).await?;
    }
    let Some(kind) = news(before, after) else { return Ok(()) };
    for user_id in subscribers(tx, after).await? {
        if insert(tx, &user_id, &after.id, kind, now).await? {
            // What cannot be told must not keep the fix from changing.
            let Some(fix) = fixes::or_skipped(&after.id, fixes::summary(after)) else { continue };
            outgoing::tell(tx, &user_id, kind, &fix, now).await?;
        }
    }
    Ok(())
}

/// Who watches the project of a fix and wants to hear of it.
async fn subscribers(tx: &DatabaseTransaction, fix: &deployment::Model) -> Result<Vec<String>, DbError> {
    let project = subscription::Entity::find_by_id(&fix.subscription_id)
        .select_only()
        .column(subscription::Column::PlatformProjectId)
        .into_query();
    // Two platforms may give projects the same id.
    let of_provider = integration::Entity::find()
        .select_only()
        .column(integration::Column::Id)
        .filter(integration::Column::Provider.eq(&fix.provider))
        .into_query();
    Ok(subscription::Entity::find()
        .select_only()
        .column(subscription::Column::UserId)
        .distinct()
        .filter(subscription::Column::PlatformProjectId.in_subquery(project))
        .filter(subscription::Column::IntegrationId.in_subquery(of_provider))
        .filter(subscription::Column::NotifyOnFix.eq(true))
        .into_tuple()
        .all(tx)
        .await?)
}

/// `false` when the user was told before.
async fn insert(
    tx: &DatabaseTransaction,
    user_id: &str,
    fix_id: &str,
    kind: NotificationKind,
    now: Timestamp,
) -> Result<bool, DbError> {
    let row = notification::ActiveModel {
        id: Set(new_id()),
        user_id: Set(user_id.to_owned()),
        deployment_id: Set(fix_id.to_owned()),
        kind: Set(kind.as_str().to_owned()),
        created_at: Set(now),
        read_at: Set(None),
    };
    let inserted = notification::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    if inserted == 0 {
        return Ok(false);
    }
    let theirs = notification::Entity::find().filter(notification::Column::UserId.eq(user_id));
    let newest = theirs.select_only().column(notification::Column::Id);
    let oldest_kept: Option<String> = newest
        .order_by_desc(notification::Column::Id)
        .offset(AT_MOST - 1)
        .limit(1)
        .into_tuple()
        .one(tx)
        .await?;
    if let Some(kept) = oldest_kept {
        let older = notification::Entity::delete_many().filter(notification::Column::UserId.eq(user_id));
        older.filter(notification::Column::Id.lt(kept)).exec(tx).await?;
    }
    Ok(true)
}

/// A user's notifications about fixes that they may still read.
fn readable(user_id: &str) -> Select<notification::Entity> {
    let fix: RelationDef = notification::Entity::belongs_to(deployment::Entity)
        .from(notification::Column::DeploymentId)
        .to(deployment::Column::Id)
        .into();
    notification::Entity::find()
        .join(JoinType::InnerJoin, fix)
        .filter(notification::Column::UserId.eq(user_id))
        .filter(deployment::Column::SubscriptionId.in_subquery(fixes::watched_subscriptions(user_id)))
}

/// How many a user has not read.
pub async fn unread(db: &Db, user_id: &str) -> Result<u64, DbError> {
    Ok(readable(user_id).filter(notification::Column::ReadAt.is_null()).count(&db.orm).await?)
}

#[derive(FromQueryResult)]
struct Row {
    id: String,
    deployment_id: String,
    kind: String,
    created_at: Timestamp,
    read_at: Option<Timestamp>,
    provider: String,
    project_name: String,
    branch: Option<String>,
    pr_number: Option<i32>,
    reason: Option<String>,
}

impl Row {
    /// `None` for words of a newer version.
    fn read(self) -> Option<Notification> {
        Some(Notification {
            id: self.id,
            fix_id: self.deployment_id,
            kind: NotificationKind::parse(&self.kind)?,
            provider: self.provider.parse().ok()?,
            project_name: self.project_name,
            branch: self.branch,
            pr_number: self.pr_number,
            reason: self.reason,
            created_at: self.created_at,
            read_at: self.read_at,
        })
    }
}

/// A user's notifications, newest first: those after the one with the id `after`.
pub async fn list(
    db: &Db,
    user_id: &str,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<Notification>, DbError> {
    let theirs = readable(user_id).select_only().columns([
        notification::Column::Id,
        notification::Column::DeploymentId,
        notification::Column::Kind,
        notification::Column::CreatedAt,
        notification::Column::ReadAt,
    ]);
    let with_fix = theirs.columns([
        deployment::Column::Provider,
        deployment::Column::ProjectName,
        deployment::Column::Branch,
        deployment::Column::PrNumber,
        deployment::Column::Reason,
    ]);
    let page = match after {
        Some(after) => with_fix.filter(notification::Column::Id.lt(after)),
        None => with_fix,
    };
    let newest = page.order_by_desc(notification::Column::Id).limit(limit);
    Ok(newest.into_model::<Row>().all(&db.orm).await?.into_iter().filter_map(Row::read).collect())
}

/// Marks a user's notifications as read. What is read already keeps its time.
pub async fn mark_read(db: &Db, user_id: &str, which: Which, now: Timestamp) -> Result<(), DbError> {
    let unread = notification::Entity::update_many()
        .col_expr(notification::Column::ReadAt, Expr::value(now))
        .filter(notification::Column::UserId.eq(user_id))
        .filter(notification::Column::ReadAt.is_null());
    let chosen = match which {
        Which::All => unread,
        Which::UpTo(id) => unread.filter(notification::Column::Id.lte(id)),
        Which::Ids(ids) => unread.filter(among(db, notification::Column::Id, &ids)),
        Which::OfFix(fix_id) => unread.filter(notification::Column::DeploymentId.eq(fix_id)),
    };
    chosen.exec(&db.orm).await?;
    Ok(())
}

/// Whether a user has unread notifications about a fix. Cheaper than marking none: it waits for no writer.
pub async fn has_unread_of(db: &Db, user_id: &str, fix_id: &str) -> Result<bool, DbError> {
    let about = notification::Entity::find()
        .filter(notification::Column::UserId.eq(user_id))
        .filter(notification::Column::DeploymentId.eq(fix_id));
    Ok(about.filter(notification::Column::ReadAt.is_null()).one(&db.orm).await?.is_some())
}
