//! The Render server as a strict client sees it.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use standins::record::Server;
use standins::render::actions::{self, NewDeployment, NewOwner, NewProject, NewToken, NewUser};
use standins::render::deliveries::signature;
use standins::render::scenario::{Build, Seed, Seeded, build, deploy, seed};
use standins::render::state::Plan;
use standins::scenario::{self, Redelivery};
use standins::vercel::state::DeliveryMode;
use standins::{Options, Standins};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

struct Platform {
    standins: Standins,
    seeded: Seeded,
    client: Client,
}

impl Platform {
    async fn new() -> Platform {
        Platform::on(Plan::Professional).await
    }

    async fn on(plan: Plan) -> Platform {
        let standins = Standins::start(Options {
            allow_loopback_webhooks: true,
            retry_delays: Vec::new(),
            ..Options::default()
        })
        .unwrap();
        let text = |text: &str| Some(text.to_owned());
        let files = [
            ("package.json".to_owned(), text(r#"{"name":"shop-web","scripts":{"build":"sh build.sh"}}"#)),
            ("build.sh".to_owned(), text("pwd && echo 'src/a.ts(1,1): error TS2304' && exit 2\n")),
        ]
        .into();
        standins.seed(scenario::Seed { files, ..scenario::Seed::default() }).await.unwrap();
        let seeded = seed(standins.world(), Seed { plan, ..Seed::default() }).unwrap();
        Platform { standins, seeded, client: Client::new() }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let path = path.replace("OWNER", &self.seeded.account_id).replace("SERVICE", &self.seeded.project_id);
        let url = format!("{}{path}", self.standins.render_url());
        let mut request = self.client.request(method, url).bearer_auth(&self.seeded.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        (response.status(), response.json().await.unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.call(Method::GET, path, None).await
    }

    async fn hook(&self, url: &str, filter: Value) -> (StatusCode, Value) {
        let body = json!({"ownerId": self.seeded.account_id, "name": "x", "url": url, "enabled": true,
            "eventFilter": filter});
        self.call(Method::POST, "/webhooks", Some(body)).await
    }

    fn deployment(&self, status: &str, log: &str) -> NewDeployment {
        NewDeployment {
            project: self.seeded.project_id.clone(),
            status: Some(status.to_owned()),
            log: log.to_owned(),
            ..NewDeployment::default()
        }
    }
}

#[tokio::test]
async fn callers_are_checked_as_the_platform_checks_them() {
    let platform = Platform::new().await;
    let world = platform.standins.world();
    let url = format!("{}/users", platform.standins.render_url());
    let bare = platform.client.get(&url).send().await.unwrap();
    assert_eq!(bare.status(), StatusCode::UNAUTHORIZED);
    let body: Value = bare.json().await.unwrap();
    assert!(body["message"].is_string() && body["id"].is_string());
    // What belongs to others is not there.
    actions::add_user(world, NewUser { login: "stranger".to_owned(), ..NewUser::default() });
    let new =
        NewOwner { name: "other".to_owned(), admins: vec!["stranger".to_owned()], ..NewOwner::default() };
    let other = actions::add_owner(world, new).unwrap();
    let new = NewProject { name: "x".to_owned(), owner: other.id.clone(), ..NewProject::default() };
    let foreign = actions::add_project(world, new).unwrap().id;
    for (path, status) in [
        ("/users", StatusCode::OK),
        ("/owners", StatusCode::OK),
        ("/owners?limit=101", StatusCode::BAD_REQUEST),
        ("/owners?cursor=nowhere", StatusCode::BAD_REQUEST),
        ("/services?ownerId=OWNER&includePreviews=false", StatusCode::OK),
        ("/services?includePreviews=maybe", StatusCode::BAD_REQUEST),
        ("/services?type=database", StatusCode::BAD_REQUEST),
        ("/services?team=OWNER", StatusCode::BAD_REQUEST),
        (&format!("/services?ownerId={}", other.id), StatusCode::NOT_FOUND),
        (&format!("/services/{foreign}"), StatusCode::NOT_FOUND),
        ("/services/SERVICE", StatusCode::OK),
        ("/services/SERVICE/deploys?status=live&status=canceled", StatusCode::OK),
        ("/services/SERVICE/deploys?status=broken", StatusCode::BAD_REQUEST),
        ("/services/SERVICE/deploys?createdAfter=yesterday", StatusCode::BAD_REQUEST),
        ("/services/SERVICE/deploys/dep-none", StatusCode::NOT_FOUND),
        ("/logs?ownerId=OWNER&resource=SERVICE&type=build", StatusCode::OK),
        ("/logs?resource=SERVICE", StatusCode::BAD_REQUEST),
        ("/logs?ownerId=OWNER", StatusCode::BAD_REQUEST),
        ("/logs?ownerId=OWNER&resource=SERVICE&deploy=dep-1", StatusCode::BAD_REQUEST),
        ("/logs?ownerId=OWNER&resource=SERVICE&direction=up", StatusCode::BAD_REQUEST),
        (&format!("/logs?ownerId=OWNER&resource={foreign}"), StatusCode::NOT_FOUND),
        (&format!("/logs?ownerId={}&resource=SERVICE", other.id), StatusCode::NOT_FOUND),
        ("/events/evt-none", StatusCode::NOT_FOUND),
        ("/events/rubbish", StatusCode::BAD_REQUEST),
        ("/nothing", StatusCode::NOT_FOUND),
    ] {
        let (got, body) = platform.get(path).await;
        assert_eq!(got, status, "{path}: {body}");
    }
    assert_eq!(platform.call(Method::DELETE, "/users", None).await.0, StatusCode::METHOD_NOT_ALLOWED);
    let expired = NewToken { login: "octo-dev".to_owned(), expires_at: Some(1), ..NewToken::default() };
    let expired = actions::add_token(world, expired).unwrap();
    let refused = platform.client.get(&url).bearer_auth(expired).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert!(actions::revoke_token(world, &platform.seeded.token));
    assert_eq!(platform.get("/users").await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn every_answer_says_how_much_may_still_be_asked() {
    let platform = Platform::new().await;
    platform.standins.world().state().render.rate_limit = Some(2);
    let url = format!("{}/users", platform.standins.render_url());
    for (status, left) in [(200, "1"), (200, "0"), (429, "0")] {
        let answer = platform.client.get(&url).bearer_auth(&platform.seeded.token).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
        let headers = answer.headers();
        assert_eq!(
            (&headers["ratelimit-limit"], &headers["ratelimit-remaining"]),
            (&"2".parse().unwrap(), &left.parse().unwrap())
        );
        assert!(headers["ratelimit-reset"].to_str().unwrap().parse::<u64>().unwrap() <= 60);
        assert_eq!(headers.contains_key("retry-after"), status == 429);
    }
}

#[tokio::test]
async fn deploys_come_in_pages_and_replace_each_other() {
    let platform = Platform::new().await;
    for _ in 0..12 {
        deploy(platform.standins.world(), platform.deployment("live", ""), false).await.unwrap();
    }
    let (mut cursor, mut seen, mut words) = (String::new(), Vec::new(), Vec::new());
    loop {
        let (_, page) = platform.get(&format!("/services/SERVICE/deploys?limit=100{cursor}")).await;
        let items = page.as_array().unwrap();
        assert!(items.len() <= 5);
        let Some(last) = items.last() else { break };
        cursor = format!("&cursor={}", last["cursor"].as_str().unwrap());
        seen.extend(items.iter().map(|item| item["deploy"]["id"].as_str().unwrap().to_owned()));
        words.extend(items.iter().map(|item| item["deploy"]["status"].as_str().unwrap().to_owned()));
    }
    assert_eq!((words.remove(0).as_str(), words.len()), ("live", 11));
    assert!(words.iter().all(|word| word == "deactivated"));
    let count = seen.len();
    let newest = seen[0].clone();
    seen.sort();
    seen.dedup();
    assert_eq!((count, seen.len()), (12, 12));
    let (_, one) = platform.get(&format!("/services/SERVICE/deploys/{newest}")).await;
    assert!(one["commit"]["id"].is_string() && one.get("branch").is_none(), "{one}");
}

#[tokio::test]
async fn deploys_are_triggered_and_wait_for_each_other() {
    let platform = Platform::new().await;
    let path = "/services/SERVICE/deploys";
    let trigger = async |body| platform.call(Method::POST, path, Some(body)).await;
    for body in [
        json!({"commitId": "f".repeat(40)}),
        json!({"clearCache": true}),
        json!({"branch": "main"}),
        json!({"clearCache": "maybe"}),
        json!({"imageUrl": "x"}),
    ] {
        assert_eq!(trigger(body.clone()).await.0, StatusCode::BAD_REQUEST, "{body}");
    }
    let (status, made) = trigger(json!({"clearCache": "do_not_clear"})).await;
    assert_eq!(
        (status, &made["status"], &made["trigger"]),
        (StatusCode::CREATED, &json!("build_in_progress"), &json!("api"))
    );
    assert_eq!(trigger(json!({})).await, (StatusCode::ACCEPTED, Value::Null));
    platform.standins.world().state().render.services[0].settings.suspended = true;
    assert_eq!(trigger(json!({})).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn logs_come_in_windows_that_overlap() {
    let platform = Platform::new().await;
    let log: Vec<String> = (0..7).map(|n| format!("line {n}")).collect();
    let a_while_ago = Some(standins::ids::now_ms() - 10_000);
    let new =
        NewDeployment { created_at: a_while_ago, ..platform.deployment("build_failed", &log.join("\n")) };
    deploy(platform.standins.world(), new, false).await.unwrap();
    let read = async |direction: &str| {
        let (mut window, mut lines, mut pages) = (String::new(), Vec::new(), 0);
        loop {
            let path = format!(
                "/logs?ownerId=OWNER&resource=SERVICE&type=build&limit=3&direction={direction}{window}"
            );
            let (_, page) = platform.get(&path).await;
            let texts = page["logs"].as_array().unwrap().iter();
            lines.extend(texts.map(|line| line["message"].as_str().unwrap().to_owned()));
            pages += 1;
            let time = |key: &str| page[key].as_str().unwrap().to_owned();
            window = format!("&startTime={}&endTime={}", time("nextStartTime"), time("nextEndTime"));
            if page["hasMore"] == false {
                return (lines, pages);
            }
        }
    };
    let (mut forward, pages) = read("forward").await;
    assert_eq!((forward.len(), pages), (9, 3));
    forward.dedup();
    assert_eq!(forward, log);
    let (mut backward, _) = read("backward").await;
    backward.dedup();
    backward.reverse();
    assert_eq!(backward, log);
    let (_, app) = platform.get("/logs?ownerId=OWNER&resource=SERVICE&type=app").await;
    assert_eq!(app["logs"], json!([]));
}

#[tokio::test]
async fn webhooks_live_by_the_plan() {
    let platform = Platform::new().await;
    let url = "https://example.com/hook";
    for (url, filter) in [
        ("http://example.com/hook", json!([])),
        (url, json!(["deploy_exploded"])),
        (url, json!("deploy_ended")),
    ] {
        assert_eq!(platform.hook(url, filter.clone()).await.0, StatusCode::BAD_REQUEST, "{url} {filter}");
    }
    let partial = json!({"ownerId": platform.seeded.account_id, "url": url});
    assert_eq!(platform.call(Method::POST, "/webhooks", Some(partial)).await.0, StatusCode::BAD_REQUEST);
    let (status, made) = platform.hook(url, json!(["deploy_ended"])).await;
    assert_eq!(status, StatusCode::CREATED);
    let (secret, path) = (made["secret"].clone(), format!("/webhooks/{}", made["id"].as_str().unwrap()));
    assert!(secret.as_str().unwrap().starts_with("whsec_"));
    assert_eq!(platform.hook("https://example.com/second", json!([])).await.0, StatusCode::BAD_REQUEST);
    let (_, list) = platform.get("/webhooks?ownerId=OWNER").await;
    assert_eq!((list.as_array().unwrap().len(), &list[0]["webhook"]["secret"]), (1, &secret));
    let (status, changed) = platform.call(Method::PATCH, &path, Some(json!({"enabled": false}))).await;
    assert_eq!((status, &changed["enabled"], &changed["url"]), (StatusCode::OK, &json!(false), &json!(url)));
    assert_eq!(platform.get(&path).await.1, changed);
    assert_eq!(platform.call(Method::DELETE, &path, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(platform.call(Method::DELETE, &path, None).await.0, StatusCode::NOT_FOUND);

    let hobby = Platform::on(Plan::Hobby).await;
    assert_eq!(hobby.hook(url, json!([])).await.0, StatusCode::PAYMENT_REQUIRED);
    let scale = Platform::on(Plan::Scale).await;
    for n in 0..3 {
        assert_eq!(scale.hook(&format!("{url}/{n}"), json!([])).await.0, StatusCode::CREATED);
    }
}

#[tokio::test]
async fn only_admins_manage_webhooks() {
    let platform = Platform::new().await;
    {
        let owner = &mut platform.standins.world().state().render.owners[0];
        owner.developers = std::mem::take(&mut owner.admins);
    }
    assert_eq!(platform.get("/services?ownerId=OWNER").await.0, StatusCode::OK);
    assert_eq!(platform.get("/webhooks?ownerId=OWNER").await.0, StatusCode::FORBIDDEN);
    assert_eq!(platform.hook("https://example.com/hook", json!([])).await.0, StatusCode::FORBIDDEN);
}

/// Answers `statuses` in turn and returns each request's head and body.
async fn receiver(statuses: &'static [u16]) -> (String, tokio::task::JoinHandle<Vec<(String, String)>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let mut requests = Vec::new();
        for status in statuses {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut text = String::new();
            let mut buffer = [0_u8; 65_536];
            loop {
                let read = stream.read(&mut buffer).await.unwrap();
                text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
                if body.len() == length.parse::<usize>().unwrap() {
                    requests.push((head.to_owned(), body.to_owned()));
                    break;
                }
            }
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        requests
    });
    (url, task)
}

#[tokio::test]
async fn deliveries_are_signed_repeated_and_lost() {
    let platform = Platform::new().await;
    let (url, receiver) = receiver(&[500, 200, 200, 200, 200]).await;
    let (_, made) = platform.hook(&url, json!(["deploy_ended"])).await;
    let secret = made["secret"].as_str().unwrap();
    let world = platform.standins.world();
    let failed = || platform.deployment("build_failed", "");
    // No retries are set up here, so the 500 is the end of the first delivery. Nobody wants to hear of the build.
    let (first, deliveries) = deploy(world, failed(), true).await.unwrap();
    let [delivery] = &deliveries[..] else { panic!("{deliveries:?}") };
    assert_eq!(delivery.attempts[0].status, Some(500));
    let (_, event) = platform.get(&format!("/events/{}", delivery.id)).await;
    assert_eq!(
        (&event["details"]["deployId"], &event["serviceId"]),
        (&json!(first.id), &json!(platform.seeded.project_id))
    );
    let again = Redelivery { delivery: Some(delivery.id.clone()), ..Redelivery::default() };
    let again = scenario::redeliver(world, Server::Render, again).await.unwrap();
    assert_eq!(again[0].status, Some(200));
    world.state().render.delivery_mode = DeliveryMode::Drop;
    let (_, lost) = deploy(world, failed(), true).await.unwrap();
    assert!(lost[0].dropped && lost[0].attempts.is_empty());
    world.state().render.delivery_mode = DeliveryMode::Duplicate;
    let (_, twice) = deploy(world, failed(), true).await.unwrap();
    assert_eq!((twice.len(), &twice[0].id), (2, &twice[1].id));
    let forged = Redelivery { forged: true, ..Redelivery::default() };
    scenario::redeliver(world, Server::Render, forged).await.unwrap();
    let requests = receiver.await.unwrap();
    assert_eq!(requests[0].1, requests[1].1);
    for (at, (head, body)) in requests.iter().enumerate() {
        let header = |name: &str| {
            head.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap().to_owned()
        };
        let expected = signature(secret, &header("webhook-id"), &header("webhook-timestamp"), body);
        assert_eq!(header("webhook-signature") == expected, at < 4, "{head}");
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!((&body["type"], &body["data"]["status"]), (&json!("deploy_ended"), &json!("failed")));
        assert_eq!(body["data"]["id"], header("webhook-id"));
    }
}

#[tokio::test]
async fn a_build_really_runs() {
    let platform = Platform::new().await;
    let wanted = Build { project: "shop-web".to_owned(), run: true, deliver: false, ..Build::default() };
    let built = build(platform.standins.world(), wanted).await.unwrap();
    assert_ne!(built.exit_code, Some(0));
    let (_, deploy) = platform.get(&format!("/services/SERVICE/deploys/{}", built.deployment_id)).await;
    assert_eq!(deploy["status"], "build_failed");
    let (_, page) =
        platform.get("/logs?ownerId=OWNER&resource=SERVICE&type=build&direction=forward&limit=100").await;
    let lines: Vec<&str> =
        page["logs"].as_array().unwrap().iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(lines[0], "==> Cloning from https://github.com/acme/shop-web");
    assert!(
        lines.contains(&"/opt/render/project/src") && lines.contains(&"src/a.ts(1,1): error TS2304"),
        "{lines:?}"
    );
    assert!(lines.contains(&"==> Build failed 😞"));
}

#[tokio::test]
async fn control_calls_do_the_same() {
    let platform = Platform::new().await;
    let base = platform.standins.render_url().replace("/v1", "/_control/render");
    let post = async |path: &str, body: Value| {
        let response = platform.client.post(format!("{base}{path}")).json(&body).send().await.unwrap();
        (response.status(), response.json::<Value>().await.unwrap_or(Value::Null))
    };
    let (status, made) =
        post("/deployments", json!({"project": "shop-web", "status": "build_in_progress"})).await;
    assert_eq!(status, StatusCode::OK);
    let id = made["deployment"]["id"].as_str().unwrap();
    let (_, changed) = post(&format!("/deployments/{id}"), json!({"status": "live", "log": "done"})).await;
    assert_eq!(changed["deployment"]["status"], "live");
    assert_eq!(post("/build", json!({"project": "nobody"})).await.0, StatusCode::BAD_REQUEST);
    let snapshot = platform.standins.snapshot();
    assert_eq!(snapshot["render"]["tokens"][0]["value"], json!(platform.seeded.token));
    assert_eq!(snapshot["render"]["deploys"][0]["status"], "live");
}
