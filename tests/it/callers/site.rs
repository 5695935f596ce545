//! The whole product in this process, with an owner who has something of everything and somebody who was invited.

use super::{
    requests::{self, Answer},
    routes::{self, Route},
};
use anyhow::Context as _;
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::FromRef as _,
    http::{Request, Response, header},
};
use chrono::TimeDelta;
use clap::Parser as _;
use deploymend::{
    model::Provider,
    server::{
        auth,
        commands::serve,
        config::Config,
        db::{
            self, Pool,
            entity::{api_token, session},
        },
        http,
        intake::{IntakeContext, poll},
        state::AppState,
    },
};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, sea_query::Expr};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use standins::{Options, Standins, scenario::Seed};
use std::{collections::BTreeMap, path::Path, time::Duration};
use tower::ServiceExt as _;

const PASSWORD: &str = "a long enough password";
const LOG: &str = "Running \"npm run build\"\nsrc/a.ts(3,7): error TS2322";
/// Nothing that is asked takes as long.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(clap::Parser)]
struct Settled {
    #[command(flatten)]
    config: Config,
}

/// What callers have, and what there is to ask for.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub owner: String,
    pub expired_session: String,
    pub invited: String,
    pub token: String,
    pub expired_token: String,
    pub invited_token: String,
    pub vercel_token: String,
    pub github_token: String,
    pub platform_project: String,
    pub fix: String,
    pub deployment: String,
    pub subscription: String,
    pub rule: String,
    pub spare_session: String,
    pub spare_token: String,
    pub invitation: String,
}

/// A site to make others from.
pub struct Template {
    standins: Standins,
    folder: tempfile::TempDir,
    facts: Facts,
}

/// One of its own, which may be changed.
pub struct Site {
    state: AppState,
    app: Router,
    pub facts: Facts,
    _folder: Option<tempfile::TempDir>,
}

impl Template {
    pub async fn make() -> anyhow::Result<Self> {
        deploymend::server::github::install_tls_provider();
        let standins = Standins::start(Options { allow_loopback_webhooks: true, ..Options::default() })?;
        let files = BTreeMap::from([("package.json".to_owned(), Some("{}".to_owned()))]);
        let seeded = standins.seed(Seed { files, ..Seed::default() }).await?;
        let folder = tempfile::tempdir()?;
        let mut site = Site::open(&standins, folder.path(), Facts::default()).await?;
        site.facts.vercel_token = seeded.vercel_token;
        site.facts.github_token = seeded.github_token;
        site.facts.platform_project = seeded.project_id;
        site.settle().await?;
        standins.break_project(&site.facts.platform_project, None, LOG, false).await?;
        site.find_the_failure().await?;
        let facts = site.facts.clone();
        site.close().await;
        Ok(Self { standins, folder, facts })
    }

    /// The same again.
    pub async fn open(&self) -> anyhow::Result<Site> {
        let folder = tempfile::tempdir()?;
        for file in std::fs::read_dir(self.folder.path())? {
            let file = file?;
            if file.file_type()?.is_file() {
                std::fs::copy(file.path(), folder.path().join(file.file_name()))?;
            }
        }
        let mut site = Site::open(&self.standins, folder.path(), self.facts.clone()).await?;
        site._folder = Some(folder);
        Ok(site)
    }

    /// All routes, after a look whether none is missing that is known from elsewhere.
    pub async fn routes(&self) -> anyhow::Result<Vec<Route>> {
        let site = self.open().await?;
        let routes = routes::list(&site.app)?;
        let known = |path: &str, method: &str| {
            routes.contains(&Route { path: path.to_owned(), method: method.to_owned() })
        };
        let api = site.send(Request::get("/api/openapi.json").body(Body::empty())?).await?;
        let api: Value = serde_json::from_slice(&to_bytes(api.into_body(), 4 << 20).await?)?;
        for (path, methods) in api["paths"].as_object().context("no paths")? {
            for method in methods.as_object().context("no methods")?.keys() {
                anyhow::ensure!(known(path, &method.to_uppercase()), "{method} {path} is documented only");
            }
        }
        for page in http::page_paths() {
            anyhow::ensure!(known(page, "GET"), "the page {page} is not among the routes");
        }
        site.close().await;
        Ok(routes.into_iter().collect())
    }
}

impl Site {
    async fn open(standins: &Standins, folder: &Path, facts: Facts) -> anyhow::Result<Self> {
        let mut config = Settled::parse_from(["deploymend"]).config;
        config.database_url = None;
        config.data_dir = folder.to_owned();
        config.site_dir = folder.join("site");
        config.vercel_api = standins.vercel_url().parse()?;
        config.cloudflare_api = standins.cloudflare_url().parse()?;
        config.render_api = standins.render_url().parse()?;
        config.github_api = standins.github_api_url().parse()?;
        config.github_url = standins.github_url().parse()?;
        config.paused = true;
        let state = serve::assemble(config).await?;
        let app = http::router(state.clone());
        Ok(Self { state, app, facts, _folder: None })
    }

    /// The database is free to be copied, and nothing of the site goes on.
    pub async fn close(self) {
        self.state.stop.cancel();
        if let Pool::Sqlite(pool) = &self.state.db.pool {
            pool.close().await;
        }
    }

    /// Sets up the router of such a site.
    pub fn routers(&self) -> impl Fn() -> Router + Send + use<> {
        let state = self.state.clone();
        move || http::router(state.clone())
    }

    async fn send(&self, request: Request<Body>) -> anyhow::Result<Response<Body>> {
        let answer = self.app.clone().oneshot(request);
        Ok(tokio::time::timeout(PATIENCE, answer).await.context("no answer in time")??)
    }

    /// What a caller is told at a route.
    pub async fn ask(&self, route: &Route, caller: requests::Caller) -> anyhow::Result<String> {
        let request = requests::request(route, caller, &self.facts)?;
        let answer = self.send(request).await.with_context(|| format!("{caller:?} at {}", route.name()))?;
        Ok(Answer(&answer).to_string())
    }

    async fn form(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> anyhow::Result<String> {
        let answer = self.send(requests::form(path, cookie, fields)?).await?;
        let said = Answer(&answer).to_string();
        anyhow::ensure!(said == "303 ok", "{path} answered {said}");
        let set = answer.headers().get(header::SET_COOKIE).and_then(|value| value.to_str().ok());
        Ok(set.and_then(|set| set.split(';').next()).unwrap_or_default().to_owned())
    }

    async fn call(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let answer = self.send(requests::json("POST", path, &self.facts.owner, body)?).await?;
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 1 << 20).await?;
        anyhow::ensure!(status.is_success(), "{path} answered {status}: {}", String::from_utf8_lossy(&body));
        Ok(serde_json::from_slice(&body)?)
    }

    /// An owner with connections, a rule, sessions, tokens and an invitation; and whoever accepted another.
    async fn settle(&mut self) -> anyhow::Result<()> {
        let auth = self.state.auth.clone();
        let set_up = auth.prepare_set_up().await?.context("there is an owner")?.token;
        let person = [("email", "owner@example.test"), ("password", PASSWORD)];
        let made = [&[("token", set_up.expose_secret())], &person[..]].concat();
        self.facts.owner = self.form("/auth/setup", "", &made).await?;
        self.facts.expired_session = self.form("/auth/sign-in", "", &person).await?;
        let owner = db::users::by_email(&self.state.db, "owner@example.test").await?.context("no owner")?.id;
        self.facts.spare_session = {
            let sessions = db::sessions::of_user(&self.state.db, &owner, self.state.clock.now()).await?;
            self.form("/auth/sign-in", "", &person).await?;
            let now = db::sessions::of_user(&self.state.db, &owner, self.state.clock.now()).await?;
            let new = now.into_iter().find(|row| sessions.iter().all(|old| old.id != row.id));
            new.context("no new session")?.id
        };

        let connected = json!({"token": self.facts.vercel_token});
        self.call("/api/integrations/vercel/connect", &connected).await?;
        let github = [("token", self.facts.github_token.as_str())];
        self.form("/integrations/github/connect", &self.facts.owner, &github).await?;
        let watched =
            db::subscriptions::list(&self.state.db, &owner).await?.pop().context("nothing is watched")?;
        self.facts.subscription = watched.id;
        let rule =
            json!({"subscriptionId": self.facts.subscription, "name": "Quota", "errorPattern": "quota"});
        let rule = self.call("/api/integrations/vercel/rules", &rule).await?;
        self.facts.rule = rule["id"].as_str().context("no rule")?.to_owned();

        let link = auth::invite(&auth, &owner).await?;
        let (_, token) = link.expose_secret().split_once("token=").context("no token")?;
        let person = [("token", token), ("email", "guest@example.test"), ("password", PASSWORD)];
        self.facts.invited = self.form("/auth/accept", "", &person).await?;
        let guest = db::users::by_email(&self.state.db, "guest@example.test").await?.context("no guest")?.id;
        auth::invite(&auth, &owner).await?;
        let open = db::invitations::of_user(&self.state.db, &owner, self.state.clock.now()).await?;
        self.facts.invitation = open.first().context("no invitation")?.id.clone();

        let token = async |user: &str, name: &str, days| {
            let secret: SecretString = auth::make_token(&auth, user, name, days).await?;
            let id = db::tokens::of_user(&self.state.db, user).await?;
            let id = id.into_iter().find(|row| row.name == name).context("no token")?.id;
            anyhow::Ok((secret.expose_secret().to_owned(), id))
        };
        (self.facts.token, _) = token(&owner, "in use", None).await?;
        (_, self.facts.spare_token) = token(&owner, "spare", None).await?;
        (self.facts.invited_token, _) = token(&guest, "in use", None).await?;
        let expired;
        (self.facts.expired_token, expired) = token(&owner, "old", Some(1)).await?;
        self.expire(&owner, &expired).await
    }

    /// Makes the session that is to have run out, and that token, run out.
    async fn expire(&self, owner: &str, token: &str) -> anyhow::Result<()> {
        let (orm, past) = (&self.state.db.orm, self.state.clock.now() - TimeDelta::minutes(1));
        api_token::Entity::update_many()
            .col_expr(api_token::Column::ExpiresAt, Expr::value(past))
            .filter(api_token::Column::Id.eq(token))
            .exec(orm)
            .await?;
        // Of the three, the one that is neither used nor spare.
        let used = {
            let answer = self
                .send(requests::json("POST", "/api/pages/settings", &self.facts.owner, &json!({}))?)
                .await?;
            let page: Value = serde_json::from_slice(&to_bytes(answer.into_body(), 1 << 20).await?)?;
            let sessions = page["sessions"].as_array().cloned().unwrap_or_default();
            let current = sessions.into_iter().find(|session| session["current"] == true);
            current.context("no current session")?["id"].as_str().unwrap_or_default().to_owned()
        };
        let ended = session::Entity::update_many()
            .col_expr(session::Column::ExpiresAt, Expr::value(past))
            .filter(session::Column::UserId.eq(owner))
            .filter(session::Column::Id.is_not_in([used.as_str(), self.facts.spare_session.as_str()]))
            .exec(orm)
            .await?;
        anyhow::ensure!(ended.rows_affected == 1, "{} sessions have run out", ended.rows_affected);
        Ok(())
    }

    /// A poll stores the failure, which nothing is done about while all is paused.
    async fn find_the_failure(&mut self) -> anyhow::Result<()> {
        let owner = db::users::by_email(&self.state.db, "owner@example.test").await?.context("no owner")?.id;
        let connection = db::integrations::of_user(&self.state.db, &owner, Provider::VERCEL).await?;
        let connection = connection.context("no connection")?;
        poll::poll_connection(&IntakeContext::from_ref(&self.state), &connection).await?;
        let fix = db::fixes::summaries(&self.state.db, &owner, 1, None).await?.pop().context("no fix")?;
        (self.facts.fix, self.facts.deployment) = (fix.id, fix.platform_deployment_id);
        Ok(())
    }
}
