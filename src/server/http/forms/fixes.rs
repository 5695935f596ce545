//! The buttons of the deployment pages, and their log as a file.

use crate::{
    model::{ApiError, Provider, rules_path},
    server::{
        auth::CurrentUser,
        db::entity::fix_rule,
        fix::actions::{self, Skipping},
        http::{
            error::{ApiFailure, ApiForm, ApiPath},
            fixes::{FixRequest, find, start},
        },
        state::AppState,
        views::{self, Views},
    },
};
use axum::{
    Extension, Router,
    extract::State,
    response::Redirect,
    routing::{get, post},
};
use serde::Deserialize;
use url::form_urlencoded;

pub(super) fn router(views: Views) -> Router<AppState> {
    Router::new()
        .route("/deployments/fix", post(fix))
        .route("/deployments/{id}/retry", post(retry))
        .route("/deployments/{id}/cancel", post(cancel))
        .route("/deployments/{id}/redeploy", post(redeploy))
        .route("/deployments/{id}/skip-similar", post(skip_similar))
        .route("/deployments/{id}/diagnosis-wrong", post(dispute))
        .route("/deployments/{id}/diagnosis-wrong/undo", post(take_back))
        .route("/deployments/{id}/log.txt", get(log))
        .layer(Extension(views))
}

/// The button of a deployment that has no fix.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FixForm {
    deployment_id: String,
    provider: Provider,
}

async fn fix(
    user: CurrentUser,
    State(state): State<AppState>,
    Extension(views): Extension<Views>,
    ApiForm(FixForm { deployment_id, provider }): ApiForm<FixForm>,
) -> Redirect {
    let id = format!("{provider}:{deployment_id}");
    match start(&state, &views, &user, FixRequest::Platform { deployment_id, provider }).await {
        Ok(fix) => back(&fix.id, Ok(())),
        Err(error) => back(&id, Err(error)),
    }
}

async fn retry(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<String>,
) -> Result<Redirect, ApiFailure> {
    let fix = find(&state, &user, &id).await?;
    Ok(back(&id, actions::retry(&state.fixes, &state.queue, fix).await))
}

async fn cancel(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<String>,
) -> Result<Redirect, ApiFailure> {
    let fix = find(&state, &user, &id).await?;
    Ok(back(&id, actions::cancel(&state.fixes, fix).await))
}

async fn redeploy(
    user: CurrentUser,
    Extension(views): Extension<Views>,
    ApiPath(id): ApiPath<String>,
) -> Redirect {
    match views::redeploy(&views, &user.id, &id).await {
        Ok(()) => Redirect::to(&format!("/deployments/{}?ok=redeployed", in_path(&id))),
        Err(error) => back(&id, Err(error)),
    }
}

async fn dispute(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<String>,
) -> Result<Redirect, ApiFailure> {
    let fix = find(&state, &user, &id).await?;
    Ok(back(&id, actions::dispute(&state.fixes, &fix, true).await))
}

async fn take_back(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<String>,
) -> Result<Redirect, ApiFailure> {
    let fix = find(&state, &user, &id).await?;
    Ok(back(&id, actions::dispute(&state.fixes, &fix, false).await))
}

/// To the page of the rule, which says what it is about.
async fn skip_similar(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<String>,
) -> Result<Redirect, ApiFailure> {
    let fix = find(&state, &user, &id).await?;
    let provider: Provider = fix.provider.parse().map_err(|_| ApiError::not_found())?;
    let rule = |said, rule: &fix_rule::Model| {
        format!("{}/{}?ok={said}", rules_path(provider, &rule.subscription_id), rule.id)
    };
    Ok(match actions::skip_similar(&state.fixes, &user.id, &fix).await {
        Ok(Skipping::Made(row)) => Redirect::to(&rule("skip_similar", &row)),
        Ok(Skipping::Already(row)) => Redirect::to(&rule("skip_similar_already", &row)),
        Ok(Skipping::Full(own)) => Redirect::to(&format!("{}?error=conflict", rules_path(provider, &own))),
        Err(error) => back(&id, Err(error)),
    })
}

/// The whole log for those who read it elsewhere.
async fn log(
    user: CurrentUser,
    Extension(views): Extension<Views>,
    ApiPath(id): ApiPath<String>,
) -> Result<String, ApiFailure> {
    Ok(views::log_text(&views, &user.id, &id).await?)
}

/// The id of a form may be anything.
fn in_path(id: &str) -> String {
    form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>().replace('+', "%20")
}

/// To the page that the form stands on, with what went wrong in the address.
fn back(id: &str, outcome: Result<(), ApiError>) -> Redirect {
    let id = in_path(id);
    match outcome {
        Ok(()) => Redirect::to(&format!("/deployments/{id}")),
        Err(error) => Redirect::to(&format!("/deployments/{id}?error={}", error.code.as_str())),
    }
}
