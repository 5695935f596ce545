//! Server functions: each checks the user, calls one function of the server, and maps the error.
//!
//! The addresses are spelled out, so that a browser module and a server of different builds still understand
//! each other.

mod error;
mod json;

use crate::model::{ApiError, DeploymentDetail, DeploymentsPage, IntegrationsPage, ListQuery, Visitor};
use json::Json;
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use {crate::server::views, error::answer};

/// Who is looking, and whether the owner's account has to be made first. Never fails for want of a session.
#[server(prefix = "/api/pages", endpoint = "visitor", input = Json, output = Json)]
pub async fn current_user() -> Result<Visitor, ApiError> {
    answer(views::visitor().await)
}

/// Everything on `/deployments`, or on a repository's page where the query names it.
#[server(prefix = "/api/pages", endpoint = "deployments", input = Json, output = Json)]
pub async fn list_deployments(
    /// What the list is asked for.
    query: ListQuery,
) -> Result<DeploymentsPage, ApiError> {
    answer(
        async {
            let (state, user) = views::signed_in().await?;
            views::deployments(&state, &user, &query).await
        }
        .await,
    )
}

/// Everything on `/deployments/{id}` but the log. `id` is ours, or `{provider}:{platform's id}`.
#[server(prefix = "/api/pages", endpoint = "deployment", input = Json, output = Json)]
pub async fn get_deployment(
    /// Ours, or `{provider}:{platform's id}`.
    id: String,
) -> Result<DeploymentDetail, ApiError> {
    answer(
        async {
            let (state, user) = views::signed_in().await?;
            views::deployment(&state, &user, &id).await
        }
        .await,
    )
}

/// The redacted build log; `None` while there is none.
#[server(prefix = "/api/pages", endpoint = "log", input = Json, output = Json)]
pub async fn get_log(
    /// As for the deployment.
    id: String,
) -> Result<Option<String>, ApiError> {
    answer(
        async {
            let (state, user) = views::signed_in().await?;
            views::log(&state, &user, &id).await
        }
        .await,
    )
}

/// Everything on `/integrations`.
#[server(prefix = "/api/pages", endpoint = "integrations", input = Json, output = Json)]
pub async fn list_integrations() -> Result<IntegrationsPage, ApiError> {
    answer(
        async {
            let (state, user) = views::signed_in().await?;
            views::integrations(&state, &user).await
        }
        .await,
    )
}
