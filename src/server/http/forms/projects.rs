//! Forms of a connection's projects: which are watched, what is set for one or for all, and syncing.

use super::{SwitchForm, provider};
use crate::{
    model::{ApiError, ErrorCode, Synced},
    server::{
        audit,
        auth::CurrentUser,
        db,
        http::{
            error::{ApiFailure, ApiForm, ApiPath},
            integrations::subscriptions::{SettingsInput, find},
        },
        integrations::{PlatformContext, connection_manager},
        state::AppState,
    },
};
use axum::{
    Router,
    extract::{FromRef as _, State},
    response::Redirect,
    routing::post,
};
use serde::Deserialize;
use std::collections::HashSet;
use url::form_urlencoded;

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/integrations/{provider}/projects", post(choose))
        .route("/integrations/{provider}/projects/{id}", post(settle))
        .route("/integrations/{provider}/auto-fix", post(switch))
        .route("/integrations/{provider}/sync", post(sync))
}

/// To the projects of the platform, with what was done or why it was not.
fn back(name: &str, outcome: Result<String, ApiError>) -> Redirect {
    let query = outcome.unwrap_or_else(|error| format!("error={}", error.code.as_str()));
    // The name is one of ours, or the page says that there is no such thing.
    let name = if provider(name).is_ok() { name } else { "unknown" };
    Redirect::to(&format!("/integrations/{name}/projects?{query}"))
}

/// `listed` names every project on the page, `project` the ticked ones: a form with repeated names.
async fn choose(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiPath(name): ApiPath<String>,
    body: String,
) -> Redirect {
    let ctx = PlatformContext::from_ref(&state);
    let (mut listed, mut chosen) = (Vec::new(), HashSet::new());
    for (field, id) in form_urlencoded::parse(body.as_bytes()) {
        match field.as_ref() {
            "listed" => listed.push(id.into_owned()),
            "project" => drop(chosen.insert(id.into_owned())),
            _ => {}
        }
    }
    let done = async {
        let row = connection_manager::of_user(&ctx, &user.id, provider(&name)?).await?;
        audit::add("listed", listed.len().to_string());
        audit::add("chosen", chosen.len().to_string());
        connection_manager::choose(&ctx, &row, &listed, &chosen).await?;
        Ok("ok=chosen".to_owned())
    };
    back(&name, done.await)
}

/// The settings of one project. A box that is not ticked is not sent.
#[derive(Deserialize)]
struct SettingsForm {
    auto_fix: Option<String>,
    prefix: String,
    attempts: i32,
    notify: Option<String>,
    redeploy: Option<String>,
}

async fn settle(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiPath((name, id)): ApiPath<(String, String)>,
    ApiForm(form): ApiForm<SettingsForm>,
) -> Redirect {
    let ctx = PlatformContext::from_ref(&state);
    let done = async {
        let input = SettingsInput {
            auto_fix_enabled: Some(form.auto_fix.is_some()),
            fix_branch_prefix: Some(form.prefix.trim().to_owned()),
            max_fix_attempts: Some(form.attempts),
            notify_on_fix: Some(form.notify.is_some()),
            redeploy_flaky: Some(form.redeploy.is_some()),
        };
        let watched = find(&ctx, &user, provider(&name)?, &id).await.map_err(|ApiFailure(error)| error)?;
        db::subscriptions::update(&ctx.db, &watched.id, input.checked()?, ctx.clock.now()).await?;
        Ok::<_, ApiError>("ok=saved".to_owned())
    };
    match done.await {
        Err(error) if error.code == ErrorCode::Invalid => {
            Redirect::to(&format!("/integrations/{name}/projects/{id}?error=invalid"))
        }
        outcome => back(&name, outcome),
    }
}

/// Auto-fix of every project of the connection.
async fn switch(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiPath(name): ApiPath<String>,
    ApiForm(form): ApiForm<SwitchForm>,
) -> Redirect {
    let ctx = PlatformContext::from_ref(&state);
    let done = async {
        let row = connection_manager::of_user(&ctx, &user.id, provider(&name)?).await?;
        audit::add("on", form.on.to_string());
        let settings = db::subscriptions::Settings { auto_fix_enabled: Some(form.on), ..Default::default() };
        for watched in db::subscriptions::of_integration(&ctx.db, &row.id).await? {
            db::subscriptions::update(&ctx.db, &watched.id, settings.clone(), ctx.clock.now()).await?;
        }
        Ok(format!("ok=auto_fix_{}", if form.on { "on" } else { "off" }))
    };
    back(&name, done.await)
}

async fn sync(user: CurrentUser, State(state): State<AppState>, ApiPath(name): ApiPath<String>) -> Redirect {
    let ctx = PlatformContext::from_ref(&state);
    let done = async {
        let row = connection_manager::of_user(&ctx, &user.id, provider(&name)?).await?;
        let Synced { added, changed, gone } = connection_manager::sync(&ctx, &row).await?;
        Ok(format!("ok=synced&added={added}&changed={changed}&gone={gone}"))
    };
    back(&name, done.await)
}
