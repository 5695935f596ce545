//! A platform with one project, calls of its sandbox API, and a look at the machine's processes.

use std::future::Future;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use standins::scenario::{Seed, Seeded};
use standins::{Options, Standins};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub struct Platform {
    pub standins: Standins,
    pub seeded: Seeded,
    pub client: Client,
}

impl Platform {
    pub async fn new() -> Platform {
        let standins = Standins::start(Options::default()).unwrap();
        let files = [("a.txt".to_owned(), Some("x\n".to_owned()))].into();
        let seeded = standins.seed(Seed { files, ..Seed::default() }).await.unwrap();
        Platform { standins, seeded, client: Client::new() }
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let path = path.replace("TEAM", &self.seeded.team_id).replace("PROJECT", &self.seeded.project_id);
        let team = if path.contains("teamId") { "" } else { &format!("&teamId={}", self.seeded.team_id) };
        let mark = if path.contains('?') || team.is_empty() { "" } else { "?" };
        let url = format!("{}{path}{mark}{team}", self.standins.vercel_url());
        let url = url.replace("?&", "?");
        self.client.request(method, url).bearer_auth(&self.seeded.vercel_token)
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
        let mut request = self.request(method, path).header("content-type", "application/json");
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let response = request.send().await.unwrap();
        (response.status(), response.json().await.unwrap_or(Value::Null))
    }

    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.call(Method::POST, path, Some(&body)).await
    }

    pub fn wanted(&self, name: &str) -> Value {
        json!({
            "name": name, "projectId": self.seeded.project_id, "runtime": "node22", "timeout": 600_000,
            "resources": {"vcpus": 2}, "persistent": false, "networkPolicy": {"mode": "deny-all"},
            "env": {"GREETING": "hello"},
        })
    }

    /// A sandbox's session.
    pub async fn create(&self, name: &str) -> Session<'_> {
        self.create_with(name, json!({})).await
    }

    pub async fn create_with(&self, name: &str, changes: Value) -> Session<'_> {
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

pub struct Session<'a> {
    pub platform: &'a Platform,
    pub path: String,
}

/// What came of a command.
#[derive(Debug)]
pub struct Ran {
    pub stdout: String,
    pub stderr: String,
    pub code: i64,
}

impl Session<'_> {
    pub async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.platform.post(&format!("{}{path}", self.path), body).await
    }

    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.platform.get(&format!("{}{path}", self.path)).await
    }

    /// The lines of a command that is waited for.
    pub async fn lines(&self, body: Value) -> Vec<Value> {
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

    pub async fn run(&self, script: &str) -> Ran {
        self.run_with(script, json!({})).await
    }

    pub async fn run_with(&self, script: &str, more: Value) -> Ran {
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
    pub async fn start(&self, script: &str) -> String {
        let (status, made) = self.post("/cmd", json!({"command": "sh", "args": ["-c", script]})).await;
        assert_eq!((status, &made["command"]["exitCode"]), (StatusCode::OK, &Value::Null), "{made}");
        format!("/cmd/{}", made["command"]["id"].as_str().unwrap())
    }

    pub async fn write(&self, cwd: Option<&str>, kind: &str, archive: Vec<u8>) -> (StatusCode, Value) {
        let request = self.platform.request(Method::POST, &format!("{}/fs/write", self.path));
        let mut request = request.header("content-type", kind).body(archive);
        if let Some(cwd) = cwd {
            request = request.header("x-cwd", cwd);
        }
        let response = request.send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    pub async fn status(&self) -> String {
        let (status, shown) = self.get("").await;
        assert_eq!(status, StatusCode::OK, "{shown}");
        shown["session"]["status"].as_str().unwrap().to_owned()
    }
}

pub fn parse(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Tries for 10 s.
pub async fn soon<F: Future<Output = bool>>(what: &str, mut check: impl FnMut() -> F) {
    let start = Instant::now();
    while !check().await {
        assert!(start.elapsed() < Duration::from_secs(10), "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Whether a process of this machine has these words on its command line.
pub fn process(words: &str) -> bool {
    let mut lines = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path().join("cmdline")).ok());
    lines.any(|line| line.replace('\0', " ").contains(words))
}

/// A compressed archive of a folder's content.
pub fn archive(folder: &Path) -> Vec<u8> {
    let made = Command::new("tar").args(["-czf", "-", "-C"]).arg(folder).arg(".").output().unwrap();
    assert!(made.status.success());
    made.stdout
}

/// Says `reached` to everybody, and gives its port.
pub async fn server() -> u16 {
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
