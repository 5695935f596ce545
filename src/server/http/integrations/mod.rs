//! REST routes of a connected platform: the token, its projects, their subscriptions, and fix rules.
//!
//! All of them answer for the signed-in user only; what belongs to somebody else is not found.

mod connection;
mod rules;
pub(super) mod subscriptions;

use super::error::method_not_allowed;
use crate::server::{auth::CurrentUser, integrations::PlatformContext};
use axum::{
    Router,
    extract::{FromRef, FromRequestParts},
    routing::{MethodRouter, delete, get, patch, post},
};

/// The routes, for any state that has the parts of the platforms and of sign-in.
pub fn router<S>() -> Router<S>
where
    PlatformContext: FromRef<S>,
    CurrentUser: FromRequestParts<S>,
    S: Clone + Send + Sync + 'static,
{
    let routes: [(&str, MethodRouter<S>); 12] = [
        ("connect", post(connection::connect)),
        ("status", get(connection::status)),
        ("disconnect", delete(connection::disconnect)),
        ("token/validate", post(connection::validate)),
        ("token/test", post(connection::test)),
        ("projects", get(connection::projects)),
        ("projects/sync", post(connection::sync)),
        (
            "subscriptions",
            get(subscriptions::list).post(subscriptions::create).patch(subscriptions::change_all),
        ),
        ("subscriptions/{id}", patch(subscriptions::change).delete(subscriptions::remove)),
        ("rules", get(rules::list).post(rules::create)),
        ("rules/{id}", patch(rules::change).delete(rules::remove)),
        ("", get(connection::status)),
    ];
    routes.into_iter().fold(Router::new(), |router, (path, methods)| {
        let path = format!("/api/integrations/{{provider}}/{path}");
        router.route(path.trim_end_matches('/'), methods.fallback(method_not_allowed))
    })
}
