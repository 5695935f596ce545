//! Fixes: the `deployments` table. A row is admitted once, held by a lease, and changed by compare-and-set on
//! `version`; its events are written in the transaction that changes it.

mod change;
pub mod counts;
pub mod list;
mod read;
mod visible;

pub use change::FixChange;
pub use list::{Window, summaries};
pub use read::{
    by_fix_branch, detail, find, find_for_user, known, open_pull_requests, open_pull_requests_of, open_twin,
    started_by_themselves, summary, unfinished_without_lease,
};
pub use visible::{Visible, visible};

use super::{
    Db, DbError, deliveries,
    deliveries::NewDelivery,
    entity::{deployment, fix_event},
};
use crate::{
    model::{EventKind, FixEvent, FixStatus, Provider, Stage, Timestamp},
    server::clock::new_id,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    sea_query::{Expr, ExprTrait as _, OnConflict},
};

/// A failure to be stored.
#[derive(Clone, Debug)]
pub struct NewFix {
    /// Our id.
    pub id: String,
    /// The subscription through which it came.
    pub subscription_id: String,
    /// The platform.
    pub provider: Provider,
    /// The platform's id of the deployment.
    pub platform_deployment_id: String,
    /// The delivery that told us, when it was one.
    pub webhook_delivery_id: Option<String>,
    /// The project's name.
    pub project_name: String,
    /// `owner/name`.
    pub repository: String,
    /// The branch that failed, when it is known yet.
    pub branch: Option<String>,
    /// The commit that failed, when it is known yet.
    pub commit_sha: Option<String>,
    /// When the platform made the deployment.
    pub deployment_created_at: Option<Timestamp>,
    /// `Pending`, or `Skipped` with its reason.
    pub status: FixStatus,
    /// Stable code, with `Skipped`.
    pub reason_code: Option<String>,
    /// The sentence that goes with it.
    pub reason: Option<String>,
    /// A person asked for it.
    pub started_by_hand: bool,
}

/// Whether a failure was new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// Stored now.
    New {
        /// Our id.
        fix_id: String,
    },
    /// Stored before, by this delivery or another.
    Duplicate {
        /// Our id; `None` when it has been deleted since.
        fix_id: Option<String>,
    },
}

/// Stores a failure exactly once, with its first event and the decision on the delivery, in one transaction.
pub async fn admit(
    db: &Db,
    fix: NewFix,
    delivery: Option<NewDelivery>,
    now: Timestamp,
) -> Result<Admitted, DbError> {
    let tx = db.write().await?;
    let row = deployment::ActiveModel {
        id: Set(fix.id.clone()),
        subscription_id: Set(fix.subscription_id),
        provider: Set(fix.provider.as_str().to_owned()),
        platform_deployment_id: Set(fix.platform_deployment_id.clone()),
        webhook_delivery_id: Set(fix.webhook_delivery_id.clone()),
        project_name: Set(fix.project_name),
        repository: Set(fix.repository),
        branch: Set(fix.branch),
        commit_sha: Set(fix.commit_sha),
        deployment_created_at: Set(fix.deployment_created_at),
        fix_status: Set(fix.status.as_str().to_owned()),
        reason_code: Set(fix.reason_code.clone()),
        reason: Set(fix.reason.clone()),
        started_by_hand: Set(fix.started_by_hand),
        last_seq: Set(1),
        created_at: Set(now),
        completed_at: Set((!fix.status.is_unfinished()).then_some(now)),
        ..Default::default()
    };
    // Either unique key may be the one that is taken: the deployment's, or the delivery's.
    let inserted = deployment::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(&tx)
        .await?;
    let admitted = if inserted == 1 {
        let received = EventKind::Status {
            status: fix.status,
            reason_code: fix.reason_code,
            reason: fix.reason,
            stage: Some(Stage::Received),
        };
        insert_event(&tx, &FixEvent { fix_id: fix.id.clone(), seq: 1, at: now, kind: received }).await?;
        Admitted::New { fix_id: fix.id }
    } else {
        let same = Condition::any()
            .add(deployment::Column::PlatformDeploymentId.eq(fix.platform_deployment_id))
            .add_option(fix.webhook_delivery_id.map(|id| deployment::Column::WebhookDeliveryId.eq(id)));
        let existing = deployment::Entity::find().filter(same).one(&tx).await?;
        Admitted::Duplicate { fix_id: existing.map(|row| row.id) }
    };
    if let Some(mut delivery) = delivery {
        match &admitted {
            Admitted::New { fix_id } => delivery.deployment_id = Some(fix_id.clone()),
            Admitted::Duplicate { fix_id } => {
                delivery.deployment_id.clone_from(fix_id);
                delivery.decision = "duplicate".to_owned();
                delivery.reason = None;
            }
        }
        deliveries::record(&tx, delivery, now).await?;
    }
    tx.commit().await?;
    Ok(admitted)
}

/// Takes the lease of an unfinished fix that nobody holds. `None` when it is over, held, or gone.
///
/// Bumps `version`, so that whoever held it before cannot write any more.
pub async fn claim(
    db: &Db,
    fix_id: &str,
    owner: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<deployment::Model>, DbError> {
    let free = Condition::any()
        .add(deployment::Column::LeaseUntil.is_null())
        .add(deployment::Column::LeaseUntil.lt(now));
    let taken = deployment::Entity::update_many()
        .col_expr(deployment::Column::LeaseOwner, Expr::value(owner))
        .col_expr(deployment::Column::LeaseUntil, Expr::value(until))
        .col_expr(deployment::Column::Version, Expr::col(deployment::Column::Version).add(1))
        .filter(deployment::Column::Id.eq(fix_id))
        .filter(deployment::Column::FixStatus.is_in(read::unfinished()))
        .filter(free)
        .exec(&db.orm)
        .await?;
    if taken.rows_affected == 0 {
        return Ok(None);
    }
    let row = find(db, fix_id).await?;
    // Between the two statements the lease is ours, unless it ran out at once.
    Ok(row.filter(|row| row.lease_owner.as_deref() == Some(owner)))
}

/// Holds the lease longer. `false` when it is no longer `owner`'s.
pub async fn renew(db: &Db, fix_id: &str, owner: &str, until: Timestamp) -> Result<bool, DbError> {
    let renewed = deployment::Entity::update_many()
        .col_expr(deployment::Column::LeaseUntil, Expr::value(until))
        .filter(deployment::Column::Id.eq(fix_id))
        .filter(deployment::Column::LeaseOwner.eq(owner))
        .exec(&db.orm)
        .await?;
    Ok(renewed.rows_affected == 1)
}

/// Gives the lease back, if it is still `owner`'s.
pub async fn release(db: &Db, fix_id: &str, owner: &str) -> Result<(), DbError> {
    deployment::Entity::update_many()
        .col_expr(deployment::Column::LeaseOwner, Expr::value(None::<String>))
        .col_expr(deployment::Column::LeaseUntil, Expr::value(None::<Timestamp>))
        .filter(deployment::Column::Id.eq(fix_id))
        .filter(deployment::Column::LeaseOwner.eq(owner))
        .exec(&db.orm)
        .await?;
    Ok(())
}

/// Asks the worker to stop. `version` stays, so that the worker can still write how it ended.
pub async fn request_cancel(db: &Db, fix_id: &str) -> Result<(), DbError> {
    deployment::Entity::update_many()
        .col_expr(deployment::Column::CancelRequested, Expr::value(true))
        .filter(deployment::Column::Id.eq(fix_id))
        .exec(&db.orm)
        .await?;
    Ok(())
}

/// Whether a person asked for the fix to stop.
pub async fn cancel_requested(db: &Db, fix_id: &str) -> Result<bool, DbError> {
    Ok(find(db, fix_id).await?.is_none_or(|row| row.cancel_requested))
}

/// Writes a change and its events in one transaction, if `version` has not moved; `fix` gets the new values.
///
/// Errors: [`DbError::Conflict`] when it has.
pub async fn transition(
    db: &Db,
    fix: &mut deployment::Model,
    change: FixChange,
    events: Vec<EventKind>,
    now: Timestamp,
) -> Result<Vec<FixEvent>, DbError> {
    let mut after = fix.clone();
    change.apply(&mut after)?;
    after.version = fix.version + 1;
    after.last_seq = fix.last_seq + i64::try_from(events.len()).unwrap_or(0);
    let tx = db.write().await?;
    let update = change::differences(fix, &after)
        .filter(deployment::Column::Id.eq(&fix.id))
        .filter(deployment::Column::Version.eq(fix.version));
    if update.exec(&tx).await?.rows_affected == 0 {
        tx.rollback().await?;
        return Err(DbError::Conflict);
    }
    let mut written = Vec::with_capacity(events.len());
    for (seq, kind) in (fix.last_seq + 1..).zip(events) {
        let event = FixEvent { fix_id: fix.id.clone(), seq, at: now, kind };
        insert_event(&tx, &event).await?;
        written.push(event);
    }
    tx.commit().await?;
    *fix = after;
    Ok(written)
}

async fn insert_event(tx: &impl ConnectionTrait, event: &FixEvent) -> Result<(), DbError> {
    let row = fix_event::ActiveModel {
        id: Set(new_id()),
        deployment_id: Set(event.fix_id.clone()),
        seq: Set(event.seq),
        kind: Set(serde_json::to_string(&event.kind)?),
        created_at: Set(event.at),
    };
    fix_event::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}
