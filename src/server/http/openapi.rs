//! The description of the REST API (OpenAPI 3.1): collected from the handlers, completed with what holds for all of
//! them, and served as JSON and as a page.

use super::{error::ErrorBody, reference};
use crate::model::{FixEvent, Tab};
use axum::{
    Router,
    body::Bytes,
    http::{StatusCode, header},
    response::IntoResponse as _,
    routing::get,
};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        ContentBuilder, Ref, RefOr, Response, ResponseBuilder,
        path::{Operation, ParameterIn, PathItem},
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
    },
};

/// What the document says beside its paths.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "Deploymend",
        description = "Failed deployments on Vercel, Cloudflare and Render, and their fixes. Every refusal is \
                       `{\"error\":{\"code\",\"message\"}}` with a stable code.",
        license(name = "MIT", identifier = "MIT"),
    ),
    components(schemas(ErrorBody, Tab, FixEvent)),
    security(("session" = []), ("token" = [])),
    modifiers(&Schemes),
    tags(
        (name = "Deployments", description = "Failed deployments and what is done about them"),
        (name = "Connections", description = "Platforms and their tokens"),
        (name = "Projects", description = "What a connected token reaches"),
        (name = "Subscriptions", description = "Watched projects and their settings"),
        (name = "Rules", description = "What is skipped, and what the agent is told in addition"),
        (name = "Notifications", description = "What you are told about fixes, on the page and by a webhook of yours"),
        (name = "Audit", description = "Who did what"),
        (name = "Deliveries", description = "Where the platforms and GitHub call. The signature decides"),
    ),
)]
pub struct Api;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let cookie = ApiKey::Cookie(ApiKeyValue::new("deploymend_session"));
        if let Some(components) = api.components.as_mut() {
            components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
            components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        }
    }
}

/// `/api/openapi.json` and `/api`.
pub fn router<S: Clone + Send + Sync + 'static>(mut api: utoipa::openapi::OpenApi) -> Router<S> {
    complete(&mut api);
    let page = reference::page(&api);
    let json = Bytes::from(api.to_json().unwrap_or_default());
    let answer = |kind: &'static str, body: Bytes| async move {
        (StatusCode::OK, [(header::CONTENT_TYPE, kind)], body).into_response()
    };
    Router::new()
        .route("/api/openapi.json", get(move || answer("application/json", json.clone())))
        .route("/api", get(move || async move { page }))
}

/// Adds the refusals that a kind of request may always meet, so that no handler has to repeat them.
fn complete(api: &mut utoipa::openapi::OpenApi) {
    for item in api.paths.paths.values_mut() {
        for (changes, operation) in operations(item) {
            refuse(operation, 408, "The server gave up on it");
            refuse(operation, 500, "Our fault; the server's log says what");
            if is_signed_in(operation) {
                refuse(operation, 401, "Nobody is signed in, or the API token does not work");
                if changes {
                    refuse(operation, 403, "The request came from another site");
                }
            }
            if operation.request_body.is_some() {
                refuse(operation, 400, "The body is not understood");
                refuse(operation, 413, "The body is too large");
                refuse(operation, 422, "A field has a value that is not allowed");
            }
            let has = |place: &ParameterIn| {
                operation.parameters.iter().flatten().any(
                    |parameter| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == *place),
                )
            };
            let (in_path, in_query) = (has(&ParameterIn::Path), has(&ParameterIn::Query));
            if in_path {
                refuse(operation, 404, "There is no such thing, or it is somebody else's");
            }
            if in_query {
                refuse(operation, 400, "A parameter is not understood");
            }
        }
    }
}

/// The operations of a path, and whether each changes anything.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (bool, &mut Operation)> {
    let PathItem { get, post, put, patch, delete, .. } = item;
    let changing = [post, put, patch, delete].into_iter().flatten().map(|operation| (true, operation));
    get.iter_mut().map(|operation| (false, operation)).chain(changing)
}

/// Deliveries say that they need no session.
fn is_signed_in(operation: &Operation) -> bool {
    operation
        .security
        .as_ref()
        .is_none_or(|needed| needed.iter().any(|one| *one != SecurityRequirement::default()))
}

fn refuse(operation: &mut Operation, status: u16, when: &str) {
    let responses = &mut operation.responses.responses;
    responses.entry(status.to_string()).or_insert_with(|| RefOr::T(refusal(when)));
}

fn refusal(when: &str) -> Response {
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorBody"))).build();
    ResponseBuilder::new().description(when).content("application/json", body).build()
}
