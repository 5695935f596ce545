//! Every route that may change something leaves an entry in the audit log, each sees their own, and none has a secret.

use crate::{
    account::{accept, invite, new_token, start},
    app::{EMAIL, PASSWORD},
    house,
};
use anyhow::Context as _;
use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, header},
};
use deploymend::{
    model::{AuditEntry, AuditPage},
    server::{
        audit::operations,
        commands::serve::assemble,
        db::{
            audit::{Which, list},
            testing,
        },
        http,
    },
};
use regex::Regex;
use sea_orm::ConnectionTrait as _;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};
use tower::ServiceExt as _;

/// The methods and paths of a router, as it prints itself: it has no other list of them.
fn routes(router: &Router) -> anyhow::Result<BTreeSet<(Method, String)>> {
    let printed = format!("{router:?}");
    let own = printed.split("fallback_router:").next().context("no routes")?;
    let paths = Regex::new(r#"RouteId\((\d+)\): "([^"]*)""#)?;
    let paths: BTreeMap<_, _> =
        paths.captures_iter(own).map(|found| (found[1].to_owned(), found[2].to_owned())).collect();
    let methods = Regex::new(
        r#"RouteId\((\d+)\): MethodRouter\(MethodRouter \{.*?allow_header: (?:Bytes\(b"([A-Z,]*)"\)|Skip)"#,
    )?;
    let mut found = BTreeSet::new();
    for route in methods.captures_iter(own) {
        let path = paths.get(&route[1]).context("a route without a path")?;
        let allowed = route.get(2).with_context(|| format!("{path} takes every method"))?;
        for method in allowed.as_str().split(',') {
            found.insert((method.parse()?, path.clone()));
        }
    }
    Ok(found)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_that_changes_something_goes_without_a_trace() -> anyhow::Result<()> {
    let test = testing::empty().await?;
    let mut config = house::config();
    config.database_url = Some(test.url.clone());
    config.data_dir = test.folder.path().join("data");
    let state = assemble(config).await?;
    let set_up = state.auth.prepare_set_up().await?.context("there is an owner")?;
    let db = state.db.clone();
    let router = http::router(state);

    let peer: SocketAddr = "203.0.113.9:4711".parse()?;
    let ask = async |method: &Method, path: &str, cookie: &str, form: String| {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .extension(ConnectInfo(peer))
            .body(Body::from(form))?;
        anyhow::Ok(router.clone().oneshot(request).await?)
    };
    use secrecy::ExposeSecret as _;
    let form = [("token", set_up.token.expose_secret()), ("email", EMAIL), ("password", PASSWORD)];
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let made = ask(&Method::POST, "/auth/setup", "", form).await?;
    let cookie = made.headers().get(header::SET_COOKIE).context("no session")?.to_str()?;
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();

    let known = routes(&router)?;
    let gone: Vec<_> = operations::named()
        .filter(|(method, path)| !known.iter().any(|(at, route)| at == *method && route == *path))
        .collect();
    assert!(gone.is_empty(), "names of routes that are gone: {gone:?}");

    let callback = |path: &str| path == "/api/auth/github/callback";
    let changing = known.iter().filter(|(method, path)| !method.is_safe() || callback(path));
    // Signing out comes last: the session of all others ends there.
    let mut changing: Vec<_> = changing.collect();
    changing.sort_by_key(|(_, path)| path == "/auth/sign-out");
    assert!(changing.len() > 60, "{changing:?}");
    let all = async || list(&db, Which::default(), 1_000).await;
    let mut seen: BTreeSet<_> = all().await?.into_iter().map(|entry| entry.id).collect();
    assert_eq!(seen.len(), 1, "the set-up");
    for (method, path) in changing {
        assert!(operations::is_known(method, path), "{method} {path} has no name in the audit log");
        let address = path.replace("{provider}", "vercel").replace("{id}", "x").replace("{rule}", "y");
        ask(method, &address, &cookie, String::new()).await?;
        let new: Vec<_> = all().await?.into_iter().filter(|entry| seen.insert(entry.id.clone())).collect();
        let Some(operation) = operations::of(method, path) else {
            assert_eq!(new, [], "{method} {path}");
            continue;
        };
        let [entry] = new.as_slice() else { panic!("{method} {path} left {new:?}") };
        assert_eq!((&entry.action, entry.kind), (&operation.action, operation.kind), "{method} {path}");
        assert_eq!(entry.address.as_deref(), Some("203.0.113.9"), "{method} {path}");
        assert_eq!(entry.who.as_deref(), Some(EMAIL), "{method} {path}");
    }
    Ok(())
}

async fn log(app: &crate::app::App, query: &str) -> anyhow::Result<AuditPage> {
    let path = format!("/api/audit{query}");
    Ok(app.request(Method::GET, &path).send().await?.error_for_status()?.json().await?)
}

fn find<'a>(page: &'a AuditPage, action: &str) -> Vec<&'a AuditEntry> {
    page.entries.iter().filter(|entry| entry.action == action).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_who_did_what_and_keeps_no_secret() -> anyhow::Result<()> {
    let (world, mut app, db) = start().await?;
    let kept = app.cookie.clone();
    let invitation = invite(&app).await?;
    let token = new_token(&app, "deploy script", "").await?;
    app.cookie = None;
    for (email, password) in [(EMAIL, "a wrong password"), ("my-password-by-mistake@x", "a wrong password")] {
        app.form("/auth/sign-in", &[("email", email), ("password", password)]).await?;
    }
    let theirs = accept(&app, &invitation, "new@example.test").await?.1;
    app.cookie = kept;

    let page = log(&app, "").await?;
    assert!(page.everybody);
    let [made] = find(&page, "api_token.create")[..] else { panic!("{page:#?}") };
    assert_eq!((made.outcome.as_str(), made.who.as_deref()), ("done", Some(EMAIL)));
    assert_eq!(made.details.get("name").map(String::as_str), Some("deploy script"));
    assert_eq!(made.address.as_deref(), Some("127.0.0.1"));
    let tries: Vec<_> =
        find(&page, "session.begin").iter().map(|it| (it.who.as_deref(), it.outcome.as_str())).collect();
    assert_eq!(tries, [(None, "unauthorized"), (Some(EMAIL), "unauthorized")]);
    let connected = find(&page, "connection.create");
    assert_eq!(connected[0].details.get("account").map(String::as_str), Some("octo-dev"));
    let joined = log(&app, "?kind=sign_in").await?;
    assert_eq!(find(&joined, "account.create")[0].who.as_deref(), Some("new@example.test"));
    assert!(joined.entries.iter().all(|entry| entry.kind.as_str() == "sign_in"));

    // A program's first read on a day is noted, its second is not; what it changes has its name.
    for _ in 0..2 {
        let read = app.request(Method::GET, "/api/deployments").bearer_auth(&token);
        assert_eq!(read.send().await?.status(), 200);
    }
    let sync = app.request(Method::POST, "/api/integrations/vercel/projects/sync").bearer_auth(&token);
    assert_eq!(sync.send().await?.status(), 200);
    let page = log(&app, "").await?;
    assert_eq!(find(&page, "api_token.use").len(), 1);
    let by = find(&page, "projects.sync")[0].credential.as_deref().unwrap_or_default();
    assert!(by.starts_with("api_token:"), "{by}");
    assert!(!find(&page, "platform_token.use").is_empty());

    // Everything that was said or made in secret.
    let all = serde_json::to_string(&list(&db, Which::default(), 1_000).await?)?;
    for secret in [
        PASSWORD,
        "a wrong password",
        "my-password-by-mistake",
        &token,
        &invitation,
        &world.seeded.vercel_token,
        &world.seeded.github_token,
    ] {
        assert!(!all.contains(secret), "the log has {secret}");
    }
    let changed = db.orm.execute_unprepared("UPDATE audit_log SET who = 'nobody'").await;
    assert!(changed.is_err(), "an entry was changed");

    // Pages without scripts, and others' entries.
    let html = app.request(Method::GET, "/settings/audit?kind=change").send().await?.text().await?;
    assert!(
        html.contains("Make an API token")
            && html.contains("deploy script")
            && !html.contains("Accept an invitation")
    );
    let first = log(&app, "").await?.entries;
    let after = log(&app, &format!("?after={}", first[1].id)).await?.entries;
    assert_eq!(after[..3], first[2..5]);
    app.cookie = theirs;
    let own = log(&app, "").await?;
    assert!(!own.everybody);
    assert_eq!(own.entries.iter().map(|entry| entry.action.as_str()).collect::<Vec<_>>(), ["account.create"]);
    let html = app.request(Method::GET, "/settings/audit?kind=change").send().await?.text().await?;
    assert!(html.contains("No entries"));
    app.cookie = None;
    assert_eq!(app.request(Method::GET, "/api/audit").send().await?.status(), 401);
    Ok(())
}
