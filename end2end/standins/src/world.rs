//! The whole state of the stand-ins, in memory, behind one lock.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use crate::cloudflare::state::Cloudflare;
use crate::faults::Fault;
use crate::github::state::Github;
use crate::model::state::Model;
use crate::record::Request;
use crate::render::state::Render;
use crate::vercel::state::Vercel;

/// How the stand-ins are started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Port of the Vercel server on 127.0.0.1; 0 takes any free one.
    pub vercel_port: u16,
    /// Port of the Cloudflare server; 0 takes any free one.
    pub cloudflare_port: u16,
    /// Port of the Render server; 0 takes any free one.
    pub render_port: u16,
    /// Port of the GitHub server (REST and git); 0 takes any free one.
    pub github_port: u16,
    /// Port of the model server; 0 takes any free one.
    pub model_port: u16,
    /// Folder for the bare repositories; without it a temporary one that goes with the stand-ins.
    pub root: Option<PathBuf>,
    /// Lets webhooks point to `http://` on loopback, which the platforms refuse.
    pub allow_loopback_webhooks: bool,
    /// Most items of one page of a platform's lists, whatever the client asks for.
    pub page_size: usize,
    /// Waits before each new try of a platform's delivery that was not answered with 2xx.
    pub retry_delays: Vec<Duration>,
    /// The key the model server wants as `Authorization: Bearer`.
    pub model_key: String,
    /// Wait before each answer of the model, so that people can watch.
    pub step_delay: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            vercel_port: 0,
            cloudflare_port: 0,
            render_port: 0,
            github_port: 0,
            model_port: 0,
            root: None,
            allow_loopback_webhooks: false,
            page_size: 5,
            retry_delays: [200, 1_000, 5_000].map(Duration::from_millis).to_vec(),
            model_key: "sk-standin-model-key".to_owned(),
            step_delay: Duration::ZERO,
        }
    }
}

/// Where the servers listen.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// Vercel's API.
    pub vercel: SocketAddr,
    /// Cloudflare's API.
    pub cloudflare: SocketAddr,
    /// Render's API.
    pub render: SocketAddr,
    /// GitHub's API and git over HTTP.
    pub github: SocketAddr,
    /// The model.
    pub model: SocketAddr,
}

/// Everything that a control call can show or change.
#[derive(Debug, Default)]
pub struct State {
    /// Users, teams, projects, deployments and webhooks at Vercel.
    pub vercel: Vercel,
    /// Accounts, projects, Workers, builds and notification policies at Cloudflare.
    pub cloudflare: Cloudflare,
    /// Workspaces, services, deploys and webhooks at Render.
    pub render: Render,
    /// Users, repositories, pull requests and hooks at GitHub.
    pub github: Github,
    /// What the model does and was asked.
    pub model: Model,
    /// Answers to spoil.
    pub faults: Vec<Fault>,
    /// Requests of the clients, oldest first, bounded.
    pub requests: Vec<Request>,
}

/// The state with what the handlers need beside it.
#[derive(Debug)]
pub struct World {
    /// How it was started.
    pub options: Options,
    /// Sends webhook deliveries.
    pub http: reqwest::Client,
    /// Folder of the bare repositories, `OWNER/NAME.git` below it.
    pub repositories: PathBuf,
    /// Wakes whoever waits for a change (a followed build log).
    pub changed: tokio::sync::Notify,
    addresses: OnceLock<Addresses>,
    state: Mutex<State>,
}

impl World {
    /// An empty world whose bare repositories live in `repositories`.
    #[must_use]
    pub fn new(options: Options, repositories: PathBuf) -> World {
        // In one workspace with the product, reqwest comes without a choice of cryptography.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap_or_default();
        let world = World {
            options,
            http,
            repositories,
            changed: tokio::sync::Notify::new(),
            addresses: OnceLock::new(),
            state: Mutex::default(),
        };
        world.reset();
        world
    }

    /// The state, locked. Never held across an `.await`.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets everything except the bare repositories on disk.
    pub fn reset(&self) {
        let mut state = self.state();
        let before = std::mem::take(&mut *state);
        state.model.key.clone_from(&self.options.model_key);
        state.model.step_delay = self.options.step_delay;
        drop(state);
        // The files of sandboxes go with it, and take their time.
        drop(before);
    }

    /// The bare repository's folder for `owner/name`.
    #[must_use]
    pub fn bare(&self, full_name: &str) -> PathBuf {
        bare(&self.repositories, full_name)
    }

    /// Remembers where the servers listen; only the first call counts.
    pub fn set_addresses(&self, addresses: Addresses) {
        let _ = self.addresses.set(addresses);
    }

    /// `http://127.0.0.1:PORT` of the Vercel server.
    #[must_use]
    pub fn vercel_url(&self) -> String {
        self.url(|addresses| addresses.vercel)
    }

    /// `http://127.0.0.1:PORT` of the Cloudflare server, without `/client/v4`.
    #[must_use]
    pub fn cloudflare_url(&self) -> String {
        self.url(|addresses| addresses.cloudflare)
    }

    /// `http://127.0.0.1:PORT` of the Render server, without `/v1`.
    #[must_use]
    pub fn render_url(&self) -> String {
        self.url(|addresses| addresses.render)
    }

    /// `http://127.0.0.1:PORT` of the GitHub server.
    #[must_use]
    pub fn github_url(&self) -> String {
        self.url(|addresses| addresses.github)
    }

    /// `http://127.0.0.1:PORT` of the model server, without `/v1`.
    #[must_use]
    pub fn model_url(&self) -> String {
        self.url(|addresses| addresses.model)
    }

    fn url(&self, pick: impl Fn(&Addresses) -> SocketAddr) -> String {
        self.addresses.get().map(|addresses| format!("http://{}", pick(addresses))).unwrap_or_default()
    }
}

/// `ROOT/owner/name.git`.
#[must_use]
pub fn bare(root: &Path, full_name: &str) -> PathBuf {
    root.join(format!("{full_name}.git"))
}
