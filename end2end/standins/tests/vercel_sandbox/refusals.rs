//! What a strict service refuses, and how it misbehaves when asked to.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use standins::faults::{Fault, Kind};
use standins::record::Server;
use standins::vercel::actions::{self, NewProject, NewTeam};
use standins::vercel::sandbox::actions::Settings;
use standins::vercel::state::Plan;

use crate::bench::{Platform, parse, process, soon};

#[tokio::test]
async fn wrong_creations_are_refused() {
    let platform = Platform::new().await;
    let world = platform.standins.world();
    let team =
        |slug: &str, plan| NewTeam { slug: slug.to_owned(), plan, members: vec!["octo-dev".to_owned()] };
    let other = actions::add_team(world, team("other", Plan::Pro)).unwrap();
    let hobby = actions::add_team(world, team("free", Plan::Hobby)).unwrap();
    let project = |name: &str, team: &str| {
        let new = NewProject { name: name.to_owned(), team: Some(team.to_owned()), ..NewProject::default() };
        platform.standins.add_project(new).unwrap().id
    };
    let foreign = project("foreign", &other.id);
    let own = project("own", &hobby.id);
    let bad = StatusCode::BAD_REQUEST;
    for (key, value, status) in [
        ("projectId", Value::Null, bad),
        ("projectId", json!("prj_none"), StatusCode::NOT_FOUND),
        ("projectId", json!(foreign), StatusCode::FORBIDDEN),
        ("projectId", json!(7), bad),
        ("colour", json!("red"), bad),
        ("name", json!(""), bad),
        ("name", json!("a b"), bad),
        ("name", json!("-a"), bad),
        ("name", json!("sessions"), bad),
        ("name", json!("x".repeat(101)), bad),
        ("runtime", json!("node18"), bad),
        ("image", json!("vercel/sandbox/universal"), bad),
        ("timeout", json!(0), bad),
        ("timeout", json!("600000"), bad),
        ("timeout", json!(1.5), bad),
        ("timeout", json!(5 * 60 * 60 * 1000 + 1), bad),
        ("resources", json!({"vcpus": 3}), bad),
        ("resources", json!({"vcpus": 16}), bad),
        ("resources", json!({"vcpus": 2, "memory": 1}), bad),
        ("ports", json!((3000..3016).collect::<Vec<u16>>()), bad),
        ("ports", json!([80, 80]), bad),
        ("ports", json!([70_000]), bad),
        ("env", json!({"A": 1}), bad),
        ("env", json!({"A=B": "x"}), bad),
        ("tags", json!({"a": "", "b": "", "c": "", "d": "", "e": "", "f": ""}), bad),
        ("region", json!("mars1"), bad),
        ("persistent", json!("no"), bad),
        ("networkPolicy", json!("deny-all"), bad),
        ("networkPolicy", json!({"mode": "deny"}), bad),
        ("networkPolicy", json!({"allow": ["http://a.test"]}), bad),
        ("source", json!({"type": "git", "url": "https://a.test/x.git"}), bad),
    ] {
        let mut wanted = platform.wanted("refused");
        wanted[key] = value.clone();
        let (got, body) = platform.post("/v2/sandboxes", wanted).await;
        assert_eq!(got, status, "{key}: {value}: {body}");
        assert!(body["error"]["code"].is_string() && body["error"]["message"].is_string(), "{body}");
    }
    for key in ["projectId", "runtime"] {
        let mut wanted = platform.wanted("refused");
        wanted.as_object_mut().unwrap().remove(key);
        assert_eq!(platform.post("/v2/sandboxes", wanted).await.0, bad, "without {key}");
    }
    assert_eq!(platform.post("/v3/sandboxes", platform.wanted("refused")).await.0, bad, "a runtime in v3");
    let mut wanted = platform.wanted("refused");
    assert_eq!(
        platform.post("/v2/sandboxes?teamId=team_none", wanted.clone()).await.0,
        StatusCode::FORBIDDEN
    );
    assert_eq!(platform.post("/v2/sandboxes?teamId=TEAM&force=1", wanted.clone()).await.0, bad);
    let bare = platform.client.post(format!("{}/v2/sandboxes", platform.standins.vercel_url()));
    let bare = bare.bearer_auth(&platform.seeded.vercel_token).json(&wanted).send().await.unwrap();
    assert_eq!(bare.status(), bad, "without a team");
    let typeless =
        platform.request(Method::POST, "/v2/sandboxes").body(wanted.to_string()).send().await.unwrap();
    assert_eq!(typeless.status(), bad, "without a content type");
    wanted["projectId"] = json!(own);
    wanted["timeout"] = json!(45 * 60 * 1000 + 1);
    let free = format!("/v2/sandboxes?teamId={}", hobby.id);
    assert_eq!(platform.post(&free, wanted.clone()).await.0, bad, "the plan's time");
    assert!(platform.standins.sandboxes().is_empty());

    wanted["timeout"] = json!(45 * 60 * 1000);
    let (status, made) = platform.post(&free, wanted).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let session = format!("/v2/sandboxes/sessions/{}", made["session"]["id"].as_str().unwrap());
    let extend = json!({"duration": 1});
    assert_eq!(platform.post(&format!("{session}/extend-timeout?teamId={}", hobby.id), extend).await.0, bad);
    assert_eq!(platform.get(&session).await.0, StatusCode::NOT_FOUND, "another team's session");
    assert_eq!(platform.get("/v2/sandboxes/refused?projectId=PROJECT").await.0, StatusCode::NOT_FOUND);
    assert_eq!(
        platform.get(&format!("/v2/sandboxes/refused?teamId={}", hobby.id)).await.0,
        bad,
        "no project"
    );
}

#[tokio::test]
async fn wrong_calls_of_a_session_are_refused() {
    let platform = Platform::new().await;
    let session = platform.create("strict").await;
    let command = session.start("true").await;
    let kill = format!("{command}/kill");
    for (path, body) in [
        ("/cmd", json!({"args": []})),
        ("/cmd", json!({"command": "ls"})),
        ("/cmd", json!({"command": "", "args": []})),
        ("/cmd", json!({"command": "ls", "args": "-l"})),
        ("/cmd", json!({"command": "ls", "args": [1]})),
        ("/cmd", json!({"command": "ls", "args": [], "cwd": null})),
        ("/cmd", json!({"command": "ls", "args": [], "cwd": "/none"})),
        ("/cmd", json!({"command": "ls", "args": [], "env": {"A": 1}})),
        ("/cmd", json!({"command": "ls", "args": [], "env": {"": "x"}})),
        ("/cmd", json!({"command": "ls", "args": [], "sudo": "yes"})),
        ("/cmd", json!({"command": "ls", "args": [], "logs": true})),
        ("/cmd", json!({"command": "ls", "args": [], "timeout": 0})),
        ("/cmd", json!({"command": "ls", "args": [], "stdin": "x"})),
        ("/cmd", json!({"command": "ls", "args": ["a\0b"]})),
        ("/cmd", json!({"command": "no-such-program", "args": []})),
        (&kill, json!({"signal": "SIGKILL"})),
        (&kill, json!({"signal": 0})),
        (&kill, json!({"signal": 65})),
        (&kill, json!({})),
        ("/network-policy", json!({"networkPolicy": {"mode": "deny-all"}})),
        ("/network-policy", json!([])),
        ("/extend-timeout", json!({"duration": 0})),
        ("/extend-timeout", json!({"duration": -1})),
        ("/extend-timeout", json!({"duration": 5 * 60 * 60 * 1000})),
        ("/extend-timeout", json!({"timeout": 1000})),
    ] {
        let (status, answer) = session.post(path, body.clone()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path} {body}: {answer}");
        assert_eq!(answer["error"]["code"], "bad_request");
    }
    for path in ["/cmd/cmd_none", "/cmd/cmd_none/logs"] {
        assert_eq!(session.get(path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(session.get(&format!("{command}?wait=1")).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(session.get(&format!("{command}?follow=true")).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(session.get("/cmd").await.0, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(platform.get("/v2/sandboxes/sessions/sbx_none").await.0, StatusCode::NOT_FOUND);
    let seen = &platform.standins.sandboxes()[0];
    assert_eq!((seen.commands.len(), seen.policies.len(), seen.timeout), (1, 1, 600_000));
}

#[tokio::test]
async fn it_misbehaves_as_asked() {
    let platform = Platform::new().await;
    let session = platform.create("faulty").await;
    let fault = |kind| Fault {
        server: Server::Vercel,
        method: Some("POST".to_owned()),
        path: "/cmd".to_owned(),
        times: 1,
        kind,
    };
    platform.standins.add_fault(fault(Kind::RateLimited { retry_after: Some(2) }));
    platform.standins.add_fault(fault(Kind::Status { status: 503 }));
    let body = json!({"command": "true", "args": []});
    let request = || platform.request(Method::POST, &format!("{}/cmd", session.path)).json(&body).send();
    let limited = request().await.unwrap();
    assert_eq!(
        (limited.status(), &limited.headers()["retry-after"]),
        (StatusCode::TOO_MANY_REQUESTS, &"2".parse().unwrap())
    );
    assert_eq!(request().await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(platform.standins.sandboxes()[0].commands.is_empty());

    platform.standins.set_sandboxes(&Settings { breaking_streams: Some(1), ..Settings::default() });
    let command = session.start("echo a long line of text; sleep 0.3; echo end").await;
    let logs = format!("{}{command}/logs", session.path);
    let mut stream = platform.request(Method::GET, &logs).send().await.unwrap();
    let half = stream.chunk().await.unwrap().unwrap();
    assert!(serde_json::from_slice::<Value>(&half).is_err(), "in the middle of a line");
    assert!(stream.chunk().await.is_err());
    let whole = platform.request(Method::GET, &logs).send().await.unwrap().text().await.unwrap();
    assert_eq!(parse(&whole).last().unwrap()["data"], "end\n");

    session.start("sleep 24494.8").await;
    assert!(platform.standins.lose_sandbox("unknown").await.is_err());
    platform.standins.lose_sandbox("faulty").await.unwrap();
    assert!(!process("sleep 24494.8"));
    assert_eq!(session.status().await, "aborted");
    assert_eq!(request().await.unwrap().status(), StatusCode::GONE);
    // A machine that is really lost is noticed, too.
    let other = platform.create("crashed").await;
    other.start("kill -9 $(pgrep -f init.mjs)").await;
    soon("it is noticed", async || other.status().await == "aborted").await;
    let requests = &platform.standins.snapshot()["requests"];
    let calls = requests.as_array().unwrap().iter().filter(|one| one["path"] == "/v2/sandboxes");
    assert_eq!(calls.count(), 2);
}
