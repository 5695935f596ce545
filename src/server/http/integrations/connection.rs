//! Connecting and disconnecting, and what a connection reaches.

use crate::{
    model::{
        ApiError, ConnectInput, Connection, ErrorCode, Provider, RepositoryKind, Secret, Synced, Timestamp,
        TokenOwner,
    },
    server::{
        auth::CurrentUser,
        db,
        http::error::{ApiFailure, ApiJson, ApiPath},
        integrations::{
            PlatformContext,
            connection_manager::{self, ConnectRequest, ConnectionError},
        },
    },
};
use axum::{Json, extract::State};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashMap;

/// `{"token":"…"}`
#[derive(Deserialize)]
pub struct TokenInput {
    token: SecretString,
}

impl TokenInput {
    fn trimmed(&self) -> SecretString {
        SecretString::from(self.token.expose_secret().trim())
    }
}

/// `{"token":"…"}` with what may go with it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewConnection {
    token: Secret,
    #[serde(default)]
    note: String,
    #[serde(default)]
    expires_on: String,
    team_id: Option<String>,
    #[serde(default = "on")]
    auto_fix: bool,
}

const fn on() -> bool {
    true
}

impl NewConnection {
    fn at(self, provider: Provider) -> ConnectInput {
        let Self { token, note, expires_on, team_id, auto_fix } = self;
        ConnectInput { provider, token, note, expires_on, team_id, auto_fix }
    }
}

pub async fn connect(
    user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath(provider): ApiPath<Provider>,
    ApiJson(input): ApiJson<NewConnection>,
) -> Result<Json<Value>, ApiFailure> {
    let request = ConnectRequest::read(input.at(provider), &ctx.clock)?;
    let connection = connection_manager::connect(&ctx, &user.id, provider, request).await?;
    Ok(Json(json!({"success": true, "username": connection.username, "connection": connection})))
}

/// The plan's `ConnectionInfo`, with everything that pages show.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    connected: bool,
    provider: Provider,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connected_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<Connection>,
}

pub async fn status(
    user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath(provider): ApiPath<Provider>,
) -> Result<Json<Status>, ApiFailure> {
    connection_manager::client(&ctx, provider)?;
    let connection = connection_manager::status(&ctx, &user.id, provider).await?;
    Ok(Json(Status {
        connected: connection.is_some(),
        provider,
        username: connection.as_ref().map(|connection| connection.username.clone()),
        connected_at: connection.as_ref().map(|connection| connection.created_at),
        connection,
    }))
}

pub async fn disconnect(
    user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath(provider): ApiPath<Provider>,
) -> Result<Json<Value>, ApiFailure> {
    connection_manager::disconnect(&ctx, &user.id, provider).await?;
    Ok(Json(json!({"success": true})))
}

/// Whose token it is. A token that cannot be one, or that the platform refuses, is an answer, not an error.
pub async fn validate(
    _user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath(provider): ApiPath<Provider>,
    ApiJson(input): ApiJson<TokenInput>,
) -> Result<Json<Value>, ApiFailure> {
    let owner = connection_manager::test_token(&ctx, provider, &input.trimmed()).await;
    verdict(owner.map(|owner| {
        let user = TokenOwner::from(owner);
        json!({"valid": true, "username": user.username, "user": user})
    }))
}

/// The same, with what the token may do and whose projects it reaches.
pub async fn test(
    user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath(provider): ApiPath<Provider>,
    ApiJson(input): ApiJson<TokenInput>,
) -> Result<Json<Value>, ApiFailure> {
    let report = connection_manager::examine(&ctx, &user.id, provider, &input.trimmed()).await;
    verdict(report.map(|report| {
        json!({
            "valid": report.usable(), "username": report.owner.username, "user": report.owner,
            "expiresAt": report.expires_at, "checks": report.checks, "scopes": report.scopes,
            "replaces": report.replaces,
        })
    }))
}

fn verdict(answer: Result<Value, ConnectionError>) -> Result<Json<Value>, ApiFailure> {
    let error = match answer {
        Ok(answer) => return Ok(Json(answer)),
        Err(error) => ApiError::from(error),
    };
    match error.code {
        ErrorCode::TokenRefused | ErrorCode::Invalid => {
            Ok(Json(json!({"valid": false, "error": error.message})))
        }
        _ => Err(ApiFailure(error)),
    }
}

/// A project that the token reaches.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectView {
    id: String,
    name: String,
    team_id: Option<String>,
    /// Where its code lives. Only `github` gets pull requests.
    repository_kind: RepositoryKind,
    /// `owner/name`, with the host where that is not the usual one.
    repository: Option<String>,
    root_directory: Option<String>,
    framework: Option<String>,
    subscription_id: Option<String>,
}

pub async fn projects(
    user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath(provider): ApiPath<Provider>,
) -> Result<Json<Vec<ProjectView>>, ApiFailure> {
    let row = connection_manager::of_user(&ctx, &user.id, provider).await?;
    let projects = connection_manager::projects(&ctx, &row).await?;
    let watched = db::subscriptions::of_integration(&ctx.db, &row.id).await?;
    let mut watched: HashMap<String, String> =
        watched.into_iter().map(|row| (row.platform_project_id, row.id)).collect();
    let view = |project: crate::server::integrations::Project| ProjectView {
        subscription_id: watched.remove(&project.id),
        repository_kind: project.link.kind(),
        repository: project.link.name(),
        root_directory: project.root_directory,
        id: project.id,
        name: project.name,
        team_id: project.team_id,
        framework: project.framework,
    };
    Ok(Json(projects.into_iter().map(view).collect()))
}

/// Takes over what has changed at the platform.
pub async fn sync(
    user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath(provider): ApiPath<Provider>,
) -> Result<Json<Synced>, ApiFailure> {
    let row = connection_manager::of_user(&ctx, &user.id, provider).await?;
    Ok(Json(connection_manager::sync(&ctx, &row).await?))
}
