//! The owner's invitation → a link that is shown once → a user of their own.

use super::{
    AuthContext, AuthError, browser,
    context::{hash, new_secret},
    form::{HOME, NewAccount, NewAccountForm, Refused, answer, read},
    session::begin,
};
use crate::{
    model::{ApiError, ErrorCode},
    server::{
        audit,
        db::{
            invitations::{self, AT_MOST, Accepted},
            users::{self, NewUser},
        },
    },
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use chrono::TimeDelta;
use secrecy::{ExposeSecret as _, SecretString};
use tower_sessions::Session;

const PREFIX: &str = "dpi_";
const DAYS: i64 = 7;

/// Makes an invitation. Returns the link.
///
/// # Errors
/// Somebody who is not the owner, [`AT_MOST`] open ones already, the database.
pub async fn invite(auth: &AuthContext, user_id: &str) -> Result<SecretString, ApiError> {
    if !users::is_owner(&auth.db, user_id).await? {
        return Err(ApiError::new(ErrorCode::Forbidden, "Only the owner invites people."));
    }
    let token = new_secret(PREFIX);
    let now = auth.clock.now();
    let until = now + TimeDelta::days(DAYS);
    if !invitations::create(&auth.db, user_id, hash(token.expose_secret()), until, now).await? {
        let message = format!("There are {AT_MOST} open invitations already. Revoke one.");
        return Err(ApiError::new(ErrorCode::Conflict, message));
    }
    tracing::info!(user_id, "An invitation was made");
    Ok(page(&auth.base(), token.expose_secret()).into())
}

impl AuthContext {
    /// Whether that token still invites somebody.
    ///
    /// # Errors
    /// The database.
    pub async fn invites(&self, token: &str) -> Result<bool, AuthError> {
        Ok(invitations::is_open(&self.db, &hash(token.trim()), self.clock.now()).await?)
    }
}

/// The page with the form.
fn page(base: &str, token: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("token", token).finish();
    format!("{base}/invitation?{query}")
}

/// `POST /auth/accept`
pub(super) async fn accept(State(auth): State<AuthContext>, session: Session, request: Request) -> Response {
    let browser = browser::name(request.headers());
    let form: NewAccountForm = match read(request).await {
        Ok(form) => form,
        Err(refused) => return answer("/invitation", Err(refused)),
    };
    let back = page("", &form.token);
    let outcome = async {
        let user_id = make_user(&auth, form).await?;
        begin(&session, &user_id, browser).await?;
        Ok(HOME.to_owned())
    };
    answer(&back, outcome.await)
}

async fn make_user(auth: &AuthContext, form: NewAccountForm) -> Result<String, Refused> {
    // Looked at first: nobody without an invitation makes us hash passwords.
    if !auth.invites(&form.token).await? {
        return Err(Refused::Code(ErrorCode::NotFound));
    }
    let token_hash = hash(form.token.trim());
    let NewAccount { email, name, password } = form.checked()?;
    let password_hash = auth.hasher.hash(password).await?;
    let new = NewUser { email: &email, name: &name, password_hash: &password_hash };
    match invitations::accept(&auth.db, &token_hash, new, auth.clock.now()).await.map_err(AuthError::from)? {
        Accepted::User(user) => {
            audit::is_by(|| user.as_ref().into());
            tracing::info!(user_id = user.id, "An invitation was accepted");
            Ok(user.id)
        }
        Accepted::Gone => Err(Refused::Code(ErrorCode::NotFound)),
        Accepted::EmailTaken => Err(Refused::Code(ErrorCode::Conflict)),
    }
}
