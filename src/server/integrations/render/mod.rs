//! Render: [`Render`] speaks its REST API as a [`TokenProvider`].
//!
//! `build` is how it builds, `wire` is its JSON, `convert` and `token` turn that into our types, `client` makes the calls and pages, `deploys`
//! lists and repeats deploys, `look` finds out with few requests where something goes on, `logs` reads build logs,
//! `hooks` keeps one webhook per workspace, `webhooks` checks and reads deliveries, `hints` asks what they are about.
//!
//! A team is a workspace, a project is a service of any kind. Render has no personal scope: every service belongs to
//! a workspace, so an access without one has no projects.

mod build;
mod client;
mod convert;
mod deploys;
mod hints;
mod hooks;
mod logs;
mod look;
mod token;
pub mod webhooks;
mod wire;

pub use client::Render;

use super::{
    Access, BuildLog, BuildSettings, CreatedWebhook, DeploymentsQuery, Look, MalformedDelivery,
    PlatformError, Probe, Project, ProjectRef, ProviderUser, RateBudget, RegisteredWebhook, RepositoryFiles,
    Team, TokenProvider, WebhookEvent,
    provider::{WEBHOOKS, allowed},
};
use crate::model::{PlatformDeployment, Provider};
use async_trait::async_trait;
use axum::http::HeaderMap;
use secrecy::SecretString;
use url::Url;

#[async_trait]
impl TokenProvider for Render {
    fn provider(&self) -> Provider {
        Provider::RENDER
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

    async fn teams(&self, access: &Access) -> Result<Vec<Team>, PlatformError> {
        self.list_workspaces(access).await
    }

    async fn projects(&self, access: &Access) -> Result<Vec<Project>, PlatformError> {
        self.list_services(access).await
    }

    async fn project(&self, access: &Access, project: &ProjectRef) -> Result<Project, PlatformError> {
        self.get_service(access, &project.id).await
    }

    async fn probe(&self, access: &Access, projects: &[Project]) -> Result<Vec<Probe>, PlatformError> {
        let Some(first) = projects.first() else { return Ok(Vec::new()) };
        let newest =
            DeploymentsQuery { projects: vec![first.into()], limit: Some(1), ..DeploymentsQuery::default() };
        Ok(vec![
            Probe {
                name: "Deployments and build logs",
                allowed: Some(allowed(self.list_deployments(access, newest).await)?),
                otherwise: None,
            },
            Probe {
                name: WEBHOOKS,
                allowed: Some(allowed(self.list_webhooks(access).await)?),
                otherwise: Some("They need the Professional plan. Failures are found by polling."),
            },
        ])
    }

    async fn deployments(
        &self,
        access: &Access,
        query: DeploymentsQuery,
    ) -> Result<Vec<PlatformDeployment>, PlatformError> {
        self.list_deployments(access, query).await
    }

    async fn look(&self, access: &Access, look: Look) -> Result<Vec<PlatformDeployment>, PlatformError> {
        self.look_around(access, look).await
    }

    async fn deployment(
        &self,
        access: &Access,
        project: &ProjectRef,
        id: &str,
    ) -> Result<PlatformDeployment, PlatformError> {
        self.get_deployment(access, &project.id, id).await
    }

    async fn build_log(
        &self,
        access: &Access,
        project: &ProjectRef,
        id: &str,
    ) -> Result<BuildLog, PlatformError> {
        self.read_build_log(access, &project.id, id).await
    }

    async fn redeploy(&self, access: &Access, project: &ProjectRef, id: &str) -> Result<(), PlatformError> {
        self.deploy_again(access, &project.id, id).await
    }

    fn settings_in_files(&self, project: &ProjectRef, files: &dyn RepositoryFiles) -> BuildSettings {
        build::in_files(project, files)
    }

    fn settings_in_log(&self, lines: &[String]) -> BuildSettings {
        build::in_log(lines)
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
        self.keep_webhook(access, url).await
    }

    async fn webhooks(&self, access: &Access) -> Result<Vec<RegisteredWebhook>, PlatformError> {
        self.list_webhooks(access).await
    }

    async fn delete_webhook(&self, access: &Access, id: &str) -> Result<(), PlatformError> {
        self.remove_webhook(access, id).await
    }

    fn verify_webhook(&self, headers: &HeaderMap, body: &[u8], secret: &SecretString) -> bool {
        webhooks::verify(headers, body, secret, self.api.now())
    }

    fn parse_webhook(&self, headers: &HeaderMap, body: &[u8]) -> Result<WebhookEvent, MalformedDelivery> {
        webhooks::parse(headers, body)
    }

    async fn hinted(
        &self,
        access: &Access,
        project: &ProjectRef,
        delivery_id: &str,
    ) -> Result<Option<PlatformDeployment>, PlatformError> {
        self.follow_hint(access, &project.id, delivery_id).await
    }
}
