//! REST routes of a connected platform: the token, its projects, their subscriptions, and fix rules.
//!
//! All of them answer for the signed-in user only; what belongs to somebody else is not found.

mod connection;
pub(super) mod rules;
pub(super) mod subscriptions;

use super::error::method_not_allowed;
use crate::server::{auth::CurrentUser, integrations::PlatformContext};
use axum::{
    extract::{FromRef, FromRequestParts},
    routing::get,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt as _},
    routes,
};

/// `{"success":true}`: what fails has another status and an error.
#[derive(Serialize, ToSchema)]
pub struct Done {
    success: bool,
}

impl Done {
    pub(in crate::server::http) const YES: Self = Self { success: true };
}

/// The routes, for any state that has the parts of the platforms and of sign-in.
pub fn router<S>() -> OpenApiRouter<S>
where
    PlatformContext: FromRef<S>,
    CurrentUser: FromRequestParts<S>,
    S: Clone + Send + Sync + 'static,
{
    let short = get(connection::status).fallback(method_not_allowed);
    [
        routes!(connection::connect),
        routes!(connection::status),
        routes!(connection::disconnect),
        routes!(connection::validate),
        routes!(connection::test),
        routes!(connection::projects),
        routes!(connection::sync),
        routes!(subscriptions::list, subscriptions::create, subscriptions::change_all),
        routes!(subscriptions::change, subscriptions::remove),
        routes!(rules::list, rules::create),
        routes!(rules::change, rules::remove),
    ]
    .into_iter()
    .map(|methods| methods.map(|methods| methods.fallback(method_not_allowed)))
    .fold(OpenApiRouter::new().route("/api/integrations/{provider}", short), OpenApiRouter::routes)
}
