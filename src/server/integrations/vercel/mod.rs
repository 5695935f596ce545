//! Vercel: [`Vercel`] speaks its REST API as a [`TokenProvider`].
//!
//! `build` is how it builds, `wire` is its JSON, `convert` and `token` turn that into our types, `client` makes the calls and pages,
//! `logs` reads build logs, `webhooks` checks and reads deliveries.

mod build;
mod client;
mod convert;
mod logs;
mod token;
pub mod webhooks;
mod wire;

pub use client::Vercel;

use super::{
    Access, BuildLog, BuildSettings, CreatedWebhook, DeploymentsQuery, MalformedDelivery, PlatformError,
    Project, ProjectRef, ProviderUser, RateBudget, RegisteredWebhook, RepositoryFiles, Team, TokenProvider,
    WebhookEvent,
};
use crate::model::{PlatformDeployment, Provider, Timestamp};
use async_trait::async_trait;
use axum::http::HeaderMap;
use secrecy::SecretString;
use url::Url;

#[async_trait]
impl TokenProvider for Vercel {
    fn provider(&self) -> Provider {
        Provider::VERCEL
    }

    fn token_page(&self) -> &'static str {
        token::TOKEN_PAGE
    }

    fn token_scopes(&self) -> &'static [&'static str] {
        token::TOKEN_SCOPES
    }

    async fn validate_token(&self, token: &SecretString) -> Result<ProviderUser, PlatformError> {
        self.user(token).await
    }

    async fn token_expires_at(&self, token: &SecretString) -> Result<Option<Timestamp>, PlatformError> {
        self.expiry(token).await
    }

    async fn teams(&self, access: &Access) -> Result<Vec<Team>, PlatformError> {
        self.list_teams(access).await
    }

    async fn projects(&self, access: &Access) -> Result<Vec<Project>, PlatformError> {
        self.list_projects(access).await
    }

    async fn project(&self, access: &Access, project: &ProjectRef) -> Result<Project, PlatformError> {
        self.get_project(access, &project.id).await
    }

    async fn deployments(
        &self,
        access: &Access,
        query: DeploymentsQuery,
    ) -> Result<Vec<PlatformDeployment>, PlatformError> {
        self.list_deployments(access, query).await
    }

    async fn deployment(
        &self,
        access: &Access,
        _project: &ProjectRef,
        id: &str,
    ) -> Result<PlatformDeployment, PlatformError> {
        self.get_deployment(access, id).await
    }

    async fn find_deployment(
        &self,
        access: &Access,
        _projects: &[ProjectRef],
        id: &str,
    ) -> Result<PlatformDeployment, PlatformError> {
        self.get_deployment(access, id).await
    }

    async fn build_log(
        &self,
        access: &Access,
        _project: &ProjectRef,
        id: &str,
    ) -> Result<BuildLog, PlatformError> {
        self.read_build_log(access, id).await
    }

    async fn redeploy(&self, access: &Access, project: &ProjectRef, id: &str) -> Result<(), PlatformError> {
        self.deploy_again(access, project, id).await
    }

    fn settings_in_files(&self, _project: &ProjectRef, files: &dyn RepositoryFiles) -> BuildSettings {
        build::in_files(files)
    }

    fn settings_in_log(&self, lines: &[String]) -> BuildSettings {
        build::in_log(lines)
    }

    fn build_scripts(&self) -> &'static [&'static str] {
        build::SCRIPTS
    }

    fn budget(&self, token: &SecretString) -> Option<RateBudget> {
        self.api.budget(token)
    }

    async fn create_webhook(
        &self,
        access: &Access,
        url: &Url,
        _projects: &[ProjectRef],
    ) -> Result<CreatedWebhook, PlatformError> {
        self.make_webhook(access, url).await
    }

    async fn webhooks(&self, access: &Access) -> Result<Vec<RegisteredWebhook>, PlatformError> {
        self.list_webhooks(access).await
    }

    async fn delete_webhook(&self, access: &Access, id: &str) -> Result<(), PlatformError> {
        self.remove_webhook(access, id).await
    }

    fn verify_webhook(&self, headers: &HeaderMap, body: &[u8], secret: &SecretString) -> bool {
        webhooks::verify(headers, body, secret)
    }

    fn parse_webhook(&self, _headers: &HeaderMap, body: &[u8]) -> Result<WebhookEvent, MalformedDelivery> {
        webhooks::parse(body)
    }
}
