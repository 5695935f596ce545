//! Fix rules.

use super::{Db, DbError, entity::fix_rule};
use crate::{
    model::{ErrorType, Timestamp},
    server::clock::new_id,
};
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};

/// What a user enters for a rule.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is the column of the same name")]
pub struct RuleInput {
    pub name: String,
    pub error_pattern: String,
    pub error_type: Option<ErrorType>,
    pub skip_fix: bool,
    pub custom_prompt: Option<String>,
    pub priority: i32,
    pub enabled: bool,
}

fn filled(input: RuleInput, now: Timestamp) -> fix_rule::ActiveModel {
    fix_rule::ActiveModel {
        name: Set(input.name),
        error_pattern: Set(input.error_pattern),
        error_type: Set(input.error_type.map(|kind| kind.as_str().to_owned())),
        skip_fix: Set(input.skip_fix),
        custom_prompt: Set(input.custom_prompt),
        priority: Set(input.priority),
        enabled: Set(input.enabled),
        updated_at: Set(now),
        ..Default::default()
    }
}

/// Adds a rule to a subscription.
pub async fn create(
    db: &Db,
    subscription_id: &str,
    input: RuleInput,
    now: Timestamp,
) -> Result<fix_rule::Model, DbError> {
    let row = fix_rule::ActiveModel {
        id: Set(new_id()),
        subscription_id: Set(subscription_id.to_owned()),
        created_at: Set(now),
        ..filled(input, now)
    };
    Ok(fix_rule::Entity::insert(row).exec_with_returning(&db.orm).await?)
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
    Ok(fix_rule::Entity::find()
        .filter(fix_rule::Column::SubscriptionId.eq(subscription_id))
        .order_by_asc(fix_rule::Column::Priority)
        .order_by_asc(fix_rule::Column::CreatedAt)
        .order_by_asc(fix_rule::Column::Id)
        .all(&db.orm)
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
