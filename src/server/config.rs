//! All settings, read once at start from the command line and the environment, and checked together.

use super::source;
use ipnet::IpNet;
use secrecy::SecretString;
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use url::Url;

/// The settings of a process. Every field is a flag and an environment variable; the README lists them.
#[derive(Clone, Debug, clap::Args)]
pub struct Config {
    /// Address that the server listens on.
    #[arg(long, env = "DEPLOYMEND_LISTEN", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,

    /// `sqlite:…` or `postgres://…`. Default: `deploymend.db` in the data folder.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,

    /// Folder for the database, the encryption key and the sandboxes.
    #[arg(long, env = "DEPLOYMEND_DATA_DIR", default_value = "data")]
    pub data_dir: PathBuf,

    /// Folder with the built browser files (`pkg/`, icons).
    #[arg(long, env = "DEPLOYMEND_SITE_DIR", default_value = "target/site")]
    pub site_dir: PathBuf,

    /// Address under which platforms and people reach this server. Without it no webhook is registered, and builds run
    /// on this server alone.
    #[arg(long, env = "DEPLOYMEND_PUBLIC_URL")]
    pub public_url: Option<Url>,

    /// Proxies in front of this server, as addresses or networks (`10.0.0.0/8`) separated by commas. Who is behind
    /// them is read from their `X-Forwarded-For`, for limits per address. Nobody else's is believed.
    #[arg(long, env = "DEPLOYMEND_TRUSTED_PROXIES", value_delimiter = ',', value_parser = source::network)]
    pub trusted_proxies: Vec<IpNet>,

    /// Accept an http public address on loopback, and outgoing webhooks there: for local work and tests.
    #[arg(long, env = "DEPLOYMEND_ALLOW_LOOPBACK_WEBHOOKS", default_value_t = false)]
    pub allow_loopback_webhooks: bool,

    /// Key ring for stored secrets: `id:base64` entries of 32 bytes, separated by commas, the first one is used
    /// for new secrets. Default: a file with mode 0600 in the data folder, made on first start.
    #[arg(long, env = "DEPLOYMEND_ENCRYPTION_KEY", hide_env_values = true)]
    pub encryption_key: Option<SecretString>,

    /// Base of Vercel's REST API.
    #[arg(long, env = "DEPLOYMEND_VERCEL_API", default_value = "https://api.vercel.com")]
    pub vercel_api: Url,

    /// Base of Vercel's sandbox API.
    #[arg(long, env = "DEPLOYMEND_VERCEL_SANDBOX_API", default_value = "https://vercel.com/api")]
    pub vercel_sandbox_api: Url,

    /// Base of Cloudflare's REST API.
    #[arg(long, env = "DEPLOYMEND_CLOUDFLARE_API", default_value = "https://api.cloudflare.com/client/v4")]
    pub cloudflare_api: Url,

    /// Base of Render's REST API.
    #[arg(long, env = "DEPLOYMEND_RENDER_API", default_value = "https://api.render.com/v1")]
    pub render_api: Url,

    /// Base of GitHub's REST API.
    #[arg(long, env = "DEPLOYMEND_GITHUB_API", default_value = "https://api.github.com")]
    pub github_api: Url,

    /// Base of GitHub's pages and Git repositories.
    #[arg(long, env = "DEPLOYMEND_GITHUB_URL", default_value = "https://github.com")]
    pub github_url: Url,

    /// Secret of GitHub's webhook deliveries. Without it merged pull requests are found by polling.
    #[arg(long, env = "DEPLOYMEND_GITHUB_WEBHOOK_SECRET", hide_env_values = true)]
    pub github_webhook_secret: Option<SecretString>,

    /// Client id of an OAuth app at GitHub, with which people sign in. Its callback is `/api/auth/github/callback`.
    #[arg(long, env = "DEPLOYMEND_GITHUB_CLIENT_ID", requires = "github_client_secret")]
    pub github_client_id: Option<String>,

    /// Client secret of that app.
    #[arg(
        long,
        env = "DEPLOYMEND_GITHUB_CLIENT_SECRET",
        hide_env_values = true,
        requires = "github_client_id"
    )]
    pub github_client_secret: Option<SecretString>,

    /// How the model is spoken to: `openai` (any compatible endpoint), `anthropic` or `google`.
    #[arg(long, env = "DEPLOYMEND_MODEL_PROTOCOL", default_value = "openai")]
    pub model_protocol: ModelProtocol,

    /// Base of the model's API, with its version, for instance `https://api.openai.com/v1`.
    #[arg(long, env = "DEPLOYMEND_MODEL_URL", default_value = "https://api.openai.com/v1")]
    pub model_url: Url,

    /// The model's name at that endpoint.
    #[arg(long, env = "DEPLOYMEND_MODEL", default_value = "gpt-5")]
    pub model: String,

    /// The key for that endpoint. It stays in this process.
    #[arg(long, env = "DEPLOYMEND_MODEL_KEY", hide_env_values = true)]
    pub model_key: Option<SecretString>,

    /// US dollars per million tokens read, for the cost shown.
    #[arg(long, env = "DEPLOYMEND_MODEL_INPUT_PRICE", default_value_t = 0.0)]
    pub model_input_price: f64,

    /// US dollars per million tokens written.
    #[arg(long, env = "DEPLOYMEND_MODEL_OUTPUT_PRICE", default_value_t = 0.0)]
    pub model_output_price: f64,

    /// Model requests per attempt.
    #[arg(long, env = "DEPLOYMEND_MODEL_MAX_REQUESTS", default_value_t = 60)]
    pub model_max_requests: u32,

    /// Tokens, read and written, per attempt.
    #[arg(long, env = "DEPLOYMEND_MODEL_MAX_TOKENS", default_value_t = 2_000_000)]
    pub model_max_tokens: u64,

    /// US dollars of model cost per attempt, at the prices above.
    #[arg(long, env = "DEPLOYMEND_MODEL_MAX_COST_USD", default_value_t = 5.0)]
    pub model_max_cost_usd: f64,

    /// The OpenCode program.
    #[arg(
        long,
        env = "DEPLOYMEND_OPENCODE",
        default_value = "tools/node_modules/opencode-linux-x64/bin/opencode"
    )]
    pub opencode: PathBuf,

    /// Seconds that one attempt of the agent may take.
    #[arg(long, env = "DEPLOYMEND_AGENT_TIMEOUT", default_value = "900", value_parser = seconds)]
    pub agent_timeout: Duration,

    /// Seconds without a sign of life after which the agent counts as hung.
    #[arg(long, env = "DEPLOYMEND_AGENT_SILENCE", default_value = "240", value_parser = seconds)]
    pub agent_silence: Duration,

    /// Seconds that an install or a build may take.
    #[arg(long, env = "DEPLOYMEND_BUILD_TIMEOUT", default_value = "1200", value_parser = seconds)]
    pub build_timeout: Duration,

    /// Memory of a sandbox in MiB.
    #[arg(long, env = "DEPLOYMEND_SANDBOX_MEMORY_MB", default_value_t = 4096)]
    pub sandbox_memory_mb: u64,

    /// Processes and threads in a sandbox.
    #[arg(long, env = "DEPLOYMEND_SANDBOX_PROCESSES", default_value_t = 512)]
    pub sandbox_processes: u64,

    /// Size of a sandbox's work folder in MiB.
    #[arg(long, env = "DEPLOYMEND_SANDBOX_DISK_MB", default_value_t = 4096)]
    pub sandbox_disk_mb: u64,

    /// `host:port` pairs that a sandbox may connect to, separated by commas: the package registries.
    #[arg(
        long,
        env = "DEPLOYMEND_SANDBOX_ALLOW",
        value_delimiter = ',',
        default_value = "registry.npmjs.org:443,registry.yarnpkg.com:443"
    )]
    pub sandbox_allow: Vec<String>,

    /// Work on fixes although this machine isolates the sandbox less than it should: see `deploymend doctor`.
    #[arg(long, env = "DEPLOYMEND_ALLOW_WEAK_SANDBOX", default_value_t = false)]
    pub allow_weak_sandbox: bool,

    /// Fixes that this process works on at the same time.
    #[arg(long, env = "DEPLOYMEND_WORKERS", default_value_t = 1)]
    pub workers: usize,

    /// Seconds that fixes under way may go on after SIGTERM, before they are given back for others to go on with.
    #[arg(long, env = "DEPLOYMEND_STOP_GRACE", default_value = "5", value_parser = seconds)]
    pub stop_grace: Duration,

    /// Seconds between two polls of one connection.
    #[arg(long, env = "DEPLOYMEND_POLL_INTERVAL", default_value = "45", value_parser = seconds)]
    pub poll_interval: Duration,

    /// Seconds before the second try of a message to an outgoing webhook. Each further pause is four times as long.
    #[arg(long, env = "DEPLOYMEND_WEBHOOK_RETRY", default_value = "15", value_parser = seconds)]
    pub webhook_retry: Duration,

    /// Fixes per user and day that start by themselves.
    #[arg(long, env = "DEPLOYMEND_DAILY_FIXES", default_value_t = 50)]
    pub daily_fixes: u64,

    /// US dollars of model cost per user and day, after which no fix starts by itself.
    #[arg(long, env = "DEPLOYMEND_DAILY_COST_USD", default_value_t = 20.0)]
    pub daily_cost_usd: f64,

    /// Start no fix by itself: the one switch that pauses everything.
    #[arg(long, env = "DEPLOYMEND_PAUSED", default_value_t = false)]
    pub paused: bool,

    /// Take mail addresses out of build logs, too, before they are stored or a model sees them.
    #[arg(long, env = "DEPLOYMEND_REDACT_MAIL", default_value_t = false)]
    pub redact_mail: bool,

    /// Days that the build log of an ended fix is kept. 0, here and below: for ever.
    #[arg(long, env = "DEPLOYMEND_KEEP_LOGS_DAYS", default_value_t = 90)]
    pub keep_logs_days: u16,

    /// Days that the steps of an agent's run are kept.
    #[arg(long, env = "DEPLOYMEND_KEEP_TRANSCRIPTS_DAYS", default_value_t = 30)]
    pub keep_transcripts_days: u16,

    /// Days that webhook deliveries, and messages to outgoing webhooks, are kept.
    #[arg(long, env = "DEPLOYMEND_KEEP_DELIVERIES_DAYS", default_value_t = 30)]
    pub keep_deliveries_days: u16,

    /// Days that notifications are kept.
    #[arg(long, env = "DEPLOYMEND_KEEP_NOTIFICATIONS_DAYS", default_value_t = 90)]
    pub keep_notifications_days: u16,

    /// Days that entries of the audit log are kept.
    #[arg(long, env = "DEPLOYMEND_KEEP_AUDIT_DAYS", default_value_t = 365)]
    pub keep_audit_days: u16,

    /// Days that jobs which are done are kept.
    #[arg(long, env = "DEPLOYMEND_KEEP_JOBS_DAYS", default_value_t = 7)]
    pub keep_jobs_days: u16,

    /// Address on which `/metrics`, `/health` and `/ready` are answered, for monitoring alone. Without it there are no
    /// metrics.
    #[arg(long, env = "DEPLOYMEND_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,

    /// Address on which this process answers the agents of its own fixes that run in sandboxes elsewhere, and nothing else.
    /// For `deploymend work`, and where several servers share the public address.
    #[arg(long, env = "DEPLOYMEND_GATEWAY_LISTEN")]
    pub gateway_listen: Option<SocketAddr>,

    /// Address under which sandboxes elsewhere reach this process. Default: the public address.
    #[arg(long, env = "DEPLOYMEND_GATEWAY_URL")]
    pub gateway_url: Option<Url>,

    /// Base of an OpenTelemetry collector that takes spans by OTLP over HTTP. Without it none are made. The other
    /// variables of that standard (`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_RESOURCE_ATTRIBUTES`, …) hold as well.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", hide_env_values = true)]
    pub otlp_endpoint: Option<Url>,
}

/// How the model is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ModelProtocol {
    /// `POST /chat/completions` with a bearer key.
    Openai,
    /// `POST /messages` with `x-api-key`.
    Anthropic,
    /// `POST /models/{model}:streamGenerateContent` with `x-goog-api-key`: Gemini.
    Google,
}

impl Config {
    /// The address of the database, with the default filled in.
    pub fn database_url(&self) -> String {
        self.database_url
            .clone()
            .unwrap_or_else(|| format!("sqlite:{}", self.data_dir.join("deploymend.db").display()))
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse::<f64>()
        .ok()
        .filter(|value| value.is_finite() && *value > 0.0)
        .map(Duration::from_secs_f64)
        .ok_or_else(|| "a positive number of seconds is needed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::Config;
    use clap::Args as _;

    /// The rows that the README should have: variable, flag and default.
    fn documented() -> Vec<String> {
        Config::augment_args(clap::Command::new("serve"))
            .get_arguments()
            .filter_map(|argument| {
                let variable = argument.get_env()?.to_str()?;
                let flag = argument.get_long()?;
                let defaults: Vec<_> =
                    argument.get_default_values().iter().filter_map(|value| value.to_str()).collect();
                let default = match defaults.join(",") {
                    none if none.is_empty() => String::new(),
                    some => format!("`{some}`"),
                };
                Some(format!("| `{variable}` | `--{flag}` | {default} |"))
            })
            .collect()
    }

    #[test]
    fn the_readme_lists_every_setting() {
        let readme = include_str!("../../README.md");
        let table = readme.split("<!-- settings").nth(1).and_then(|rest| rest.split("<!-- /settings").next());
        let rows: Vec<&str> = table.unwrap_or("").lines().filter(|line| line.starts_with("| `")).collect();
        let expected = documented();
        for (row, start) in rows.iter().zip(&expected) {
            assert!(row.starts_with(start.as_str()), "the README has\n{row}\nand the program\n{start}");
        }
        assert_eq!(rows.len(), expected.len(), "rows of the README's table of settings");
    }
}
