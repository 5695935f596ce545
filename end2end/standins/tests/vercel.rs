//! The Vercel server as a strict client sees it.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use standins::faults::{Fault, Kind};
use standins::record::Server;
use standins::scenario::{Redelivery, Seed, Seeded};
use standins::vercel::actions::{NewDeployment, NewTeam, NewToken};
use standins::vercel::state::{DeliveryMode, Plan};
use standins::webhook::sha1_hex;
use standins::{Options, Standins};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

struct Platform {
    standins: Standins,
    seeded: Seeded,
    client: Client,
}

impl Platform {
    async fn new() -> Platform {
        let standins = Standins::start(Options {
            allow_loopback_webhooks: true,
            retry_delays: Vec::new(),
            ..Options::default()
        })
        .unwrap();
        let files = [("a.txt".to_owned(), Some("x\n".to_owned()))].into();
        let seeded = standins.seed(Seed { files, ..Seed::default() }).await.unwrap();
        Platform { standins, seeded, client: Client::new() }
    }

    fn url(&self, path: &str) -> String {
        let path = path.replace("TEAM", &self.seeded.team_id).replace("PROJECT", &self.seeded.project_id);
        format!("{}{path}", self.standins.vercel_url())
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        let response = self
            .client
            .get(self.url(path))
            .bearer_auth(&self.seeded.vercel_token)
            .header("accept", "application/json")
            .send()
            .await
            .unwrap();
        (response.status(), response.json().await.unwrap())
    }

    async fn hook(&self, body: Value) -> (StatusCode, Value) {
        let response = self
            .client
            .post(self.url("/v1/webhooks?teamId=TEAM"))
            .bearer_auth(&self.seeded.vercel_token)
            .json(&body)
            .send()
            .await
            .unwrap();
        (response.status(), response.json().await.unwrap())
    }

    async fn fail(&self, log: &str) -> String {
        let (deployment, _) =
            self.standins.break_project(&self.seeded.project_id, None, log, false).await.unwrap();
        deployment.id
    }
}

#[tokio::test]
async fn callers_are_checked_as_the_platform_checks_them() {
    let platform = Platform::new().await;
    let bare = platform.client.get(platform.url("/v2/user")).send().await.unwrap();
    assert_eq!(bare.status(), StatusCode::FORBIDDEN);
    assert_eq!(bare.json::<Value>().await.unwrap()["error"]["code"], "forbidden");
    let wrong = platform.client.get(platform.url("/v2/user")).bearer_auth("nope").send().await.unwrap();
    assert_eq!(wrong.json::<Value>().await.unwrap()["error"]["invalidToken"], true);
    for (path, status) in [
        ("/v2/user", StatusCode::OK),
        ("/v10/projects?teamId=TEAM", StatusCode::OK),
        ("/v10/projects?teamId=team_other", StatusCode::FORBIDDEN),
        ("/v9/projects/PROJECT", StatusCode::NOT_FOUND),
        ("/v9/projects/PROJECT?slug=acme", StatusCode::OK),
        ("/v7/deployments?teamId=TEAM&projectId=PROJECT&projectIds=PROJECT", StatusCode::BAD_REQUEST),
        ("/v7/deployments?teamId=TEAM&state=ERROR,READY", StatusCode::BAD_REQUEST),
        ("/v7/deployments?teamId=TEAM&repo=acme/shop-web", StatusCode::BAD_REQUEST),
        ("/v7/deployments?teamId=TEAM&limit=1000", StatusCode::BAD_REQUEST),
        ("/v13/deployments/dpl_none?teamId=TEAM", StatusCode::NOT_FOUND),
        ("/v5/nothing", StatusCode::NOT_FOUND),
    ] {
        let (got, body) = platform.get(path).await;
        assert_eq!(got, status, "{path}: {body}");
    }
    let token = NewToken { user: "octo-dev".to_owned(), team: Some("acme".to_owned()), ..Default::default() };
    let limited = standins::vercel::actions::add_token(platform.standins.world(), token).unwrap();
    let own = platform.client.get(platform.url("/v10/projects")).bearer_auth(&limited).send().await.unwrap();
    assert_eq!(own.status(), StatusCode::FORBIDDEN);
    assert!(platform.standins.revoke_vercel_token(&platform.seeded.vercel_token));
    assert_eq!(platform.get("/v2/user").await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn deployments_and_projects_come_in_pages() {
    let platform = Platform::new().await;
    for _ in 0..12 {
        platform.fail("x").await;
    }
    let (mut until, mut seen) = (String::new(), Vec::new());
    loop {
        let (_, page) = platform.get(&format!("/v7/deployments?teamId=TEAM&limit=100{until}")).await;
        let items = page["deployments"].as_array().unwrap();
        assert!(items.len() <= 5);
        seen.extend(items.iter().map(|item| item["uid"].as_str().unwrap().to_owned()));
        assert!(items.iter().all(|item| item.get("id").is_none()));
        match page["pagination"]["next"].as_i64() {
            Some(next) => until = format!("&until={next}"),
            None => break,
        }
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((count, seen.len()), (12, 12));
    let (_, one) = platform.get(&format!("/v13/deployments/{}?teamId=TEAM", seen[0])).await;
    assert_eq!((one["id"].as_str(), one["readyState"].as_str()), (Some(seen[0].as_str()), Some("ERROR")));
}

#[tokio::test]
async fn build_events_come_in_all_shapes() {
    let platform = Platform::new().await;
    let log = "Cloning\nRunning \"npm run build\"\nsrc/a.ts(1,1): error TS2304: Cannot find name 'x'.\none\ntwo\nthree";
    let id = platform.fail(log).await;
    let (_, events) = platform.get(&format!("/v3/deployments/{id}/events?teamId=TEAM&limit=-1")).await;
    let events = events.as_array().unwrap().clone();
    assert!(events.iter().any(Value::is_null));
    let text = |event: &Value| {
        let text = event["text"].as_str().or_else(|| event["payload"]["text"].as_str());
        text.map(str::to_owned)
    };
    let lines: Vec<String> = events.iter().filter_map(text).collect();
    assert_eq!(lines.join("\n"), log);
    assert!(events.iter().any(|event| event["type"] == "command"));
    assert!(events.iter().any(|event| event["level"] == "error"));
    assert!(events.iter().any(|event| event["payload"].is_object()));
    let plain = platform
        .client
        .get(platform.url(&format!("/v3/deployments/{id}/events?teamId=TEAM&limit=-1")))
        .bearer_auth(&platform.seeded.vercel_token)
        .send()
        .await
        .unwrap();
    assert!(plain.headers()["content-type"].to_str().unwrap().starts_with("application/stream+json"));
    let streamed: Vec<Value> =
        plain.text().await.unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(streamed, events);
    let (_, last) =
        platform.get(&format!("/v3/deployments/{id}/events?teamId=TEAM&direction=backward&limit=2")).await;
    assert_eq!(last.as_array().unwrap()[0]["type"], "deployment-state");
}

#[tokio::test]
async fn webhooks_are_refused_like_on_the_platform() {
    let platform = Platform::new().await;
    let url = "https://example.com/hook";
    for (body, code) in [
        (json!({"url": "http://example.com/hook", "events": ["deployment.error"]}), "invalid_url"),
        (json!({"url": url, "events": ["deployment.failed"]}), "invalid_event"),
        (json!({"url": url, "events": []}), "bad_request"),
        (json!({"url": url}), "bad_request"),
        (json!({"url": url, "events": ["deployment.error"], "secret": "x"}), "bad_request"),
        (json!({"url": url, "events": ["deployment.error"], "projectIds": []}), "bad_request"),
        (json!({"url": url, "events": ["deployment.error"], "projectIds": ["prj_other"]}), "bad_request"),
    ] {
        let (status, answer) = platform.hook(body.clone()).await;
        assert_eq!(
            (status, answer["error"]["code"].as_str()),
            (StatusCode::BAD_REQUEST, Some(code)),
            "{body}"
        );
    }
    let (status, made) = platform.hook(json!({"url": url, "events": ["deployment.error"]})).await;
    assert_eq!(status, StatusCode::OK);
    assert!(made["secret"].is_string());
    let (_, list) = platform.get("/v1/webhooks?teamId=TEAM").await;
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert!(list[0].get("secret").is_none());
    let hobby = NewTeam { slug: "free".to_owned(), plan: Plan::Hobby, members: vec!["octo-dev".to_owned()] };
    let hobby = standins::vercel::actions::add_team(platform.standins.world(), hobby).unwrap();
    let refused = platform
        .client
        .post(platform.url(&format!("/v1/webhooks?teamId={}", hobby.id)))
        .bearer_auth(&platform.seeded.vercel_token)
        .json(&json!({"url": url, "events": ["deployment.error"]}))
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let strict = Standins::start(Options::default()).unwrap();
    let files = [("a".to_owned(), Some("x".to_owned()))].into();
    let seeded = strict.seed(Seed { files, ..Seed::default() }).await.unwrap();
    let local = platform
        .client
        .post(format!("{}/v1/webhooks?teamId={}", strict.vercel_url(), seeded.team_id))
        .bearer_auth(&seeded.vercel_token)
        .json(&json!({"url": "http://127.0.0.1:1/x", "events": ["deployment.error"]}))
        .send()
        .await
        .unwrap();
    assert_eq!(local.status(), StatusCode::BAD_REQUEST);
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
    let (url, receiver) = receiver(&[500, 200, 200, 200]).await;
    let (_, made) = platform
        .hook(json!({"url": url, "events": ["deployment.error"], "projectIds": [platform.seeded.project_id]}))
        .await;
    let secret = made["secret"].as_str().unwrap();
    let failed = NewDeployment { project: platform.seeded.project_id.clone(), ..NewDeployment::default() };
    // No retries are set up here, so the 500 is the end of the first delivery.
    let (_, first) = platform.standins.deploy(failed.clone(), true).await.unwrap();
    assert_eq!(first[0].attempts[0].status, Some(500));
    let again = platform
        .standins
        .deliver(Redelivery { delivery: Some(first[0].id.clone()), ..Default::default() })
        .await
        .unwrap();
    assert_eq!(again[0].status, Some(200));
    platform.standins.set_delivery_mode(DeliveryMode::Drop);
    let (_, lost) = platform.standins.deploy(failed.clone(), true).await.unwrap();
    assert!(lost[0].dropped && lost[0].attempts.is_empty());
    platform.standins.set_delivery_mode(DeliveryMode::Duplicate);
    let (_, twice) = platform.standins.deploy(failed, true).await.unwrap();
    assert_eq!((twice.len(), &twice[0].id), (2, &twice[1].id));
    let requests = receiver.await.unwrap();
    assert_eq!(requests[0].1, requests[1].1);
    for (head, body) in &requests {
        assert!(
            head.contains(&format!("x-vercel-signature: {}", sha1_hex(secret, body.as_bytes()))),
            "{head}"
        );
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["type"], "deployment.error");
        assert_eq!(body["payload"]["project"]["id"], json!(platform.seeded.project_id));
        assert_eq!(body["payload"]["deployment"]["meta"]["githubCommitSha"], json!(platform.seeded.sha));
    }
}

#[tokio::test]
async fn answers_are_spoilt_as_often_as_asked() {
    let platform = Platform::new().await;
    let fault = |times, kind| Fault {
        server: Server::Vercel,
        method: None,
        path: "/v2/user".to_owned(),
        times,
        kind,
    };
    platform.standins.add_fault(fault(1, Kind::RateLimited { retry_after: Some(7) }));
    platform.standins.add_fault(fault(1, Kind::Truncated));
    let call =
        || platform.client.get(platform.url("/v2/user")).bearer_auth(&platform.seeded.vercel_token).send();
    let limited = call().await.unwrap();
    assert_eq!(
        (limited.status(), &limited.headers()["retry-after"]),
        (StatusCode::TOO_MANY_REQUESTS, &"7".parse().unwrap())
    );
    assert!(call().await.unwrap().bytes().await.is_err());
    assert!(call().await.unwrap().bytes().await.is_ok());
}
