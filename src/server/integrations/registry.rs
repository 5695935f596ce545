//! Turns a [`Provider`] into the client that talks to it.

use super::{TokenProvider, cloudflare::Cloudflare, render::Render, vercel::Vercel};
use crate::{
    model::Provider,
    server::{clock::Clock, config::Config},
};
use std::sync::Arc;

/// All platforms that this process can talk to.
#[derive(Clone, Default)]
pub struct Registry {
    providers: Vec<Arc<dyn TokenProvider>>,
}

impl Registry {
    /// The platforms of a process, at the addresses of `config`. They share one connection pool.
    ///
    /// # Errors
    /// When the TLS stack of the machine cannot be set up.
    pub fn new(config: &Config, clock: Clock) -> Result<Self, reqwest::Error> {
        let client = super::http::client()?;
        let vercel = Vercel::new(client.clone(), config.vercel_api.clone(), clock.clone());
        let cloudflare = Cloudflare::new(client.clone(), config.cloudflare_api.clone(), clock.clone());
        let render = Render::new(client, config.render_api.clone(), clock);
        Ok(Self::with(vec![Arc::new(vercel), Arc::new(cloudflare), Arc::new(render)]))
    }

    /// Exactly these platforms. From now on the process knows their names.
    pub fn with(providers: Vec<Arc<dyn TokenProvider>>) -> Self {
        providers.iter().for_each(|client| client.provider().add());
        Self { providers }
    }

    /// The client for `provider`, if this process has one.
    pub fn get(&self, provider: Provider) -> Option<Arc<dyn TokenProvider>> {
        self.providers.iter().find(|entry| entry.provider() == provider).cloned()
    }

    /// Every platform, in the order of their making.
    pub fn all(&self) -> impl Iterator<Item = &Arc<dyn TokenProvider>> {
        self.providers.iter()
    }
}
