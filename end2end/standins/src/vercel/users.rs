//! `/v2/user`, `/v5/user/tokens/current` and `/v2/teams`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::Caller;
use super::error::ApiError;
use super::state::{Plan, Team};
use super::wire::{self, Window};
use crate::world::World;

/// When everything about a user was made, in ms since 1970.
const CREATED_AT: i64 = 1_700_000_000_000;

/// `GET /v2/user`: the token's user; a limited token sees fewer fields.
pub async fn user(caller: Caller) -> Json<Value> {
    let user = &caller.user;
    let mut body = json!({
        "id": user.id, "email": user.email, "name": user.name, "username": user.username,
        "avatar": null, "defaultTeamId": null,
    });
    if caller.limited_to.is_some() {
        body["limited"] = json!(true);
    } else {
        body["createdAt"] = json!(CREATED_AT);
        body["softBlock"] = Value::Null;
        body["billing"] = json!({"plan": "hobby"});
        body["resourceConfig"] = json!({});
        body["hasTrialAvailable"] = json!(false);
        body["stagingPrefix"] = json!(user.username);
    }
    Json(json!({"user": body}))
}

/// `GET /v5/user/tokens/current`: what is known about the token that asks. Its text is not shown again.
pub async fn current_token(caller: Caller) -> Json<Value> {
    let scope = match &caller.limited_to {
        Some(team) => json!({"type": "team", "teamId": team, "origin": "manual", "createdAt": CREATED_AT}),
        None => json!({"type": "user", "origin": "manual", "createdAt": CREATED_AT}),
    };
    let mut token = json!({
        "id": caller.token.id(), "name": "token", "type": "oauth2-token", "origin": "manual", "scopes": [scope],
        "createdAt": CREATED_AT, "activeAt": CREATED_AT,
    });
    if let Some(end) = caller.token.expires_at {
        token["expiresAt"] = json!(end);
    }
    Json(json!({"token": token}))
}

#[derive(Deserialize)]
pub struct TeamsQuery {
    limit: Option<i64>,
    since: Option<i64>,
    until: Option<i64>,
}

/// `GET /v2/teams`: the user's teams, newest first.
pub async fn teams(
    State(world): State<Arc<World>>,
    caller: Caller,
    Query(query): Query<TeamsQuery>,
) -> Result<Json<Value>, ApiError> {
    let state = world.state();
    let mine: Vec<&Team> =
        state.vercel.teams.iter().filter(|team| team.members.contains(&caller.user.id)).collect();
    let window = Window { limit: query.limit, since: query.since, until: query.until };
    let (page, pagination) = wire::page(mine, |team| team.created_at, &window, world.options.page_size)?;
    let teams: Vec<Value> = page.into_iter().map(|team| team_json(team, &caller)).collect();
    Ok(Json(json!({"teams": teams, "pagination": pagination})))
}

fn team_json(team: &Team, caller: &Caller) -> Value {
    let membership = json!({
        "role": "OWNER", "confirmed": true, "uid": caller.user.id, "teamId": team.id,
        "created": team.created_at, "createdAt": team.created_at, "confirmedAt": team.created_at,
    });
    let mut body = json!({
        "id": team.id, "slug": team.slug, "name": team.name, "avatar": null,
        "createdAt": team.created_at, "created": wire::iso(team.created_at), "membership": membership,
    });
    if caller.limited_to.as_ref().is_some_and(|limit| *limit != team.id) {
        body["limited"] = json!(true);
        body["limitedBy"] = json!(["scope"]);
    } else {
        let plan = match team.plan {
            Plan::Hobby => "hobby",
            Plan::Pro => "pro",
            Plan::Enterprise => "enterprise",
        };
        body["billing"] = json!({"plan": plan});
        body["creatorId"] = json!(caller.user.id);
        body["updatedAt"] = json!(team.created_at);
        body["stagingPrefix"] = json!(team.slug);
        body["description"] = Value::Null;
    }
    body
}
