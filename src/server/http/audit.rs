//! The audit log over HTTP.

use super::error::{ApiFailure, ApiQuery};
use crate::{
    model::{AuditKind, AuditPage},
    server::{
        auth::CurrentUser,
        state::AppState,
        views::{self, Views},
    },
};
use axum::{Extension, Json};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The route.
pub fn router(views: Views) -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).layer(Extension(views))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Page {
    /// Only this kind.
    kind: Option<AuditKind>,
    /// `next` of the page before.
    #[param(max_length = 200)]
    after: Option<String>,
}

/// Who did what, newest first: yours, or everybody's for the owner.
///
/// Every change, every sign-in and the first use of each stored token on a day, for each purpose. Pages have up to 50;
/// `next` of one is `after` of the following one.
#[utoipa::path(
    get,
    path = "/api/audit",
    operation_id = "listAudit",
    tag = "Audit",
    params(Page),
    responses((status = 200, body = AuditPage)),
)]
async fn list(
    user: CurrentUser,
    Extension(views): Extension<Views>,
    ApiQuery(page): ApiQuery<Page>,
) -> Result<Json<AuditPage>, ApiFailure> {
    Ok(Json(views::audit(&views, &user.id, page.kind, page.after.as_deref()).await?))
}
