//! Sandboxes, sessions and machines: how long they live, and what ends with them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use standins::vercel::sandbox::actions::Settings;
use standins::vercel::sandbox::state::Status;

use crate::bench::{Platform, Session, parse, process, soon};

#[tokio::test]
async fn a_sandbox_lives_from_its_creation_to_its_deletion() {
    let platform = Platform::new().await;
    let (status, made) = platform.post("/v2/sandboxes", platform.wanted("fix-1")).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let (sandbox, session) = (&made["sandbox"], &made["session"]);
    assert_eq!((&sandbox["name"], &sandbox["persistent"]), (&json!("fix-1"), &json!(false)));
    assert_eq!(sandbox["currentSessionId"], session["id"]);
    assert_eq!(session["status"], "running");
    assert_eq!((&session["cwd"], &session["memory"]), (&json!("/vercel/sandbox"), &json!(4096)));
    assert_eq!(session["networkPolicy"], json!({"mode": "deny-all"}));
    // The client takes no null for what is missing.
    assert!(session.as_object().unwrap().values().all(|value| !value.is_null()), "{session}");
    let running = Session {
        platform: &platform,
        path: format!("/v2/sandboxes/sessions/{}", session["id"].as_str().unwrap()),
    };

    let ran = running.run("echo $GREETING from $USER in $PWD; echo oops >&2; cat; exit 7").await;
    assert_eq!(ran.stdout, "hello from vercel-sandbox in /vercel/sandbox\n");
    assert_eq!((ran.stderr.as_str(), ran.code), ("oops\n", 7));
    let root = json!({"sudo": true, "cwd": "/", "env": {"GREETING": "hi"}});
    let ran = running.run_with("mkdir -p /repo /opt/x && echo $GREETING $USER $SUDO_USER $PWD", root).await;
    assert_eq!((ran.stdout.as_str(), ran.code), ("hi root vercel-sandbox /\n", 0), "{ran:?}");
    assert_eq!(running.run("ls -d /repo /opt/x").await.stdout, "/opt/x\n/repo\n");

    let (_, extended) = running.post("/extend-timeout", json!({"duration": 60_000})).await;
    assert_eq!(extended["session"]["timeout"], 660_000);
    let (_, listed) = platform.get("/v2/sandboxes?project=PROJECT").await;
    assert_eq!(listed["sandboxes"][0]["name"], "fix-1");
    assert_eq!(listed["pagination"], json!({"count": 1, "next": null}));

    let seen = &platform.standins.sandboxes()[0];
    assert_eq!(
        (seen.project_id.as_str(), seen.team_id.as_str()),
        (&*platform.seeded.project_id, &*platform.seeded.team_id)
    );
    assert_eq!((seen.timeout, seen.status), (660_000, Status::Running));
    assert_eq!(seen.commands[1].env, BTreeMap::from([("GREETING".to_owned(), "hi".to_owned())]));
    assert!(seen.commands[1].sudo && seen.commands[1].exit_code == Some(0));

    let (status, stopped) = running.post("/stop", json!({})).await;
    assert_eq!((status, &stopped["session"]["status"]), (StatusCode::OK, &json!("stopped")));
    assert!(
        stopped["session"]["stoppedAt"].as_i64().unwrap()
            >= stopped["session"]["startedAt"].as_i64().unwrap()
    );
    assert_eq!(running.status().await, "stopped");
    let (status, body) = running.post("/cmd", json!({"command": "ls", "args": []})).await;
    assert_eq!((status, &body["error"]["code"]), (StatusCode::GONE, &json!("sandbox_stopped")));
    for (path, body) in [
        ("/stop", json!({})),
        ("/extend-timeout", json!({"duration": 1})),
        ("/network-policy", json!({"mode": "allow-all"})),
        ("/fs/read", json!({"path": "/etc/passwd"})),
        ("/fs/mkdir", json!({"path": "/x"})),
    ] {
        assert_eq!(running.post(path, body).await.0, StatusCode::GONE, "{path}");
    }

    assert_eq!(platform.post("/v2/sandboxes", platform.wanted("fix-1")).await.0, StatusCode::CONFLICT);
    let path = "/v2/sandboxes/fix-1?projectId=PROJECT";
    let (status, deleted) = platform.call(Method::DELETE, path, None).await;
    assert_eq!((status, &deleted["sandbox"]["name"]), (StatusCode::OK, &json!("fix-1")));
    assert_eq!(platform.call(Method::DELETE, path, None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(platform.get(path).await.0, StatusCode::NOT_FOUND);
    assert!(platform.standins.sandboxes().is_empty());
    assert_eq!(platform.standins.removed_sandboxes()[0].commands.len(), 3);
}

#[tokio::test]
async fn what_a_command_leaves_behind_ends_with_the_session() {
    let platform = Platform::new().await;
    let session = platform.create("background").await;
    let start = Instant::now();
    let ran = session.run("sleep 31415.9 & echo started").await;
    assert_eq!((ran.stdout.as_str(), ran.code), ("started\n", 0));
    assert!(start.elapsed() < Duration::from_secs(20), "it waited for the background");
    assert_eq!(session.run("pgrep -f 'sleep 31415[.]9' | wc -l").await.stdout, "1\n");
    assert!(process("sleep 31415.9"));
    let waiting = format!("{}{}/logs", session.path, session.start("echo on; sleep 27182.8").await);
    let mut waiting = platform.request(Method::GET, &waiting).send().await.unwrap();
    let first = waiting.chunk().await.unwrap().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&first).unwrap(), json!({"stream": "stdout", "data": "on\n"}));
    soon("the command goes on", async || process("sleep 27182.8")).await;
    assert_eq!(session.post("/stop", json!({})).await.0, StatusCode::OK);
    assert!(!process("sleep 31415.9") && !process("sleep 27182.8"));
    let rest = parse(&waiting.text().await.unwrap());
    assert_eq!((rest.len(), &rest[0]["stream"]), (1, &json!("error")));
    assert_eq!(rest[0]["data"]["code"], "sandbox_stopped");

    let other = platform.create("dropped").await;
    other.start("sleep 16180.3").await;
    soon("the command starts", async || process("sleep 16180.3")).await;
    let folder = folder(&other);
    assert!(folder.is_dir());
    drop(platform);
    assert!(!process("sleep 16180.3"));
    assert!(!folder.exists());
}

/// The folder of a session's machine, out of the command line that shows it.
fn folder(session: &Session) -> PathBuf {
    let id = session.path.rsplit('/').next().unwrap();
    let mut lines = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path().join("cmdline")).ok());
    lines
        .find_map(|line| {
            Some(Path::new(line.split('\0').find(|word| word.ends_with(id))?).parent()?.to_owned())
        })
        .unwrap()
}

#[tokio::test]
async fn a_session_ends_when_its_time_is_over() {
    let platform = Platform::new().await;
    let short = platform.create_with("short", json!({"timeout": 1500})).await;
    let extended = platform.create_with("extended", json!({"timeout": 1500})).await;
    extended.post("/extend-timeout", json!({"duration": 60_000})).await;
    short.start("sleep 22360.6").await;
    soon("it ends", async || short.status().await == "stopped").await;
    assert!(!process("sleep 22360.6"));
    assert_eq!(extended.run("echo still here").await.stdout, "still here\n");
    // A new session has the old name, and a fresh folder: this one does not keep its files.
    let (status, resumed) = platform.get("/v2/sandboxes/short?projectId=PROJECT").await;
    assert_eq!((status, &resumed["session"]["status"]), (StatusCode::OK, &json!("stopped")));
    assert_eq!(resumed.get("resumed"), None);
}

#[tokio::test]
async fn a_persistent_sandbox_keeps_its_files_from_session_to_session() {
    let platform = Platform::new().await;
    for (name, persistent, expected) in [("kept", true, "kept\n"), ("fresh", false, "")] {
        let session = platform.create_with(name, json!({"persistent": persistent})).await;
        session.run("echo kept > note").await;
        let (_, same) = platform.get(&format!("/v2/sandboxes/{name}?projectId=PROJECT&resume=true")).await;
        assert!(session.path.ends_with(same["session"]["id"].as_str().unwrap()), "it still runs");
        session.post("/stop", json!({})).await;
        let (status, resumed) =
            platform.get(&format!("/v2/sandboxes/{name}?projectId=PROJECT&resume=true")).await;
        assert_eq!((status, &resumed["resumed"]), (StatusCode::OK, &json!(true)), "{resumed}");
        let id = resumed["session"]["id"].as_str().unwrap();
        let next = Session { platform: &platform, path: format!("/v2/sandboxes/sessions/{id}") };
        assert_ne!(next.path, session.path);
        assert_eq!(next.run("cat note").await.stdout, expected);
    }
}

#[tokio::test]
async fn only_so_many_run_at_once() {
    let platform = Platform::new().await;
    platform.standins.set_sandboxes(&Settings { concurrent: Some(2), ..Settings::default() });
    let first = platform.create("one").await;
    platform.create("two").await;
    let (status, refused) = platform.post("/v2/sandboxes", platform.wanted("three")).await;
    assert_eq!((status, &refused["error"]["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!("rate_limited")));
    first.post("/stop", json!({})).await;
    platform.create("three").await;
    let resume = "/v2/sandboxes/one?projectId=PROJECT&resume=true";
    assert_eq!(platform.get(resume).await.0, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn machines_end_with_the_program_even_if_it_is_killed() {
    // It has no time to remove its files.
    let temporary = tempfile::tempdir().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_standins"))
        .arg("serve")
        .env("TMPDIR", temporary.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(program.stdout.take().unwrap()), &mut line)
        .unwrap();
    let addresses: Value = serde_json::from_str(&line).unwrap();
    let client = Client::new();
    let seed = json!({"files": {"a.txt": "x"}});
    let seeded: Value = client
        .post(format!("{}/seed", addresses["control"].as_str().unwrap()))
        .json(&seed)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let call = async |path: &str, body: Value| -> Value {
        let url = format!(
            "{}{path}?teamId={}",
            addresses["vercel"].as_str().unwrap(),
            seeded["teamId"].as_str().unwrap()
        );
        let request = client.post(url).bearer_auth(seeded["vercelToken"].as_str().unwrap()).json(&body);
        request.send().await.unwrap().json().await.unwrap()
    };
    let made = call("/v2/sandboxes", json!({"projectId": seeded["projectId"], "runtime": "node22"})).await;
    let id = made["session"]["id"].as_str().unwrap();
    let command = json!({"command": "sleep", "args": ["26457.5"]});
    call(&format!("/v2/sandboxes/sessions/{id}/cmd"), command).await;
    soon("the command starts", async || process("sleep 26457.5")).await;
    program.kill().unwrap();
    program.wait().unwrap();
    soon("the machine ends", async || !process("sleep 26457.5")).await;
}
