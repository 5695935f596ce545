//! `/_control`: shows and changes the state from outside, in JSON. Mounted on all servers.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, patch, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::cloudflare;
use crate::faults::Fault;
use crate::github::actions as github;
use crate::github::state::OauthApp;
use crate::model::state::Mode;
use crate::record::Server;
use crate::render;
use crate::scenario::{self, Build, Redelivery, Seed};
use crate::snapshot::{self, Snapshot};
use crate::vercel::actions as vercel;
use crate::vercel::sandbox::actions as sandbox;
use crate::vercel::state::DeliveryMode;
use crate::world::World;

type W = State<Arc<World>>;

/// The control routes.
pub fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/_control/snapshot", get(async |State(world): W| Json(snapshot::take(&world))))
        .route("/_control/reset", post(reset))
        .route("/_control/seed", post(seed))
        .route("/_control/faults", post(add_fault).delete(clear_faults))
        .route("/_control/model", post(set_model))
        .route("/_control/vercel/users", post(vercel_user))
        .route("/_control/vercel/tokens", post(vercel_token))
        .route("/_control/vercel/tokens/{value}", delete(revoke_vercel_token))
        .route("/_control/vercel/teams", post(vercel_team))
        .route("/_control/vercel/projects", post(vercel_project))
        .route("/_control/vercel/projects/{id}", patch(change_project).delete(remove_project))
        .route("/_control/vercel/deployments", post(vercel_deployment))
        .route("/_control/vercel/deployments/{id}", patch(change_deployment))
        .route("/_control/vercel/build", post(build))
        .route("/_control/vercel/deliver", post(deliver))
        .route("/_control/vercel/delivery-mode", post(delivery_mode))
        .route("/_control/vercel/sandboxes", patch(sandboxes))
        .route("/_control/vercel/sandboxes/{name}/lose", post(lose_sandbox))
        .route("/_control/github/users", post(github_user))
        .route("/_control/github/tokens", post(github_token))
        .route("/_control/github/tokens/{value}", delete(revoke_github_token))
        .route("/_control/github/oauth-apps", post(oauth_app))
        .route("/_control/github/repositories", post(repository))
        .route("/_control/github/commits", post(commit))
        .route("/_control/github/pulls/merge", post(merge))
        .route("/_control/github/pulls/close", post(close))
        .route("/_control/github/checks", post(check))
        .route("/_control/github/deliver", post(deliver_github))
        .route("/_control/github/delivery-mode", post(github_delivery_mode))
        .route("/_control/github/branch", get(branch))
        .route("/_control/cloudflare/deliver", post(deliver_cloudflare))
        .route("/_control/render/deliver", post(deliver_render))
        .nest("/_control/cloudflare", cloudflare::control::router())
        .nest("/_control/render", render::control::router())
        // Whole build logs come this way.
        .layer(DefaultBodyLimit::max(32 << 20))
        .with_state(world)
}

/// What went wrong, as `{"error":{"message"}}` with 400.
#[derive(Debug)]
pub struct ControlError(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for ControlError {
    fn from(error: E) -> Self {
        ControlError(error.into())
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let body = json!({"error": {"message": format!("{:#}", self.0)}});
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    }
}

/// What a control call is answered with.
pub type Answer<T> = Result<Json<T>, ControlError>;

async fn reset(State(world): W) -> StatusCode {
    world.reset();
    StatusCode::NO_CONTENT
}

async fn seed(State(world): W, Json(seed): Json<Seed>) -> Answer<scenario::Seeded> {
    Ok(Json(scenario::seed(&world, seed).await?))
}

async fn add_fault(State(world): W, Json(fault): Json<Fault>) -> StatusCode {
    world.state().faults.push(fault);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(world): W) -> StatusCode {
    world.state().faults.clear();
    StatusCode::NO_CONTENT
}

/// Settings of the model; what is not given stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct ModelSettings {
    /// How it behaves from now on.
    pub mode: Option<Mode>,
    /// How it behaves for the next requests, in this order.
    pub next: Option<Vec<Mode>>,
    /// Wait before each answer in ms.
    pub step_delay_ms: Option<u64>,
    /// The key it wants.
    pub key: Option<String>,
}

/// Applies the settings that are given.
pub fn apply_model(world: &World, settings: ModelSettings) {
    let mut state = world.state();
    let model = &mut state.model;
    model.mode = settings.mode.unwrap_or(model.mode);
    model.step_delay = settings.step_delay_ms.map_or(model.step_delay, Duration::from_millis);
    model.key = settings.key.unwrap_or(std::mem::take(&mut model.key));
    model.next = settings.next.unwrap_or(std::mem::take(&mut model.next));
}

async fn set_model(State(world): W, Json(settings): Json<ModelSettings>) -> StatusCode {
    apply_model(&world, settings);
    StatusCode::NO_CONTENT
}

async fn vercel_user(State(world): W, Json(new): Json<vercel::NewUser>) -> Json<Value> {
    Json(json!(vercel::add_user(&world, new)))
}

async fn vercel_token(State(world): W, Json(new): Json<vercel::NewToken>) -> Answer<Value> {
    Ok(Json(json!({"value": vercel::add_token(&world, new)?})))
}

async fn revoke_vercel_token(State(world): W, Path(value): Path<String>) -> StatusCode {
    if vercel::revoke_token(&world, &value) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

async fn vercel_team(State(world): W, Json(new): Json<vercel::NewTeam>) -> Answer<Value> {
    Ok(Json(json!(vercel::add_team(&world, new)?)))
}

async fn vercel_project(State(world): W, Json(new): Json<vercel::NewProject>) -> Answer<Value> {
    Ok(Json(json!(vercel::add_project(&world, new)?)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProjectChange {
    repository: Option<String>,
    link: Option<Value>,
    #[serde(default)]
    settings: Map<String, Value>,
}

async fn change_project(
    State(world): W,
    Path(id): Path<String>,
    Json(change): Json<ProjectChange>,
) -> Answer<Value> {
    let project =
        vercel::change_project(&world, &id, change.repository.as_deref(), change.link, change.settings)?;
    Ok(Json(json!(project)))
}

async fn remove_project(State(world): W, Path(id): Path<String>) -> StatusCode {
    if vercel::remove_project(&world, &id) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

#[derive(Deserialize)]
struct AnnounceQuery {
    /// `false` makes the deployment without telling the webhooks.
    #[serde(default = "yes")]
    deliver: bool,
}

fn yes() -> bool {
    true
}

async fn vercel_deployment(
    State(world): W,
    Query(query): Query<AnnounceQuery>,
    Json(new): Json<vercel::NewDeployment>,
) -> Answer<Value> {
    let (deployment, deliveries) = scenario::deploy(&world, new, query.deliver).await?;
    Ok(Json(json!({"deployment": deployment, "deliveries": deliveries})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeploymentChange {
    state: Option<String>,
    #[serde(default)]
    log: String,
    #[serde(default)]
    deliver: bool,
}

async fn change_deployment(
    State(world): W,
    Path(id): Path<String>,
    Json(change): Json<DeploymentChange>,
) -> Answer<Value> {
    let deployment = vercel::change_deployment(&world, &id, change.state, &change.log)?;
    let deliveries = if change.deliver {
        crate::vercel::deliveries::announce(&world, &deployment.id, None).await
    } else {
        Vec::new()
    };
    Ok(Json(json!({"deployment": deployment, "deliveries": deliveries})))
}

async fn build(State(world): W, Json(build): Json<Build>) -> Answer<scenario::Built> {
    Ok(Json(scenario::build(&world, build).await?))
}

async fn deliver(State(world): W, Json(wanted): Json<Redelivery>) -> Answer<Value> {
    let attempts = scenario::redeliver(&world, Server::Vercel, wanted).await?;
    Ok(Json(json!({"attempts": attempts})))
}

async fn deliver_cloudflare(State(world): W, Json(wanted): Json<Redelivery>) -> Answer<Value> {
    let attempts = scenario::redeliver(&world, Server::Cloudflare, wanted).await?;
    Ok(Json(json!({"attempts": attempts})))
}

async fn deliver_render(State(world): W, Json(wanted): Json<Redelivery>) -> Answer<Value> {
    let attempts = scenario::redeliver(&world, Server::Render, wanted).await?;
    Ok(Json(json!({"attempts": attempts})))
}

async fn deliver_github(State(world): W, Json(wanted): Json<Redelivery>) -> Answer<Value> {
    let attempts = scenario::redeliver(&world, Server::Github, wanted).await?;
    Ok(Json(json!({"attempts": attempts})))
}

async fn sandboxes(State(world): W, Json(settings): Json<sandbox::Settings>) -> StatusCode {
    sandbox::set(&world, &settings);
    StatusCode::NO_CONTENT
}

async fn lose_sandbox(State(world): W, Path(name): Path<String>) -> Result<StatusCode, ControlError> {
    sandbox::lose(&world, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct ModeChange {
    mode: DeliveryMode,
}

async fn delivery_mode(State(world): W, Json(change): Json<ModeChange>) -> StatusCode {
    world.state().vercel.delivery_mode = change.mode;
    StatusCode::NO_CONTENT
}

async fn github_delivery_mode(State(world): W, Json(change): Json<ModeChange>) -> StatusCode {
    world.state().github.drop_deliveries = change.mode == DeliveryMode::Drop;
    StatusCode::NO_CONTENT
}

async fn github_user(State(world): W, Json(new): Json<github::NewUser>) -> Json<Value> {
    Json(json!(github::add_user(&world, new)))
}

async fn github_token(State(world): W, Json(new): Json<github::NewToken>) -> Answer<Value> {
    Ok(Json(json!({"value": github::add_token(&world, new)?})))
}

async fn revoke_github_token(State(world): W, Path(value): Path<String>) -> StatusCode {
    if github::revoke_token(&world, &value) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

async fn oauth_app(State(world): W, Json(app): Json<OauthApp>) -> StatusCode {
    world.state().github.oauth_apps.push(app);
    StatusCode::NO_CONTENT
}

async fn repository(State(world): W, Json(new): Json<github::NewRepository>) -> Answer<Value> {
    let (repository, sha) = github::add_repository(&world, new).await?;
    let bare = world.bare(&repository.full_name());
    Ok(Json(json!({"repository": repository, "sha": sha, "bare": bare})))
}

async fn commit(State(world): W, Json(new): Json<github::NewCommit>) -> Answer<Value> {
    Ok(Json(json!({"sha": github::commit(&world, new).await?})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PullName {
    repository: String,
    number: u64,
    #[serde(default)]
    login: Option<String>,
}

async fn merge(State(world): W, Json(pull): Json<PullName>) -> Answer<Value> {
    let login =
        pull.login.unwrap_or_else(|| pull.repository.split('/').next().unwrap_or_default().to_owned());
    Ok(Json(json!({"sha": github::merge_pull(&world, &pull.repository, pull.number, &login).await?})))
}

async fn close(State(world): W, Json(pull): Json<PullName>) -> Result<StatusCode, ControlError> {
    github::close_pull(&world, &pull.repository, pull.number)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn check(State(world): W, Json(new): Json<github::NewCheck>) -> Result<StatusCode, ControlError> {
    github::add_check(&world, new)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct BranchQuery {
    repository: String,
    branch: String,
}

async fn branch(State(world): W, Query(query): Query<BranchQuery>) -> Answer<Snapshot> {
    Ok(Json(snapshot::branch(&world, &query.repository, &query.branch).await?))
}
