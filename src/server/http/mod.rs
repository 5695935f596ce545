//! The router: REST routes, webhook endpoints, live streams, health and metrics, and the pages.

pub mod audit;
pub mod error;
pub mod fixes;
pub mod forms;
pub mod github;
pub mod health;
pub mod integrations;
pub mod limits;
mod linger;
pub mod model;
pub mod notifications;
mod openapi;
pub mod outgoing;
mod reference;
pub mod webhooks;

use super::{
    audit as traces, auth,
    intake::receive::MAX_DELIVERY_BYTES,
    integrations::PlatformContext,
    metrics,
    parts::Parts,
    source::{self, TrustedProxies},
    state::AppState,
    trace,
    views::Views,
};
use crate::app::{App, shell};
use axum::{
    Router,
    extract::{FromRef as _, MatchedPath, Request},
    http::header,
    middleware::{Next, from_fn_with_state, map_request_with_state},
    response::Response,
    routing::get,
};
use leptos_axum::{AxumRouteListing, LeptosRoutes, generate_route_list};
use limits::deliveries::{self, Deliveries};
use std::{sync::LazyLock, time::Duration};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, CompressionLevel,
        predicate::{NotForContentType, Predicate, SizeAbove},
    },
    limit::RequestBodyLimitLayer,
    services::ServeDir,
    set_header::SetResponseHeaderLayer,
    timeout::TimeoutLayer,
    trace::{DefaultOnResponse, OnResponse as _, TraceLayer},
};
use tracing::Span;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;

/// Bodies of forms and REST calls. Webhooks have a limit of their own.
const BODY_LIMIT: usize = 256 * 1024;
/// A request that takes longer is given up; live streams are outside this layer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The pages' routes. Listed once for the process: while Leptos lists them it holds back what any page of the process loads,
/// and a page that begins just then never goes on (leptos-rs/leptos#4773).
static PAGES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(App));

/// The paths of all pages, as the router writes them.
pub fn page_paths() -> impl Iterator<Item = &'static str> {
    PAGES.iter().map(AxumRouteListing::path)
}

/// Everything that the server answers.
pub fn router(state: AppState) -> Router {
    let views = Views::new(state.auth.clone(), PlatformContext::from_ref(&state));
    let context = {
        let views = views.clone();
        let parts = Parts::load(&state.config.site_dir);
        move || {
            views.provide();
            parts.clone().provide();
        }
    };
    let page = {
        let options = state.leptos.clone();
        move || shell(options.clone())
    };
    // Asked for anew every time: the parts of two versions do not fit together.
    let browser_files = tower::ServiceBuilder::new()
        .layer(SetResponseHeaderLayer::overriding(
            header::CACHE_CONTROL,
            header::HeaderValue::from_static("no-cache"),
        ))
        .service(ServeDir::new(state.config.site_dir.join("pkg")).precompressed_br().precompressed_gzip());
    let files = ServeDir::new(&state.config.site_dir).precompressed_br().precompressed_gzip();

    let mut api = openapi::Api::openapi();
    let mut described = |routes: OpenApiRouter<AppState>| {
        let (routes, paths) = routes.split_for_parts();
        api.merge(paths);
        routes
    };
    let bounded = Router::new()
        .leptos_routes_with_context(&state, PAGES.clone(), context, page)
        .merge(auth::router())
        .merge(auth::github::router())
        .merge(forms::router(views.clone()))
        .merge(described(fixes::router(views.clone())))
        .merge(described(integrations::router()))
        .merge(described(notifications::router()))
        .merge(described(outgoing::router()))
        .merge(described(audit::router(views)))
        .layer(RequestBodyLimitLayer::new(BODY_LIMIT))
        .layer(TimeoutLayer::with_status_code(axum::http::StatusCode::REQUEST_TIMEOUT, REQUEST_TIMEOUT))
        .layer(axum::middleware::map_response(error::in_words));
    let signed_in = bounded
        .merge(described(fixes::streams()))
        .merge(described(notifications::streams()))
        .layer(from_fn_with_state(state.auth.clone(), auth::same_origin))
        .layer(from_fn_with_state(state.auth.clone(), traces::leave_traces))
        .layer(auth::session_layer(&state.auth));
    state.fixes.doors.answer();
    let deliveries = Deliveries::new(deliveries::Limits::of(&state.db.pool));
    let limited = |bytes| from_fn_with_state(deliveries.of_at_most(bytes), deliveries::admit);
    Router::new()
        .merge(signed_in)
        .merge(described(webhooks::router()).layer(limited(MAX_DELIVERY_BYTES)))
        .merge(described(github::router()).layer(limited(github::BODY_LIMIT)))
        .merge(model::router())
        .merge(health::router())
        .merge(openapi::router(api))
        .nest_service("/pkg", browser_files)
        .fallback_service(files.fallback(get(error::not_found)))
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(
            // A page is made for one person, once: it is compressed as fast as can be.
            CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(
                SizeAbove::new(1024).and(NotForContentType::SSE).and(NotForContentType::IMAGES),
            ),
        )
        .layer(SetResponseHeaderLayer::if_not_present(
            header::X_CONTENT_TYPE_OPTIONS,
            header::HeaderValue::from_static("nosniff"),
        ))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::X_FRAME_OPTIONS,
            header::HeaderValue::from_static("DENY"),
        ))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::REFERRER_POLICY,
            header::HeaderValue::from_static("same-origin"),
        ))
        .layer(CatchPanicLayer::new())
        .layer(axum::middleware::from_fn(metrics::measure))
        .layer(axum::middleware::map_request(linger::linger))
        .layer(map_request_with_state(TrustedProxies::new(&state.config.trusted_proxies), source::note))
        .layer(TraceLayer::new_for_http().make_span_with(span).on_response(
            |response: &Response, latency: Duration, span: &Span| {
                span.record("http.response.status_code", response.status().as_u16());
                DefaultOnResponse::default().on_response(response, latency, span);
            },
        ))
        .layer(axum::middleware::from_fn(in_a_story))
        .with_state(state)
}

/// Every request is a story of its own, so that what it starts can be found by it.
async fn in_a_story(request: Request, next: Next) -> Response {
    trace::within(trace::new_id(), Span::none(), next.run(request)).await
}

/// With the route alone: names of people's projects stand in the path, invitations and GitHub's codes in the query.
fn span(request: &Request) -> Span {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    tracing::debug_span!(
        "request",
        http.request.method = metrics::method(request.method()),
        http.route = route,
        http.response.status_code = tracing::field::Empty
    )
}
