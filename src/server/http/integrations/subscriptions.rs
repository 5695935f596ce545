//! Watched projects and their settings.

use crate::{
    model::{ApiError, Delivery, ErrorCode, Provider, RepositoryKind, Timestamp},
    server::{
        audit,
        auth::CurrentUser,
        db::{self, entity::subscription, subscriptions::Settings},
        http::{
            error::{ApiFailure, ApiJson, ApiPath, ErrorBody},
            integrations::Done,
        },
        integrations::{PlatformContext, connection_manager},
    },
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Attempts per fix.
const MAX_ATTEMPTS: i32 = 10;
const MAX_PREFIX: usize = 60;

/// A watched project. Its webhook's secret stays here.
#[derive(Serialize, ToSchema)]
#[schema(as = Subscription)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionView {
    id: String,
    project_id: String,
    project_name: String,
    /// Where its code lives. Only `github` gets pull requests.
    repository_kind: RepositoryKind,
    /// `owner/name`, with the host where that is not the usual one.
    repository: Option<String>,
    root_directory: Option<String>,
    auto_fix_enabled: bool,
    fix_branch_prefix: String,
    max_fix_attempts: i32,
    notify_on_fix: bool,
    /// Where nothing is wrong with the code, its commit is built again by itself: once.
    redeploy_flaky: bool,
    delivery: Delivery,
    created_at: Timestamp,
}

impl From<subscription::Model> for SubscriptionView {
    fn from(row: subscription::Model) -> Self {
        Self {
            repository_kind: db::subscriptions::repository_kind(&row),
            repository: db::subscriptions::repository_name(&row),
            root_directory: row.root_directory,
            id: row.id,
            project_id: row.platform_project_id,
            project_name: row.platform_project_name,
            auto_fix_enabled: row.auto_fix_enabled,
            fix_branch_prefix: row.fix_branch_prefix,
            max_fix_attempts: row.max_fix_attempts,
            notify_on_fix: row.notify_on_fix,
            redeploy_flaky: row.redeploy_flaky,
            delivery: if row.webhook_id.is_some() { Delivery::Webhook } else { Delivery::Polling },
            created_at: row.created_at,
        }
    }
}

/// What can be set; what is not given stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[schema(as = SubscriptionSettings)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SettingsInput {
    pub(crate) auto_fix_enabled: Option<bool>,
    /// What the names of fix branches begin with.
    pub(crate) fix_branch_prefix: Option<String>,
    #[schema(minimum = 1, maximum = 10)]
    pub(crate) max_fix_attempts: Option<i32>,
    pub(crate) notify_on_fix: Option<bool>,
    /// Where nothing is wrong with the code, its commit is built again by itself: once.
    pub(crate) redeploy_flaky: Option<bool>,
}

impl SettingsInput {
    /// What is set, for the audit log.
    fn trace(&self) {
        let texts = [
            ("auto_fix", self.auto_fix_enabled.map(|on| on.to_string())),
            ("branch_prefix", self.fix_branch_prefix.clone()),
            ("attempts", self.max_fix_attempts.map(|attempts| attempts.to_string())),
            ("notify", self.notify_on_fix.map(|on| on.to_string())),
            ("redeploy_flaky", self.redeploy_flaky.map(|on| on.to_string())),
        ];
        for (name, value) in texts {
            if let Some(value) = value {
                audit::add(name, value);
            }
        }
    }

    /// The settings, if each of them may be so.
    pub(crate) fn checked(self) -> Result<Settings, ApiError> {
        if let Some(attempts) = self.max_fix_attempts
            && !(1..=MAX_ATTEMPTS).contains(&attempts)
        {
            return Err(invalid(format!("maxFixAttempts must be from 1 to {MAX_ATTEMPTS}.")));
        }
        if let Some(prefix) = &self.fix_branch_prefix
            && !is_branch_prefix(prefix)
        {
            return Err(invalid(
                "fixBranchPrefix must be the beginning of a branch name: letters, digits, dots, dashes, slashes.",
            ));
        }
        self.trace();
        Ok(Settings {
            auto_fix_enabled: self.auto_fix_enabled,
            fix_branch_prefix: self.fix_branch_prefix,
            max_fix_attempts: self.max_fix_attempts,
            notify_on_fix: self.notify_on_fix,
            redeploy_flaky: self.redeploy_flaky,
        })
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::Invalid, message)
}

/// What Git takes before an id, and cannot be taken for an option.
fn is_branch_prefix(prefix: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    let whole_part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    prefix.len() <= MAX_PREFIX
        && prefix.starts_with(|first: char| first.is_ascii_alphanumeric())
        && prefix.bytes().all(letters)
        && !prefix.contains("..")
        && !prefix.contains("/.")
        && prefix.strip_suffix('/').unwrap_or(prefix).split('/').all(whole_part)
}

/// `{"projectId":"prj_…"}` with any of the settings.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewSubscription)]
#[serde(rename_all = "camelCase")]
pub struct NewInput {
    project_id: String,
    #[serde(flatten)]
    #[schema(inline)]
    settings: SettingsFields,
}

/// [`SettingsInput`] beside other fields: `flatten` and unknown fields exclude each other.
#[derive(Deserialize, Default, ToSchema)]
#[serde(rename_all = "camelCase", default)]
struct SettingsFields {
    auto_fix_enabled: Option<bool>,
    fix_branch_prefix: Option<String>,
    #[schema(minimum = 1, maximum = 10)]
    max_fix_attempts: Option<i32>,
    notify_on_fix: Option<bool>,
    /// Where nothing is wrong with the code, its commit is built again by itself: once.
    redeploy_flaky: Option<bool>,
}

impl From<SettingsFields> for SettingsInput {
    fn from(fields: SettingsFields) -> Self {
        Self {
            auto_fix_enabled: fields.auto_fix_enabled,
            fix_branch_prefix: fields.fix_branch_prefix,
            max_fix_attempts: fields.max_fix_attempts,
            notify_on_fix: fields.notify_on_fix,
            redeploy_flaky: fields.redeploy_flaky,
        }
    }
}

/// The user's subscription at that platform.
pub(in crate::server::http) async fn find(
    ctx: &PlatformContext,
    user: &CurrentUser,
    provider: Provider,
    id: &str,
) -> Result<subscription::Model, ApiFailure> {
    let row = connection_manager::of_user(ctx, &user.id, provider).await?;
    let found = db::subscriptions::find_for_user(&ctx.db, &user.id, id).await?;
    Ok(found.filter(|found| found.integration_id == row.id).ok_or_else(ApiError::not_found)?)
}

/// The watched projects.
#[utoipa::path(
    get,
    path = "/api/integrations/{provider}/subscriptions",
    operation_id = "listSubscriptions",
    tag = "Subscriptions",
    params(("provider" = Provider, Path)),
    responses(
        (status = 200, body = Vec<SubscriptionView>),
    ),
)]
pub async fn list(
    user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath(provider): ApiPath<Provider>,
) -> Result<Json<Vec<SubscriptionView>>, ApiFailure> {
    let row = connection_manager::of_user(&ctx, &user.id, provider).await?;
    let rows = db::subscriptions::of_integration(&ctx.db, &row.id).await?;
    Ok(Json(rows.into_iter().map(SubscriptionView::from).collect()))
}

/// Watches a project.
#[utoipa::path(
    post,
    path = "/api/integrations/{provider}/subscriptions",
    operation_id = "createSubscription",
    tag = "Subscriptions",
    params(("provider" = Provider, Path)),
    request_body = NewInput,
    responses(
        (status = 201, body = SubscriptionView),
        (status = 502, body = ErrorBody, description = "The platform did not answer as documented"),
    ),
)]
pub async fn create(
    user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath(provider): ApiPath<Provider>,
    ApiJson(input): ApiJson<NewInput>,
) -> Result<(StatusCode, Json<SubscriptionView>), ApiFailure> {
    let settings = SettingsInput::from(input.settings).checked()?;
    let row = connection_manager::of_user(&ctx, &user.id, provider).await?;
    audit::add("project", input.project_id.clone());
    let watched = connection_manager::subscribe(&ctx, &row, &input.project_id, settings).await?;
    Ok((StatusCode::CREATED, Json(watched.into())))
}

/// Changes all projects of the connection at once.
#[utoipa::path(
    patch,
    path = "/api/integrations/{provider}/subscriptions",
    operation_id = "updateSubscriptions",
    tag = "Subscriptions",
    params(("provider" = Provider, Path)),
    request_body = SettingsInput,
    responses(
        (status = 200, body = Vec<SubscriptionView>),
    ),
)]
pub async fn change_all(
    user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath(provider): ApiPath<Provider>,
    ApiJson(input): ApiJson<SettingsInput>,
) -> Result<Json<Vec<SubscriptionView>>, ApiFailure> {
    let settings = input.checked()?;
    let row = connection_manager::of_user(&ctx, &user.id, provider).await?;
    for watched in db::subscriptions::of_integration(&ctx.db, &row.id).await? {
        let now = ctx.clock.now();
        let change = db::subscriptions::update(&ctx.db, &watched.id, settings.clone(), now);
        change.await?;
    }
    list(user, State(ctx), ApiPath(provider)).await
}

/// Changes the settings of a watched project.
#[utoipa::path(
    patch,
    path = "/api/integrations/{provider}/subscriptions/{id}",
    operation_id = "updateSubscription",
    tag = "Subscriptions",
    params(("provider" = Provider, Path), ("id" = String, Path, description = "Our id of the subscription")),
    request_body = SettingsInput,
    responses(
        (status = 200, body = SubscriptionView),
    ),
)]
pub async fn change(
    user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath((provider, id)): ApiPath<(Provider, String)>,
    ApiJson(input): ApiJson<SettingsInput>,
) -> Result<Json<SubscriptionView>, ApiFailure> {
    let watched = find(&ctx, &user, provider, &id).await?;
    let change = db::subscriptions::update(&ctx.db, &watched.id, input.checked()?, ctx.clock.now());
    change.await?;
    Ok(Json(find(&ctx, &user, provider, &id).await?.into()))
}

/// Watches the project no longer.
#[utoipa::path(
    delete,
    path = "/api/integrations/{provider}/subscriptions/{id}",
    operation_id = "deleteSubscription",
    tag = "Subscriptions",
    params(("provider" = Provider, Path), ("id" = String, Path, description = "Our id of the subscription")),
    responses(
        (status = 200, body = Done),
        (status = 502, body = ErrorBody, description = "The platform did not answer as documented"),
    ),
)]
pub async fn remove(
    user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath((provider, id)): ApiPath<(Provider, String)>,
) -> Result<Json<Done>, ApiFailure> {
    let watched = find(&ctx, &user, provider, &id).await?;
    connection_manager::unsubscribe(&ctx, &watched).await?;
    Ok(Json(Done::YES))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("fix/deployment-", true)]
    #[case("fix/", true)]
    #[case("bot", true)]
    #[case("a/b.c/d_e-", true)]
    #[case("", false)]
    #[case("/", false)]
    #[case("-x", false)]
    #[case("/fix", false)]
    #[case("fix//x", false)]
    #[case("fix..x", false)]
    #[case("fix/.x", false)]
    #[case("fix.lock/x", false)]
    #[case("fix x", false)]
    #[case("fix~", false)]
    #[case("refs/heads/é", false)]
    fn prefixes(#[case] prefix: &str, #[case] expected: bool) {
        assert_eq!(is_branch_prefix(prefix), expected);
    }
}
