//! The whole server in this process, on a clock that tests move, with one failing project and its stand-ins. Nothing works
//! by itself: polls, fixes and rounds are made by hand.

use crate::{
    app::{Settings, client, settings},
    world::{QUICK, QUICK_LOG, agent, facing, seed_quick},
};
use anyhow::{Context as _, ensure};
use axum::extract::FromRef as _;
use chrono::TimeDelta;
use clap::Parser;
use deploymend::{
    model::{FixDetail, FixStatus, Provider},
    server::{
        clock::Clock,
        commands::serve,
        config::Config,
        db::{
            self,
            entity::deployment,
            testing::{self, TestDb},
        },
        fix::{jobs, run},
        github,
        http::{self, limits::connections},
        intake::IntakeContext,
        integrations::{PlatformContext, connection_manager},
        source::TrustedProxies,
        state::AppState,
    },
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use standins::{
    Options, Standins, cloudflare, render,
    scenario::{Build, Seeded},
};

#[derive(Parser)]
struct Settled {
    #[command(flatten)]
    config: Config,
}

/// Where the project is deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    Vercel,
    Cloudflare,
    Render,
}

impl Platform {
    pub const fn provider(self) -> Provider {
        match self {
            Self::Vercel => Provider::VERCEL,
            Self::Cloudflare => Provider::CLOUDFLARE,
            Self::Render => Provider::RENDER,
        }
    }

    pub const fn server(self) -> standins::record::Server {
        match self {
            Self::Vercel => standins::record::Server::Vercel,
            Self::Cloudflare => standins::record::Server::Cloudflare,
            Self::Render => standins::record::Server::Render,
        }
    }
}

pub struct Stage {
    pub standins: Standins,
    pub state: AppState,
    pub user_id: String,
    platform: Platform,
    project: String,
    base: String,
    cookie: String,
    client: reqwest::Client,
    _kept: TestDb,
}

/// The settings as the command line has them.
fn config(settings: &Settings) -> anyhow::Result<Config> {
    let flag = |name: &str| {
        let name = name.strip_prefix("DEPLOYMEND_").unwrap_or(name);
        name.to_lowercase().replace('_', "-")
    };
    let flags = settings.env.iter().map(|(name, value)| format!("--{}={value}", flag(name)));
    let mut config = Settled::try_parse_from(["deploymend".to_owned()].into_iter().chain(flags))?.config;
    config.allow_loopback_webhooks = true;
    Ok(config)
}

impl Stage {
    /// A connected project on that platform, whose build does not go through.
    pub async fn new(platform: Platform) -> anyhow::Result<Self> {
        Self::new_at(platform, TimeDelta::zero()).await
    }

    /// The same under a clock that is so far ahead.
    pub async fn new_at(platform: Platform, ahead: TimeDelta) -> anyhow::Result<Self> {
        let kept = testing::fresh().await?;
        let standins = Standins::start(Options { allow_loopback_webhooks: true, ..Options::default() })?;
        let seeded = seed_quick(&standins, QUICK).await?;
        let (project, token) = link(&standins, &seeded, platform)?;

        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://{}", listener.local_addr()?);
        let settings = facing(settings(&kept.folder.path().join("data"), &kept.url), &standins)
            .set("DEPLOYMEND_PUBLIC_URL", &base)
            .set("DEPLOYMEND_OPENCODE", agent("instant").display());
        let clock = Clock::fixed(Clock::System.now() + ahead);
        let state = serve::assemble_at(config(&settings)?, clock).await?;
        let router = http::router(state.clone());
        let (limits, proxies) = (connections::Limits::default(), TrustedProxies::new(&[]));
        tokio::spawn(connections::serve(listener, router, limits, proxies, state.stop.clone()));

        let client = client()?;
        let set_up = state.auth.prepare_set_up().await?.context("there is an owner")?;
        let form = [
            ("token", set_up.token.expose_secret()),
            ("email", "owner@example.test"),
            ("password", "a long enough password"),
        ];
        let made = client.post(format!("{base}/auth/setup")).header("origin", &base).form(&form);
        let made = made.send().await?;
        let cookie = made.headers().get("set-cookie").context("no session")?.to_str()?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let user = db::users::by_email(&state.db, "owner@example.test").await?.context("no owner")?;
        let stage =
            Self { standins, state, user_id: user.id, platform, project, base, cookie, client, _kept: kept };
        stage.connect(&seeded.github_token, token).await?;
        Ok(stage)
    }

    async fn connect(&self, github: &str, token: String) -> anyhow::Result<()> {
        let AppState { db, keys, config, clock, .. } = &self.state;
        let github = SecretString::from(github);
        github::account::connect(db, keys, config, clock, &self.user_id, &github).await?;
        let (platforms, token) = (PlatformContext::from_ref(&self.state), SecretString::from(token));
        let provider = self.platform.provider();
        connection_manager::connect(&platforms, &self.user_id, provider, token).await?;
        Ok(())
    }

    /// The platform fails to build the project and, if that is wanted, says so to the webhooks.
    pub async fn fail(&self, deliver: bool) -> anyhow::Result<()> {
        let (world, project, log) = (self.standins.world(), self.project.clone(), QUICK_LOG.to_owned());
        match self.platform {
            Platform::Vercel => {
                let state = Some("ERROR".to_owned());
                self.standins.build(Build { project, state, log, deliver, ..Build::default() }).await?;
            }
            Platform::Cloudflare => {
                let state = Some("failure".to_owned());
                let build =
                    cloudflare::scenario::Build { project, state, log, deliver, ..Default::default() };
                cloudflare::scenario::build(world, build).await?;
            }
            Platform::Render => {
                let state = Some("build_failed".to_owned());
                let build = render::scenario::Build { project, state, log, deliver, ..Default::default() };
                render::scenario::build(world, build).await?;
            }
        }
        Ok(())
    }

    /// The only fix.
    pub async fn row(&self) -> anyhow::Result<deployment::Model> {
        use sea_orm::EntityTrait as _;
        let mut rows = deployment::Entity::find().all(&self.state.db.orm).await?;
        ensure!(rows.len() == 1, "one fix is wanted, not {}", rows.len());
        rows.pop().context("no fix")
    }

    pub async fn fix(&self) -> anyhow::Result<FixDetail> {
        Ok(db::fixes::detail(&self.state.db, &self.row().await?).await?)
    }

    /// Works on the fix as a worker does, until it has ended or waits.
    pub async fn work(&self) -> anyhow::Result<deployment::Model> {
        let row = self.row().await?;
        run::run(&self.state.fixes, &row.id).await?;
        self.row().await
    }

    /// Whether the reconciler would have a worker take the fix now.
    pub async fn is_due(&self) -> anyhow::Result<bool> {
        let AppState { queue, db, clock, .. } = &self.state;
        Ok(jobs::reconcile(queue, db, clock).await? > 0)
    }

    /// Moves the clock to where the fix is due, and no further. Returns how far that was.
    pub async fn wait_until_due(&self) -> anyhow::Result<TimeDelta> {
        let (row, now) = (self.row().await?, self.state.clock.now());
        ensure!(row.lease_owner.is_none(), "somebody holds it");
        ensure!(!self.is_due().await?, "it is due at once");
        let pause = row.lease_until.context("it does not wait")? - now;
        self.state.clock.advance(pause);
        ensure!(self.is_due().await?, "it is not due when its pause is over");
        Ok(pause)
    }

    /// A connection that is due is polled. Returns how many were.
    pub async fn poll(&self) -> anyhow::Result<usize> {
        let ctx = IntakeContext::from_ref(&self.state);
        Ok(deploymend::server::intake::poll::poll_due(&ctx).await?)
    }

    /// A page as its user sees it, as one line of text.
    pub async fn page(&self, path: &str) -> anyhow::Result<String> {
        let page = self.client.get(format!("{}{path}", self.base)).header("cookie", &self.cookie);
        let answer = page.send().await?;
        ensure!(answer.status() == 200, "{path} answered {}", answer.status());
        Ok(plain(&answer.text().await?))
    }

    /// How often GitHub was asked to make a pull request, and how many there are.
    pub fn pull_requests(&self) -> (usize, usize) {
        let asked = self.standins.creates(&format!("/repos/{QUICK}/pulls")).calls;
        (asked, self.standins.pulls(QUICK).len())
    }

    /// It went well, once.
    pub async fn assert_repaired_once(&self) -> anyhow::Result<()> {
        let fix = self.fix().await?;
        crate::app::assert_verified(&fix);
        ensure!(fix.summary.status == FixStatus::PrCreated && fix.attempts.len() == 1, "{:?}", fix.attempts);
        ensure!(fix.summary.reason.is_none(), "it still says {:?}", fix.summary.reason);
        ensure!(self.pull_requests() == (1, 1), "{:?} pull requests", self.pull_requests());
        let head = &self.standins.pulls(QUICK)[0].head;
        let commits = self.standins.commits(QUICK, &format!("main..{head}")).await?;
        ensure!(commits.len() == 1, "{} commits", commits.len());
        Ok(())
    }
}

/// A page without what the renderer puts between two texts.
pub fn plain(page: &str) -> String {
    page.replace("<!>", "").replace("&#x27;", "'")
}

/// The platform's id of a project of the repository, and a token.
fn link(standins: &Standins, seeded: &Seeded, platform: Platform) -> anyhow::Result<(String, String)> {
    let repository = QUICK.to_owned();
    Ok(match platform {
        Platform::Vercel => (seeded.project_id.clone(), seeded.vercel_token.clone()),
        Platform::Cloudflare => {
            let settings = serde_json::from_value(json!({"build_command": "sh build.sh"}))?;
            let seed = cloudflare::scenario::Seed { repository, settings, ..Default::default() };
            let seeded = cloudflare::scenario::seed(standins.world(), seed)?;
            (seeded.project_id, seeded.token)
        }
        Platform::Render => {
            let settings = serde_json::from_value(json!({"buildCommand": "sh build.sh"}))?;
            let seed = render::scenario::Seed { repository, settings, ..Default::default() };
            let seeded = render::scenario::seed(standins.world(), seed)?;
            (seeded.project_id, seeded.token)
        }
    })
}
