//! Signing in with GitHub, from the button to the page behind it.

use crate::{
    app::{App, EMAIL},
    world::World,
};
use anyhow::{Context as _, ensure};
use deploymend::server::db::{self, Db};
use reqwest::{Client, Response};
use standins::github::{
    actions::{NewToken, NewUser, add_token, add_user},
    state::OauthApp,
};
use std::collections::BTreeMap;
use url::Url;

/// A browser with a jar for its cookies.
struct Browser {
    client: Client,
    base: String,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    fn new(app: &App, session: Option<&str>) -> Self {
        let client =
            Client::builder().redirect(reqwest::redirect::Policy::none()).user_agent("Firefox/140.0");
        let cookies = session.and_then(|cookie| cookie.split_once('=')).into_iter();
        let cookies = cookies.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { client: client.build().expect("a client"), base: app.base.clone(), cookies }
    }

    /// Where a page of the product leads.
    async fn get(&mut self, path: &str) -> anyhow::Result<String> {
        let url = Url::parse(&self.base)?.join(path)?;
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = self.client.get(url).header("cookie", cookies.join("; ")).send().await?;
        for set in answer.headers().get_all("set-cookie") {
            let (pair, _) = set.to_str()?.split_once(';').context("no attributes")?;
            let (name, value) = pair.split_once('=').context("no value")?;
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        Ok(location(&answer).unwrap_or_else(|| answer.status().to_string()))
    }

    /// Goes to GitHub and lets `login` agree there, or cancels. Returns the address that leads back.
    async fn agree(&mut self, start: &str, login: &str) -> anyhow::Result<String> {
        let to = Url::parse(&self.get(start).await?).context("not to GitHub")?;
        ensure!(self.client.get(to.clone()).send().await?.status() == 200, "GitHub refuses {to}");
        let mut form: Vec<(String, String)> = to.query_pairs().into_owned().collect();
        form.push(("login".into(), login.into()));
        let mut page = to;
        page.set_query(None);
        let answer = self.client.post(page).form(&form).send().await?;
        location(&answer).context("GitHub does not send the browser back")
    }

    async fn sign_in(&mut self, login: &str) -> anyhow::Result<String> {
        let back = self.agree("/api/auth/github?next=/integrations", login).await?;
        self.get(&back).await
    }

    async fn link(&mut self, login: &str) -> anyhow::Result<String> {
        let back = self.agree("/api/auth/github?link=true", login).await?;
        self.get(&back).await
    }
}

fn location(answer: &Response) -> Option<String> {
    Some(answer.headers().get("location")?.to_str().ok()?.to_owned())
}

/// The product as an OAuth app of GitHub's, with an owner. `connected`: both accounts are.
async fn start(connected: bool) -> anyhow::Result<(World, App, Db)> {
    let mut world = World::new("healthy").await?;
    world.settings = world
        .settings
        .set("DEPLOYMEND_PAUSED", "true")
        .set("DEPLOYMEND_GITHUB_CLIENT_ID", "Iv1.product")
        .set("DEPLOYMEND_GITHUB_CLIENT_SECRET", "app secret");
    world.standins.add_oauth_app(OauthApp {
        client_id: "Iv1.product".into(),
        client_secret: "app secret".into(),
        callback: format!("{}/api/auth/github/callback", world.settings.env["DEPLOYMEND_PUBLIC_URL"]),
    });
    let app = if connected {
        world.start().await?
    } else {
        let mut app = App::start(&world.settings)?;
        app.set_up().await?;
        app
    };
    let db = Db::connect(&world.settings.env["DATABASE_URL"]).await?;
    Ok((world, app, db))
}

fn stranger(world: &World, login: &str) {
    let new = NewUser { login: login.into(), name: None, email: None, public_email: false };
    add_user(world.standins.world(), new);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_linked_account_signs_its_user_in_and_the_pasted_token_stays() -> anyhow::Result<()> {
    let (world, app, db) = start(true).await?;
    let owner = db::users::by_email(&db, EMAIL).await?.context("no owner")?.id;
    let before = db::accounts::github(&db, &owner).await?.context("no account")?;
    let page = reqwest::get(format!("{}/sign-in", app.base)).await?.text().await?;
    assert!(page.contains("Sign in with GitHub"));

    // A pasted token opens pull requests and no doors.
    let mut visitor = Browser::new(&app, None);
    assert_eq!(visitor.sign_in("octo-dev").await?, "/sign-in?error=github_unknown");
    let mut person = Browser::new(&app, app.cookie.as_deref());
    assert_eq!(person.link("octo-dev").await?, "/settings?ok=github_linked");
    let after = db::accounts::github(&db, &owner).await?.context("no account")?;
    assert_eq!((after.id, after.access_token, after.signs_in), (before.id, before.access_token, true));

    assert_eq!(visitor.sign_in("octo-dev").await?, "/integrations");
    let session = format!("deploymend_session={}", visitor.cookies["deploymend_session"]);
    assert_ne!(app.cookie.as_deref(), Some(session.as_str()), "a session of its own");
    let mut app = app;
    app.cookie = Some(session);
    assert!(app.fixes().await.is_ok());
    let settings = app.request(reqwest::Method::GET, "/settings").send().await?.text().await?;
    assert!(settings.contains("@octo-dev") && settings.contains("Firefox"));
    assert_eq!(app.form("/settings/github/unlink", &[]).await?, "/settings?ok=github_unlinked");
    assert_eq!(Browser::new(&app, None).sign_in("octo-dev").await?, "/sign-in?error=github_unknown");
    assert!(app.errors().is_empty(), "{:?}", app.errors());

    // Scopes: only what is needed.
    let snapshot = world.standins.snapshot();
    let asked = snapshot["requests"].as_array().context("no requests")?.iter();
    let asked: Vec<_> = asked.filter(|request| request["path"] == "/login/oauth/authorize").collect();
    assert!(asked.iter().all(|request| !request["query"].as_str().unwrap_or_default().contains("scope")));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn linking_connects_github_where_nothing_was_connected() -> anyhow::Result<()> {
    let (world, app, db) = start(false).await?;
    let owner = db::users::by_email(&db, EMAIL).await?.context("no owner")?.id;
    let mut person = Browser::new(&app, app.cookie.as_deref());
    assert_eq!(person.link("octo-dev").await?, "/settings?ok=github_linked");
    let account = db::accounts::github(&db, &owner).await?.context("no account")?;
    assert_eq!((account.login.as_str(), account.scopes.as_deref()), ("octo-dev", Some("repo")));
    assert!(!account.access_token.contains("gho_"), "it is sealed");

    // Another account's token takes its place; that account has not been linked.
    stranger(&world, "bot");
    let mut app = app;
    let bot = NewToken { login: "bot".into(), scopes: Some("repo".into()), ..NewToken::default() };
    let token = add_token(world.standins.world(), bot)?;
    app.form("/integrations/github/connect", &[("token", &token)]).await?;
    for login in ["octo-dev", "bot"] {
        assert_eq!(
            Browser::new(&app, None).sign_in(login).await?,
            "/sign-in?error=github_unknown",
            "{login}"
        );
    }
    assert_eq!(person.link("octo-dev").await?, "/settings?error=github_other");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_works_once_for_the_browser_that_set_out() -> anyhow::Result<()> {
    let (world, app, _db) = start(true).await?;
    Browser::new(&app, app.cookie.as_deref()).link("octo-dev").await?;
    let mut visitor = Browser::new(&app, None);
    let back = visitor.agree("/api/auth/github", "octo-dev").await?;
    let cookies = visitor.cookies.clone();

    let mut elsewhere = Browser::new(&app, None);
    assert_eq!(elsewhere.get(&back).await?, "/sign-in?error=github_expired", "without the cookie");
    elsewhere.agree("/api/auth/github", "octo-dev").await?;
    assert_eq!(
        elsewhere.get(&back).await?,
        "/sign-in?error=github_expired",
        "with the cookie of another start"
    );
    let mut wrong = Url::parse(&back)?;
    wrong.query_pairs_mut().clear().append_pair("state", "wrong").append_pair("code", "x");
    assert_eq!(elsewhere.get(wrong.as_str()).await?, "/sign-in?error=github_expired");
    assert_eq!(visitor.get(&back).await?, "/deployments");
    assert_eq!(visitor.cookies["deploymend_github"], "", "forgotten");
    visitor.cookies = cookies;
    assert_eq!(visitor.get(&back).await?, "/sign-in?error=github_expired", "a second time");

    // A code that was taken already, in an attempt of its own.
    let back = visitor.agree("/api/auth/github", "octo-dev").await?;
    world.standins.world().state().github.codes.clear();
    assert_eq!(visitor.get(&back).await?, "/sign-in?error=github_expired");
    assert!(app.errors().is_empty(), "{:?}", app.errors());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_those_who_cancel_and_other_peoples_accounts_stay_outside() -> anyhow::Result<()> {
    let (world, mut app, db) = start(true).await?;
    stranger(&world, "mallory");
    let owner = app.cookie.clone();
    let mut visitor = Browser::new(&app, None);
    assert_eq!(visitor.sign_in("mallory").await?, "/sign-in?error=github_unknown");
    assert_eq!(visitor.sign_in("").await?, "/sign-in?error=github_denied");
    assert_eq!(Browser::new(&app, owner.as_deref()).link("").await?, "/settings?error=github_denied");
    assert_eq!(visitor.get("/api/auth/github?link=true").await?, "/sign-in?next=%2Fsettings");
    let back = visitor.agree("/api/auth/github?next=//evil.test", "mallory").await?;
    assert!(!visitor.cookies.values().any(|value| value.contains("mallory")) && back.starts_with(&app.base));

    // The link of one person cannot be finished by another.
    let mut first = Browser::new(&app, owner.as_deref());
    let back = first.agree("/api/auth/github?link=true", "octo-dev").await?;
    first.cookies.remove("deploymend_session");
    assert_eq!(first.get(&back).await?, "/settings?error=github_expired");

    // One GitHub account signs one person in.
    assert_eq!(Browser::new(&app, owner.as_deref()).link("octo-dev").await?, "/settings?ok=github_linked");
    let now = deploymend::server::clock::Clock::System.now();
    let invited = db::users::by_email(&db, EMAIL).await?.context("no owner")?.id;
    db::invitations::create(
        &db,
        &invited,
        hex::encode(<sha2::Sha256 as sha2::Digest>::digest("dpi_1")),
        now + chrono::TimeDelta::days(1),
        now,
    )
    .await?;
    let form = [("token", "dpi_1"), ("email", "b@example.test"), ("password", "another long password")];
    app.cookie = None;
    assert_eq!(app.form("/auth/accept", &form).await?, "/deployments");
    let token = world.seeded.github_token.clone();
    app.form("/integrations/github/connect", &[("token", &token)]).await?;
    assert_eq!(
        Browser::new(&app, app.cookie.as_deref()).link("octo-dev").await?,
        "/settings?error=github_taken"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_says_that_the_server_is_set_up_wrong() -> anyhow::Result<()> {
    let (world, app, _db) = start(true).await?;
    world.standins.world().state().github.oauth_apps[0].client_secret = "another".into();
    assert_eq!(Browser::new(&app, None).sign_in("octo-dev").await?, "/sign-in?error=github_failed");
    let log = app.said("GitHub refused a sign-in").await?;
    assert!(!log.contains("app secret"), "{log}");
    Ok(())
}
