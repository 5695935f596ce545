//! Vercel as a [`TokenProvider`].

mod client;
mod convert;
mod events;
mod token;
mod webhooks;
mod wire;

use super::{
    Access, BuildLog, CreatedWebhook, DeploymentsQuery, MalformedDelivery, PlatformError, Project,
    ProviderUser, RegisteredWebhook, Team, TokenProvider, WebhookEvent, http::Api,
};
use crate::model::{PlatformDeployment, Provider};
use async_trait::async_trait;
use axum::http::HeaderMap;
use secrecy::SecretString;
use url::Url;

/// Vercel.
#[derive(Clone, Debug)]
pub struct Vercel {
    client: client::Client,
}

impl Vercel {
    /// Vercel at the address of `api`.
    pub const fn new(api: Api) -> Self {
        Self { client: client::Client::new(api) }
    }
}

#[async_trait]
impl TokenProvider for Vercel {
    fn provider(&self) -> Provider {
        Provider::Vercel
    }

    fn token_page(&self) -> &'static str {
        token::PAGE
    }

    fn token_scopes(&self) -> &'static [&'static str] {
        &token::SCOPES
    }

    async fn validate_token(&self, token: &SecretString) -> Result<ProviderUser, PlatformError> {
        let access = Access { token: token.clone(), team_id: None };
        self.client.user(&access).await.map(token::user)
    }

    async fn teams(&self, access: &Access) -> Result<Vec<Team>, PlatformError> {
        self.client.teams(access).await
    }

    async fn projects(&self, access: &Access) -> Result<Vec<Project>, PlatformError> {
        self.client.projects(access).await
    }

    async fn project(&self, access: &Access, id: &str) -> Result<Project, PlatformError> {
        self.client.project(access, id).await
    }

    async fn deployments(
        &self,
        access: &Access,
        query: DeploymentsQuery,
    ) -> Result<Vec<PlatformDeployment>, PlatformError> {
        self.client.deployments(access, &query).await
    }

    async fn deployment(&self, access: &Access, id: &str) -> Result<PlatformDeployment, PlatformError> {
        self.client.deployment(access, id).await
    }

    async fn build_log(&self, access: &Access, id: &str) -> Result<BuildLog, PlatformError> {
        self.client.build_log(access, id).await
    }

    async fn create_webhook(
        &self,
        access: &Access,
        url: &Url,
        project_ids: &[String],
    ) -> Result<CreatedWebhook, PlatformError> {
        self.client.create_webhook(access, url, project_ids).await
    }

    async fn webhooks(&self, access: &Access) -> Result<Vec<RegisteredWebhook>, PlatformError> {
        self.client.webhooks(access).await
    }

    async fn delete_webhook(&self, access: &Access, id: &str) -> Result<(), PlatformError> {
        self.client.delete_webhook(access, id).await
    }

    fn verify_webhook(&self, headers: &HeaderMap, body: &[u8], secret: &SecretString) -> bool {
        webhooks::verify(headers, body, secret)
    }

    fn parse_webhook(&self, body: &[u8]) -> Result<WebhookEvent, MalformedDelivery> {
        webhooks::parse(body)
    }
}
