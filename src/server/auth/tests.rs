//! The forms and the extractor through a router, on a database.

#![expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]

use super::{AuthContext, CurrentUser, context::hash, router, same_origin, session_layer, throttle::TRIES};
use crate::{
    model::Timestamp,
    server::{
        clock::Clock,
        config::Config,
        db::{entity::session, sessions, settings, testing, testing::TestDb, users},
    },
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
    middleware::from_fn_with_state,
    routing::get,
};
use chrono::TimeDelta;
use clap::Parser;
use sea_orm::EntityTrait as _;
use secrecy::ExposeSecret as _;
use std::sync::Arc;
use tower::ServiceExt as _;
use tower_sessions::session::Id;
use url::form_urlencoded;

const EMAIL: &str = "Owner@Example.test";
const PASSWORD: &str = "a long enough password";

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    config: Config,
}

struct Site {
    test: TestDb,
    auth: AuthContext,
    app: Router,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn to(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER);
        self.headers[header::LOCATION].to_str().unwrap()
    }

    fn set_cookie(&self) -> &str {
        self.headers[header::SET_COOKIE].to_str().unwrap()
    }

    /// What a browser sends back.
    fn cookie(&self) -> String {
        self.set_cookie().split(';').next().unwrap().to_owned()
    }
}

async fn whoami(user: CurrentUser) -> String {
    format!("{} {}", user.email, user.name)
}

async fn whoami_perhaps(user: Option<CurrentUser>) -> String {
    user.map_or("nobody".to_owned(), |user| user.email)
}

fn now() -> Timestamp {
    chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

async fn site(arguments: &[&str]) -> Site {
    let test = testing::fresh().await.unwrap();
    let config = Cli::parse_from(["test"].iter().chain(arguments)).config;
    let auth = AuthContext::new(test.db.clone(), Clock::fixed(now()), Arc::new(config));
    let app = Router::new()
        .route("/deployments", get(whoami).post(whoami))
        .route("/api/me", get(whoami).post(whoami))
        .route("/perhaps", get(whoami_perhaps))
        .merge(router())
        .layer(from_fn_with_state(auth.clone(), same_origin))
        .layer(session_layer(&auth))
        .with_state(auth.clone());
    Site { test, auth, app }
}

impl Site {
    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.send(Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path)
            .header(header::HOST, "localhost:3000")
            .header(header::ORIGIN, "http://localhost:3000")
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.post("/auth/sign-in", "", &[("email", email), ("password", password)]).await
    }

    /// Makes the owner's account. Returns the cookie.
    async fn owner(&self) -> String {
        let token = self.auth.prepare_set_up().await.unwrap().unwrap().token;
        let fields = [("token", token.expose_secret()), ("email", EMAIL), ("password", PASSWORD)];
        let made = self.post("/auth/setup", "", &fields).await;
        assert_eq!(made.to(), "/integrations?ok=setup");
        made.cookie()
    }

    async fn stored_sessions(&self) -> Vec<session::Model> {
        session::Entity::find().all(&self.test.db.orm).await.unwrap()
    }
}

#[tokio::test]
async fn the_owner_is_made_once_with_the_token_of_the_log() {
    let site = site(&[]).await;
    let set_up = site.auth.prepare_set_up().await.unwrap().unwrap();
    assert_eq!(set_up.address, "http://127.0.0.1:3000/setup");
    let token = set_up.token.expose_secret();
    let stored = settings::get(&site.test.db, settings::SETUP_TOKEN_HASH).await.unwrap().unwrap();
    assert_eq!(stored, hash(token), "only its hash is stored");

    for (fields, code) in [
        (&[("token", "0"), ("email", EMAIL), ("password", PASSWORD)][..], "unauthorized"),
        (&[("token", ""), ("email", EMAIL), ("password", PASSWORD)], "unauthorized"),
        (&[("token", token), ("email", EMAIL), ("password", "too short")], "invalid"),
        (&[("token", token), ("email", "nobody"), ("password", PASSWORD)], "invalid"),
        (&[("token", token), ("email", EMAIL)], "bad_request"),
    ] {
        let refused = site.post("/auth/setup", "", fields).await;
        assert_eq!(refused.to(), format!("/setup?error={code}"), "{fields:?}");
        assert!(users::none_yet(&site.test.db).await.unwrap());
    }
    assert!(site.stored_sessions().await.is_empty());

    let cookie = {
        let fields = [("token", token), ("email", EMAIL), ("password", PASSWORD)];
        let made = site.post("/auth/setup", "", &fields).await;
        assert_eq!(made.to(), "/integrations?ok=setup");
        let again = site.post("/auth/setup", "", &fields).await;
        assert_eq!(again.to(), "/setup?error=conflict");
        made.cookie()
    };
    assert_eq!(site.get("/api/me", &cookie).await.body, "owner@example.test Owner");
    assert!(site.auth.prepare_set_up().await.unwrap().is_none());
    assert_eq!(settings::get(&site.test.db, settings::SETUP_TOKEN_HASH).await.unwrap(), None);
}

#[tokio::test]
async fn a_new_start_gives_out_a_new_token() {
    let site = site(&["--public-url", "https://fix.example.test/"]).await;
    let old = site.auth.prepare_set_up().await.unwrap().unwrap();
    let new = site.auth.prepare_set_up().await.unwrap().unwrap();
    assert_eq!(new.address, "https://fix.example.test/setup");
    assert!(!site.auth.is_set_up_token(old.token.expose_secret()).await.unwrap());
    assert!(site.auth.is_set_up_token(new.token.expose_secret()).await.unwrap());
}

#[tokio::test]
async fn two_set_ups_at_once_make_one_owner() {
    let site = site(&[]).await;
    let token = site.auth.prepare_set_up().await.unwrap().unwrap().token;
    let form =
        |email: &'static str| [("token", token.expose_secret()), ("email", email), ("password", PASSWORD)];
    let (first, second) = (form("a@example.test"), form("b@example.test"));
    let (first, second) =
        tokio::join!(site.post("/auth/setup", "", &first), site.post("/auth/setup", "", &second));
    let mut answers = [first.to(), second.to()];
    answers.sort_unstable();
    assert_eq!(answers, ["/integrations?ok=setup", "/setup?error=conflict"]);
}

#[tokio::test]
async fn signing_in_and_out_again() {
    let site = site(&[]).await;
    site.owner().await;
    for (email, password) in [(EMAIL, "another password"), ("nobody@example.test", PASSWORD), ("", "")] {
        assert_eq!(site.sign_in(email, password).await.to(), "/sign-in?error=unauthorized", "{email}");
    }
    let signed_in = site.sign_in(" owner@example.TEST", PASSWORD).await;
    assert_eq!(signed_in.to(), "/deployments");
    let cookie = signed_in.cookie();
    assert_eq!(site.get("/deployments", &cookie).await.body, "owner@example.test Owner");

    let signed_out = site.post("/auth/sign-out", &cookie, &[]).await;
    assert_eq!(signed_out.to(), "/sign-in?ok=signed_out");
    assert_eq!(
        site.get("/api/me", &cookie).await.status,
        StatusCode::UNAUTHORIZED,
        "the cookie is worthless"
    );
}

#[tokio::test]
async fn a_person_comes_back_to_the_page_they_wanted() {
    let site = site(&[]).await;
    site.owner().await;
    let sent_away = site.get("/deployments?tab=a&b", "").await;
    assert_eq!(sent_away.to(), "/sign-in?next=%2Fdeployments%3Ftab%3Da%26b");
    for (next, lands) in [
        ("/deployments?tab=a&b", "/deployments?tab=a&b"),
        ("//evil.test", "/deployments"),
        ("", "/deployments"),
    ] {
        let fields = [("email", EMAIL), ("password", PASSWORD), ("next", next)];
        assert_eq!(site.post("/auth/sign-in", "", &fields).await.to(), lands, "{next}");
    }
}

#[tokio::test]
async fn who_is_not_signed_in_gets_json_or_the_sign_in_page() {
    let site = site(&[]).await;
    for cookie in ["", "deploymend_session=nonsense", "deploymend_session=AAAAAAAAAAAAAAAAAAAAAA"] {
        let program = site.get("/api/me", cookie).await;
        assert_eq!(program.status, StatusCode::UNAUTHORIZED);
        let body: serde_json::Value = serde_json::from_str(&program.body).unwrap();
        assert_eq!(body["error"]["code"], "unauthorized");
        assert_eq!(site.get("/deployments", cookie).await.to(), "/sign-in?next=%2Fdeployments");
        assert_eq!(site.post("/deployments", cookie, &[]).await.to(), "/sign-in?next=%2F");
        assert_eq!(site.get("/perhaps", cookie).await.body, "nobody");
    }
}

#[tokio::test]
async fn the_cookie_is_kept_from_scripts_and_other_sites_and_its_value_out_of_the_database() {
    for (arguments, secure) in [
        (&[][..], false),
        (&["--public-url", "http://localhost:3000"], false),
        (&["--public-url", "https://fix.example.test"], true),
    ] {
        let site = site(arguments).await;
        site.owner().await;
        let signed_in = site.sign_in(EMAIL, PASSWORD).await;
        let cookie = signed_in.set_cookie();
        for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert_eq!(cookie.contains("Secure"), secure, "{cookie}");
        let value = signed_in.cookie().split_once('=').unwrap().1.to_owned();
        let rows = site.stored_sessions().await;
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().any(|row| row.id == hash(&value)));
        assert!(
            rows.iter().all(|row| row.user_id.is_some() && !row.data.contains(&value) && row.id != value)
        );
    }
}

#[tokio::test]
async fn a_session_that_was_planted_before_signing_in_is_worth_nothing() {
    let site = site(&[]).await;
    let owner = site.owner().await;
    let planted = Id::default();
    let until = now() + TimeDelta::days(1);
    sessions::put(&site.test.db, hash(&planted.to_string()), None, "{}".into(), until, now(), true)
        .await
        .unwrap();
    let planted = format!("deploymend_session={planted}");
    let fields = [("email", EMAIL), ("password", PASSWORD)];
    for before in [planted, owner] {
        let signed_in = site.post("/auth/sign-in", &before, &fields).await;
        assert_ne!(signed_in.cookie(), before);
        assert_eq!(site.get("/api/me", &before).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(site.get("/api/me", &signed_in.cookie()).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_session_runs_out_and_is_swept() {
    let site = site(&[]).await;
    let cookie = site.owner().await;
    site.auth.clock.advance(TimeDelta::days(30) - TimeDelta::seconds(1));
    assert_eq!(site.get("/api/me", &cookie).await.status, StatusCode::OK);
    assert_eq!(site.auth.sweep_sessions().await.unwrap(), 0);
    site.auth.clock.advance(TimeDelta::seconds(1));
    assert_eq!(site.get("/api/me", &cookie).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(site.stored_sessions().await.len(), 1);
    assert_eq!(site.auth.sweep_sessions().await.unwrap(), 1);
    assert!(site.stored_sessions().await.is_empty());
}

#[tokio::test]
async fn too_many_tries_are_refused_even_with_the_right_password() {
    let site = site(&[]).await;
    site.owner().await;
    for _ in 0..TRIES {
        assert_eq!(site.sign_in(EMAIL, "a wrong password").await.to(), "/sign-in?error=unauthorized");
    }
    assert_eq!(site.sign_in(" OWNER@example.test ", PASSWORD).await.to(), "/sign-in?error=rate_limited");
    let other = site.sign_in("other@example.test", PASSWORD).await;
    assert_eq!(other.to(), "/sign-in?error=unauthorized", "others are not held up");
}

#[tokio::test]
async fn a_success_forgets_the_failures_before_it() {
    let site = site(&[]).await;
    site.owner().await;
    for _ in 0..2 {
        for _ in 1..TRIES {
            assert_eq!(site.sign_in(EMAIL, "a wrong password").await.to(), "/sign-in?error=unauthorized");
        }
        assert_eq!(site.sign_in(EMAIL, PASSWORD).await.to(), "/deployments");
    }
}

#[tokio::test]
async fn another_site_cannot_make_a_browser_change_anything() {
    let site = site(&[]).await;
    let cookie = site.owner().await;
    for path in ["/api/me", "/deployments", "/auth/sign-out", "/auth/sign-in"] {
        let request = Request::post(path)
            .header(header::HOST, "localhost:3000")
            .header(header::ORIGIN, "https://evil.test")
            .header(header::COOKIE, &cookie);
        let refused = site.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        assert!(refused.body.contains(r#""code":"forbidden""#), "{path}");
    }
    assert_eq!(site.get("/api/me", &cookie).await.status, StatusCode::OK, "still signed in");
    assert_eq!(site.post("/api/me", &cookie, &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_form_beyond_the_limit_is_refused() {
    let site = site(&[]).await;
    let long = "a".repeat(20 * 1024);
    let refused = site.sign_in(EMAIL, &long).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(refused.body.contains(r#""code":"payload_too_large""#));
    assert_eq!(site.sign_in(EMAIL, &long[..2000]).await.to(), "/sign-in?error=unauthorized");
}
