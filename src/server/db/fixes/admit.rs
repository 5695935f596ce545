//! A failure → its row, exactly once, with its first event and the decision on the delivery that told of it.

use super::insert_event;
use crate::{
    model::{EventKind, FixEvent, FixStatus, Provider, Stage, Timestamp},
    server::{
        db::{Batch, Db, DbError, deliveries, deliveries::NewDelivery, entity::deployment, write},
        trace,
    },
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, DatabaseConnection, DatabaseTransaction, EntityTrait as _,
    QueryFilter as _, QuerySelect as _, sea_query::OnConflict,
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

/// What is stored together.
#[derive(Clone, Debug)]
pub struct Admission {
    fix: NewFix,
    delivery: Option<NewDelivery>,
    /// The story that it belongs to. Callers share a transaction, so it cannot be asked for there.
    trace_id: String,
    now: Timestamp,
}

/// Failures that arrive at the same time and share a transaction.
pub type Admissions = Batch<Admission, Result<Admitted, DbError>>;

/// Takes failures together that arrive at the same time.
pub fn admissions(orm: DatabaseConnection) -> Admissions {
    Batch::new(move |arrived| {
        let orm = orm.clone();
        async move {
            match all(&orm, &arrived).await {
                Ok(admitted) => admitted.into_iter().map(Ok).collect(),
                // One that cannot be stored must not keep the others out.
                Err(error) if arrived.len() == 1 => vec![Err(error)],
                // Each alone would wait as long again.
                Err(error) if error.is_busy() => {
                    tracing::warn!(%error, failures = arrived.len(), "Nothing could be stored in time");
                    arrived.iter().map(|_| Err(DbError::Busy)).collect()
                }
                Err(_) => {
                    let mut answers = Vec::with_capacity(arrived.len());
                    for admission in arrived {
                        answers.push(alone(&orm, admission).await);
                    }
                    answers
                }
            }
        }
    })
}

/// Stores a failure exactly once, with its first event and the decision on the delivery, in one transaction.
pub async fn admit(
    db: &Db,
    fix: NewFix,
    delivery: Option<NewDelivery>,
    now: Timestamp,
) -> Result<Admitted, DbError> {
    let trace_id = trace::current().unwrap_or_else(trace::new_id);
    let admission = Admission { fix, delivery, trace_id, now };
    match &db.admissions {
        Some(together) => together.ask(admission).await.unwrap_or(Err(DbError::Interrupted)),
        None => alone(&db.orm, admission).await,
    }
}

async fn alone(orm: &DatabaseConnection, admission: Admission) -> Result<Admitted, DbError> {
    let tx = write(orm).await?;
    let admitted = store(&tx, admission).await?;
    tx.commit().await?;
    Ok(admitted)
}

async fn all(orm: &DatabaseConnection, arrived: &[Admission]) -> Result<Vec<Admitted>, DbError> {
    let tx = write(orm).await?;
    let mut admitted = Vec::with_capacity(arrived.len());
    for admission in arrived {
        admitted.push(store(&tx, admission.clone()).await?);
    }
    tx.commit().await?;
    Ok(admitted)
}

async fn store(tx: &DatabaseTransaction, admission: Admission) -> Result<Admitted, DbError> {
    let Admission { fix, delivery, trace_id, now } = admission;
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
        trace_id: Set(Some(trace_id)),
        created_at: Set(now),
        completed_at: Set((!fix.status.is_unfinished()).then_some(now)),
        ..Default::default()
    };
    // Either unique key may be the one that is taken: the deployment's, or the delivery's.
    let inserted = deployment::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    let admitted = if inserted == 1 {
        let received = EventKind::Status {
            status: fix.status,
            reason_code: fix.reason_code,
            reason: fix.reason,
            stage: Some(Stage::Received),
        };
        insert_event(tx, &FixEvent { fix_id: fix.id.clone(), seq: 1, at: now, kind: received }).await?;
        Admitted::New { fix_id: fix.id }
    } else {
        let same = Condition::any()
            .add(deployment::Column::PlatformDeploymentId.eq(fix.platform_deployment_id))
            .add_option(fix.webhook_delivery_id.map(|id| deployment::Column::WebhookDeliveryId.eq(id)));
        let existing = deployment::Entity::find()
            .select_only()
            .column(deployment::Column::Id)
            .filter(same)
            .into_tuple()
            .one(tx)
            .await?;
        Admitted::Duplicate { fix_id: existing }
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
        deliveries::record(tx, delivery, now).await?;
    }
    Ok(admitted)
}
