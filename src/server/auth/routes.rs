//! The forms: set up, sign in, sign out. Each answers with a redirect.

use super::{AuthContext, AuthError, context::USER_KEY, problem};
use crate::{
    model::{ApiError, ErrorCode},
    server::db::{settings, users},
};
use axum::{
    Router,
    extract::{ConnectInfo, DefaultBodyLimit, FromRef, Request, State, rejection::FormRejection},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
    routing::post,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use std::net::{IpAddr, SocketAddr};
use tower_sessions::Session;
use url::Url;

/// Larger than any honest form.
const BODY_LIMIT: usize = 16 * 1024;
const MIN_PASSWORD_CHARS: usize = 12;
/// Longer ones would only make the hash slower to make.
const MAX_PASSWORD_BYTES: usize = 1024;
const MAX_EMAIL_BYTES: usize = 254;

/// Where a person lands who did not want to go anywhere else.
const HOME: &str = "/deployments";

/// `POST /auth/setup`, `/auth/sign-in`, `/auth/sign-out`. Belongs inside the session layer and `same_origin`.
pub fn router<S>() -> Router<S>
where
    AuthContext: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    Router::new()
        .route("/auth/setup", post(set_up))
        .route("/auth/sign-in", post(sign_in))
        .route("/auth/sign-out", post(sign_out))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
}

/// `application/x-www-form-urlencoded` of the set-up page.
#[derive(Deserialize)]
struct SetUpForm {
    #[serde(alias = "setup_token")]
    token: String,
    email: String,
    #[serde(deserialize_with = "secret")]
    password: SecretString,
    #[serde(default)]
    name: String,
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

fn secret<'de, D: Deserializer<'de>>(value: D) -> Result<SecretString, D::Error> {
    String::deserialize(value).map(SecretString::from)
}

/// Why a form comes back: a person's mistake, or ours.
enum Refused {
    Code(ErrorCode),
    Ours(AuthError),
    TooLarge,
}

impl<E: Into<AuthError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Ours(error.into())
    }
}

async fn set_up(State(auth): State<AuthContext>, session: Session, request: Request) -> Response {
    let from = peer(&request);
    let outcome = async {
        let form: SetUpForm = read(request).await?;
        if !auth.throttle.allows("set-up", from).await {
            return Err(Refused::Code(ErrorCode::RateLimited));
        }
        let user_id = make_owner(&auth, form).await?;
        begin(&session, &user_id).await?;
        Ok("/integrations?ok=setup".to_owned())
    };
    answer("/setup", outcome.await)
}

async fn make_owner(auth: &AuthContext, form: SetUpForm) -> Result<String, Refused> {
    // The token is looked at first: who made the account meanwhile also removed it.
    let fits = auth.is_set_up_token(&form.token).await?;
    if !users::none_yet(&auth.db).await.map_err(AuthError::from)? {
        return Err(Refused::Code(ErrorCode::Conflict));
    }
    if !fits {
        return Err(Refused::Code(ErrorCode::Unauthorized));
    }
    let email = form.email.trim();
    if !is_email(email) || !is_new_password(form.password.expose_secret()) {
        return Err(Refused::Code(ErrorCode::Invalid));
    }
    let name = Some(form.name.trim()).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or(email)).to_owned();
    let hash = auth.hasher.hash(form.password).await?;
    let made = users::create_owner(&auth.db, email, &name, &hash, auth.clock.now());
    let owner = made.await.map_err(AuthError::from)?.ok_or(Refused::Code(ErrorCode::Conflict))?;
    settings::remove(&auth.db, settings::SETUP_TOKEN_HASH).await.map_err(AuthError::from)?;
    tracing::info!(user_id = owner.id, "The owner's account was made");
    Ok(owner.id)
}

async fn sign_in(State(auth): State<AuthContext>, session: Session, request: Request) -> Response {
    let from = peer(&request);
    let outcome = async {
        let form: SignInForm = read(request).await?;
        if !auth.throttle.allows(&form.email, from).await {
            return Err(Refused::Code(ErrorCode::RateLimited));
        }
        let user = users::by_email(&auth.db, &form.email).await.map_err(AuthError::from)?;
        let (id, hash) = user.map(|user| (user.id, user.password_hash)).unzip();
        // Looked at only now: an unknown address takes as long as a wrong password.
        let right = is_possible_password(form.password.expose_secret())
            && auth.hasher.verify(form.password, hash.flatten()).await?;
        let Some(user_id) = id.filter(|_| right) else {
            tracing::info!("A sign-in was refused");
            return Err(Refused::Code(ErrorCode::Unauthorized));
        };
        auth.throttle.reset(&form.email, from).await;
        auth.sweep_sessions().await?;
        begin(&session, &user_id).await?;
        Ok(local(&form.next).unwrap_or(HOME).to_owned())
    };
    answer("/sign-in", outcome.await)
}

async fn sign_out(session: Session) -> Response {
    let ended = session.flush().await.map_err(Refused::from);
    answer("/sign-in", ended.map(|()| "/sign-in?ok=signed_out".to_owned()))
}

/// Signs the browser in, under a new id: one that was planted before is worth nothing.
async fn begin(session: &Session, user_id: &str) -> Result<(), AuthError> {
    session.clear().await;
    session.cycle_id().await?;
    session.insert(USER_KEY, user_id).await?;
    Ok(())
}

fn answer(page: &str, outcome: Result<String, Refused>) -> Response {
    let code = match outcome {
        Ok(next) => return Redirect::to(&next).into_response(),
        Err(Refused::Code(code)) => code,
        Err(Refused::TooLarge) => {
            return problem(&ApiError::new(ErrorCode::PayloadTooLarge, "The form is too large."));
        }
        Err(Refused::Ours(error)) => {
            tracing::error!(%error, "A form of the sign-in could not be handled");
            ErrorCode::Internal
        }
    };
    Redirect::to(&format!("{page}?error={}", code.as_str())).into_response()
}

async fn read<T: DeserializeOwned + 'static>(request: Request) -> Result<T, Refused> {
    use axum::{Form, RequestExt as _};
    match request.extract::<Form<T>, _>().await {
        Ok(Form(form)) => Ok(form),
        Err(rejection) => Err(refused(&rejection)),
    }
}

fn refused(rejection: &FormRejection) -> Refused {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refused::TooLarge,
        _ => Refused::Code(ErrorCode::BadRequest),
    }
}

/// The machine at the other end, when the server was started so that it knows.
fn peer(request: &Request) -> Option<IpAddr> {
    request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip())
}

/// A shape check only: whether mail arrives there is not asked.
fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    text.len() <= MAX_EMAIL_BYTES
        && !text.chars().any(|char| char.is_whitespace() || char.is_control())
        && parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
}

fn is_possible_password(text: &str) -> bool {
    text.len() <= MAX_PASSWORD_BYTES
}

fn is_new_password(text: &str) -> bool {
    is_possible_password(text) && text.chars().count() >= MIN_PASSWORD_CHARS
}

/// A path of this site, or nothing: a link to the sign-in page must not lead elsewhere afterwards.
fn local(next: &str) -> Option<&str> {
    let base = Url::parse("http://here.invalid/").ok()?;
    let stays = next.starts_with('/')
        && !next.chars().any(|char| char.is_control() || char == '\\')
        && base.join(next).is_ok_and(|url| url.origin() == base.origin());
    stays.then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_come_back_to() {
        for (next, stays) in [
            ("/deployments", true),
            ("/deployments/1?tab=log#x", true),
            ("", false),
            ("deployments", false),
            ("//evil.test/", false),
            ("/\\evil.test/", false),
            ("/\t/evil.test/", false),
            ("https://evil.test/", false),
            ("javascript:alert(1)", false),
        ] {
            assert_eq!(local(next).is_some(), stays, "{next}");
        }
    }

    #[test]
    fn addresses_have_a_name_and_a_host() {
        for (text, fine) in [
            ("a@example.test", true),
            ("a.b+c@localhost", true),
            ("", false),
            ("a", false),
            ("@b", false),
            ("a@", false),
            ("a@b@c", false),
            ("a b@c", false),
        ] {
            assert_eq!(is_email(text), fine, "{text}");
        }
        assert!(!is_email(&format!("{}@b", "a".repeat(300))));
    }
}
