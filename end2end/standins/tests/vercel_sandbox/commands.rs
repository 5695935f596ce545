//! Commands, files and networks in a running machine.

use std::process::Command;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use standins::vercel::sandbox::policy::Policy;

use crate::bench::{Platform, archive, parse, process, server, soon};

#[tokio::test]
async fn logs_arrive_while_the_command_runs() {
    let platform = Platform::new().await;
    let session = platform.create("streams").await;
    let gate = "until [ -e /tmp/go ]; do sleep 0.05; done";
    let command = session.start(&format!("echo one; echo two >&2; {gate}; echo three; exit 4")).await;
    let logs = format!("{}{command}/logs", session.path);
    let response = platform.request(Method::GET, &logs).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/x-ndjson");
    let mut stream = response;
    let mut text = String::new();
    while text.lines().count() < 2 {
        text.push_str(std::str::from_utf8(&stream.chunk().await.unwrap().unwrap()).unwrap());
    }
    // The command waits for this, so what has come has come before its end.
    let (_, shown) = session.get(&command).await;
    assert_eq!(shown["command"]["exitCode"], Value::Null);
    assert_eq!(session.run("touch /tmp/go").await.code, 0);
    let (_, waited) = session.get(&format!("{command}?wait=true")).await;
    assert_eq!(waited["command"]["exitCode"], 4);
    assert!(waited["command"]["durationMs"].is_u64());
    while let Some(piece) = stream.chunk().await.unwrap() {
        text.push_str(std::str::from_utf8(&piece).unwrap());
    }
    let lines = parse(&text);
    assert_eq!(lines.last().unwrap(), &json!({"stream": "stdout", "data": "three\n"}));
    assert!(lines.contains(&json!({"stream": "stderr", "data": "two\n"})));
    // Once more from the beginning, after its end.
    let again = platform.request(Method::GET, &logs).send().await.unwrap().text().await.unwrap();
    assert_eq!(parse(&again), lines);

    let quiet = session.lines(json!({"command": "echo", "args": ["x"], "wait": true})).await;
    assert_eq!(quiet.len(), 2, "no logs without being asked for: {quiet:?}");
    let many = session.run("seq 1 200000; echo ünïcödé").await;
    assert!(many.stdout.ends_with("199999\n200000\nünïcödé\n") && many.stdout.starts_with("1\n2\n"));
    assert_eq!(many.stdout.lines().count(), 200_001);
}

#[tokio::test]
async fn signals_and_limits_of_time_end_a_command_with_all_its_children() {
    let platform = Platform::new().await;
    let session = platform.create("signals").await;
    let command = session.start("sleep 14142.1; echo never").await;
    soon("the child starts", async || process("sleep 14142.1")).await;
    let (status, killed) = session.post(&format!("{command}/kill"), json!({"signal": 9})).await;
    assert_eq!((status, killed["command"]["id"].is_string()), (StatusCode::OK, true));
    let (_, shown) = session.get(&format!("{command}?wait=true")).await;
    assert_eq!(shown["command"]["exitCode"], 137);
    soon("the child ends", async || !process("sleep 14142.1")).await;
    let (status, _) = session.post(&format!("{command}/kill"), json!({"signal": 15})).await;
    assert_eq!(status, StatusCode::OK, "it has ended already");
    let polite = session.start("trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.1; done").await;
    let logs = format!("{}{polite}/logs", session.path);
    let mut stream = platform.request(Method::GET, &logs).send().await.unwrap();
    assert!(stream.chunk().await.unwrap().is_some());
    session.post(&format!("{polite}/kill"), json!({"signal": 15})).await;
    assert_eq!(session.get(&format!("{polite}?wait=true")).await.1["command"]["exitCode"], 3);
    assert_eq!(session.run_with("sleep 17320.5", json!({"timeout": 200})).await.code, 137);
}

#[tokio::test]
async fn files_keep_their_bytes_and_modes() {
    let platform = Platform::new().await;
    let session = platform.create("files").await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("repo/bin")).unwrap();
    let bytes: Vec<u8> =
        (0..3_000_000_u32).map(|number| number.to_le_bytes()[1] ^ number.to_le_bytes()[0]).collect();
    std::fs::write(folder.path().join("repo/data"), &bytes).unwrap();
    std::fs::write(folder.path().join("repo/bin/tool"), "#!/bin/sh\necho tool\n").unwrap();
    for (name, mode) in [("repo/data", "640"), ("repo/bin/tool", "755")] {
        assert!(Command::new("chmod").arg(mode).arg(folder.path().join(name)).status().unwrap().success());
    }
    let (status, body) = session.write(Some("/"), "application/gzip", archive(folder.path())).await;
    assert_eq!((status, &body), (StatusCode::OK, &json!({})));
    let ran = session.run("stat -c '%a %n' /repo/data /repo/bin/tool; /repo/bin/tool").await;
    assert_eq!(ran.stdout, "640 /repo/data\n755 /repo/bin/tool\ntool\n", "{ran:?}");
    let read = async |body: Value| {
        let request = platform.request(Method::POST, &format!("{}/fs/read", session.path)).json(&body);
        request.send().await.unwrap()
    };
    let response = read(json!({"path": "data", "cwd": "/repo"})).await;
    assert_eq!(response.headers()["content-type"], "application/octet-stream");
    assert!(response.bytes().await.unwrap() == bytes);
    session.run("echo here > note").await;
    assert_eq!(read(json!({"path": "note"})).await.text().await.unwrap(), "here\n");
    for (body, status) in [
        (json!({"path": "/none"}), StatusCode::NOT_FOUND),
        (json!({"path": "/repo"}), StatusCode::BAD_REQUEST),
        (json!({"path": ""}), StatusCode::BAD_REQUEST),
        (json!({"path": "/repo/data", "encoding": "utf8"}), StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(read(body.clone()).await.status(), status, "{body}");
    }
    assert_eq!(session.post("/fs/mkdir", json!({"path": "made"})).await, (StatusCode::OK, json!({})));
    assert_eq!(session.run("ls -d /vercel/sandbox/made").await.code, 0);
    for path in ["made", "a/b"] {
        assert_eq!(session.post("/fs/mkdir", json!({"path": path})).await.0, StatusCode::BAD_REQUEST);
    }
    let good = archive(folder.path());
    for (cwd, kind, archive) in [
        (None, "application/gzip", good.clone()),
        (Some("repo"), "application/gzip", good.clone()),
        (Some("/"), "application/json", good.clone()),
        (Some("/none"), "application/gzip", good),
        (Some("/"), "application/gzip", b"no archive".to_vec()),
    ] {
        let (status, body) = session.write(cwd, kind, archive).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{cwd:?} {kind}: {body}");
    }
    // What a command does with links stays inside.
    session.run("ln -s / link; ln -s /etc/hostname name").await;
    assert_eq!(read(json!({"path": "link/vercel/sandbox/note"})).await.text().await.unwrap(), "here\n");
    assert_eq!(read(json!({"path": "name"})).await.text().await.unwrap(), "vercel-sandbox\n");
    assert!(!session.run("ls /root/.ssh /work /etc/shadow").await.stdout.contains("shadow"));
}

#[tokio::test]
async fn the_network_policy_decides_about_each_connection() {
    let platform = Platform::new().await;
    let port = server().await;
    let session = platform.create("network").await;
    // With the proxy of the environment, plainly and through a tunnel, and past it.
    let plain = async |host: &str| session.run(&format!("curl -s http://{host}:{port}/")).await.stdout;
    let tunnel = async |host: &str| session.run(&format!("curl -sp http://{host}:{port}/")).await.stdout;
    let direct = format!("curl -s --noproxy '*' http://127.0.0.1:{port}/");
    let deny = json!({"mode": "deny-all"});
    let by_name = json!({"allow": ["localhost"]});
    let by_network = json!({"subnets": {"allow": ["127.0.0.0/8"]}});
    let denied = json!({"allow": ["localhost"], "subnets": {"allow": ["127.0.0.0/8"], "deny": ["127.0.0.1/32", "::1/128"]}});
    let blocked = "blocked by the sandbox's network policy\n";
    assert_eq!(plain("127.0.0.1").await, blocked, "as it was created");
    for (policy, name, address) in [
        (&by_name, true, false),
        (&by_network, true, true),
        (&denied, false, false),
        (&json!({"mode": "allow-all"}), true, true),
        (&deny, false, false),
    ] {
        let (status, shown) = session.post("/network-policy", policy.clone()).await;
        assert_eq!((status, shown["session"]["networkPolicy"]["mode"].is_string()), (StatusCode::OK, true));
        for (host, reached) in [("localhost", name), ("127.0.0.1", address)] {
            let expected = if reached { "reached\n" } else { blocked };
            assert_eq!(plain(host).await, expected, "{host} with {policy}");
            assert_eq!(tunnel(host).await, if reached { "reached\n" } else { "" }, "{host} with {policy}");
        }
        assert_eq!(session.run(&direct).await.code, 7, "there is no other way out");
    }
    let status =
        session.run(&format!("curl -so /dev/null -w '%{{http_code}}' http://127.0.0.1:{port}/")).await;
    assert_eq!(status.stdout, "403");
    let policies = &platform.standins.sandboxes()[0].policies;
    assert_eq!((policies.len(), &policies[0], &policies[5]), (6, &Policy::DenyAll, &Policy::DenyAll));
    // One command goes on while the policy changes.
    let gate = "until [ -e /tmp/go ]; do sleep 0.05; done";
    let fetch = format!("curl -s http://127.0.0.1:{port}/");
    let command = session.start(&format!("{fetch}; {gate}; {fetch}")).await;
    let mut stream =
        platform.request(Method::GET, &format!("{}{command}/logs", session.path)).send().await.unwrap();
    let first = stream.chunk().await.unwrap().unwrap();
    assert!(std::str::from_utf8(&first).unwrap().contains("blocked"));
    session.post("/network-policy", by_network).await;
    session.run("touch /tmp/go").await;
    let second = stream.chunk().await.unwrap().unwrap();
    assert_eq!(parse(std::str::from_utf8(&second).unwrap())[0]["data"], "reached\n");
}
