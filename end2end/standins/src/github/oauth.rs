//! OAuth apps: the page on which a person agrees, and the endpoint that takes the code of the redirect for a token.
//!
//! As documented: the state comes back unchanged, a code works once and for ten minutes, for the app and the address
//! it was made for and, where a challenge was sent, for whoever knows the verifier. The token endpoint refuses with
//! status 200 and `error`, in the form encoding unless JSON is asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Query, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Url;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::pages::{document, escape};
use super::state::{Code, Github, OauthApp, Token};
use crate::ids::{now_ms, random};
use crate::world::World;

/// How long a code works, in ms.
const CODE_LIFE: i64 = 600_000;

/// What the product sends a browser with.
#[derive(Debug, Clone, Deserialize)]
pub struct Journey {
    client_id: String,
    redirect_uri: Option<String>,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    state: String,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
}

/// What the person does on the page: the journey again, and who they are. Nobody: they cancel.
#[derive(Debug, Clone, Deserialize)]
pub struct Decision {
    #[serde(flatten)]
    journey: Journey,
    #[serde(default)]
    login: String,
}

/// `GET /login/oauth/authorize`: asks, or refuses at once.
pub async fn authorize(State(world): State<Arc<World>>, Query(journey): Query<Journey>) -> Response {
    let state = world.state();
    let app = match checked(&state.github, &journey) {
        Ok(app) => app,
        Err(response) => return *response,
    };
    let field = |name: &str, value: &str| {
        format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value))
    };
    let mut fields = field("client_id", &journey.client_id) + &field("state", &journey.state);
    fields += &field("scope", &journey.scope);
    for (name, value) in [
        ("redirect_uri", &journey.redirect_uri),
        ("code_challenge", &journey.code_challenge),
        ("code_challenge_method", &journey.code_challenge_method),
    ] {
        fields += &value.as_ref().map(|value| field(name, value)).unwrap_or_default();
    }
    let people: String = state
        .github
        .users
        .iter()
        .map(|user| {
            let login = escape(&user.login);
            format!("<p><button name=\"login\" value=\"{login}\">Authorize as {login}</button></p>")
        })
        .collect();
    let body = format!(
        "<h1>Authorize {}</h1><p>Scope: {}</p><form method=\"post\">{fields}{people}<button>Cancel</button></form>",
        escape(&app.client_id),
        escape(&journey.scope)
    );
    Html(document("Authorize", &body)).into_response()
}

/// `POST /login/oauth/authorize`: sends the browser back with a code, or without one.
pub async fn decide(State(world): State<Arc<World>>, Form(decision): Form<Decision>) -> Response {
    let mut state = world.state();
    let Decision { journey, login } = decision;
    let app = match checked(&state.github, &journey) {
        Ok(app) => app.clone(),
        Err(response) => return *response,
    };
    let redirect_uri = journey.redirect_uri.unwrap_or(app.callback);
    let Some(user) = state.github.user(&login).cloned() else {
        return back(&redirect_uri, &[("error", "access_denied"), ("state", &journey.state)]);
    };
    let code = Code {
        value: random(20),
        client_id: app.client_id,
        login: user.login,
        redirect_uri,
        scope: journey.scope,
        challenge: journey.code_challenge,
        made_at: now_ms(),
    };
    let response = back(&code.redirect_uri, &[("code", &code.value), ("state", &journey.state)]);
    state.github.codes.push(code);
    response
}

/// The app of a journey, if the journey may be made.
fn checked<'a>(github: &'a Github, journey: &Journey) -> Result<&'a OauthApp, Box<Response>> {
    let app = github.oauth_apps.iter().find(|app| app.client_id == journey.client_id);
    let app = app.ok_or_else(|| Box::new((StatusCode::NOT_FOUND, "Not Found").into_response()))?;
    let error = |name: &str| Box::new(back(&app.callback, &[("error", name), ("state", &journey.state)]));
    if journey.redirect_uri.as_deref().is_some_and(|uri| !is_below(&app.callback, uri)) {
        return Err(error("redirect_uri_mismatch"));
    }
    if journey.code_challenge.is_some() && journey.code_challenge_method.as_deref() != Some("S256") {
        return Err(error("invalid_request"));
    }
    Ok(app)
}

/// Host and port have to be those of the registered address, and the path its own or below it. On loopback the port
/// does not matter.
fn is_below(callback: &str, uri: &str) -> bool {
    let (Ok(callback), Ok(uri)) = (Url::parse(callback), Url::parse(uri)) else { return false };
    let loopback = matches!(callback.host_str(), Some("127.0.0.1" | "[::1]"));
    let rest = uri.path().strip_prefix(callback.path());
    callback.scheme() == uri.scheme()
        && callback.host_str() == uri.host_str()
        && (loopback || callback.port_or_known_default() == uri.port_or_known_default())
        && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || callback.path().ends_with('/'))
}

fn back(redirect_uri: &str, pairs: &[(&str, &str)]) -> Response {
    match Url::parse(redirect_uri) {
        Ok(mut url) => {
            url.query_pairs_mut().extend_pairs(pairs);
            Redirect::to(url.as_str()).into_response()
        }
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// What the product asks for a token with.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Exchange {
    client_id: String,
    client_secret: String,
    code: String,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
}

/// `POST /login/oauth/access_token`
pub async fn exchange(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    Form(wanted): Form<Exchange>,
) -> Response {
    let granted = grant(&mut world.state().github, &wanted);
    let answer: BTreeMap<&str, String> = match granted {
        Ok(token) => BTreeMap::from([
            ("access_token", token.value),
            ("scope", token.scopes.unwrap_or_default()),
            ("token_type", "bearer".to_owned()),
        ]),
        Err(error) => BTreeMap::from([
            ("error", error.to_owned()),
            ("error_description", format!("The request was refused: {error}.")),
            ("error_uri", "https://docs.github.com/apps/oauth-apps".to_owned()),
        ]),
    };
    if headers.get(ACCEPT).is_some_and(|accept| accept == "application/json") {
        return axum::Json(answer).into_response();
    }
    let mut url = Url::parse("http://form.invalid/").ok();
    let text = url.as_mut().and_then(|url| {
        url.query_pairs_mut().extend_pairs(&answer);
        url.query().map(str::to_owned)
    });
    ([(CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8")], text.unwrap_or_default())
        .into_response()
}

fn grant(github: &mut Github, wanted: &Exchange) -> Result<Token, &'static str> {
    let known = |app: &&OauthApp| app.client_id == wanted.client_id;
    let app = github.oauth_apps.iter().find(known).ok_or("incorrect_client_credentials")?;
    if app.client_secret != wanted.client_secret {
        return Err("incorrect_client_credentials");
    }
    let position = github.codes.iter().position(|code| code.value == wanted.code);
    // Used up by whoever shows it first, whatever comes of that.
    let code = github.codes.swap_remove(position.ok_or("bad_verification_code")?);
    if code.client_id != wanted.client_id || now_ms() - code.made_at > CODE_LIFE {
        return Err("bad_verification_code");
    }
    if wanted.redirect_uri.as_ref().is_some_and(|uri| *uri != code.redirect_uri) {
        return Err("redirect_uri_mismatch");
    }
    if let Some(challenge) = &code.challenge {
        let verifier = wanted.code_verifier.as_deref().unwrap_or_default();
        if *challenge != URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) {
            return Err("bad_verification_code");
        }
    }
    let token = Token {
        value: format!("gho_{}", random(36)),
        login: code.login,
        scopes: Some(code.scope.replace(' ', ",")),
        read_only: false,
        repositories: None,
    };
    github.tokens.push(token.clone());
    Ok(token)
}
