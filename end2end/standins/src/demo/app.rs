//! The product as a child process, used over HTTP like a browser without scripts would.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::Value;

use super::DemoArgs;
use crate::Standins;

/// The demo user.
pub const EMAIL: &str = "demo@example.com";
/// The demo user's password; it is printed.
pub const PASSWORD: &str = "watch-it-being-mended";

const START: Duration = Duration::from_secs(60);

/// The running product.
pub struct App {
    child: Child,
    client: reqwest::Client,
    cookie: Option<String>,
    set_up_token: String,
    /// `http://127.0.0.1:PORT`
    pub base: String,
}

impl App {
    /// Starts it with SQLite in `folder` and waits until it listens.
    pub fn start(args: &DemoArgs, standins: &Standins, folder: &Path) -> anyhow::Result<App> {
        // Webhooks need the address before the start, so the port is chosen here.
        let port = match args.port {
            0 => std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port(),
            port => port,
        };
        let base = format!("http://127.0.0.1:{port}");
        let mut child = Command::new(&args.app)
            .arg("serve")
            .env("DEPLOYMEND_LISTEN", format!("127.0.0.1:{port}"))
            .env("DEPLOYMEND_PUBLIC_URL", &base)
            .env("DEPLOYMEND_ALLOW_LOOPBACK_WEBHOOKS", "true")
            .env("DEPLOYMEND_DATA_DIR", folder.join("data"))
            .env("DEPLOYMEND_SITE_DIR", &args.site)
            .env("DEPLOYMEND_VERCEL_API", standins.vercel_url())
            .env("DEPLOYMEND_VERCEL_SANDBOX_API", standins.vercel_url())
            .env("DEPLOYMEND_CLOUDFLARE_API", standins.cloudflare_url())
            .env("DEPLOYMEND_RENDER_API", standins.render_url())
            .env("DEPLOYMEND_GITHUB_API", standins.github_api_url())
            .env("DEPLOYMEND_GITHUB_URL", standins.github_url())
            .env("DEPLOYMEND_MODEL_URL", standins.model_url())
            .env("DEPLOYMEND_MODEL_KEY", standins.model_key())
            .env("DEPLOYMEND_MODEL", "scripted")
            .env("DEPLOYMEND_MODEL_INPUT_PRICE", "1")
            .env("DEPLOYMEND_MODEL_OUTPUT_PRICE", "2")
            .env_remove("DATABASE_URL")
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} does not start", args.app.display()))?;
        let stderr = child.stderr.take().context("no standard error")?;
        let (sender, lines) = mpsc::channel::<Value>();
        let log = folder.join("server.log");
        std::thread::spawn(move || {
            let mut kept = std::fs::File::create(log).ok();
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if let Some(kept) = &mut kept {
                    let _ = std::io::Write::write_all(kept, format!("{line}\n").as_bytes());
                }
                if let Ok(event) = serde_json::from_str(&line) {
                    let _ = sender.send(event);
                }
            }
        });
        let deadline = Instant::now() + START;
        let mut set_up_token = None;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(event) = lines.recv_timeout(left) else {
                let _ = child.kill();
                bail!("the product did not listen; its log is {}", folder.join("server.log").display());
            };
            if let Some(token) = event["token"].as_str() {
                set_up_token = Some(token.to_owned());
            }
            if event["message"] == "Deploymend is listening" {
                break;
            }
        }
        let set_up_token = set_up_token.context("the product gave out no set-up token")?;
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(App { child, client, cookie: None, set_up_token, base })
    }

    /// Makes the demo user's account with the token from the log.
    pub async fn sign_up(&mut self) -> anyhow::Result<()> {
        let token = self.set_up_token.clone();
        self.form(
            "/auth/setup",
            &[("token", &token), ("email", EMAIL), ("password", PASSWORD), ("name", "Demo")],
        )
        .await
    }

    /// Posts a form; the answer must not lead to an error.
    pub async fn form(&mut self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<()> {
        let mut request =
            self.client.post(format!("{}{path}", self.base)).header("origin", &self.base).form(fields);
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let answer = request.send().await?;
        if let Some(cookie) = answer.headers().get("set-cookie") {
            self.cookie = cookie.to_str()?.split(';').next().map(str::to_owned);
        }
        let status = answer.status();
        let to = answer.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or_default();
        anyhow::ensure!(
            status.is_redirection() && !to.contains("error="),
            "{path}: {status}, leads to {to:?}"
        );
        Ok(())
    }

    /// What the REST API says.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let cookie = self.cookie.clone().unwrap_or_default();
        let answer = self.client.get(format!("{}{path}", self.base)).header("cookie", cookie).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
