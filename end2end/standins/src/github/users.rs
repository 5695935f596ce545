//! `/user`, `/user/emails`, `/users/{login}`, `/rate_limit`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::auth::Caller;
use super::error::{Answer, ApiError};
use super::state::{Github, User};
use super::wire::{account, answer};
use crate::ids::rfc3339;
use crate::world::World;

/// `GET /user`; a classic token's scopes are in `X-OAuth-Scopes`.
pub async fn me(State(world): State<Arc<World>>, caller: Caller) -> Answer {
    let body = profile(&world.state().github, &world.github_url(), &caller.user);
    let mut response = answer(StatusCode::OK, body);
    if let Some(scopes) = caller.token.scopes.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
        response.headers_mut().insert("x-oauth-scopes", scopes);
    }
    Ok(response)
}

/// `GET /user/emails`.
pub async fn emails(caller: Caller) -> Json<Value> {
    let user = &caller.user;
    let hidden = format!("{}+{}@users.noreply.github.com", user.id, user.login);
    Json(json!([
        {"email": user.email, "primary": true, "verified": true, "visibility": if user.public_email { "public" } else { "private" }},
        {"email": hidden, "primary": false, "verified": true, "visibility": null},
    ]))
}

/// `GET /users/{login}`.
pub async fn one(State(world): State<Arc<World>>, Path(login): Path<String>) -> Answer {
    let state = world.state();
    let user = state.github.user(&login).ok_or_else(ApiError::not_found)?;
    Ok(answer(StatusCode::OK, profile(&state.github, &world.github_url(), user)))
}

/// `GET /rate_limit`.
pub async fn rate_limit() -> Json<Value> {
    let reset = crate::ids::now_ms() / 1000 + 3600;
    let core = json!({"limit": 5000, "used": 1, "remaining": 4999, "reset": reset});
    Json(json!({"resources": {"core": core, "search": core}, "rate": core}))
}

fn profile(github: &Github, base: &str, user: &User) -> Value {
    let mut body = account(github, base, &user.login);
    body["name"] = json!(user.name);
    body["email"] = json!(user.public_email.then_some(&user.email));
    for (key, value) in [
        ("company", Value::Null),
        ("blog", json!("")),
        ("location", Value::Null),
        ("hireable", Value::Null),
        ("bio", Value::Null),
        ("public_repos", json!(1)),
        ("public_gists", json!(0)),
        ("followers", json!(0)),
        ("following", json!(0)),
        ("created_at", json!(rfc3339(1_700_000_000_000))),
        ("updated_at", json!(rfc3339(1_700_000_000_000))),
    ] {
        body[key] = value;
    }
    body
}
