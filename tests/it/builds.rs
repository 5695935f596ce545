//! Where the builds of a connection to Vercel run: chosen by a form and by programs, kept over a reconnection, and
//! refused where nothing could come of it.

use crate::{
    account::{accept, invite, start},
    app::App,
};
use anyhow::Context as _;
use deploymend::model::{AuditEntry, AuditPage, BuildsOn, Connection};
use regex::Regex;
use reqwest::Method;
use serde_json::{Value, json};
use standins::{
    render,
    vercel::actions::{NewToken, NewUser, add_token, add_user},
};

const FORM: &str = "/integrations/vercel/builds-on";
const REST: &str = "/api/integrations/vercel";
/// Where a form comes back to.
const CHOSEN: &str = "/integrations?ok=builds_at_vercel";

async fn call(app: &App, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<(u16, Value)> {
    let mut request = app.request(method, path);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await?;
    Ok((answer.status().as_u16(), answer.json().await?))
}

async fn connection(app: &App) -> anyhow::Result<Connection> {
    let (_, status) = call(app, Method::GET, &format!("{REST}/status"), None).await?;
    Ok(serde_json::from_value(status["connection"].clone())?)
}

async fn choose(app: &mut App, choice: &str) -> anyhow::Result<String> {
    app.form(FORM, &[("builds_on", choice)]).await
}

async fn page(app: &App) -> anyhow::Result<String> {
    Ok(app.request(Method::GET, "/integrations").send().await?.error_for_status()?.text().await?)
}

/// Whether the page's button for a choice is pressed, and whether it can be.
fn offered(html: &str, choice: BuildsOn) -> anyhow::Result<(bool, bool)> {
    let buttons = Regex::new(r#"<input type="radio" name="builds_on"[^>]*>"#)?;
    let value = format!("value=\"{}\"", choice.as_str());
    let mut found = buttons.find_iter(html).filter(|button| button.as_str().contains(&value));
    let button = found.next().context("it is not offered")?.as_str();
    anyhow::ensure!(found.next().is_none(), "it is offered twice");
    Ok((button.contains(" checked"), !button.contains(" disabled")))
}

/// The entries about it: what came of it, and what was chosen. Oldest first.
async fn traces(app: &App) -> anyhow::Result<Vec<(String, Option<String>)>> {
    let page: AuditPage =
        app.request(Method::GET, "/api/audit").send().await?.error_for_status()?.json().await?;
    let about = |entry: &AuditEntry| entry.action == "connection.change";
    let mut entries: Vec<_> = page.entries.into_iter().filter(about).collect();
    entries.reverse();
    Ok(entries.into_iter().map(|entry| (entry.outcome, entry.details.get("builds_on").cloned())).collect())
}

fn trace(outcome: &str, choice: Option<&str>) -> (String, Option<String>) {
    (outcome.to_owned(), choice.map(str::to_owned))
}

#[tokio::test(flavor = "multi_thread")]
async fn where_builds_run_is_chosen_by_form_and_by_program_and_outlives_a_reconnection() -> anyhow::Result<()>
{
    let (world, mut app, _db) = start().await?;
    let first = connection(&app).await?;
    assert_eq!((first.builds_on, first.builds_note), (BuildsOn::Here, None), "nobody has chosen");
    let html = page(&app).await?;
    assert_eq!(offered(&html, BuildsOn::Here)?, (true, true));
    assert_eq!(offered(&html, BuildsOn::Vercel)?, (false, true));

    assert_eq!(choose(&mut app, "vercel").await?, CHOSEN);
    assert_eq!(connection(&app).await?.builds_on, BuildsOn::Vercel);
    assert_eq!(offered(&page(&app).await?, BuildsOn::Vercel)?, (true, true));
    assert_eq!(choose(&mut app, "here").await?, "/integrations?ok=builds_here");
    assert_eq!(connection(&app).await?.builds_on, BuildsOn::Here);

    // The same for programs. What is not given stays.
    for (body, kept) in [(json!({"buildsOn": "vercel"}), "vercel"), (json!({}), "vercel")] {
        let (status, answer) = call(&app, Method::PATCH, REST, Some(body)).await?;
        assert_eq!((status, &answer["builds_on"]), (200, &json!(kept)), "{answer}");
        assert_eq!(connection(&app).await?.builds_on.as_str(), kept);
    }

    // A new token of the same account, by form and by program, and a restart.
    let new = || NewToken { user: "octo-dev".into(), ..NewToken::default() };
    let token = add_token(world.standins.world(), new())?;
    let to = app.form("/integrations/vercel/connect", &[("token", &token)]).await?;
    assert_eq!(to, "/integrations?ok=connected");
    assert_eq!(connection(&app).await?.builds_on, BuildsOn::Vercel);
    let token = add_token(world.standins.world(), new())?;
    let (_, again) =
        call(&app, Method::POST, &format!("{REST}/connect"), Some(json!({"token": token}))).await?;
    assert_eq!(
        (&again["connection"]["id"], &again["connection"]["builds_on"]),
        (&json!(first.id), &json!("vercel"))
    );
    app.kill_9();
    let mut app = world.restart(&world.settings).await?;
    assert_eq!(connection(&app).await?.builds_on, BuildsOn::Vercel);

    // Another account at Vercel would be charged, and nobody has asked for that.
    add_user(world.standins.world(), NewUser { username: "second".into(), email: None, name: None });
    let token = add_token(world.standins.world(), NewToken { user: "second".into(), ..NewToken::default() })?;
    app.form("/integrations/vercel/connect", &[("token", &token)]).await?;
    let other = connection(&app).await?;
    assert_eq!((other.username.as_str(), other.builds_on), ("second", BuildsOn::Here));

    let vercel = trace("done", Some("vercel"));
    let expected = [vercel.clone(), trace("done", Some("here")), vercel, trace("done", None)];
    assert_eq!(traces(&app).await?, expected);
    assert_eq!(app.errors(), Vec::<String>::new());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn builds_leave_this_server_by_the_word_of_their_own_user_alone() -> anyhow::Result<()> {
    let (world, mut app, _db) = start().await?;
    let (_, theirs) = accept(&app, &invite(&app).await?, "other@example.test").await?;
    let owner = app.cookie.clone();

    // Somebody else without a connection has nothing to choose, and nothing to choose for others.
    app.cookie.clone_from(&theirs);
    assert_eq!(choose(&mut app, "vercel").await?, "/integrations?error=not_found");
    let asked = call(&app, Method::PATCH, REST, Some(json!({"buildsOn": "vercel"}))).await?;
    assert_eq!((asked.0, &asked.1["error"]["code"]), (404, &json!("not_found")));
    // With a connection of their own, they choose for that.
    app.form("/integrations/vercel/connect", &[("token", &world.seeded.vercel_token)]).await?;
    assert_eq!(choose(&mut app, "vercel").await?, CHOSEN);
    assert_eq!(connection(&app).await?.builds_on, BuildsOn::Vercel);
    app.cookie.clone_from(&owner);
    assert_eq!(connection(&app).await?.builds_on, BuildsOn::Here);

    // Neither from another site, nor without a session, nor by what is no choice.
    let elsewhere =
        reqwest::Client::new().post(format!("{}{FORM}", app.base)).form(&[("builds_on", "vercel")]);
    let elsewhere = elsewhere.header("origin", "https://evil.example");
    let session = owner.clone().context("not signed in")?;
    assert_eq!(elsewhere.header("cookie", session).send().await?.status(), 403);
    app.cookie = None;
    assert!(choose(&mut app, "vercel").await?.starts_with("/sign-in"));
    app.cookie = owner;
    let odd = app.request(Method::POST, FORM).form(&[("builds_on", "elsewhere")]).send().await?;
    assert_eq!(odd.status(), 400);
    for body in [json!({"buildsOn": "elsewhere"}), json!({"builds": "vercel"}), json!([])] {
        let (status, answer) = call(&app, Method::PATCH, REST, Some(body)).await?;
        assert_eq!((status, &answer["error"]["code"]), (422, &json!("invalid")));
    }
    assert_eq!(connection(&app).await?.builds_on, BuildsOn::Here);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_public_address_builds_stay_on_this_server() -> anyhow::Result<()> {
    let (world, mut app, _db) = start().await?;
    choose(&mut app, "vercel").await?;
    app.kill_9();
    let mut settings = world.settings.clone();
    settings.env.remove("DEPLOYMEND_PUBLIC_URL");
    let mut app = world.restart(&settings).await?;

    // What was chosen before is told with what is wrong with it, and stays what the form sends.
    let stored = connection(&app).await?;
    assert_eq!(stored.builds_on, BuildsOn::Vercel);
    let why = stored.builds_note.context("nothing is wrong")?;
    assert!(why.contains("DEPLOYMEND_PUBLIC_URL"), "{why}");
    let html = page(&app).await?;
    assert!(html.contains(&why));
    assert_eq!(offered(&html, BuildsOn::Vercel)?, (true, true));

    assert_eq!(choose(&mut app, "here").await?, "/integrations?ok=builds_here");
    let html = page(&app).await?;
    assert!(html.contains(&why));
    assert_eq!(offered(&html, BuildsOn::Vercel)?, (false, false));
    let to = choose(&mut app, "vercel").await?;
    assert_eq!(to, "/integrations?error=no_public_url");
    let told = app.request(Method::GET, &to).send().await?.text().await?;
    assert!(told.contains("builds elsewhere need a public https address"), "{told}");
    let (status, answer) = call(&app, Method::PATCH, REST, Some(json!({"buildsOn": "vercel"}))).await?;
    assert_eq!((status, answer), (409, json!({"error": {"code": "no_public_url", "message": why}})));
    assert_eq!(connection(&app).await?.builds_on, BuildsOn::Here);

    // An address that nobody outside can reach is none.
    app.kill_9();
    let mut app = world.restart(&settings.set("DEPLOYMEND_PUBLIC_URL", "http://10.0.0.7")).await?;
    assert_eq!(choose(&mut app, "vercel").await?, "/integrations?error=no_public_url");
    assert_eq!(connection(&app).await?.builds_on, BuildsOn::Here);

    let refused = trace("no_public_url", Some("vercel"));
    let expected = [
        trace("done", Some("vercel")),
        trace("done", Some("here")),
        refused.clone(),
        refused.clone(),
        refused,
    ];
    assert_eq!(traces(&app).await?, expected);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_vercel_has_machines_for_builds() -> anyhow::Result<()> {
    let (world, mut app, _db) = start().await?;
    let seed = render::scenario::Seed {
        repository: world.seeded.repository.clone(),
        ..render::scenario::Seed::default()
    };
    let seeded = render::scenario::seed(world.standins.world(), seed)?;
    let to = app.form("/integrations/render/connect", &[("token", &seeded.token)]).await?;
    assert_eq!(to, "/integrations?ok=connected");
    // One form, on the card of Vercel.
    assert_eq!(page(&app).await?.matches("/builds-on\"").count(), 1);
    for choice in ["vercel", "here"] {
        let to = app.form("/integrations/render/builds-on", &[("builds_on", choice)]).await?;
        assert_eq!(to, "/integrations?error=not_vercel");
        let body = json!({"buildsOn": choice});
        let (status, answer) = call(&app, Method::PATCH, "/api/integrations/render", Some(body)).await?;
        assert_eq!((status, &answer["error"]["code"]), (422, &json!("not_vercel")));
    }
    let (_, status) = call(&app, Method::GET, "/api/integrations/render/status", None).await?;
    assert_eq!(
        (&status["connection"]["builds_on"], &status["connection"]["builds_note"]),
        (&json!("here"), &Value::Null)
    );
    for name in ["cloudflare", "netlify"] {
        let to = app.form(&format!("/integrations/{name}/builds-on"), &[("builds_on", "here")]).await?;
        assert_eq!(to, "/integrations?error=not_found", "{name}");
    }
    Ok(())
}
