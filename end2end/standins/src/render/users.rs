//! `/users` and `/owners`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query as Pairs, State};
use serde_json::{Value, json};

use super::auth::Caller;
use super::error::ApiError;
use super::query::{Page, Query};
use super::state::Owner;
use crate::world::World;

/// `GET /users`: the key's owner, without an id.
pub async fn user(caller: Caller) -> Json<Value> {
    Json(json!({"email": caller.user.email, "name": caller.user.name}))
}

/// `GET /owners`: the caller's workspaces.
pub async fn owners(
    State(world): State<Arc<World>>,
    caller: Caller,
    Pairs(pairs): Pairs<Vec<(String, String)>>,
) -> Result<Json<Value>, ApiError> {
    let mut query = Query::new(pairs);
    let (names, emails) = (query.all("name"), query.all("email"));
    let page = Page::of(&mut query, world.options.page_size)?;
    query.done()?;
    let state = world.state();
    let mine = state.render.owners.iter().filter(|owner| {
        owner.has(&caller.user.login)
            && (names.is_empty() || names.contains(&owner.name))
            && (emails.is_empty() || emails.contains(&owner.email))
    });
    page.cut("owner", mine.map(|owner| (owner.id.as_str(), owner)).collect(), shown).map(Json)
}

fn shown(owner: &Owner) -> Value {
    let kind = if owner.id.starts_with("usr-") { "user" } else { "team" };
    json!({"id": owner.id, "name": owner.name, "email": owner.email, "type": kind, "twoFactorAuthEnabled": false})
}
