//! REST routes of a connected platform: the token, its projects, their subscriptions, and fix rules.
//!
//! All of them answer for the signed-in user only; what belongs to somebody else is not found.

mod connection;
pub(super) mod rules;
pub(super) mod subscriptions;

use crate::server::{auth::CurrentUser, integrations::PlatformContext};
use axum::{
    extract::{FromRef, FromRequestParts},
    routing::get,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

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
    OpenApiRouter::new()
        .route("/api/integrations/{provider}", get(connection::status))
        .routes(routes!(connection::connect))
        .routes(routes!(connection::status))
        .routes(routes!(connection::change))
        .routes(routes!(connection::disconnect))
        .routes(routes!(connection::validate))
        .routes(routes!(connection::test))
        .routes(routes!(connection::projects))
        .routes(routes!(connection::sync))
        .routes(routes!(subscriptions::list, subscriptions::create, subscriptions::change_all))
        .routes(routes!(subscriptions::change, subscriptions::remove))
        .routes(routes!(rules::list, rules::create))
        .routes(routes!(rules::change, rules::remove))
}
