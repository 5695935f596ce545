//! Forms of a project's rules: new, changed, moved, switched, deleted. What is somebody else's is not found.

use super::SwitchForm;
use crate::{
    model::{
        ApiError, Provider, RULE_NAME_LIMIT, RULE_PATTERN_LIMIT, RULE_PROMPT_LIMIT, RuleDraft, Step,
        rules_path,
    },
    server::{
        auth::CurrentUser,
        db::{
            self,
            entity::{fix_rule, subscription},
            rules::Place,
        },
        http::{
            error::{ApiFailure, ApiForm, ApiPath},
            integrations::{rules, subscriptions},
        },
        integrations::PlatformContext,
        rules::checked,
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
use std::collections::HashMap;
use url::form_urlencoded;

pub(super) fn router() -> Router<AppState> {
    let rules = "/integrations/{provider}/projects/{id}/rules";
    Router::new()
        .route(rules, post(create))
        .route(&format!("{rules}/{{rule}}"), post(change))
        .route(&format!("{rules}/{{rule}}/move"), post(step))
        .route(&format!("{rules}/{{rule}}/switch"), post(switch))
        .route(&format!("{rules}/{{rule}}/delete"), post(remove))
}

/// The platform, our id of the subscription, and of the rule.
type OfRule = ApiPath<(Provider, String, String)>;

/// The rule in the address, if all of the address is the user's.
async fn find(
    ctx: &PlatformContext,
    user: &CurrentUser,
    ApiPath((provider, id, rule)): OfRule,
) -> Result<(String, fix_rule::Model), ApiFailure> {
    let rule = rules::find(ctx, user, provider, &rule).await?;
    if rule.subscription_id != id {
        return Err(ApiError::not_found().into());
    }
    Ok((rules_path(provider, &id), rule))
}

fn done(list: &str, what: &str) -> Redirect {
    Redirect::to(&format!("{list}?ok={what}"))
}

/// Back to the row of the rule, so that the keyboard goes on from there.
fn done_at(list: &str, what: &str, rule: &fix_rule::Model) -> Redirect {
    Redirect::to(&format!("{list}?ok={what}&rule={id}#rule-{id}", id = rule.id))
}

/// Back to the form with everything that was entered. What no form lets one enter is cut just beyond the limit: the
/// page says that it is too long, and the address stays one that servers take.
fn refused(form: &str, draft: &RuleDraft) -> Redirect {
    let cut = |(name, text): (&'static str, &str)| {
        let limit = match name {
            "prompt" => RULE_PROMPT_LIMIT,
            "pattern" => RULE_PATTERN_LIMIT,
            _ => RULE_NAME_LIMIT,
        };
        (name, text.chars().take(limit + 1).collect::<String>())
    };
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(draft.fields().into_iter().map(cut))
        .append_pair("error", "invalid")
        .finish();
    Redirect::to(&format!("{form}?{query}"))
}

fn draft(fields: &HashMap<String, String>) -> RuleDraft {
    RuleDraft::from_fields(|name| fields.get(name).cloned()).unwrap_or_default()
}

/// A new rule is asked after those that are there.
async fn create(
    user: CurrentUser,
    State(state): State<AppState>,
    ApiPath((provider, id)): ApiPath<(Provider, String)>,
    ApiForm(fields): ApiForm<HashMap<String, String>>,
) -> Result<Redirect, ApiFailure> {
    let ctx = PlatformContext::from_ref(&state);
    let subscription::Model { id, .. } = subscriptions::find(&ctx, &user, provider, &id).await?;
    let (list, draft) = (rules_path(provider, &id), draft(&fields));
    let Ok(input) = checked(draft.clone().into()) else {
        return Ok(refused(&format!("{list}/new"), &draft));
    };
    Ok(match db::rules::create(&ctx.db, &id, Place::Last, input, ctx.clock.now()).await? {
        Some(rule) => done_at(&list, "rule_made", &rule),
        None => Redirect::to(&format!("{list}?error=conflict")),
    })
}

async fn change(
    user: CurrentUser,
    State(state): State<AppState>,
    path: OfRule,
    ApiForm(fields): ApiForm<HashMap<String, String>>,
) -> Result<Redirect, ApiFailure> {
    let ctx = PlatformContext::from_ref(&state);
    let (list, rule) = find(&ctx, &user, path).await?;
    let draft = draft(&fields);
    let Ok(input) = checked(draft.clone().into()) else {
        return Ok(refused(&format!("{list}/{}", rule.id), &draft));
    };
    db::rules::update(&ctx.db, &rule.id, input, ctx.clock.now()).await?;
    Ok(done_at(&list, "rule_saved", &rule))
}

/// `to=up` or `to=down`.
#[derive(Deserialize)]
struct StepForm {
    to: Step,
}

async fn step(
    user: CurrentUser,
    State(state): State<AppState>,
    path: OfRule,
    ApiForm(StepForm { to }): ApiForm<StepForm>,
) -> Result<Redirect, ApiFailure> {
    let ctx = PlatformContext::from_ref(&state);
    let (list, rule) = find(&ctx, &user, path).await?;
    db::rules::arrange(&ctx.db, &rule.subscription_id, |order| {
        if let Some(index) = order.iter().position(|id| *id == rule.id) {
            to.apply(order, index);
        }
    })
    .await?;
    Ok(done_at(&list, "rule_moved", &rule))
}

async fn switch(
    user: CurrentUser,
    State(state): State<AppState>,
    path: OfRule,
    ApiForm(SwitchForm { on }): ApiForm<SwitchForm>,
) -> Result<Redirect, ApiFailure> {
    let ctx = PlatformContext::from_ref(&state);
    let (list, rule) = find(&ctx, &user, path).await?;
    db::rules::switch(&ctx.db, &rule.id, on, ctx.clock.now()).await?;
    Ok(done_at(&list, if on { "rule_on" } else { "rule_off" }, &rule))
}

async fn remove(
    user: CurrentUser,
    State(state): State<AppState>,
    path: OfRule,
) -> Result<Redirect, ApiFailure> {
    let ctx = PlatformContext::from_ref(&state);
    let (list, rule) = find(&ctx, &user, path).await?;
    db::rules::remove(&ctx.db, &rule.id).await?;
    Ok(done(&list, "rule_deleted"))
}
