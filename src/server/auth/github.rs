//! Signing in with GitHub: a browser sent to GitHub → its code → GitHub's user → the account that this user signs in.
//!
//! Nobody is registered here: a GitHub account signs somebody in after they have linked it in the settings. What the
//! callback has to know of the start travels in a sealed cookie of that browser, so that a callback that somebody else
//! started leads nowhere.

mod link;

use super::{
    AuthContext, browser,
    context::new_secret,
    current_user::{CurrentUser, SignedOut},
    form::{HOME, local, source},
    identify::Credential,
    reveal::{cookie, cookie_of},
    same_origin::comes_from_us,
    session::begin,
};
use crate::{
    model::{ApiError, Timestamp},
    server::{
        audit,
        crypto::KeyRing,
        db::{accounts, users},
        github::{
            Client, GithubError, User,
            oauth::{App, Granted, Journey},
        },
    },
};
use axum::{
    Router,
    extract::{FromRef, Query, State},
    http::{HeaderMap, header::SET_COOKIE, request::Parts},
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use moka::future::Cache;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{sync::Arc, time::Duration};
use subtle::ConstantTimeEq as _;
use tower_sessions::Session;

/// The start; the callback is below it. The cookie goes nowhere else.
const PATH: &str = "/api/auth/github";
const COOKIE: &str = "deploymend_github";
/// What the cookie is sealed for.
const IDENTITY: &str = "github:attempt";
/// GitHub's codes live as long.
const MINUTES: u8 = 10;
/// Callbacks that are remembered as used, at most.
const REMEMBERED: u64 = 10_000;

/// `GET /api/auth/github` and `/api/auth/github/callback`. Belongs inside the session layer.
pub fn router<S>() -> Router<S>
where
    AuthContext: FromRef<S>,
    Arc<KeyRing>: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    Router::new().route(PATH, get(start)).route("/api/auth/github/callback", get(callback))
}

/// States that have come back already.
#[derive(Clone, Debug)]
pub(super) struct Used(Cache<String, ()>);

impl Default for Used {
    fn default() -> Self {
        let life = Duration::from_secs(60 * u64::from(MINUTES));
        Self(Cache::builder().max_capacity(REMEMBERED).time_to_live(life).build())
    }
}

/// What a browser set out for.
#[derive(Serialize, Deserialize)]
struct Attempt {
    state: String,
    verifier: String,
    /// Where to go afterwards.
    next: String,
    /// Who links their GitHub account; nobody signs in.
    linking: Option<String>,
    until: Timestamp,
}

/// Why a browser that came back is sent away: the code behind `?error=` on the page.
enum Refused {
    Code(&'static str),
    Ours(ApiError),
}

impl<E: Into<ApiError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Ours(error.into())
    }
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    next: String,
    #[serde(default)]
    link: bool,
}

impl AuthContext {
    /// Whether people may sign in with GitHub.
    pub fn offers_github(&self) -> bool {
        App::of(&self.config).is_some()
    }

    fn callback(&self) -> String {
        format!("{}{PATH}/callback", self.base())
    }
}

async fn start(
    State(auth): State<AuthContext>,
    State(keys): State<Arc<KeyRing>>,
    user: Option<CurrentUser>,
    Query(wanted): Query<Wanted>,
    parts: Parts,
) -> Response {
    let Some(app) = App::of(&auth.config) else { return Redirect::to("/sign-in").into_response() };
    let linking = match user {
        _ if !wanted.link => None,
        Some(CurrentUser { id, credential: Credential::Session(_), .. })
            if comes_from_us(&parts.headers, &parts.uri, auth.public_origin().as_deref()) =>
        {
            Some(id)
        }
        _ => return SignedOut::Page("/settings".to_owned()).into_response(),
    };
    match set_out(&auth, &keys, app, linking, &wanted.next).await {
        Ok(response) => response,
        Err(error) => super::problem(&error),
    }
}

/// To GitHub, with a cookie that knows the way back.
async fn set_out(
    auth: &AuthContext,
    keys: &KeyRing,
    app: App<'_>,
    linking: Option<String>,
    next: &str,
) -> Result<Response, ApiError> {
    let [state, verifier] = [(); 2].map(|()| new_secret("").expose_secret().to_owned());
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
    let scope = match &linking {
        Some(user_id) => link::scope(auth, user_id).await?,
        None => "",
    };
    let journey = Journey { redirect_uri: &auth.callback(), state: &state, challenge: &challenge, scope };
    let to = app.authorize(journey);
    let until = auth.clock.now() + TimeDelta::minutes(MINUTES.into());
    let attempt = Attempt { state, verifier, next: local(next).unwrap_or(HOME).to_owned(), linking, until };
    let text = serde_json::to_string(&attempt).map_err(|_| ApiError::internal())?;
    let sealed = keys.seal(IDENTITY, &SecretString::from(text)).map_err(|error| {
        tracing::error!(%error, "A sign-in with GitHub could not be sealed");
        ApiError::internal()
    })?;
    let set = cookie(COOKIE, &sealed, PATH, u32::from(MINUTES) * 60, "Lax", auth.is_https());
    let set = set.ok_or_else(ApiError::internal)?;
    Ok(([(SET_COOKIE, set)], Redirect::to(to.as_str())).into_response())
}

/// What GitHub adds to our callback.
#[derive(Deserialize)]
struct CameBack {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
}

async fn callback(
    State(auth): State<AuthContext>,
    State(keys): State<Arc<KeyRing>>,
    user: Option<CurrentUser>,
    session: Session,
    Query(came): Query<CameBack>,
    parts: Parts,
) -> Response {
    let attempt = attempt(&auth, &keys, &parts.headers, &came.state).await;
    let page = match &attempt {
        Some(Attempt { linking: Some(_), .. }) => "/settings",
        _ => "/sign-in",
    };
    let outcome = async {
        let attempt = attempt.ok_or(Refused::Code("github_expired"))?;
        let (who, granted) = ask(&auth, &came, &attempt, &parts).await?;
        match attempt.linking {
            Some(linking) if user.is_some_and(|user| user.id == linking) => {
                link::link(&auth, &keys, &linking, &who, &granted).await?;
                Ok("/settings?ok=github_linked".to_owned())
            }
            Some(_) => Err(Refused::Code("github_expired")),
            None => {
                sign_in(&auth, &session, &who, &parts.headers).await?;
                Ok(attempt.next)
            }
        }
    };
    let to = match outcome.await {
        Ok(to) => to,
        Err(Refused::Code(code)) => format!("{page}?error={code}"),
        Err(Refused::Ours(error)) => format!("{page}?error={}", error.code.as_str()),
    };
    let forget = cookie(COOKIE, "", PATH, 0, "Lax", auth.is_https());
    (forget.map(|forget| [(SET_COOKIE, forget)]), Redirect::to(&to)).into_response()
}

/// What this browser set out for, if it did, lately, and comes back for the first time.
async fn attempt(auth: &AuthContext, keys: &KeyRing, headers: &HeaderMap, state: &str) -> Option<Attempt> {
    let opened = keys.open(IDENTITY, cookie_of(headers, COOKIE)?).ok()?;
    let attempt: Attempt = serde_json::from_str(opened.expose_secret()).ok()?;
    let same: bool = attempt.state.as_bytes().ct_eq(state.as_bytes()).into();
    let valid = same && attempt.until > auth.clock.now();
    (valid && auth.used.0.entry_by_ref(state).or_insert(()).await.is_fresh()).then_some(attempt)
}

/// Whom GitHub says the code belongs to.
async fn ask(
    auth: &AuthContext,
    came: &CameBack,
    attempt: &Attempt,
    parts: &Parts,
) -> Result<(User, Granted), Refused> {
    if let Some(error) = &came.error {
        // Written by whoever made the address: only known names are logged.
        let denied = error == "access_denied";
        tracing::info!(denied, "GitHub sent a browser back without a code");
        return Err(Refused::Code(if denied { "github_denied" } else { "github_failed" }));
    }
    if !auth.throttle.allows("github", source(&parts.extensions)).await {
        return Err(Refused::Code("rate_limited"));
    }
    let app = App::of(&auth.config).ok_or(Refused::Code("github_failed"))?;
    let code = came.code.as_deref().unwrap_or_default();
    let granted = app.exchange(code, &auth.callback(), &attempt.verifier).await.map_err(refused)?;
    let client = Client::new(&auth.config.github_api, &granted.token, auth.clock.clone()).map_err(refused)?;
    let who = client.current_user().await.map_err(refused)?;
    auth.throttle.reset("github", source(&parts.extensions)).await;
    Ok((who, granted))
}

fn refused(error: GithubError) -> Refused {
    match &error {
        GithubError::Rejected { message, .. } if message == "bad_verification_code" => {
            Refused::Code("github_expired")
        }
        GithubError::Transient { .. } => Refused::Code("github_unavailable"),
        _ => {
            tracing::warn!(%error, "GitHub refused a sign-in: check the client id, its secret and its callback");
            Refused::Code("github_failed")
        }
    }
}

async fn sign_in(
    auth: &AuthContext,
    session: &Session,
    who: &User,
    headers: &HeaderMap,
) -> Result<(), Refused> {
    let Some(account) = accounts::signing_in(&auth.db, &who.id.to_string()).await? else {
        tracing::info!("A GitHub user without an account was refused");
        return Err(Refused::Code("github_unknown"));
    };
    if let Some(user) = users::find(&auth.db, &account.user_id).await? {
        audit::is_by(|| (&user).into());
    }
    auth.sweep_sessions().await?;
    begin(session, &account.user_id, browser::name(headers)).await?;
    Ok(())
}
