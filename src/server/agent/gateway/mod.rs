//! The model gateway: turns requests of an agent, which has only a token for its own attempt, into requests with
//! the real key, and answers back. It counts, cuts off and remembers why the model failed.
//!
//! ```text
//! agent ─► 127.0.0.1 inside ─► unix socket ─► [token, budget, rewrite] ─► endpoint
//!                                    stream back ◄─ [whole? tokens?] ◄─┘
//! ```

mod answer;
mod forward;
mod meter;
mod request;

pub use meter::{Fault, Taken};

use crate::server::{
    config::{Config, ModelProtocol},
    sandbox::Activity,
    trace,
};
use forward::Attempt;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use meter::{Budget, Meter};
use secrecy::{ExposeSecret, SecretString};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{net::UnixListener, sync::Semaphore, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;
use url::Url;

const MAX_CONNECTIONS: usize = 32;
const HEAD_TIME: Duration = Duration::from_secs(15);
const CONNECT_TIME: Duration = Duration::from_secs(15);
/// A stream may be silent for as long as a model thinks. The attempt's own limit on silence is usually shorter.
const READ_TIME: Duration = Duration::from_secs(900);

/// The way to the model. One per server; cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    shared: Arc<Shared>,
}

struct Shared {
    settings: ModelSettings,
    client: reqwest::Client,
}

/// What the gateway takes from the server's settings.
#[derive(Clone, Debug)]
pub struct ModelSettings {
    /// How the model is spoken to.
    pub protocol: ModelProtocol,
    /// Base of its API.
    pub url: Url,
    /// Its name.
    pub model: String,
    /// The key; endpoints of one's own may need none.
    pub key: Option<SecretString>,
    /// Requests per attempt.
    pub max_requests: u32,
    /// Tokens, read and written, per attempt.
    pub max_tokens: u64,
    /// US dollars per attempt, at these prices.
    pub max_cost: f64,
    /// US dollars per million tokens read and written.
    pub prices: (f64, f64),
}

impl ModelSettings {
    /// Those of `config`.
    pub fn new(config: &Config) -> Self {
        Self {
            protocol: config.model_protocol,
            url: config.model_url.clone(),
            model: config.model.clone(),
            key: config.model_key.clone(),
            max_requests: config.model_max_requests,
            max_tokens: config.model_max_tokens,
            max_cost: config.model_max_cost_usd,
            prices: (config.model_input_price, config.model_output_price),
        }
    }

    /// What tokens cost, in US dollars.
    pub fn cost(&self, taken: Taken) -> f64 {
        taken.cost(self.prices)
    }
}

impl Gateway {
    /// Sets up the client; speaks to nobody yet.
    pub fn new(settings: ModelSettings) -> Result<Self, reqwest::Error> {
        // Another part of the server may have chosen it already.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIME)
            .read_timeout(READ_TIME)
            // The key goes to the configured address and nowhere else.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { shared: Arc::new(Shared { settings, client }) })
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &ModelSettings {
        &self.shared.settings
    }

    /// Opens the gateway to one attempt, until the result is dropped or `time` is over. `activity` is touched by every
    /// sign of life of the model.
    pub fn open(&self, listener: UnixListener, activity: Activity, time: Duration) -> Session {
        let token = SecretString::from(hex::encode(rand::random::<[u8; 24]>()));
        let settings = &self.shared.settings;
        let budget = Budget {
            requests: settings.max_requests,
            tokens: settings.max_tokens,
            cost: settings.max_cost,
            prices: settings.prices,
        };
        let meter = Arc::new(Meter::new(budget));
        let attempt = Attempt {
            shared: Arc::clone(&self.shared),
            token: token.clone(),
            meter: Arc::clone(&meter),
            activity,
        };
        let (serving, expired) = (serve(listener, Arc::new(attempt)), Arc::clone(&meter));
        let task = tokio::spawn(trace::carried(async move {
            // Ends the connections, too.
            if timeout(time, serving).await.is_err() {
                expired.expire();
            }
        }));
        Session { token, meter, task }
    }
}

/// The gateway as one attempt has it. Dropping it ends all its connections.
pub struct Session {
    token: SecretString,
    meter: Arc<Meter>,
    task: tokio::task::JoinHandle<()>,
}

impl Session {
    /// What the agent shows in place of a key. It opens this session and nothing else.
    pub fn token(&self) -> &str {
        self.token.expose_secret()
    }

    /// Canceled when the gateway answers no more: the attempt had better end.
    pub fn stopped(&self) -> &CancellationToken {
        self.meter.stopped()
    }

    /// Why it stopped; otherwise, why the last request failed, if it did.
    pub fn fault(&self) -> Option<Fault> {
        self.meter.fault()
    }

    /// What was taken so far.
    pub fn taken(&self) -> Taken {
        self.meter.taken()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: UnixListener, attempt: Arc<Attempt>) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let attempt = Arc::clone(&attempt);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let attempt = Arc::clone(&attempt);
            async move { Ok::<_, Infallible>(attempt.handle(request).await) }
        });
        connections.spawn(trace::carried(async move {
            let _slot = slot;
            let mut server = http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
            // A connection that broke is the agent's concern.
            drop(server.serve_connection(TokioIo::new(stream), service).await);
        }));
    }
}

#[cfg(test)]
mod tests;
