//! A person's account: API tokens, sessions and invitations, over HTTP to the running program.

use crate::{
    app::{App, EMAIL, PASSWORD},
    world::World,
};
use anyhow::{Context as _, ensure};
use chrono::TimeDelta;
use deploymend::server::{
    clock::{Clock, new_id},
    db::{
        self, Db,
        tokens::{self, NewToken},
    },
};
use reqwest::{Client, Method, Response, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::time::Duration;

/// A live stream looks at its session once a second.
const SOON: Duration = Duration::from_secs(20);
const JOINED: [(&str, &str); 3] =
    [("email", "new@example.test"), ("password", "another long password"), ("name", "New Person")];

/// A failure that is stored and not worked on.
pub async fn start() -> anyhow::Result<(World, App, Db)> {
    let mut world = World::new("healthy").await?;
    world.settings = world.settings.set("DEPLOYMEND_PAUSED", "true").set("DEPLOYMEND_POLL_INTERVAL", "3600");
    let app = world.start().await?;
    let db = Db::connect(&world.settings.env["DATABASE_URL"]).await?;
    Ok((world, app, db))
}

async fn broken(world: &World, app: &App) -> anyhow::Result<String> {
    world.standins.break_project(&world.seeded.project_id, None, "error TS2322", true).await?;
    Ok(app.fixes().await?.pop().context("no fix")?.id)
}

fn client() -> Client {
    Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

fn location(answer: &Response) -> String {
    answer.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned()
}

async fn code(answer: Response) -> anyhow::Result<(u16, String)> {
    let status = answer.status().as_u16();
    Ok((status, answer.json::<Value>().await?["error"]["code"].as_str().unwrap_or_default().to_owned()))
}

/// The cookies that an answer sets, by name and value.
fn set_cookies(headers: &HeaderMap) -> Vec<String> {
    let set = headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    set.filter_map(|text| text.split(';').next().map(str::to_owned)).collect()
}

/// Posts a form of the settings that makes a secret, and follows to the page that shows it.
async fn reveal(app: &App, path: &str, form: &[(&str, &str)], prefix: &str) -> anyhow::Result<String> {
    let made = app.request(Method::POST, path).form(form).send().await?;
    ensure!(location(&made) == "/settings", "{path} led to {}", location(&made));
    let session = app.cookie.clone().context("nobody is signed in")?;
    let handed = set_cookies(made.headers()).pop().context("no cookie")?;
    ensure!(!handed.contains(prefix), "the secret is readable in {handed}");
    let page = client().get(format!("{}/settings", app.base));
    let page = page.header("cookie", format!("{session}; {handed}")).send().await?;
    assert_eq!(page.headers()["cache-control"], "no-store");
    let forgotten = set_cookies(page.headers());
    ensure!(forgotten.iter().any(|cookie| cookie.starts_with("deploymend_new_") && cookie.ends_with('=')));
    let html = page.text().await?;
    let start = html.find(prefix).context("the page does not show it")?;
    let secret = html[start..].chars().take_while(|char| char.is_ascii_alphanumeric() || *char == '_');
    let secret: String = secret.collect();
    ensure!(!settings(app).await?.contains(&secret), "it is shown twice");
    Ok(secret)
}

pub async fn new_token(app: &App, name: &str, days: &str) -> anyhow::Result<String> {
    reveal(app, "/settings/tokens", &[("name", name), ("days", days)], "dpm_").await
}

async fn settings(app: &App) -> anyhow::Result<String> {
    Ok(app.request(Method::GET, "/settings").send().await?.error_for_status()?.text().await?)
}

/// A request with a token and nothing else.
fn by_token(app: &App, token: &str, method: Method, path: &str) -> reqwest::RequestBuilder {
    client().request(method, format!("{}{path}", app.base)).bearer_auth(token)
}

/// Signs in beside the session that there is: signing in over it would replace it.
async fn another_browser(app: &mut App) -> anyhow::Result<()> {
    app.cookie = None;
    app.sign_in().await
}

/// The id in the action of the first form that begins so.
fn action(html: &str, start: &str, end: &str) -> anyhow::Result<String> {
    let (_, rest) = html.split_once(&format!("action=\"{start}")).context("no such form")?;
    let (id, _) = rest.split_once(end).context("no such form")?;
    ensure!(!id.contains('"'), "the form goes elsewhere: {id}");
    Ok(id.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_the_api_and_nothing_of_the_account() -> anyhow::Result<()> {
    let (world, app, _db) = start().await?;
    let fix = broken(&world, &app).await?;
    let token = new_token(&app, "deploy script", "30").await?;
    let one = format!("/api/deployments/{fix}");
    for path in
        ["/api/deployments", &one, "/api/integrations/vercel/status", "/api/integrations/vercel/rules"]
    {
        assert_eq!(by_token(&app, &token, Method::GET, path).send().await?.status(), 200, "{path}");
    }
    // No browser sends a token by itself, so another site cannot have made it.
    let retry = by_token(&app, &token, Method::POST, &format!("{one}/retry"));
    assert_eq!(retry.header("origin", "https://elsewhere.test").send().await?.status(), 200);
    for path in ["/settings/tokens", "/settings/sessions/end-others", "/settings/invitations"] {
        let form = by_token(&app, &token, Method::POST, path).form(&[("name", "x")]);
        // Not even where the cookie of a signed-in browser comes along.
        let form =
            form.header("origin", &app.base).header("cookie", app.cookie.as_deref().unwrap_or_default());
        assert_eq!(location(&form.send().await?), "/sign-in?next=%2F", "{path}");
    }
    let account = by_token(&app, &token, Method::POST, "/api/pages/settings").json(&json!({}));
    assert_eq!(account.send().await?.status(), 403);
    let page = by_token(&app, &token, Method::GET, "/deployments").send().await?;
    assert_eq!(location(&page), "/sign-in?next=%2Fdeployments", "pages are for people");

    let html = settings(&app).await?;
    assert!(html.contains("deploy script") && html.contains(&token[token.len() - 4..]));
    assert!(html.contains("last used") && !html.contains("never used"));
    let id = action(&html, "/settings/tokens/", "/revoke")?;
    let mut app = app;
    assert_eq!(app.form(&format!("/settings/tokens/{id}/revoke"), &[]).await?, "/settings?ok=token_revoked");
    assert_eq!(
        code(by_token(&app, &token, Method::GET, "/api/deployments").send().await?).await?,
        (401, "unauthorized".to_owned())
    );
    assert_eq!(app.form(&format!("/settings/tokens/{id}/revoke"), &[]).await?, "/settings?error=not_found");
    assert!(app.errors().is_empty(), "{:?}", app.errors());
    let log = app.log.lock().map(|log| log.join("\n")).unwrap_or_default();
    assert!(!log.contains(&token), "the log has the token");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_token_is_never_made_good_by_a_cookie() -> anyhow::Result<()> {
    let (_world, app, db) = start().await?;
    let owner = db::users::by_email(&db, EMAIL).await?.context("no owner")?;
    let now = Clock::System.now();
    let stored = |token: &str, seconds: i64| NewToken {
        id: new_id(),
        user_id: owner.id.clone(),
        name: token.into(),
        token_hash: hex::encode(Sha256::digest(token)),
        hint: "0000".into(),
        expires_at: Some(now + TimeDelta::seconds(seconds)),
    };
    assert!(tokens::create(&db, stored("dpm_expired", -1), now).await?);
    assert!(tokens::create(&db, stored("dpm_fresh", 3_600), now).await?);
    let status = async |token: &str| {
        let asked = by_token(&app, token, Method::GET, "/api/deployments");
        asked.header("cookie", app.cookie.as_deref().unwrap_or_default()).send().await
    };
    for token in ["dpm_expired", "dpm_unknown", "nonsense", ""] {
        assert_eq!(code(status(token).await?).await?, (401, "unauthorized".to_owned()), "{token}");
    }
    assert_eq!(status("dpm_fresh").await?.status(), 200);
    // A proxy in front may use the header for itself.
    let proxied = app.request(Method::GET, "/api/deployments").basic_auth("proxy", Some("password"));
    assert_eq!(proxied.send().await?.status(), 200);
    assert!(settings(&app).await?.contains("expired"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_have_a_name_a_lifetime_and_a_limit() -> anyhow::Result<()> {
    let (_world, mut app, _db) = start().await?;
    for (name, days, error) in
        [("", "30", "invalid"), ("  ", "", "invalid"), ("x", "0", "invalid"), ("x", "soon", "invalid")]
    {
        let to = app.form("/settings/tokens", &[("name", name), ("days", days)]).await?;
        assert_eq!(to, format!("/settings?error={error}"), "{name} {days}");
    }
    let first = new_token(&app, "first", "").await?;
    // Two at once count right.
    let posts = (1..60).map(|number| {
        app.request(Method::POST, "/settings/tokens").form(&[("name", number.to_string())]).send()
    });
    let answers = futures::future::try_join_all(posts).await?;
    let made = answers.iter().filter(|answer| location(answer) == "/settings").count();
    let full = answers.iter().filter(|answer| location(answer) == "/settings?error=conflict").count();
    assert_eq!((made, full), (49, 10));
    assert_eq!(by_token(&app, &first, Method::GET, "/api/deployments").send().await?.status(), 200);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_session_is_signed_out_at_its_next_request_and_its_streams_end() -> anyhow::Result<()> {
    let (_world, mut app, _db) = start().await?;
    let kept = app.cookie.clone();
    another_browser(&mut app).await?;
    let other = app.cookie.clone();
    let mut stream = app.request(Method::GET, "/api/deployments/events").send().await?.error_for_status()?;
    let token = new_token(&app, "watcher", "").await?;
    let mut by_token = by_token(&app, &token, Method::GET, "/api/deployments/events").send().await?;

    app.cookie = kept.clone();
    let html = settings(&app).await?;
    assert_eq!(html.matches("This browser").count(), 1);
    let id = action(&html, "/settings/sessions/", "/end\"")?;
    assert_eq!(app.form(&format!("/settings/sessions/{id}/end"), &[]).await?, "/settings?ok=session_ended");
    app.cookie = other;
    assert_eq!(app.request(Method::GET, "/api/deployments").send().await?.status(), 401);
    assert_eq!(location(&app.request(Method::GET, "/settings").send().await?), "/sign-in?next=%2Fsettings");
    tokio::time::timeout(SOON, async { while let Ok(Some(_)) = stream.chunk().await {} }).await?;

    app.cookie = kept;
    assert_eq!(app.form(&format!("/settings/sessions/{id}/end"), &[]).await?, "/settings?error=not_found");
    let html = settings(&app).await?;
    let id = action(&html, "/settings/tokens/", "/revoke")?;
    assert!(
        tokio::time::timeout(Duration::from_millis(1_500), by_token.chunk()).await.is_err(),
        "it goes on"
    );
    app.form(&format!("/settings/tokens/{id}/revoke"), &[]).await?;
    tokio::time::timeout(SOON, async { while let Ok(Some(_)) = by_token.chunk().await {} }).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn all_other_sessions_end_at_once() -> anyhow::Result<()> {
    let (_world, mut app, _db) = start().await?;
    let mut cookies = vec![app.cookie.clone()];
    for _ in 0..3 {
        another_browser(&mut app).await?;
        cookies.push(app.cookie.clone());
    }
    assert_eq!(app.form("/settings/sessions/end-others", &[]).await?, "/settings?ok=sessions_ended");
    let mut statuses = Vec::new();
    for cookie in cookies {
        app.cookie = cookie;
        statuses.push(app.request(Method::GET, "/api/deployments").send().await?.status().as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 200]);
    Ok(())
}

/// Makes an invitation. Returns what its link carries.
pub async fn invite(app: &App) -> anyhow::Result<String> {
    reveal(app, "/settings/invitations", &[], "dpi_").await
}

pub async fn accept(app: &App, token: &str, email: &str) -> anyhow::Result<(String, Option<String>)> {
    let mut form = vec![("token", token)];
    form.extend(JOINED);
    form[1] = ("email", email);
    let answer = client().post(format!("{}/auth/accept", app.base)).form(&form).send().await?;
    Ok((location(&answer), set_cookies(answer.headers()).pop()))
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_invited_sees_nothing_of_anybody_else() -> anyhow::Result<()> {
    let (world, mut app, _db) = start().await?;
    let fix = broken(&world, &app).await?;
    let (owner, owners_page) = (app.cookie.clone(), settings(&app).await?);
    assert!(owners_page.contains("Invite somebody"));
    another_browser(&mut app).await?;
    let invitation = invite(&app).await?;
    let page =
        client().get(format!("{}/invitation?token={invitation}", app.base)).send().await?.text().await?;
    assert!(page.contains("Make your account"));
    let taken = accept(&app, &invitation, EMAIL).await?.0;
    assert_eq!(taken, format!("/invitation?token={invitation}&error=conflict"));

    let (to, cookie) = accept(&app, &invitation, "new@example.test").await?;
    assert_eq!(to, "/deployments");
    let again = accept(&app, &invitation, "second@example.test").await?.0;
    assert_eq!(again, format!("/invitation?token={invitation}&error=not_found"));
    let gone = client().get(format!("{}/invitation?token={invitation}", app.base)).send().await?;
    assert_eq!(gone.status(), 404);

    let owners_session = action(&settings(&app).await?, "/settings/sessions/", "/end\"")?;
    app.cookie = cookie;
    let token = new_token(&app, "theirs", "").await?;
    assert!(app.fixes().await?.is_empty());
    for path in [format!("/api/deployments/{fix}"), format!("/api/deployments/{fix}/events")] {
        assert_eq!(by_token(&app, &token, Method::GET, &path).send().await?.status(), 404, "{path}");
    }
    let html = settings(&app).await?;
    assert!(html.contains("New Person") && !html.contains("Invite somebody"));
    assert_eq!(html.matches("class=\"item\"").count(), 2, "their session and their token");
    assert_eq!(app.form("/settings/invitations", &[]).await?, "/settings?error=forbidden");
    let foreign = app.form(&format!("/settings/sessions/{owners_session}/end"), &[]).await?;
    assert_eq!(foreign, "/settings?error=not_found");
    app.cookie = owner;
    assert_eq!(app.request(Method::GET, "/api/deployments").send().await?.status(), 200);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_accept_one_invitation_one_wins() -> anyhow::Result<()> {
    let (_world, app, _db) = start().await?;
    let invitation = invite(&app).await?;
    let (one, other) = tokio::try_join!(
        accept(&app, &invitation, "a@example.test"),
        accept(&app, &invitation, "b@example.test")
    )?;
    let mut answers = [one.0, other.0];
    answers.sort_unstable();
    assert_eq!(
        answers,
        ["/deployments".to_owned(), format!("/invitation?token={invitation}&error=not_found")]
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations_run_out_are_taken_back_and_have_a_limit() -> anyhow::Result<()> {
    let (_world, mut app, db) = start().await?;
    let owner = db::users::by_email(&db, EMAIL).await?.context("no owner")?;
    let now = Clock::System.now();
    let hash = hex::encode(Sha256::digest("dpi_old"));
    db::invitations::create(&db, &owner.id, hash, now - TimeDelta::seconds(1), now).await?;
    assert!(accept(&app, "dpi_old", "new@example.test").await?.0.ends_with("error=not_found"));
    let invitation = invite(&app).await?;
    let id = action(&settings(&app).await?, "/settings/invitations/", "/revoke")?;
    let to = app.form(&format!("/settings/invitations/{id}/revoke"), &[]).await?;
    assert_eq!(to, "/settings?ok=invitation_revoked");
    assert!(accept(&app, &invitation, "new@example.test").await?.0.ends_with("error=not_found"));
    for _ in 0..20 {
        assert_eq!(app.form("/settings/invitations", &[]).await?, "/settings");
    }
    assert_eq!(app.form("/settings/invitations", &[]).await?, "/settings?error=conflict");
    // The password of nobody.
    let to = app.form("/auth/sign-in", &[("email", "new@example.test"), ("password", PASSWORD)]).await?;
    assert_eq!(to, "/sign-in?error=unauthorized");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn other_sites_cannot_post_the_forms() -> anyhow::Result<()> {
    let (_world, app, _db) = start().await?;
    for path in ["/settings/tokens", "/settings/sessions/end-others", "/settings/invitations", "/auth/accept"]
    {
        let post = client().post(format!("{}{path}", app.base)).form(&[("name", "x")]);
        let post = post.header("cookie", app.cookie.as_deref().unwrap_or_default());
        let answer = post.header("origin", "https://elsewhere.test").send().await?;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
    }
    Ok(())
}
