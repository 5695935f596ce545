//! Connecting and disconnecting, and what a connection reaches.

use crate::{
    model::{
        ApiError, BuildsOn, ConnectInput, Connection, ErrorCode, Provider, RepositoryKind, Secret, Synced,
        Timestamp, TokenCheck, TokenOwner, TokenReport, TokenScope,
    },
    server::{
        auth::CurrentUser,
        db,
        http::{
            error::{ApiFailure, ApiJson, ApiPath, ErrorBody},
            integrations::Done,
        },
        integrations::{
            PlatformContext,
            connection_manager::{self, ConnectRequest, ConnectionError},
        },
    },
};
use axum::{Json, extract::State};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

/// `{"token":"…"}`
#[derive(Deserialize, ToSchema)]
pub struct TokenInput {
    #[schema(value_type = String, format = Password)]
    token: SecretString,
}

impl TokenInput {
    fn trimmed(&self) -> SecretString {
        SecretString::from(self.token.expose_secret().trim())
    }
}

/// `{"token":"…"}` with what may go with it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewConnection {
    #[schema(value_type = String, format = Password)]
    token: Secret,
    /// Your own note about the token.
    #[serde(default)]
    note: String,
    /// The day on which the token expires, `YYYY-MM-DD`; may be empty.
    #[serde(default)]
    expires_on: String,
    /// Only this team's projects.
    team_id: Option<String>,
    /// Fixes of its projects start by themselves.
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

/// Connects a platform with a token, watches its projects, and registers webhooks.
#[utoipa::path(
    post,
    path = "/api/integrations/{provider}/connect",
    operation_id = "connect",
    tag = "Connections",
    params(("provider" = Provider, Path)),
    request_body = NewConnection,
    responses(
        (status = 200, body = Connected),
        (status = 502, body = ErrorBody, description = "The platform did not answer as documented"),
    ),
)]
pub async fn connect(
    user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath(provider): ApiPath<Provider>,
    ApiJson(input): ApiJson<NewConnection>,
) -> Result<Json<Connected>, ApiFailure> {
    let request = ConnectRequest::read(input.at(provider), &ctx.clock)?;
    let connection = connection_manager::connect(&ctx, &user.id, provider, request).await?;
    Ok(Json(Connected { success: true, username: connection.username.clone(), connection }))
}

/// A new connection.
#[derive(Serialize, ToSchema)]
pub struct Connected {
    success: bool,
    username: String,
    connection: Connection,
}

/// Whether there is a connection, with everything that pages show of it.
#[derive(Serialize, ToSchema)]
#[schema(as = ConnectionStatus)]
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

/// Whether the platform is connected, and how the connection is.
#[utoipa::path(
    get,
    path = "/api/integrations/{provider}/status",
    operation_id = "connectionStatus",
    tag = "Connections",
    params(("provider" = Provider, Path)),
    responses(
        (status = 200, body = Status),
    ),
)]
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

/// What can be set; what is not given stays.
#[derive(Deserialize, ToSchema)]
#[schema(as = ConnectionSettings)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SettingsInput {
    /// Where the builds of its projects run. Connections to Vercel alone have a choice.
    builds_on: Option<BuildsOn>,
}

/// Changes the connection. Without a public address of this server, builds run on it alone.
#[utoipa::path(
    patch,
    path = "/api/integrations/{provider}",
    operation_id = "updateConnection",
    tag = "Connections",
    params(("provider" = Provider, Path)),
    request_body = SettingsInput,
    responses(
        (status = 200, body = Connection),
        (status = 409, body = ErrorBody, description = "Builds elsewhere could not reach this server"),
    ),
)]
pub async fn change(
    user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath(provider): ApiPath<Provider>,
    ApiJson(input): ApiJson<SettingsInput>,
) -> Result<Json<Connection>, ApiFailure> {
    let connection = match input.builds_on {
        Some(builds_on) => connection_manager::build_on(&ctx, &user.id, provider, builds_on).await?,
        None => {
            let connection = connection_manager::status(&ctx, &user.id, provider).await?;
            connection.ok_or(ConnectionError::NotConnected(provider))?
        }
    };
    Ok(Json(connection))
}

/// Ends the connection: webhooks are removed at the platform, the token is erased.
#[utoipa::path(
    delete,
    path = "/api/integrations/{provider}/disconnect",
    operation_id = "disconnect",
    tag = "Connections",
    params(("provider" = Provider, Path)),
    responses(
        (status = 200, body = Done),
    ),
)]
pub async fn disconnect(
    user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath(provider): ApiPath<Provider>,
) -> Result<Json<Done>, ApiFailure> {
    connection_manager::disconnect(&ctx, &user.id, provider).await?;
    Ok(Json(Done::YES))
}

/// A token that cannot be one, or that the platform refuses.
#[derive(Serialize, ToSchema)]
pub struct RefusedToken {
    /// Always false.
    valid: bool,
    /// Why, and what to do.
    error: String,
}

/// Whose token it is, or why it is nobody's.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Validated {
    Accepted { valid: bool, username: String, user: TokenOwner },
    Refused(RefusedToken),
}

/// What a token may do, or why it is nobody's.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Tested {
    #[serde(rename_all = "camelCase")]
    Accepted {
        /// Connecting it would lead to something.
        valid: bool,
        username: String,
        user: TokenOwner,
        expires_at: Option<Timestamp>,
        checks: Vec<TokenCheck>,
        scopes: Vec<TokenScope>,
        /// The account whose connection it would end.
        replaces: Option<String>,
    },
    Refused(RefusedToken),
}

impl From<TokenReport> for Tested {
    fn from(report: TokenReport) -> Self {
        Self::Accepted {
            valid: report.usable(),
            username: report.owner.username.clone(),
            user: report.owner,
            expires_at: report.expires_at,
            checks: report.checks,
            scopes: report.scopes,
            replaces: report.replaces,
        }
    }
}

/// Whose token it is. A token that cannot be one, or that the platform refuses, is an answer, not an error.
#[utoipa::path(
    post,
    path = "/api/integrations/{provider}/token/validate",
    operation_id = "validateToken",
    tag = "Connections",
    params(("provider" = Provider, Path)),
    request_body = TokenInput,
    responses(
        (status = 200, body = Validated),
        (status = 502, body = ErrorBody, description = "The platform did not answer as documented"),
    ),
)]
pub async fn validate(
    _user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath(provider): ApiPath<Provider>,
    ApiJson(input): ApiJson<TokenInput>,
) -> Result<Json<Validated>, ApiFailure> {
    match connection_manager::test_token(&ctx, provider, &input.trimmed()).await {
        Ok(owner) => {
            let user = TokenOwner::from(owner);
            Ok(Json(Validated::Accepted { valid: true, username: user.username.clone(), user }))
        }
        Err(error) => Ok(Json(Validated::Refused(refused(error)?))),
    }
}

/// The same, with what the token may do and whose projects it reaches.
#[utoipa::path(
    post,
    path = "/api/integrations/{provider}/token/test",
    operation_id = "testToken",
    tag = "Connections",
    params(("provider" = Provider, Path)),
    request_body = TokenInput,
    responses(
        (status = 200, body = Tested),
        (status = 502, body = ErrorBody, description = "The platform did not answer as documented"),
    ),
)]
pub async fn test(
    user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath(provider): ApiPath<Provider>,
    ApiJson(input): ApiJson<TokenInput>,
) -> Result<Json<Tested>, ApiFailure> {
    match connection_manager::examine(&ctx, &user.id, provider, &input.trimmed()).await {
        Ok(report) => Ok(Json(report.into())),
        Err(error) => Ok(Json(Tested::Refused(refused(error)?))),
    }
}

/// A token that cannot be one, or that the platform refuses, is an answer; everything else is an error.
fn refused(error: ConnectionError) -> Result<RefusedToken, ApiFailure> {
    let error = ApiError::from(error);
    match error.code {
        ErrorCode::TokenRefused | ErrorCode::Invalid => {
            Ok(RefusedToken { valid: false, error: error.message })
        }
        _ => Err(ApiFailure(error)),
    }
}

/// A project that the token reaches.
#[derive(Serialize, ToSchema)]
#[schema(as = Project)]
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

/// The projects that the stored token reaches.
#[utoipa::path(
    get,
    path = "/api/integrations/{provider}/projects",
    operation_id = "listProjects",
    tag = "Projects",
    params(("provider" = Provider, Path)),
    responses(
        (status = 200, body = Vec<ProjectView>),
        (status = 422, body = ErrorBody, description = "The platform refuses the stored token"),
        (status = 502, body = ErrorBody, description = "The platform did not answer as documented"),
    ),
)]
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
#[utoipa::path(
    post,
    path = "/api/integrations/{provider}/projects/sync",
    operation_id = "syncProjects",
    tag = "Projects",
    params(("provider" = Provider, Path)),
    responses(
        (status = 200, body = Synced),
        (status = 422, body = ErrorBody, description = "The platform refuses the stored token"),
        (status = 502, body = ErrorBody, description = "The platform did not answer as documented"),
    ),
)]
pub async fn sync(
    user: CurrentUser,
    State(ctx): State<PlatformContext>,
    ApiPath(provider): ApiPath<Provider>,
) -> Result<Json<Synced>, ApiFailure> {
    let row = connection_manager::of_user(&ctx, &user.id, provider).await?;
    Ok(Json(connection_manager::sync(&ctx, &row).await?))
}
