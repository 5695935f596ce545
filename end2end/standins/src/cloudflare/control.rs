//! Changes what the Cloudflare stand-in knows from outside, in JSON, below `/_control/cloudflare`.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{delete, patch, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::actions::{self, NewAccount, NewProject, NewToken, NewUser, NewWorker};
use super::builds::{self, Change, NewDeployment};
use super::deliveries::announce;
use super::scenario::{self, Build, Built, Seed, Seeded};
use crate::control::Answer;
use crate::vercel::state::DeliveryMode;
use crate::world::World;

type W = State<Arc<World>>;

/// The control routes.
pub fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/users", post(user))
        .route("/tokens", post(token))
        .route("/tokens/{value}", delete(revoke))
        .route("/accounts", post(account))
        .route("/projects", post(project))
        .route("/projects/{id}", delete(remove))
        .route("/workers", post(worker))
        .route("/deployments", post(deployment))
        .route("/deployments/{id}", patch(change))
        .route("/seed", post(seed))
        .route("/build", post(build))
        .route("/delivery-mode", post(delivery_mode))
}

async fn user(State(world): W, Json(new): Json<NewUser>) -> Json<Value> {
    Json(json!(actions::add_user(&world, new)))
}

async fn token(State(world): W, Json(new): Json<NewToken>) -> Answer<Value> {
    Ok(Json(json!({"value": actions::add_token(&world, new)?})))
}

async fn revoke(State(world): W, Path(value): Path<String>) -> StatusCode {
    found(actions::revoke_token(&world, &value))
}

async fn account(State(world): W, Json(new): Json<NewAccount>) -> Answer<Value> {
    Ok(Json(json!(actions::add_account(&world, new)?)))
}

async fn project(State(world): W, Json(new): Json<NewProject>) -> Answer<Value> {
    Ok(Json(json!(actions::add_project(&world, new)?)))
}

async fn remove(State(world): W, Path(id): Path<String>) -> StatusCode {
    found(actions::remove_project(&world, &id))
}

async fn worker(State(world): W, Json(new): Json<NewWorker>) -> Answer<Value> {
    Ok(Json(json!(actions::add_worker(&world, new)?)))
}

#[derive(Deserialize)]
struct Announcement {
    /// `false` tells no webhook.
    #[serde(default = "yes")]
    deliver: bool,
}

const fn yes() -> bool {
    true
}

async fn deployment(
    State(world): W,
    Query(query): Query<Announcement>,
    Json(new): Json<NewDeployment>,
) -> Answer<Built> {
    let id = builds::add_deployment(&world, new).await?;
    Ok(Json(told(&world, id, query.deliver).await))
}

async fn change(
    State(world): W,
    Path(id): Path<String>,
    Query(query): Query<Announcement>,
    Json(change): Json<Change>,
) -> Answer<Built> {
    builds::change_deployment(&world, &id, change)?;
    Ok(Json(told(&world, id, query.deliver).await))
}

async fn told(world: &Arc<World>, deployment_id: String, deliver: bool) -> Built {
    let deliveries = if deliver { announce(world, &deployment_id).await } else { Vec::new() };
    Built { deployment_id, deliveries, exit_code: None }
}

async fn seed(State(world): W, Json(seed): Json<Seed>) -> Answer<Seeded> {
    Ok(Json(scenario::seed(&world, seed)?))
}

async fn build(State(world): W, Json(build): Json<Build>) -> Answer<Built> {
    Ok(Json(scenario::build(&world, build).await?))
}

#[derive(Deserialize)]
struct ModeChange {
    mode: DeliveryMode,
}

async fn delivery_mode(State(world): W, Json(change): Json<ModeChange>) -> StatusCode {
    world.state().cloudflare.delivery_mode = change.mode;
    StatusCode::NO_CONTENT
}

const fn found(found: bool) -> StatusCode {
    if found { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}
