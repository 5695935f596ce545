//! Connecting and disconnecting, and what a connection reaches.

use crate::{
    model::{Connection, ErrorCode, Provider, Timestamp},
    server::{
        auth::CurrentUser,
        db,
        http::error::{ApiFailure, ApiJson, ApiPath},
        integrations::{PlatformContext, connection_manager},
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
    token: String,
}

impl TokenInput {
    fn into_secret(self) -> SecretString {
        SecretString::from(self.token.trim())
    }
}

pub async fn connect(
    user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath(provider): ApiPath<Provider>,
    ApiJson(input): ApiJson<TokenInput>,
) -> Result<Json<Value>, ApiFailure> {
    let connection = connection_manager::connect(&ctx, &user.id, provider, input.into_secret()).await?;
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

/// Looks at the text only.
pub async fn validate(
    _user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath(provider): ApiPath<Provider>,
    ApiJson(input): ApiJson<TokenInput>,
) -> Result<Json<Value>, ApiFailure> {
    let client = connection_manager::client(&ctx, provider)?;
    Ok(Json(match client.check_token_format(input.into_secret().expose_secret()) {
        Ok(()) => json!({"valid": true}),
        Err(error) => json!({"valid": false, "error": error.to_string()}),
    }))
}

/// Asks the platform. A token that it refuses is an answer, not an error.
pub async fn test(
    _user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath(provider): ApiPath<Provider>,
    ApiJson(input): ApiJson<TokenInput>,
) -> Result<Json<Value>, ApiFailure> {
    match connection_manager::test_token(&ctx, provider, &input.into_secret()).await {
        Ok(owner) => Ok(Json(json!({"valid": true, "username": owner.username}))),
        Err(error) => {
            let failure = ApiFailure::from(error);
            match failure.0.code {
                ErrorCode::TokenRefused | ErrorCode::Invalid => {
                    Ok(Json(json!({"valid": false, "error": failure.0.message})))
                }
                _ => Err(failure),
            }
        }
    }
}

/// A project that the token reaches.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectView {
    id: String,
    name: String,
    team_id: Option<String>,
    /// `owner/name` on GitHub; without it the project cannot be watched.
    repository: Option<String>,
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
        repository: project.link.github_full_name().map(str::to_owned),
        id: project.id,
        name: project.name,
        team_id: project.team_id,
        framework: project.framework,
    };
    Ok(Json(projects.into_iter().map(view).collect()))
}
