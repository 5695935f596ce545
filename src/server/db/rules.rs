//! Fix rules.

use super::{
    Db, DbError,
    entity::{fix_rule, subscription},
};
use crate::{
    model::{ErrorType, RULES_AT_MOST, Timestamp},
    server::clock::new_id,
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, ConnectionTrait, DatabaseTransaction, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _,
    sea_query::Expr,
};

/// What a user enters for a rule.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is the column of the same name")]
pub struct RuleInput {
    pub name: String,
    pub error_pattern: String,
    pub error_type: Option<ErrorType>,
    pub skip_fix: bool,
    pub custom_prompt: Option<String>,
    /// `None`: as it is, and 0 for a new rule.
    pub priority: Option<i32>,
    pub enabled: bool,
}

/// Where a new rule stands among the others of its subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Asked before all others.
    First,
    /// Asked after all others.
    Last,
    /// Where its priority says.
    ByPriority,
}

fn filled(input: RuleInput, now: Timestamp) -> fix_rule::ActiveModel {
    fix_rule::ActiveModel {
        name: Set(input.name),
        error_pattern: Set(input.error_pattern),
        error_type: Set(input.error_type.map(|kind| kind.as_str().to_owned())),
        skip_fix: Set(input.skip_fix),
        custom_prompt: Set(input.custom_prompt),
        priority: input.priority.map_or(NotSet, Set),
        enabled: Set(input.enabled),
        updated_at: Set(now),
        ..Default::default()
    }
}

/// Adds a rule to a subscription. `None` when it has [`RULES_AT_MOST`] already: each failure is held against all.
pub async fn create(
    db: &Db,
    subscription_id: &str,
    place: Place,
    input: RuleInput,
    now: Timestamp,
) -> Result<Option<fix_rule::Model>, DbError> {
    let tx = turn(db, subscription_id).await?;
    let mut order = of_subscription(&tx, subscription_id).await?;
    if order.len() >= RULES_AT_MOST {
        return Ok(None);
    }
    let priority = Set(input.priority.unwrap_or_default());
    let row = fix_rule::ActiveModel {
        id: Set(new_id()),
        subscription_id: Set(subscription_id.to_owned()),
        created_at: Set(now),
        ..filled(input, now)
    };
    let row = fix_rule::ActiveModel { priority, ..row };
    let row = fix_rule::Entity::insert(row).exec_with_returning(&tx).await?;
    if place != Place::ByPriority {
        order.insert(if place == Place::First { 0 } else { order.len() }, row.clone());
        number(&tx, &order).await?;
    }
    tx.commit().await?;
    Ok(Some(row))
}

/// Changes the order of a subscription's rules: `change` gets their ids, the first to be asked first, and puts them
/// into another order. Whoever does so at the same time waits for their turn.
pub async fn arrange(
    db: &Db,
    subscription_id: &str,
    change: impl FnOnce(&mut Vec<String>),
) -> Result<(), DbError> {
    let tx = turn(db, subscription_id).await?;
    let mut rules = of_subscription(&tx, subscription_id).await?;
    let mut order: Vec<String> = rules.iter().map(|rule| rule.id.clone()).collect();
    change(&mut order);
    rules.sort_by_key(|rule| order.iter().position(|id| *id == rule.id).unwrap_or(usize::MAX));
    number(&tx, &rules).await?;
    Ok(tx.commit().await?)
}

/// A transaction that has the rules of a subscription to itself.
async fn turn(db: &Db, subscription_id: &str) -> Result<DatabaseTransaction, DbError> {
    let tx = db.write().await?;
    // SQLite lets one write at a time anyway.
    subscription::Entity::find_by_id(subscription_id).lock_exclusive().one(&tx).await?;
    Ok(tx)
}

/// Gives rules their place in this order as their priority.
async fn number(tx: &DatabaseTransaction, rules: &[fix_rule::Model]) -> Result<(), DbError> {
    for (priority, rule) in (0_i32..).zip(rules).filter(|(priority, rule)| rule.priority != *priority) {
        fix_rule::Entity::update_many()
            .col_expr(fix_rule::Column::Priority, Expr::value(priority))
            .filter(fix_rule::Column::Id.eq(&rule.id))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Switches a rule on or off.
pub async fn switch(db: &Db, id: &str, enabled: bool, now: Timestamp) -> Result<(), DbError> {
    fix_rule::Entity::update_many()
        .col_expr(fix_rule::Column::Enabled, Expr::value(enabled))
        .col_expr(fix_rule::Column::UpdatedAt, Expr::value(now))
        .filter(fix_rule::Column::Id.eq(id))
        .exec(&db.orm)
        .await?;
    Ok(())
}

/// Changes a rule.
pub async fn update(db: &Db, id: &str, input: RuleInput, now: Timestamp) -> Result<(), DbError> {
    fix_rule::Entity::update_many()
        .set(filled(input, now))
        .filter(fix_rule::Column::Id.eq(id))
        .exec(&db.orm)
        .await?;
    Ok(())
}

/// The rule with that id.
pub async fn find(db: &Db, id: &str) -> Result<Option<fix_rule::Model>, DbError> {
    Ok(fix_rule::Entity::find_by_id(id).one(&db.orm).await?)
}

/// A subscription's rules, the first to be tried first.
pub async fn list(db: &Db, subscription_id: &str) -> Result<Vec<fix_rule::Model>, DbError> {
    of_subscription(&db.orm, subscription_id).await
}

/// The rules of all subscriptions of a user, each subscription's in the same order.
pub async fn of_user(db: &Db, user_id: &str) -> Result<Vec<fix_rule::Model>, DbError> {
    let subscriptions = subscription::Entity::find()
        .select_only()
        .column(subscription::Column::Id)
        .filter(subscription::Column::UserId.eq(user_id))
        .into_query();
    Ok(fix_rule::Entity::find()
        .filter(fix_rule::Column::SubscriptionId.in_subquery(subscriptions))
        .order_by_asc(fix_rule::Column::Priority)
        .order_by_asc(fix_rule::Column::CreatedAt)
        .order_by_asc(fix_rule::Column::Id)
        .all(&db.orm)
        .await?)
}

async fn of_subscription(
    orm: &impl ConnectionTrait,
    subscription_id: &str,
) -> Result<Vec<fix_rule::Model>, DbError> {
    Ok(fix_rule::Entity::find()
        .filter(fix_rule::Column::SubscriptionId.eq(subscription_id))
        .order_by_asc(fix_rule::Column::Priority)
        .order_by_asc(fix_rule::Column::CreatedAt)
        .order_by_asc(fix_rule::Column::Id)
        .all(orm)
        .await?)
}

/// The same without those that are switched off.
pub async fn enabled(db: &Db, subscription_id: &str) -> Result<Vec<fix_rule::Model>, DbError> {
    let mut rules = list(db, subscription_id).await?;
    rules.retain(|rule| rule.enabled);
    Ok(rules)
}

/// Deletes a rule.
pub async fn remove(db: &Db, id: &str) -> Result<(), DbError> {
    fix_rule::Entity::delete_by_id(id).exec(&db.orm).await?;
    Ok(())
}
