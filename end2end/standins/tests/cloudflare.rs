//! The Cloudflare server as a strict client sees it.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use standins::cloudflare::actions::{NewAccount, NewProject, NewToken, add_account, add_project, add_token};
use standins::cloudflare::builds::{NewDeployment, add_deployment};
use standins::cloudflare::scenario::{Build, Seed, Seeded, build, seed};
use standins::cloudflare::state::TokenStatus;
use standins::record::Server;
use standins::scenario::{Redelivery, redeliver};
use standins::vercel::state::DeliveryMode;
use standins::{Options, Standins};

struct Platform {
    standins: Standins,
    site: Seeded,
    api: Seeded,
    client: Client,
}

impl Platform {
    async fn new() -> Platform {
        Platform::with(Options {
            allow_loopback_webhooks: true,
            retry_delays: Vec::new(),
            ..Options::default()
        })
        .await
    }

    async fn with(options: Options) -> Platform {
        let standins = Standins::start(options).unwrap();
        let files =
            [("package.json".to_owned(), Some(r#"{"scripts":{"build":"echo built; exit 3"}}"#.to_owned()))];
        standins.seed(standins::scenario::Seed { files: files.into(), ..Default::default() }).await.unwrap();
        let site = seed(standins.world(), Seed::default()).unwrap();
        let worker = Seed { worker: true, project: Some("shop-api".to_owned()), ..Seed::default() };
        let api = seed(standins.world(), worker).unwrap();
        Platform { standins, site, api, client: Client::new() }
    }

    fn url(&self, path: &str) -> String {
        let path = path
            .replace("ACC", &format!("/accounts/{}", self.site.account_id))
            .replace("TAG", &self.api.project_id);
        format!("{}{path}", self.standins.cloudflare_url())
    }

    async fn ask(&self, method: Method, path: &str, token: &str, body: Value) -> (StatusCode, Value) {
        let mut request = self.client.request(method, self.url(path)).bearer_auth(token);
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.ask(Method::GET, path, &self.site.token, Value::Null).await
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.ask(Method::POST, path, &self.site.token, body).await
    }

    fn token(&self, new: NewToken) -> String {
        add_token(self.standins.world(), NewToken { user: Some("octo-dev".to_owned()), ..new }).unwrap()
    }

    async fn deployment(&self, new: NewDeployment) -> String {
        add_deployment(self.standins.world(), new).await.unwrap()
    }
}

fn code(body: &Value) -> i64 {
    assert_eq!((&body["success"], &body["result"]), (&json!(false), &Value::Null), "{body}");
    body["errors"][0]["code"].as_i64().unwrap()
}

#[tokio::test]
async fn callers_are_checked_as_the_platform_checks_them() {
    let platform = Platform::new().await;
    let bare = platform.client.get(platform.url("/user")).send().await.unwrap();
    assert_eq!(bare.status(), StatusCode::BAD_REQUEST);
    assert_eq!(code(&bare.json().await.unwrap()), 9106);
    let (status, body) = platform.ask(Method::GET, "/user", "short", Value::Null).await;
    assert_eq!((status, code(&body)), (StatusCode::BAD_REQUEST, 6003));
    assert_eq!(body["errors"][0]["error_chain"][0]["code"], 6111);
    let unknown = "cfut_0000000000000000000000000000000000000000";
    let (status, body) = platform.ask(Method::GET, "/user/tokens/verify", unknown, Value::Null).await;
    assert_eq!((status, code(&body)), (StatusCode::UNAUTHORIZED, 1000));
    let (status, body) = platform.ask(Method::GET, "/accounts", unknown, Value::Null).await;
    assert_eq!((status, code(&body)), (StatusCode::FORBIDDEN, 10000));
    let outsider = NewAccount { name: "Other".to_owned(), ..NewAccount::default() };
    let other = add_account(platform.standins.world(), outsider).unwrap();
    for (path, status) in [
        ("/user", StatusCode::OK),
        ("/accounts", StatusCode::OK),
        ("ACC/pages/projects", StatusCode::OK),
        ("ACC/pages/projects?per_page=11", StatusCode::BAD_REQUEST),
        ("ACC/pages/projects?page=0", StatusCode::BAD_REQUEST),
        ("ACC/pages/projects?cursor=x", StatusCode::BAD_REQUEST),
        ("ACC/pages/projects/shop-web", StatusCode::OK),
        ("ACC/pages/projects/shop-web/deployments?env=staging", StatusCode::BAD_REQUEST),
        ("ACC/pages/projects/shop-web/deployments?per_page=26", StatusCode::BAD_REQUEST),
        ("ACC/pages/projects/nothing", StatusCode::NOT_FOUND),
        ("ACC/pages/projects/shop-web/deployments/none", StatusCode::NOT_FOUND),
        ("ACC/workers/scripts", StatusCode::OK),
        ("ACC/builds/workers/TAG/triggers", StatusCode::OK),
        ("ACC/builds/workers/shop-api/triggers", StatusCode::NOT_FOUND),
        ("ACC/builds/workers/TAG/builds?per_page=201", StatusCode::BAD_REQUEST),
        ("ACC/builds/builds/latest", StatusCode::BAD_REQUEST),
        ("ACC/builds/latest?external_script_ids=TAG", StatusCode::NOT_FOUND),
        ("ACC/builds/builds/none", StatusCode::NOT_FOUND),
        (&format!("/accounts/{}/pages/projects", other.id), StatusCode::FORBIDDEN),
        ("/accounts/acme/pages/projects", StatusCode::NOT_FOUND),
        ("/zones", StatusCode::NOT_FOUND),
    ] {
        let (got, body) = platform.get(path).await;
        assert_eq!(got, status, "{path}: {body}");
        assert_eq!(body["success"], json!(status == StatusCode::OK));
    }
    let (status, _) = platform.post("/user", Value::Null).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_token_does_what_it_was_made_for() {
    let platform = Platform::new().await;
    let reader =
        platform.token(NewToken { permissions: Some(vec!["pages.read".into()]), ..NewToken::default() });
    let id = platform.deployment(NewDeployment { project: "shop-web".into(), ..Default::default() }).await;
    let retry = format!("ACC/pages/projects/shop-web/deployments/{id}/retry");
    for (method, path, status) in [
        (Method::GET, "ACC/pages/projects", StatusCode::OK),
        (Method::GET, "/user", StatusCode::FORBIDDEN),
        (Method::GET, "/accounts", StatusCode::FORBIDDEN),
        (Method::GET, "ACC/workers/scripts", StatusCode::FORBIDDEN),
        (Method::GET, "ACC/builds/workers/TAG/builds", StatusCode::FORBIDDEN),
        (Method::GET, "ACC/alerting/v3/policies", StatusCode::FORBIDDEN),
        (Method::POST, &retry, StatusCode::FORBIDDEN),
    ] {
        let (got, body) = platform.ask(method, path, &reader, Value::Null).await;
        assert_eq!(got, status, "{path}: {body}");
    }
    assert_eq!(platform.post(&retry, Value::Null).await.0, StatusCode::OK);
    for (new, word) in [
        (NewToken { status: TokenStatus::Disabled, ..NewToken::default() }, "disabled"),
        (NewToken { expires_at: Some(1), ..NewToken::default() }, "expired"),
    ] {
        let token = platform.token(new);
        let (_, body) = platform.ask(Method::GET, "/user/tokens/verify", &token, Value::Null).await;
        assert_eq!(body["result"]["status"], word);
        assert_eq!(platform.ask(Method::GET, "/user", &token, Value::Null).await.0, StatusCode::FORBIDDEN);
    }
    let own = NewToken { account: Some("Acme".to_owned()), ..NewToken::default() };
    let own = add_token(platform.standins.world(), own).unwrap();
    assert!(own.starts_with("cfat_"));
    for (path, status) in [
        ("ACC/tokens/verify", StatusCode::OK),
        ("/user/tokens/verify", StatusCode::UNAUTHORIZED),
        ("ACC/pages/projects", StatusCode::OK),
        ("ACC/builds/workers/TAG/builds", StatusCode::UNAUTHORIZED),
    ] {
        assert_eq!(platform.ask(Method::GET, path, &own, Value::Null).await.0, status, "{path}");
    }
}

#[tokio::test]
async fn lists_come_in_pages_and_answers_tell_the_limit() {
    let platform = Platform::new().await;
    for n in 0..12 {
        let project =
            NewProject { name: format!("p{n}"), account: "Acme".to_owned(), ..NewProject::default() };
        add_project(platform.standins.world(), project).unwrap();
    }
    let mut seen = Vec::new();
    for page in 1..=3 {
        let (_, body) = platform.get(&format!("ACC/pages/projects?per_page=10&page={page}")).await;
        assert_eq!(body["result_info"]["total_pages"], 3);
        assert_eq!(body["result_info"]["total_count"], 13);
        seen.extend(
            body["result"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()),
        );
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 13);
    assert_eq!(platform.get("ACC/pages/projects?page=4").await.1["result"], json!([]));
    let left = async || {
        let answer = platform.client.get(platform.url("/user")).bearer_auth(&platform.site.token).send();
        let answer = answer.await.unwrap();
        assert_eq!(answer.headers()["ratelimit-policy"], "\"default\";q=1200;w=300");
        let text = answer.headers()["ratelimit"].to_str().unwrap().to_owned();
        text.split(";r=").nth(1).unwrap().split(';').next().unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(left().await - 1, left().await);
}

#[tokio::test]
async fn a_log_is_whole_or_comes_with_a_cursor() {
    let platform = Platform::new().await;
    let log: Vec<String> = (0..120).map(|n| format!("line {n}")).collect();
    let new = |project: &str| NewDeployment {
        project: project.to_owned(),
        log: log.join("\n"),
        ..NewDeployment::default()
    };
    let id = platform.deployment(new("shop-web")).await;
    let (_, body) = platform.get(&format!("ACC/pages/projects/shop-web/deployments/{id}/history/logs")).await;
    let lines = body["result"]["data"].as_array().unwrap();
    assert_eq!((lines.len(), &lines[7]["line"]), (120, &json!("line 7")));
    let id = platform.deployment(new("shop-api")).await;
    let (mut cursor, mut read) = (String::new(), Vec::new());
    loop {
        let (_, body) = platform.get(&format!("ACC/builds/builds/{id}/logs{cursor}")).await;
        let lines = body["result"]["lines"].as_array().unwrap().clone();
        if lines.is_empty() {
            break;
        }
        read.extend(lines.iter().map(|line| line[1].as_str().unwrap().to_owned()));
        cursor = format!("?cursor={}", body["result"]["cursor"].as_str().unwrap());
    }
    assert_eq!(read, log);
    let (_, latest) = platform.get("ACC/builds/builds/latest?external_script_ids=TAG,other").await;
    assert_eq!(latest["result"]["builds"][&platform.api.project_id]["build_uuid"], json!(id));
}

#[tokio::test]
async fn notifications_are_refused_like_on_the_platform() {
    let platform = Platform::new().await;
    let destinations = "ACC/alerting/v3/destinations/webhooks";
    let policies = "ACC/alerting/v3/policies";
    for body in [
        json!({"name": "x", "url": "https://example.com:8443/hook"}),
        json!({"name": "x", "url": "nonsense"}),
        json!({"name": "x"}),
        json!({"name": "x", "url": "https://example.com/hook", "kind": "generic"}),
    ] {
        let (status, answer) = platform.post(destinations, body.clone()).await;
        assert_eq!((status, answer["success"].as_bool()), (StatusCode::BAD_REQUEST, Some(false)), "{body}");
    }
    let new = json!({"name": "x", "url": "https://example.com/hook", "secret": "s"});
    let (_, made) = platform.post(destinations, new).await;
    let id = made["result"]["id"].as_str().unwrap();
    let (_, list) = platform.get(destinations).await;
    assert_eq!((&list["result"][0]["type"], list["result"][0].get("secret")), (&json!("generic"), None));
    let policy = |filters: Value| {
        json!({"name": "p", "enabled": true, "alert_type": "pages_event_alert",
            "mechanisms": {"webhooks": [{"id": id}]}, "filters": filters})
    };
    for filters in [
        json!({"event": ["event_deployment_failed"]}),
        json!({"environment": ["production"]}),
        json!({"project_id": ["shop-web"]}),
        json!({"project_id": []}),
        json!({"branch": ["main"]}),
        json!({"event": "EVENT_DEPLOYMENT_FAILED"}),
    ] {
        assert_eq!(platform.post(policies, policy(filters)).await.0, StatusCode::BAD_REQUEST);
    }
    let mut foreign = policy(json!({}));
    foreign["mechanisms"]["webhooks"][0]["id"] = json!("ffffffffffffffffffffffffffffffff");
    assert_eq!(platform.post(policies, foreign).await.0, StatusCode::BAD_REQUEST);
    let fine =
        policy(json!({"project_id": [platform.site.project_id], "event": ["EVENT_DEPLOYMENT_FAILED"]}));
    let (status, made) = platform.post(policies, fine).await;
    assert_eq!(status, StatusCode::OK);
    let path = format!("{policies}/{}", made["result"]["id"].as_str().unwrap());
    for status in [StatusCode::OK, StatusCode::NOT_FOUND] {
        assert_eq!(platform.ask(Method::DELETE, &path, &platform.site.token, Value::Null).await.0, status);
    }
    let poor = NewAccount { name: "Poor".into(), members: vec!["octo-dev".into()], webhooks_allowed: false };
    let poor = add_account(platform.standins.world(), poor).unwrap();
    let path = format!("/accounts/{}/alerting/v3/destinations/webhooks", poor.id);
    let hook = json!({"name": "x", "url": "https://example.com/hook"});
    assert_eq!(platform.post(&path, hook).await.0, StatusCode::FORBIDDEN);
    let strict = Platform::with(Options::default()).await;
    let local = json!({"name": "x", "url": "http://127.0.0.1:80/hook"});
    assert_eq!(strict.post(destinations, local).await.0, StatusCode::BAD_REQUEST);
}

/// Answers everything with 200 and tells each delivery's secret and body.
async fn receiver() -> (String, tokio::sync::mpsc::UnboundedReceiver<(Option<String>, Value)>) {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let hook = async move |headers: axum::http::HeaderMap, body: axum::Json<Value>| {
        let secret = headers.get("cf-webhook-auth").map(|value| value.to_str().unwrap().to_owned());
        sender.send((secret, body.0)).unwrap();
    };
    let app = axum::Router::new().route("/hook", axum::routing::post(hook));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, receiver)
}

#[tokio::test]
async fn deliveries_carry_the_secret_and_are_lost_or_doubled() {
    let platform = Platform::new().await;
    let world = platform.standins.world();
    let (url, mut received) = receiver().await;
    let new = json!({"name": "x", "url": url, "secret": "cf-test-secret-01"});
    let (_, made) = platform.post("ACC/alerting/v3/destinations/webhooks", new).await;
    let policy = json!({"name": "p", "enabled": true, "alert_type": "pages_event_alert",
        "mechanisms": {"webhooks": [{"id": made["result"]["id"]}]},
        "filters": {"project_id": [platform.site.project_id], "environment": ["ENVIRONMENT_PRODUCTION"],
            "event": ["EVENT_DEPLOYMENT_FAILED", "EVENT_DEPLOYMENT_SUCCESS"]}});
    platform.post("ACC/alerting/v3/policies", policy).await;
    let failing = Build { project: "shop-web".into(), state: Some("failure".into()), ..Build::default() };
    let built = build(world, failing.clone()).await.unwrap();
    assert_eq!(built.deliveries[0].attempts[0].status, Some(200));
    let (secret, body) = received.recv().await.unwrap();
    assert_eq!(secret.as_deref(), Some("cf-test-secret-01"));
    assert_eq!(
        (&body["alert_type"], &body["account_id"]),
        (&json!("pages_event_alert"), &json!(platform.site.account_id))
    );
    assert_eq!(body["data"]["deployment_id"], json!(built.deployment_id));
    // A Worker has none.
    let worker = Build { project: "shop-api".into(), state: Some("failure".into()), ..Build::default() };
    assert!(build(world, worker).await.unwrap().deliveries.is_empty());
    let forged = Redelivery { forged: true, ..Redelivery::default() };
    redeliver(world, Server::Cloudflare, forged).await.unwrap();
    assert_eq!(received.recv().await.unwrap().0.as_deref(), Some("not-the-secret"));
    let unsigned = Redelivery { unsigned: true, ..Redelivery::default() };
    redeliver(world, Server::Cloudflare, unsigned).await.unwrap();
    assert_eq!(received.recv().await.unwrap().0, None);
    world.state().cloudflare.delivery_mode = DeliveryMode::Drop;
    let lost = build(world, failing.clone()).await.unwrap().deliveries;
    assert!(lost[0].dropped && lost[0].attempts.is_empty());
    world.state().cloudflare.delivery_mode = DeliveryMode::Duplicate;
    let twice = build(world, failing).await.unwrap().deliveries;
    assert_eq!((twice.len(), &twice[0].body), (2, &twice[1].body));
}

#[tokio::test]
async fn a_branch_is_really_built() {
    let platform = Platform::new().await;
    for project in ["shop-web", "shop-api"] {
        let build_it = Build { project: project.to_owned(), run: true, deliver: false, ..Build::default() };
        let built = build(platform.standins.world(), build_it).await.unwrap();
        assert_eq!(built.exit_code, Some(3), "{project}");
    }
    let state = platform.standins.world().state();
    let (deployment, worker) = (&state.cloudflare.deployments[0], &state.cloudflare.builds[0]);
    assert_eq!((deployment.stage.as_str(), deployment.status.as_str()), ("build", "failure"));
    assert_eq!(worker.outcome.as_deref(), Some("fail"));
    for log in [&deployment.log, &worker.log] {
        assert!(log.iter().any(|line| line.text == "built"));
        assert!(log.last().unwrap().text.starts_with("Failed: error occurred while running build command"));
    }
}
