//! The database and the platforms → what each page is made of.
//!
//! Every function takes the user whose page it is: nothing of anybody else comes out.

mod deployment;
mod integrations;
mod list;
mod platforms;
mod projects;
mod stats;

pub use deployment::{deployment, log};
pub use integrations::integrations;
pub use list::{deployment_list, deployments};
pub use projects::{connect, examine, project, projects};

use crate::{
    model::{ApiError, CurrentUser, Visitor},
    server::{
        auth::{self, AuthContext},
        db::users,
        integrations::PlatformContext,
    },
};
use axum::http::request::Parts;
use leptos::prelude::use_context;
use platforms::Recent;
use tower_sessions::Session;

/// What pages are made from. Cheap to clone. Provided as a context to every page and every server function.
#[derive(Clone)]
pub struct Views {
    auth: AuthContext,
    platforms: PlatformContext,
    recent: Recent,
}

impl Views {
    /// Pages of that application.
    pub fn new(auth: AuthContext, platforms: PlatformContext) -> Self {
        Self { auth, platforms, recent: Recent::default() }
    }

    /// The user of the request that is being answered, by its session.
    async fn user(&self) -> Result<Option<auth::CurrentUser>, ApiError> {
        let session = use_context::<Parts>().and_then(|parts| parts.extensions.get::<Session>().cloned());
        let Some(session) = session else {
            tracing::error!("A page is outside the session layer");
            return Err(ApiError::internal());
        };
        self.auth.user(&session).await.map_err(|error| {
            tracing::error!(%error, "The session could not be read");
            ApiError::internal()
        })
    }
}

/// The application behind the request that is being answered.
fn of_request() -> Result<Views, ApiError> {
    use_context::<Views>().ok_or_else(|| {
        tracing::error!("A page was asked for without the application's context");
        ApiError::internal()
    })
}

/// The application and the id of the user, for pages that need one.
///
/// # Errors
/// [`crate::model::ErrorCode::Unauthorized`] when nobody is signed in.
pub async fn signed_in() -> Result<(Views, String), ApiError> {
    let views = of_request()?;
    let user = views.user().await?.ok_or_else(ApiError::unauthorized)?;
    Ok((views, user.id))
}

/// Who is looking, and whether the owner's account has to be made first.
pub async fn visitor() -> Result<Visitor, ApiError> {
    let views = of_request()?;
    match views.user().await? {
        Some(user) => {
            let failing = stats::failing(&views, &user.id).await?;
            Ok(Visitor { user: Some(CurrentUser { email: user.email, failing }), setup_needed: false })
        }
        None => Ok(Visitor { user: None, setup_needed: users::none_yet(&views.platforms.db).await? }),
    }
}
