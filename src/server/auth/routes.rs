//! The forms: set up, accept an invitation, sign in, sign out. Each answers with a redirect.

use super::{
    AuthContext, AuthError, CurrentUser, browser,
    form::{
        HOME, NewAccount, NewAccountForm, Refused, answer, is_possible_password, local, read, secret, source,
    },
    invited,
    session::begin,
};
use crate::{
    model::ErrorCode,
    server::{
        audit,
        db::{settings, users},
    },
};
use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef, Request, State},
    response::Response,
    routing::post,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tower_sessions::Session;

/// Larger than any honest form.
const BODY_LIMIT: usize = 16 * 1024;

/// `POST /auth/setup`, `/auth/accept`, `/auth/sign-in`, `/auth/sign-out`. Belongs inside the session layer and `same_origin`.
pub fn router<S>() -> Router<S>
where
    AuthContext: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    Router::new()
        .route("/auth/setup", post(set_up))
        .route("/auth/accept", post(invited::accept))
        .route("/auth/sign-in", post(sign_in))
        .route("/auth/sign-out", post(sign_out))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
}

/// `application/x-www-form-urlencoded` of the sign-in page.
#[derive(Deserialize)]
struct SignInForm {
    email: String,
    #[serde(deserialize_with = "secret")]
    password: SecretString,
    #[serde(default)]
    next: String,
}

async fn set_up(State(auth): State<AuthContext>, session: Session, request: Request) -> Response {
    let (from, browser) = (source(request.extensions()), browser::name(request.headers()));
    let outcome = async {
        let form: NewAccountForm = read(request).await?;
        if !auth.throttle.allows("set-up", from).await {
            return Err(Refused::Code(ErrorCode::RateLimited));
        }
        let user_id = make_owner(&auth, form).await?;
        begin(&session, &user_id, browser).await?;
        Ok("/integrations?ok=setup".to_owned())
    };
    answer("/setup", outcome.await)
}

async fn make_owner(auth: &AuthContext, form: NewAccountForm) -> Result<String, Refused> {
    // The token is looked at first: who made the account meanwhile also removed it.
    let fits = auth.is_set_up_token(&form.token).await?;
    if !users::none_yet(&auth.db).await.map_err(AuthError::from)? {
        return Err(Refused::Code(ErrorCode::Conflict));
    }
    if !fits {
        return Err(Refused::Code(ErrorCode::Unauthorized));
    }
    let NewAccount { email, name, password } = form.checked()?;
    let hash = auth.hasher.hash(password).await?;
    let made = users::create_owner(&auth.db, &email, &name, &hash, auth.clock.now());
    let owner = made.await.map_err(AuthError::from)?.ok_or(Refused::Code(ErrorCode::Conflict))?;
    settings::remove(&auth.db, settings::SETUP_TOKEN_HASH).await.map_err(AuthError::from)?;
    audit::is_by(|| (&owner).into());
    tracing::info!(user_id = owner.id, "The owner's account was made");
    Ok(owner.id)
}

async fn sign_in(State(auth): State<AuthContext>, session: Session, request: Request) -> Response {
    let (from, browser) = (source(request.extensions()), browser::name(request.headers()));
    let outcome = async {
        let form: SignInForm = read(request).await?;
        if !auth.throttle.allows_account(&form.email, from).await {
            return Err(Refused::Code(ErrorCode::RateLimited));
        }
        let user = users::by_email(&auth.db, &form.email).await.map_err(AuthError::from)?;
        let hash = user.as_ref().and_then(|user| user.password_hash.clone());
        // Looked at only now: an unknown address takes as long as a wrong password.
        let right = is_possible_password(form.password.expose_secret())
            && auth.hasher.verify(form.password, hash).await?;
        // Whose account it was about. An address that is nobody's is not kept: it may be a password.
        if let Some(user) = &user {
            audit::is_by(|| user.into());
        }
        let Some(user_id) = user.map(|user| user.id).filter(|_| right) else {
            tracing::info!("A sign-in was refused");
            return Err(Refused::Code(ErrorCode::Unauthorized));
        };
        auth.throttle.reset(&form.email, from).await;
        auth.sweep_sessions().await?;
        begin(&session, &user_id, browser).await?;
        Ok(local(&form.next).unwrap_or(HOME).to_owned())
    };
    answer("/sign-in", outcome.await)
}

/// The user is asked for, so that the log knows who left.
async fn sign_out(_user: Option<CurrentUser>, session: Session) -> Response {
    let ended = session.flush().await.map_err(Refused::from);
    answer("/sign-in", ended.map(|()| "/sign-in?ok=signed_out".to_owned()))
}
