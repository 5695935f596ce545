//! Forms of the pages, for browsers with and without scripts: each ends in a redirect back to the page with `?ok=` or
//! `?error=` in the address.

mod account;
mod fixes;
mod notifications;
mod projects;
mod rules;

use crate::{
    model::{ApiError, BuildsOn, ConnectInput, ErrorCode, Provider, Secret},
    server::{
        auth::CurrentUser,
        db, github,
        http::error::{ApiForm, ApiPath},
        integrations::{
            PlatformContext,
            connection_manager::{self, ConnectRequest},
        },
        state::AppState,
        views::Views,
    },
};
use axum::{
    Router,
    extract::{FromRef as _, State},
    response::Redirect,
    routing::post,
};
use secrecy::SecretString;
use serde::Deserialize;

/// Connecting, disconnecting, what is watched, what is done about failures, notifications, and the account.
pub fn router(views: Views) -> Router<AppState> {
    Router::new()
        .route("/integrations/github/connect", post(connect_github))
        .route("/integrations/github/disconnect", post(disconnect_github))
        .route("/integrations/{provider}/connect", post(connect))
        .route("/integrations/{provider}/disconnect", post(disconnect))
        .route("/integrations/{provider}/builds-on", post(build_on))
        .merge(fixes::router(views))
        .merge(projects::router())
        .merge(rules::router())
        .merge(account::router())
        .merge(notifications::router())
}

/// `on=true` or `on=false`.
#[derive(Deserialize)]
struct SwitchForm {
    on: bool,
}

#[derive(Deserialize)]
struct TokenForm {
    token: SecretString,
}

impl TokenForm {
    /// Pasted text often has blanks around it.
    fn token(&self) -> SecretString {
        use secrecy::ExposeSecret as _;
        self.token.expose_secret().trim().into()
    }
}

/// What the page of the wizard sends. Only the token has to be there.
#[derive(Deserialize)]
struct ConnectForm {
    token: Secret,
    #[serde(default)]
    note: String,
    #[serde(default)]
    expires_on: String,
}

impl ConnectForm {
    fn at(self, provider: Provider) -> ConnectInput {
        let Self { token, note, expires_on } = self;
        ConnectInput { provider, token, note, expires_on, team_id: None, auto_fix: true }
    }
}

fn back(outcome: Result<&'static str, ApiError>) -> Redirect {
    match outcome {
        Ok(done) => Redirect::to(&format!("/integrations?ok={done}")),
        Err(error) => Redirect::to(&format!("/integrations?error={}", error.code.as_str())),
    }
}

fn provider(name: &str) -> Result<Provider, ApiError> {
    name.parse().map_err(|_| ApiError::not_found())
}

async fn connect(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiPath(name): ApiPath<String>,
    ApiForm(form): ApiForm<ConnectForm>,
) -> Redirect {
    let ctx = PlatformContext::from_ref(&state);
    let connected = async {
        let provider = provider(&name)?;
        let request = ConnectRequest::read(form.at(provider), &ctx.clock)?;
        connection_manager::connect(&ctx, &user.id, provider, request).await?;
        Ok("connected")
    };
    back(connected.await)
}

async fn disconnect(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiPath(name): ApiPath<String>,
) -> Redirect {
    let disconnected = async {
        connection_manager::disconnect(&PlatformContext::from_ref(&state), &user.id, provider(&name)?)
            .await?;
        Ok("disconnected")
    };
    back(disconnected.await)
}

#[derive(Deserialize)]
struct BuildsForm {
    builds_on: BuildsOn,
}

async fn build_on(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiPath(name): ApiPath<String>,
    ApiForm(form): ApiForm<BuildsForm>,
) -> Redirect {
    let ctx = PlatformContext::from_ref(&state);
    let changed = async {
        connection_manager::build_on(&ctx, &user.id, provider(&name)?, form.builds_on).await?;
        Ok(match form.builds_on {
            BuildsOn::Here => "builds_here",
            BuildsOn::Vercel => "builds_at_vercel",
        })
    };
    back(changed.await)
}

async fn connect_github(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiForm(form): ApiForm<TokenForm>,
) -> Redirect {
    let token = form.token();
    let AppState { db, keys, config, clock, .. } = &state;
    let connected = github::account::connect(db, keys, config, clock, &user.id, &token).await;
    back(connected.map(|_| "github_connected"))
}

async fn disconnect_github(user: CurrentUser, State(state): State<AppState>) -> Redirect {
    let removed = db::accounts::remove_github(&state.db, &user.id).await;
    back(removed.map(|()| "github_disconnected").map_err(|error| {
        tracing::error!(%error, "A GitHub account could not be removed");
        ApiError::new(ErrorCode::Internal, "GitHub could not be disconnected.")
    }))
}
