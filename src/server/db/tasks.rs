//! Runs of the agent.

use super::{
    Db, DbError,
    entity::{deployment, subscription, task},
};
use crate::{
    model::{AgentStep, Attempt, Timestamp},
    server::clock::new_id,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, ExprTrait as _},
};

/// Notes the start of a run. Returns our id of it.
pub async fn start(
    db: &Db,
    fix_id: &str,
    attempt: i32,
    model: &str,
    now: Timestamp,
) -> Result<String, DbError> {
    let id = new_id();
    let row = task::ActiveModel {
        id: Set(id.clone()),
        deployment_id: Set(fix_id.to_owned()),
        attempt: Set(attempt),
        model: Set(model.to_owned()),
        started_at: Set(now),
        ..Default::default()
    };
    task::Entity::insert(row).exec_without_returning(&db.orm).await?;
    Ok(id)
}

/// Notes how a run ended, with its transcript.
pub async fn finish(
    db: &Db,
    task_id: &str,
    attempt: &Attempt,
    steps: &[AgentStep],
    exit_code: Option<i32>,
    now: Timestamp,
) -> Result<(), DbError> {
    let row = task::ActiveModel {
        transcript: Set(Some(serde_json::to_string(steps)?)),
        input_tokens: Set(attempt.input_tokens),
        output_tokens: Set(attempt.output_tokens),
        cost_usd: Set(attempt.cost_usd),
        outcome: Set(Some(attempt.outcome.clone())),
        exit_code: Set(exit_code),
        seconds: Set(attempt.seconds),
        completed_at: Set(Some(now)),
        ..Default::default()
    };
    task::Entity::update_many().set(row).filter(task::Column::Id.eq(task_id)).exec(&db.orm).await?;
    Ok(())
}

/// The runs of a fix that have ended, oldest first.
pub async fn attempts(db: &Db, fix_id: &str) -> Result<Vec<Attempt>, DbError> {
    let rows = task::Entity::find()
        .filter(task::Column::DeploymentId.eq(fix_id))
        .order_by_asc(task::Column::StartedAt)
        .all(&db.orm)
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(Attempt {
                number: row.attempt,
                model: row.model,
                input_tokens: row.input_tokens,
                output_tokens: row.output_tokens,
                cost_usd: row.cost_usd,
                outcome: row.outcome?,
                seconds: row.seconds,
            })
        })
        .collect())
}

/// What a user's agents have cost since `since`, in US dollars.
pub async fn cost_since(db: &Db, user_id: &str, since: Timestamp) -> Result<f64, DbError> {
    let subscriptions = subscription::Entity::find()
        .select_only()
        .column(subscription::Column::Id)
        .filter(subscription::Column::UserId.eq(user_id))
        .into_query();
    // Asked of each run since then, of which there are few: the user's fixes may be many.
    let fix_of_user = deployment::Entity::find()
        .select_only()
        .column(deployment::Column::Id)
        .filter(
            Expr::col((deployment::Entity, deployment::Column::Id))
                .equals((task::Entity, task::Column::DeploymentId)),
        )
        .filter(deployment::Column::SubscriptionId.in_subquery(subscriptions))
        .into_query();
    let sum: Option<Option<f64>> = task::Entity::find()
        .select_only()
        .column_as(task::Column::CostUsd.sum(), "cost")
        .filter(task::Column::StartedAt.gte(since))
        .filter(Expr::exists(fix_of_user))
        .into_tuple()
        .one(&db.orm)
        .await?;
    Ok(sum.flatten().unwrap_or(0.0))
}
