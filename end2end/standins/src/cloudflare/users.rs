//! `/user`, `/user/tokens/verify`, `/accounts` and `/accounts/{account}/tokens/verify`.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use serde_json::{Value, json};

use super::auth::Caller;
use super::envelope::{self, Answer, ApiError, Paging};
use super::state::{Account, Token};
use crate::ids::rfc3339;
use crate::world::World;

const ACCOUNTS: Paging = Paging { usual: 20, most: 50, code: 6007 };

/// `GET /user/tokens/verify`: of a user's token alone.
pub async fn verify(caller: Caller) -> Answer {
    match caller.token.user_id {
        Some(_) => Ok(envelope::one(verified(&caller.token))),
        None => Err(ApiError::no_such_token()),
    }
}

/// `GET /accounts/{account}/tokens/verify`: of the account's own token alone.
pub async fn verify_for_account(caller: Caller, Path(account): Path<String>) -> Answer {
    let token = &caller.token;
    if token.user_id.is_none() && token.account_id.as_ref() == Some(&account) {
        return Ok(envelope::one(verified(token)));
    }
    Err(ApiError::no_such_token())
}

fn verified(token: &Token) -> Value {
    let mut body = json!({"id": token.id, "status": token.status()});
    if let Some(end) = token.expires_at {
        body["expires_on"] = json!(rfc3339(end));
    }
    body
}

/// `GET /user`.
pub async fn user(State(world): State<Arc<World>>, caller: Caller) -> Answer {
    caller.needs("user_details.read")?;
    let state = world.state();
    let user = caller.token.user_id.and_then(|id| state.cloudflare.users.iter().find(|user| user.id == id));
    let user = user.ok_or_else(ApiError::not_allowed)?;
    Ok(envelope::one(json!({
        "id": user.id, "email": user.email, "first_name": user.first_name, "last_name": user.last_name,
        "telephone": null, "country": null, "zipcode": null, "two_factor_authentication_enabled": false,
        "suspended": false, "organizations": [],
    })))
}

/// `GET /accounts`.
pub async fn accounts(
    State(world): State<Arc<World>>,
    caller: Caller,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    caller.needs("account_settings.read")?;
    let window = ACCOUNTS.window(&pairs, &["name", "direction"])?;
    let state = world.state();
    let mine = state.cloudflare.accounts.iter().filter(|account| caller.reaches(account));
    Ok(envelope::page(mine.collect(), shown, window, world.options.page_size))
}

fn shown(account: &Account) -> Value {
    json!({"id": account.id, "name": account.name, "type": "standard", "created_on": rfc3339(account.created_at),
        "settings": {"enforce_twofactor": false}})
}
