//! The real program as a child process, and a signed-in client for it.

use anyhow::{Context as _, bail};
use deploymend::model::{DeploymentList, FixDetail, FixStatus, FixSummary};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    time::{Duration, Instant},
};

/// How long the program may take to listen.
const START: Duration = Duration::from_secs(30);
/// How long a line may take from the program's log to the test.
const SAID: Duration = Duration::from_secs(30);
/// Between two looks at something that another process does.
const LOOK: Duration = Duration::from_millis(100);

pub const EMAIL: &str = "owner@example.test";
pub const PASSWORD: &str = "correct horse battery staple";

/// The program that was built with the tests, or the one in a folder that the environment names.
fn program() -> PathBuf {
    match std::env::var_os("DEPLOYMEND_PROGRAMS") {
        Some(folder) => Path::new(&folder).join("deploymend"),
        None => env!("CARGO_BIN_EXE_deploymend").into(),
    }
}

/// How the program is started; the same again after a crash.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub env: BTreeMap<String, String>,
    /// After the command.
    pub flags: Vec<&'static str>,
    /// A program that starts ours in a surrounding of its own, with its arguments.
    pub through: Vec<String>,
}

impl Settings {
    pub fn set(mut self, name: &str, value: impl ToString) -> Self {
        self.env.insert(name.to_owned(), value.to_string());
        self
    }

    /// The program, with nothing said to it yet.
    pub fn command(&self) -> Command {
        let program = program();
        let mut command = match self.through.split_first() {
            None => Command::new(program),
            Some((through, arguments)) => {
                let mut command = Command::new(through);
                command.args(arguments).arg(program);
                command
            }
        };
        command.env_remove("RUST_LOG").envs(&self.env);
        command
    }
}

/// Looks again and again at what works by itself, until it is as wanted. `look` says what it is instead.
pub async fn until<T>(
    within: Duration,
    mut look: impl AsyncFnMut() -> anyhow::Result<Result<T, String>>,
) -> anyhow::Result<T> {
    let deadline = Instant::now() + within;
    loop {
        match look().await? {
            Ok(found) => return Ok(found),
            Err(instead) if Instant::now() > deadline => bail!("after {within:?}: {instead}"),
            Err(_) => tokio::time::sleep(LOOK).await,
        }
    }
}

/// A client that follows nothing, and makes a connection for each request: between two looks, the server may end one
/// that was idle for too long.
pub fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).pool_max_idle_per_host(0).build()
}

/// A running server.
pub struct App {
    pub child: Child,
    pub base: String,
    pub log: Arc<Mutex<Vec<String>>>,
    pub set_up_token: Option<String>,
    client: reqwest::Client,
    pub cookie: Option<String>,
}

impl App {
    /// Starts the program and waits until it listens.
    pub fn start(settings: &Settings) -> anyhow::Result<Self> {
        Self::start_as("serve", settings, "Deploymend is listening")
    }

    /// Starts a command that goes on, and waits for the line of its log that says where it listens.
    pub fn start_as(command: &str, settings: &Settings, listening: &str) -> anyhow::Result<Self> {
        let mut child = settings
            .command()
            .arg(command)
            .args(&settings.flags)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("the program does not start")?;
        let stderr = child.stderr.take().context("no stderr")?;
        let log = Arc::new(Mutex::new(Vec::new()));
        let (sender, lines) = mpsc::channel::<Value>();
        let kept = log.clone();
        std::thread::spawn(move || {
            let mut sender = Some(sender);
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                // Nobody listens any more once the program does.
                if let (Some(start), Ok(event)) = (&sender, serde_json::from_str(&line))
                    && start.send(event).is_err()
                {
                    sender = None;
                }
                if let Ok(mut log) = kept.lock() {
                    log.push(line);
                }
            }
        });
        let deadline = Instant::now() + START;
        let mut set_up_token = None;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(event) = lines.recv_timeout(left) else {
                let _ = child.kill();
                bail!("the program did not listen: {:#?}", log.lock().map(|log| log.clone()));
            };
            if let Some(token) = event["token"].as_str() {
                set_up_token = Some(token.to_owned());
            }
            if event["message"] == listening {
                let address = event["address"].as_str().context("no address")?.to_owned();
                let client = client()?;
                let base = format!("http://{address}");
                return Ok(Self { child, base, log, set_up_token, client, cookie: None });
            }
        }
    }

    /// Runs the program until a crash point kills it, which may be before it listens.
    pub async fn crash(settings: &Settings, within: Duration) -> anyhow::Result<()> {
        let mut command = settings.command();
        command.arg("serve").args(&settings.flags);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let ended = async || Ok(child.try_wait()?.ok_or("the process still runs".to_owned()));
        let ended = until(within, ended).await;
        // It has a port that others want.
        let _ = child.kill();
        let status = child.wait()?;
        anyhow::ensure!(
            ended.is_ok() && status.signal() == Some(9),
            "nothing killed it: {ended:?}, {status}"
        );
        Ok(())
    }

    /// Ends the process as a crash would.
    pub fn kill_9(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for the process to end by itself.
    pub async fn wait_for_end(&mut self, within: Duration) -> anyhow::Result<()> {
        let child = &mut self.child;
        let ended = async || Ok(child.try_wait()?.map(drop).ok_or("the process still runs".to_owned()));
        until(within, ended).await
    }

    /// A request with the session.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request =
            self.client.request(method, format!("{}{path}", self.base)).header("origin", &self.base);
        match &self.cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }

    /// Posts a form as a browser without scripts does. Returns where it leads.
    pub async fn form(&mut self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<String> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let answer = self
            .request(reqwest::Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await?;
        self.keep_session(&answer);
        let location =
            answer.headers().get("location").context(format!("{path} answered {}", answer.status()))?;
        Ok(location.to_str()?.to_owned())
    }

    /// Keeps the session's cookie as a browser does.
    pub fn keep_session(&mut self, answer: &reqwest::Response) {
        let set = answer.headers().get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        let mut pairs = set.filter_map(|text| text.split(';').next());
        if let Some(cookie) = pairs.find(|pair| pair.starts_with("deploymend_session=")) {
            self.cookie = Some(cookie.to_owned());
        }
    }

    /// Makes the owner's account with the token from the log.
    pub async fn set_up(&mut self) -> anyhow::Result<()> {
        let token = self.set_up_token.clone().context("no set-up token in the log")?;
        let to =
            self.form("/auth/setup", &[("token", &token), ("email", EMAIL), ("password", PASSWORD)]).await?;
        anyhow::ensure!(!to.contains("error"), "set-up led to {to}");
        Ok(())
    }

    pub async fn sign_in(&mut self) -> anyhow::Result<()> {
        let to = self.form("/auth/sign-in", &[("email", EMAIL), ("password", PASSWORD)]).await?;
        anyhow::ensure!(!to.contains("error"), "sign-in led to {to}");
        Ok(())
    }

    pub async fn fixes(&self) -> anyhow::Result<Vec<FixSummary>> {
        let answer =
            self.request(reqwest::Method::GET, "/api/deployments").send().await?.error_for_status()?;
        let list: DeploymentList = answer.json().await?;
        Ok(list.deployments.into_iter().filter_map(|row| row.fix).collect())
    }

    pub async fn fix(&self, id: &str) -> anyhow::Result<FixDetail> {
        let path = format!("/api/deployments/{id}");
        Ok(self.request(reqwest::Method::GET, &path).send().await?.error_for_status()?.json().await?)
    }

    /// Waits until there is a fix and it has ended.
    pub async fn ended_fix(&self, within: Duration) -> anyhow::Result<FixDetail> {
        self.ended(within, |_| true).await
    }

    /// Waits until the newest fix of which `wanted` is true has ended.
    pub async fn ended(
        &self,
        within: Duration,
        wanted: impl Fn(&FixSummary) -> bool,
    ) -> anyhow::Result<FixDetail> {
        let ended = async || {
            let fixes = self.fixes().await?;
            match fixes.iter().find(|fix| wanted(fix)) {
                Some(fix) if !fix.status.is_unfinished() => Ok(Ok(self.fix(&fix.id).await?)),
                _ => Ok(Err(format!(
                    "no fix has ended: {fixes:#?}\n{:#?}",
                    self.log.lock().map(|log| log.clone())
                ))),
            }
        };
        until(within, ended).await
    }

    /// Waits until a fix has this status.
    pub async fn becomes(&self, id: &str, status: FixStatus, within: Duration) -> anyhow::Result<()> {
        let look = async || {
            let found = self.fix(id).await?.summary.status;
            Ok(if found == status {
                Ok(())
            } else {
                Err(format!("it stays {found:?} and does not become {status:?}"))
            })
        };
        until(within, look).await
    }

    /// The log, once `text` is in it: a line is read a moment after it was written.
    pub async fn said(&self, text: &str) -> anyhow::Result<String> {
        until(SAID, async || {
            let log = self.log.lock().map(|log| log.join("\n")).unwrap_or_default();
            Ok(if log.contains(text) { Ok(log) } else { Err(format!("{text} is not in the log:\n{log}")) })
        })
        .await
    }

    /// Log lines of level ERROR.
    pub fn errors(&self) -> Vec<String> {
        let log = self.log.lock().map(|log| log.clone()).unwrap_or_default();
        log.into_iter().filter(|line| line.contains("\"level\":\"ERROR\"")).collect()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.kill_9();
    }
}

/// What is expected of a fix that went well.
pub fn assert_verified(fix: &FixDetail) {
    assert_eq!(
        fix.summary.status,
        FixStatus::PrCreated,
        "{:?} {:?}",
        fix.summary.reason_code,
        fix.summary.reason
    );
    assert!(fix.summary.pr_number.is_some());
    let seqs: Vec<i64> = fix.events.iter().map(|event| event.seq).collect();
    let expected: Vec<i64> = (1..=i64::try_from(seqs.len()).unwrap_or(0)).collect();
    assert_eq!(seqs, expected, "events without gaps or doubles");
}

/// A data folder with everything that the program reads from the environment.
pub fn settings(data: &std::path::Path, database_url: &str) -> Settings {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    Settings::default()
        .set("DEPLOYMEND_LISTEN", "127.0.0.1:0")
        .set("DEPLOYMEND_DATA_DIR", data.display())
        .set("DEPLOYMEND_SITE_DIR", root.join("target/site").display())
        .set("DATABASE_URL", database_url)
}
