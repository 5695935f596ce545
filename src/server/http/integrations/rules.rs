//! Fix rules of watched projects.

use super::subscriptions::find as find_subscription;
use crate::{
    model::{ApiError, ErrorCode, ErrorType, Provider, Timestamp},
    server::{
        auth::CurrentUser,
        db::{
            self,
            entity::fix_rule,
            rules::{Place, RuleInput},
        },
        http::{
            error::{ApiFailure, ApiJson, ApiPath, ApiQuery},
            integrations::Done,
        },
        integrations::{PlatformContext, connection_manager},
        rules::{self, InputError},
    },
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A rule.
#[derive(Serialize, ToSchema)]
#[schema(as = Rule)]
#[serde(rename_all = "camelCase")]
pub struct RuleView {
    id: String,
    subscription_id: String,
    name: String,
    error_pattern: String,
    error_type: Option<String>,
    skip_fix: bool,
    custom_prompt: Option<String>,
    priority: i32,
    enabled: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<fix_rule::Model> for RuleView {
    fn from(row: fix_rule::Model) -> Self {
        Self {
            id: row.id,
            subscription_id: row.subscription_id,
            name: row.name,
            error_pattern: row.error_pattern,
            error_type: row.error_type,
            skip_fix: row.skip_fix,
            custom_prompt: row.custom_prompt,
            priority: row.priority,
            enabled: row.enabled,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// What can be set. A field that is not given stays; `null` empties `errorType` and `customPrompt`.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = RuleInput)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ChangeInput {
    /// Only for a new rule.
    subscription_id: Option<String>,
    /// At most 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// A regular expression without look-around and back references, of at most 1,000 characters.
    #[schema(min_length = 1, max_length = 1000)]
    error_pattern: Option<String>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<ErrorType>)]
    error_type: Option<Option<ErrorType>>,
    skip_fix: Option<bool>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 4000)]
    custom_prompt: Option<Option<String>>,
    priority: Option<i32>,
    enabled: Option<bool>,
}

/// Tells `null` from nothing.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl ChangeInput {
    /// The rule after the change, checked.
    fn over(self, before: RuleInput) -> Result<RuleInput, ApiError> {
        Ok(rules::checked(RuleInput {
            name: self.name.unwrap_or(before.name),
            error_pattern: self.error_pattern.unwrap_or(before.error_pattern),
            error_type: self.error_type.unwrap_or(before.error_type),
            skip_fix: self.skip_fix.unwrap_or(before.skip_fix),
            custom_prompt: self.custom_prompt.unwrap_or(before.custom_prompt),
            priority: self.priority,
            enabled: self.enabled.unwrap_or(before.enabled),
        })?)
    }
}

fn empty() -> RuleInput {
    RuleInput {
        name: String::new(),
        error_pattern: String::new(),
        error_type: None,
        skip_fix: false,
        custom_prompt: None,
        priority: None,
        enabled: true,
    }
}

fn stored(row: &fix_rule::Model) -> RuleInput {
    RuleInput {
        name: row.name.clone(),
        error_pattern: row.error_pattern.clone(),
        error_type: row.error_type.as_deref().and_then(ErrorType::parse),
        skip_fix: row.skip_fix,
        custom_prompt: row.custom_prompt.clone(),
        priority: None,
        enabled: row.enabled,
    }
}

/// The user's rule at that platform.
pub(in crate::server::http) async fn find(
    ctx: &PlatformContext,
    user: &CurrentUser,
    provider: Provider,
    id: &str,
) -> Result<fix_rule::Model, ApiFailure> {
    let rule = db::rules::find(&ctx.db, id).await?;
    let rule = rule.ok_or_else(ApiError::not_found)?;
    find_subscription(ctx, user, provider, &rule.subscription_id).await?;
    Ok(rule)
}

/// `?subscriptionId=…`
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct ListQuery {
    /// Only this project's rules.
    subscription_id: Option<String>,
}

/// The rules of one watched project, or of all of them, in the order in which they are asked.
#[utoipa::path(
    get,
    path = "/api/integrations/{provider}/rules",
    operation_id = "listRules",
    tag = "Rules",
    params(("provider" = Provider, Path), ListQuery),
    responses(
        (status = 200, body = Vec<RuleView>),
    ),
)]
pub async fn list(
    user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath(provider): ApiPath<Provider>,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> Result<Json<Vec<RuleView>>, ApiFailure> {
    let watched = match query.subscription_id {
        Some(id) => vec![find_subscription(&ctx, &user, provider, &id).await?],
        None => {
            let row = connection_manager::of_user(&ctx, &user.id, provider).await?;
            db::subscriptions::of_integration(&ctx.db, &row.id).await?
        }
    };
    let mut rules = Vec::new();
    for row in watched {
        let of_row = db::rules::list(&ctx.db, &row.id).await?;
        rules.extend(of_row.into_iter().map(RuleView::from));
    }
    Ok(Json(rules))
}

/// Makes a rule. It needs `subscriptionId`, `name` and `errorPattern`.
#[utoipa::path(
    post,
    path = "/api/integrations/{provider}/rules",
    operation_id = "createRule",
    tag = "Rules",
    params(("provider" = Provider, Path)),
    request_body = ChangeInput,
    responses(
        (status = 201, body = RuleView),
    ),
)]
pub async fn create(
    user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath(provider): ApiPath<Provider>,
    ApiJson(mut input): ApiJson<ChangeInput>,
) -> Result<(StatusCode, Json<RuleView>), ApiFailure> {
    let id = input
        .subscription_id
        .take()
        .ok_or_else(|| ApiError::new(ErrorCode::Invalid, "subscriptionId says whose rule it is."))?;
    let watched = find_subscription(&ctx, &user, provider, &id).await?;
    let rule =
        db::rules::create(&ctx.db, &watched.id, Place::ByPriority, input.over(empty())?, ctx.clock.now());
    let rule = rule.await?.ok_or_else(|| ApiError::from(InputError::TooMany))?;
    Ok((StatusCode::CREATED, Json(rule.into())))
}

/// Changes a rule.
#[utoipa::path(
    patch,
    path = "/api/integrations/{provider}/rules/{id}",
    operation_id = "updateRule",
    tag = "Rules",
    params(("provider" = Provider, Path), ("id" = String, Path, description = "Our id of the rule")),
    request_body = ChangeInput,
    responses(
        (status = 200, body = RuleView),
    ),
)]
pub async fn change(
    user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath((provider, id)): ApiPath<(Provider, String)>,
    ApiJson(input): ApiJson<ChangeInput>,
) -> Result<Json<RuleView>, ApiFailure> {
    let rule = find(&ctx, &user, provider, &id).await?;
    if input.subscription_id.as_ref().is_some_and(|id| *id != rule.subscription_id) {
        return Err(ApiError::new(ErrorCode::Invalid, "A rule stays with its project.").into());
    }
    let change = db::rules::update(&ctx.db, &rule.id, input.over(stored(&rule))?, ctx.clock.now());
    change.await?;
    Ok(Json(find(&ctx, &user, provider, &id).await?.into()))
}

/// Deletes a rule.
#[utoipa::path(
    delete,
    path = "/api/integrations/{provider}/rules/{id}",
    operation_id = "deleteRule",
    tag = "Rules",
    params(("provider" = Provider, Path), ("id" = String, Path, description = "Our id of the rule")),
    responses(
        (status = 200, body = Done),
    ),
)]
pub async fn remove(
    user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath((provider, id)): ApiPath<(Provider, String)>,
) -> Result<Json<Done>, ApiFailure> {
    let rule = find(&ctx, &user, provider, &id).await?;
    db::rules::remove(&ctx.db, &rule.id).await?;
    Ok(Json(Done::YES))
}
