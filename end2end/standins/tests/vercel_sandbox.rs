//! Vercel Sandbox as a strict client sees it. The machines are real: these tests need bubblewrap and Node.js.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use standins::faults::{Fault, Kind};
use standins::record::Server;
use standins::scenario::{Seed, Seeded};
use standins::vercel::actions::{self, NewProject, NewTeam};
use standins::vercel::sandbox::actions::Settings;
use standins::vercel::sandbox::policy::Policy;
use standins::vercel::sandbox::state::Status;
use standins::vercel::state::Plan;
use standins::{Options, Standins};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

struct Platform {
    standins: Standins,
    seeded: Seeded,
    client: Client,
}

impl Platform {
    async fn new() -> Platform {
        let standins = Standins::start(Options::default()).unwrap();
        let files = [("a.txt".to_owned(), Some("x\n".to_owned()))].into();
        let seeded = standins.seed(Seed { files, ..Seed::default() }).await.unwrap();
        Platform { standins, seeded, client: Client::new() }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let path = path.replace("TEAM", &self.seeded.team_id).replace("PROJECT", &self.seeded.project_id);
        let team = if path.contains("teamId") { "" } else { &format!("&teamId={}", self.seeded.team_id) };
        let mark = if path.contains('?') || team.is_empty() { "" } else { "?" };
        let url = format!("{}{path}{mark}{team}", self.standins.vercel_url());
        let url = url.replace("?&", "?");
        self.client.request(method, url).bearer_auth(&self.seeded.vercel_token)
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
        let mut request = self.request(method, path).header("content-type", "application/json");
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let response = request.send().await.unwrap();
        (response.status(), response.json().await.unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.call(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.call(Method::POST, path, Some(&body)).await
    }

    fn wanted(&self, name: &str) -> Value {
        json!({
            "name": name, "projectId": self.seeded.project_id, "runtime": "node22", "timeout": 600_000,
            "resources": {"vcpus": 2}, "persistent": false, "networkPolicy": {"mode": "deny-all"},
            "env": {"GREETING": "hello"},
        })
    }

    /// A sandbox's session.
    async fn create(&self, name: &str) -> Session<'_> {
        self.create_with(name, json!({})).await
    }

    async fn create_with(&self, name: &str, changes: Value) -> Session<'_> {
        let mut wanted = self.wanted(name);
        for (key, value) in changes.as_object().unwrap() {
            wanted[key] = value.clone();
        }
        let (status, made) = self.post("/v2/sandboxes", wanted).await;
        assert_eq!(status, StatusCode::OK, "{made}");
        Session {
            platform: self,
            path: format!("/v2/sandboxes/sessions/{}", made["session"]["id"].as_str().unwrap()),
        }
    }
}

struct Session<'a> {
    platform: &'a Platform,
    path: String,
}

/// What came of a command.
#[derive(Debug)]
struct Ran {
    stdout: String,
    stderr: String,
    code: i64,
}

impl Session<'_> {
    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.platform.post(&format!("{}{path}", self.path), body).await
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.platform.get(&format!("{}{path}", self.path)).await
    }

    /// The lines of a command that is waited for.
    async fn lines(&self, body: Value) -> Vec<Value> {
        let response = self
            .platform
            .request(Method::POST, &format!("{}/cmd", self.path))
            .json(&body)
            .send()
            .await
            .unwrap();
        assert_eq!(response.headers()["content-type"], "application/x-ndjson");
        parse(&response.text().await.unwrap())
    }

    async fn run(&self, script: &str) -> Ran {
        self.run_with(script, json!({})).await
    }

    async fn run_with(&self, script: &str, more: Value) -> Ran {
        let mut body = json!({"command": "sh", "args": ["-c", script], "wait": true, "logs": true});
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        let lines = self.lines(body).await;
        let (last, rest) = lines.split_last().unwrap();
        assert_eq!(rest[0]["command"]["exitCode"], Value::Null);
        let text = |stream: &str| -> String {
            rest.iter()
                .filter(|line| line["stream"] == stream)
                .map(|line| line["data"].as_str().unwrap())
                .collect()
        };
        Ran {
            stdout: text("stdout"),
            stderr: text("stderr"),
            code: last["command"]["exitCode"].as_i64().unwrap(),
        }
    }

    /// Starts a command that is not waited for, and gives its path.
    async fn start(&self, script: &str) -> String {
        let (status, made) = self.post("/cmd", json!({"command": "sh", "args": ["-c", script]})).await;
        assert_eq!((status, &made["command"]["exitCode"]), (StatusCode::OK, &Value::Null), "{made}");
        format!("/cmd/{}", made["command"]["id"].as_str().unwrap())
    }

    async fn write(&self, cwd: Option<&str>, kind: &str, archive: Vec<u8>) -> (StatusCode, Value) {
        let request = self.platform.request(Method::POST, &format!("{}/fs/write", self.path));
        let mut request = request.header("content-type", kind).body(archive);
        if let Some(cwd) = cwd {
            request = request.header("x-cwd", cwd);
        }
        let response = request.send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    async fn status(&self) -> String {
        let (status, shown) = self.get("").await;
        assert_eq!(status, StatusCode::OK, "{shown}");
        shown["session"]["status"].as_str().unwrap().to_owned()
    }
}

fn parse(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Tries for 10 s.
async fn soon<F: Future<Output = bool>>(what: &str, mut check: impl FnMut() -> F) {
    let start = Instant::now();
    while !check().await {
        assert!(start.elapsed() < Duration::from_secs(10), "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Whether a process of this machine has these words on its command line.
fn process(words: &str) -> bool {
    let mut lines = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path().join("cmdline")).ok());
    lines.any(|line| line.replace('\0', " ").contains(words))
}

/// A compressed archive of a folder's content.
fn archive(folder: &Path) -> Vec<u8> {
    let made = Command::new("tar").args(["-czf", "-", "-C"]).arg(folder).arg(".").output().unwrap();
    assert!(made.status.success());
    made.stdout
}

/// Says `reached` to everybody, and gives its port.
async fn server() -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut head = [0_u8; 4096];
                let _ = stream.read(&mut head).await;
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\nconnection: close\r\n\r\nreached\n";
                let _ = stream.write_all(answer).await;
            });
        }
    });
    port
}

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
