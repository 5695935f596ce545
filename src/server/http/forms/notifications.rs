//! Forms of the notifications and of the webhook that carries them outside.

use super::account::{back, reveal};
use crate::{
    model::ApiError,
    server::{
        auth::{CurrentUser, reveal::Reveal},
        db::notifications::{self, Which},
        notify::{NotifyContext, webhook},
        state::AppState,
    },
};
use axum::{
    Form, Router,
    extract::{FromRef as _, State},
    response::{IntoResponse as _, Redirect, Response},
    routing::post,
};
use serde::Deserialize;

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/notifications/read", post(read))
        .route("/settings/webhook", post(put))
        .route("/settings/webhook/remove", post(remove))
        .route("/settings/webhook/test", post(test))
}

/// `up_to` is the newest one that the page has shown: what came since stays unread.
#[derive(Deserialize)]
struct ReadForm {
    up_to: String,
}

async fn read(user: CurrentUser, State(state): State<AppState>, Form(form): Form<ReadForm>) -> Redirect {
    let which = Which::UpTo(form.up_to);
    match notifications::mark_read(&state.db, &user.id, which, state.clock.now()).await {
        Ok(()) => {
            state.bus.notify(&user.id);
            Redirect::to("/notifications?ok=read")
        }
        Err(error) => Redirect::to(&format!("/notifications?error={}", ApiError::from(error).code.as_str())),
    }
}

/// `enabled` is there when its box is ticked.
#[derive(Deserialize)]
struct WebhookForm {
    url: String,
    #[serde(default)]
    enabled: String,
}

async fn put(user: CurrentUser, State(state): State<AppState>, Form(form): Form<WebhookForm>) -> Response {
    let ctx = NotifyContext::from_ref(&state);
    match webhook::put(&ctx, &user.id, &form.url, !form.enabled.is_empty()).await {
        Ok(Some(secret)) => reveal(&state, &user, Reveal::Webhook, Ok(secret)),
        Ok(None) => back(Ok("webhook_saved")).into_response(),
        // Codes say too little of an address.
        Err(error) if error.code == crate::model::ErrorCode::Invalid => {
            Redirect::to("/settings?error=webhook_address").into_response()
        }
        Err(error) => back(Err(error)).into_response(),
    }
}

async fn remove(user: CurrentUser, State(state): State<AppState>) -> Redirect {
    let removed = webhook::remove(&NotifyContext::from_ref(&state), &user.id).await;
    back(removed.map(|()| "webhook_removed"))
}

async fn test(user: CurrentUser, State(state): State<AppState>) -> Redirect {
    match webhook::test(&NotifyContext::from_ref(&state), &user.id).await {
        Ok(_) => back(Ok("webhook_tested")),
        Err(error) if error.code == crate::model::ErrorCode::Conflict => {
            Redirect::to("/settings?error=webhook_busy")
        }
        Err(error) => back(Err(error)),
    }
}
