//! The database and the platforms → what each page is made of.
//!
//! Every function takes the user whose page it is: nothing of anybody else comes out.

mod audit;
mod deployment;
mod integrations;
mod list;
mod log;
mod notifications;
mod platforms;
mod projects;
mod rules;
mod settings;
mod stats;

pub use audit::audit;
pub use deployment::{deployment, redeploy, unfixed};
pub use integrations::integrations;
pub use list::{deployment_list, deployments};
pub use log::{find_in_log, log, log_lines, log_text};
pub use notifications::notifications;
pub use projects::{connect, examine, project, projects};
pub use rules::{all_rules, order_rules, project_rules, rule_form, switch_rule, try_rule};
pub use settings::settings;

use crate::{
    model::{ApiError, CurrentUser, ErrorCode, NotificationsPage, Visitor},
    server::{
        auth::{self, AuthContext, Credential},
        db::{self, users},
        fix::capacity,
        integrations::PlatformContext,
    },
};
use axum::http::request::Parts;
use leptos::prelude::{provide_context, use_context};
use platforms::Recent;
use std::{sync::Arc, time::Duration};
use tokio::sync::OnceCell;

/// What pages are made from. Cheap to clone.
#[derive(Clone)]
pub struct Views {
    auth: AuthContext,
    platforms: PlatformContext,
    recent: Recent,
}

/// Who sent the request that is being answered: looked up once for all parts of its page.
#[derive(Clone, Default)]
struct Asking(Arc<OnceCell<Option<auth::CurrentUser>>>);

impl Views {
    /// Pages of that application.
    pub fn new(auth: AuthContext, platforms: PlatformContext) -> Self {
        Self { auth, platforms, recent: Recent::default() }
    }

    /// Hands the views to the page or the server function that answers one request.
    pub fn provide(&self) {
        provide_context(self.clone());
        provide_context(Asking::default());
    }

    /// The user of the request that is being answered.
    async fn user(&self) -> Result<Option<auth::CurrentUser>, ApiError> {
        let Some(parts) = use_context::<Parts>() else {
            tracing::error!("A page is made without a request");
            return Err(ApiError::internal());
        };
        let asking = use_context::<Asking>().unwrap_or_default();
        asking.0.get_or_try_init(|| self.auth.identify(&parts)).await.cloned()
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

/// The same for what only the person does, not their programs.
///
/// # Errors
/// [`ErrorCode::Unauthorized`] as above, [`ErrorCode::Forbidden`] for an API token.
pub async fn in_person() -> Result<(Views, auth::CurrentUser), ApiError> {
    let views = of_request()?;
    let user = views.user().await?.ok_or_else(ApiError::unauthorized)?;
    if let Credential::Token(_) = user.credential {
        return Err(ApiError::new(
            ErrorCode::Forbidden,
            "API tokens do not reach the account of their owner.",
        ));
    }
    Ok((views, user))
}

/// The user's notifications after the one with the id `after`.
///
/// # Errors
/// [`ErrorCode::Unauthorized`] when nobody is signed in.
pub async fn notifications_page(after: Option<&str>) -> Result<NotificationsPage, ApiError> {
    let (views, user_id) = signed_in().await?;
    notifications(&views.platforms.db, &user_id, after).await
}

/// The token of an invitation, looked at before its form is shown.
///
/// # Errors
/// The database.
pub async fn invites(token: &str) -> Result<bool, ApiError> {
    Ok(of_request()?.auth.invites(token).await?)
}

/// Who is looking, and whether the owner's account has to be made first.
pub async fn visitor() -> Result<Visitor, ApiError> {
    let views = of_request()?;
    let github = views.auth.offers_github();
    match views.user().await? {
        Some(user) => {
            let failing = stats::failing(&views, &user.id).await?;
            let unread = db::notifications::unread(&views.platforms.db, &user.id).await?;
            Ok(Visitor {
                user: Some(CurrentUser { email: user.email, failing, unread }),
                setup_needed: false,
                github,
                disorder: disorder(&views).await,
            })
        }
        None => {
            let setup_needed = users::none_yet(&views.platforms.db).await?;
            Ok(Visitor { user: None, setup_needed, github, disorder: None })
        }
    }
}

/// A database that only reads, or is full, says so at once. One that has much to do is not waited for by pages.
const PATIENCE: Duration = Duration::from_millis(50);

/// What is out of order on this server: its database, or its disk.
async fn disorder(views: &Views) -> Option<String> {
    let PlatformContext { db, clock, config, .. } = &views.platforms;
    let looked = tokio::time::timeout(PATIENCE, db.ready(clock.now())).await;
    if let Ok(Err(disorder)) = looked {
        return Some(format!(
            "{disorder} Deliveries are refused until it does, and are sent again; fixes wait."
        ));
    }
    let short = capacity::free(&config.data_dir).err()?;
    Some(format!("The disk of this server is full: {short}. Fixes wait until there is room."))
}
