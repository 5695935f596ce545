//! A server with a database of its own, the real Vercel client, and a stand-in of Vercel behind it.

#![expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]

use async_trait::async_trait;
use axum::{Router, extract::FromRef, middleware::from_fn_with_state};
use clap::Parser;
use deploymend::{
    model::{Connection, Provider},
    server::{
        auth::{self, AuthContext},
        clock::{Clock, new_id},
        config::Config,
        crypto::KeyRing,
        db::{
            self, Db,
            entity::subscription,
            testing::{self, TestDb},
        },
        http::{
            error, integrations,
            limits::deliveries::{Deliveries, Limits, admit},
            webhooks,
        },
        intake::{IntakeContext, Wake, receive::MAX_DELIVERY_BYTES},
        integrations::{
            Access, PlatformContext, Registry, TokenProvider,
            connection_manager::{self, ConnectionError},
            http,
        },
    },
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use standins::{
    Options, Standins,
    scenario::{Seed, Seeded},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

#[derive(Parser)]
struct Settled {
    #[command(flatten)]
    config: Config,
}

/// Remembers who was woken.
#[derive(Default)]
pub struct Woken(Mutex<Vec<(String, String)>>);

#[async_trait]
impl Wake for Woken {
    async fn wake(&self, key: String, fix_id: String) {
        self.0.lock().unwrap().push((key, fix_id));
    }
}

#[derive(Clone, FromRef)]
pub struct State {
    pub db: Db,
    pub keys: Arc<KeyRing>,
    pub registry: Arc<Registry>,
    pub clock: Clock,
    pub config: Arc<Config>,
    pub wake: Arc<dyn Wake>,
    pub auth: AuthContext,
}

pub struct House {
    pub standins: Standins,
    pub state: State,
    pub ctx: IntakeContext,
    pub woken: Arc<Woken>,
    pub address: String,
    pub user_id: String,
    pub cookie: String,
    pub client: reqwest::Client,
    /// Holds the database until the end.
    _kept: TestDb,
}

/// The settings that nobody has changed.
pub fn config() -> Config {
    Settled::parse_from(["deploymend"]).config
}

impl House {
    /// With webhooks to our own address allowed.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With other settings.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::built(change, |usual, _| usual).await
    }

    /// With other settings and other platforms than usual.
    pub async fn built(
        change: impl FnOnce(&mut Config),
        platforms: impl FnOnce(Registry, Clock) -> Registry,
    ) -> Self {
        Self::made(change, platforms, None).await
    }

    /// With other limits for deliveries than usual.
    pub async fn limited(limits: Limits) -> Self {
        Self::made(|_| {}, |usual, _| usual, Some(limits)).await
    }

    async fn made(
        change: impl FnOnce(&mut Config),
        platforms: impl FnOnce(Registry, Clock) -> Registry,
        limits: Option<Limits>,
    ) -> Self {
        // Installs the TLS provider that every other client of this process needs, too.
        http::client().unwrap();
        let standins =
            Standins::start(Options { allow_loopback_webhooks: true, ..Options::default() }).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let mut config = config();
        config.vercel_api = standins.vercel_url().parse().unwrap();
        config.cloudflare_api = standins.cloudflare_url().parse().unwrap();
        config.render_api = standins.render_url().parse().unwrap();
        config.public_url = Some(address.parse().unwrap());
        config.allow_loopback_webhooks = true;
        change(&mut config);
        let kept = testing::fresh().await.unwrap();
        let db = kept.db.clone();
        let clock = Clock::fixed(Clock::System.now());
        let config = Arc::new(config);
        let woken = Arc::new(Woken::default());
        let state = State {
            auth: AuthContext::new(db.clone(), clock.clone(), config.clone()),
            db,
            keys: Arc::new(KeyRing::parse("test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()),
            registry: Arc::new(platforms(Registry::new(&config, clock.clone()).unwrap(), clock.clone())),
            clock,
            config,
            wake: woken.clone(),
        };
        let limits = limits.unwrap_or_else(|| Limits::of(&state.db.pool));
        let deliveries = Deliveries::new(limits).of_at_most(MAX_DELIVERY_BYTES);
        let routes = Router::new()
            .merge(Router::from(integrations::router()))
            .merge(auth::router())
            .layer(auth::session_layer(&state.auth))
            .merge(Router::from(webhooks::router()).layer(from_fn_with_state(deliveries, admit)))
            .fallback(error::not_found)
            .method_not_allowed_fallback(error::method_not_allowed)
            .with_state(state.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let cookie = owner(&state, &client, &address).await;
        let user_id = db::users::by_email(&state.db, "owner@example.test").await.unwrap().unwrap().id;
        let ctx = IntakeContext::from_ref(&state);
        Self { standins, state, ctx, woken, address, user_id, cookie, client, _kept: kept }
    }

    /// A person with a token, a team on a plan with webhooks, a repository and a project.
    pub async fn seed(&self) -> Seeded {
        self.seed_with(Seed::default()).await
    }

    /// The same, otherwise.
    pub async fn seed_with(&self, seed: Seed) -> Seeded {
        let files = BTreeMap::from([("package.json".to_owned(), Some("{}".to_owned()))]);
        self.standins.seed(Seed { files, ..seed }).await.unwrap()
    }

    pub fn platforms(&self) -> &PlatformContext {
        &self.ctx.platforms
    }

    pub fn vercel(&self) -> Arc<dyn TokenProvider> {
        self.state.registry.get(Provider::VERCEL).unwrap()
    }

    pub fn cloudflare(&self) -> Arc<dyn TokenProvider> {
        self.state.registry.get(Provider::CLOUDFLARE).unwrap()
    }

    pub fn access(&self, token: &str, team: Option<&str>) -> Access {
        Access { token: token.into(), team_id: team.map(str::to_owned) }
    }

    pub async fn connect(&self, token: &str) -> Result<Connection, ConnectionError> {
        self.connect_to(Provider::VERCEL, token).await
    }

    pub async fn connect_to(&self, provider: Provider, token: &str) -> Result<Connection, ConnectionError> {
        let token = SecretString::from(token);
        connection_manager::connect(self.platforms(), &self.user_id, provider, token).await
    }

    pub async fn subscriptions(&self) -> Vec<subscription::Model> {
        db::subscriptions::list(&self.state.db, &self.user_id).await.unwrap()
    }

    pub async fn integration(&self) -> db::entity::integration::Model {
        db::integrations::of_user(&self.state.db, &self.user_id, Provider::VERCEL).await.unwrap().unwrap()
    }

    pub async fn fixes(&self) -> Vec<deploymend::model::FixSummary> {
        db::fixes::summaries(&self.state.db, &self.user_id, 100, None).await.unwrap()
    }

    /// Somebody beside the owner. Returns the id.
    pub async fn another_user(&self, email: &str) -> String {
        use sea_orm::{ActiveValue::Set, EntityTrait as _};
        let row = db::entity::user::ActiveModel {
            id: Set(new_id()),
            email: Set(email.to_owned()),
            name: Set("Somebody".to_owned()),
            created_at: Set(self.state.clock.now()),
            updated_at: Set(self.state.clock.now()),
            ..Default::default()
        };
        db::entity::user::Entity::insert(row).exec_with_returning(&self.state.db.orm).await.unwrap().id
    }

    pub fn woken(&self) -> Vec<(String, String)> {
        self.woken.0.lock().unwrap().clone()
    }

    /// A request of the signed-in owner. Returns status and JSON.
    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}{path}", self.address);
        let mut request = self.client.request(method.parse().unwrap(), url).header("cookie", &self.cookie);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
    }
}

async fn owner(state: &State, client: &reqwest::Client, address: &str) -> String {
    let token = state.auth.prepare_set_up().await.unwrap().unwrap().token;
    let form = [
        ("token", token.expose_secret()),
        ("email", "owner@example.test"),
        ("password", "a long enough password"),
    ];
    let made = client.post(format!("{address}/auth/setup")).form(&form).send().await.unwrap();
    let cookie = made.headers()["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}
