//! Changes what the Render stand-in knows from outside, in JSON, below `/_control/render`.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{delete, patch, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::actions::{self, Change, NewDeployment, NewOwner, NewProject, NewToken, NewUser};
use super::deliveries::announce;
use super::scenario::{self, Build, Built, Seed, Seeded};
use crate::control::Answer;
use crate::vercel::state::DeliveryMode;
use crate::world::World;

type W = State<Arc<World>>;

/// The control routes.
pub fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/seed", post(seed))
        .route("/users", post(user))
        .route("/tokens", post(token))
        .route("/tokens/{value}", delete(revoke))
        .route("/owners", post(owner))
        .route("/projects", post(project))
        .route("/projects/{id}", delete(remove))
        .route("/deployments", post(deployment))
        .route("/deployments/{id}", patch(change).post(change))
        .route("/build", post(build))
        .route("/delivery-mode", post(delivery_mode))
        .route("/rate-limit", post(rate_limit))
}

async fn seed(State(world): W, Json(wanted): Json<Seed>) -> Answer<Seeded> {
    Ok(Json(scenario::seed(&world, wanted)?))
}

async fn user(State(world): W, Json(new): Json<NewUser>) -> Json<Value> {
    Json(json!(actions::add_user(&world, new)))
}

async fn token(State(world): W, Json(new): Json<NewToken>) -> Answer<Value> {
    Ok(Json(json!({"value": actions::add_token(&world, new)?})))
}

async fn revoke(State(world): W, Path(value): Path<String>) -> StatusCode {
    if actions::revoke_token(&world, &value) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

async fn owner(State(world): W, Json(new): Json<NewOwner>) -> Answer<Value> {
    Ok(Json(json!(actions::add_owner(&world, new)?)))
}

async fn project(State(world): W, Json(new): Json<NewProject>) -> Answer<Value> {
    Ok(Json(json!(actions::add_project(&world, new)?)))
}

async fn remove(State(world): W, Path(id): Path<String>) -> StatusCode {
    if actions::remove_project(&world, &id) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

#[derive(Deserialize)]
struct AnnounceQuery {
    /// `false` tells no webhook.
    #[serde(default = "yes")]
    deliver: bool,
}

fn yes() -> bool {
    true
}

async fn deployment(
    State(world): W,
    Query(query): Query<AnnounceQuery>,
    Json(new): Json<NewDeployment>,
) -> Answer<Value> {
    let (deploy, deliveries) = scenario::deploy(&world, new, query.deliver).await?;
    Ok(Json(json!({"deployment": deploy, "deliveries": deliveries})))
}

async fn change(
    State(world): W,
    Path(id): Path<String>,
    Query(query): Query<AnnounceQuery>,
    Json(wanted): Json<Change>,
) -> Answer<Value> {
    let deploy = actions::change_deployment(&world, &id, &wanted)?;
    let deliveries = if query.deliver { announce(&world, &id).await } else { Vec::new() };
    Ok(Json(json!({"deployment": deploy, "deliveries": deliveries})))
}

async fn build(State(world): W, Json(wanted): Json<Build>) -> Answer<Built> {
    Ok(Json(scenario::build(&world, wanted).await?))
}

#[derive(Deserialize)]
struct ModeChange {
    mode: DeliveryMode,
}

async fn delivery_mode(State(world): W, Json(change): Json<ModeChange>) -> StatusCode {
    world.state().render.delivery_mode = change.mode;
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct RateLimit {
    /// Requests of a key in a minute.
    limit: Option<u64>,
}

async fn rate_limit(State(world): W, Json(change): Json<RateLimit>) -> StatusCode {
    world.state().render.rate_limit = change.limit;
    StatusCode::NO_CONTENT
}
