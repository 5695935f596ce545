//! Cloudflare: [`Cloudflare`] speaks its REST API as a [`TokenProvider`], for Pages and Workers Builds at once.
//!
//! `build` is how it builds, `wire` is its JSON, `convert` and `token` turn that into our types, `client` makes calls and reads lists, `pages` and
//! `workers` are the calls of the two products, `deployments` joins them, `logs` reads build logs, `notifications` makes
//! webhooks, `webhooks` checks and reads deliveries, `id` tells whose a project is, `budget` reads the rate limit.

mod budget;
mod build;
mod client;
mod convert;
mod deployments;
mod id;
mod logs;
mod notifications;
mod pages;
mod token;
pub mod webhooks;
mod wire;
mod workers;

pub use client::Cloudflare;

use super::{
    Access, BuildLog, BuildSettings, CreatedWebhook, DeploymentsQuery, Look, MalformedDelivery,
    PlatformError, Probe, Project, ProjectRef, ProviderUser, RateBudget, RegisteredWebhook, RepositoryFiles,
    Team, TokenProvider, WebhookEvent,
    provider::{WEBHOOKS, allowed},
};
use crate::model::{PlatformDeployment, Provider, Timestamp};
use async_trait::async_trait;
use axum::http::HeaderMap;
use id::Product;
use secrecy::SecretString;
use url::Url;

/// Things of one kind that are asked about at the same time.
const AT_ONCE: usize = 4;

#[async_trait]
impl TokenProvider for Cloudflare {
    fn provider(&self) -> Provider {
        Provider::CLOUDFLARE
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
        match Product::of(project)? {
            Product::Pages { name } => self.pages_project(access, name).await,
            Product::Worker { .. } => self.worker(access, project).await,
        }
    }

    async fn probe(&self, access: &Access, projects: &[Project]) -> Result<Vec<Probe>, PlatformError> {
        // There is nothing outside of accounts.
        if access.team_id.is_none() {
            return Ok(Vec::new());
        }
        let of = |is_one: fn(&str) -> bool| projects.iter().find(|project| is_one(&project.id));
        let newest = |project: &Project| DeploymentsQuery {
            projects: vec![project.into()],
            limit: Some(1),
            ..DeploymentsQuery::default()
        };
        let pages = match of(|id| id::pages_uuid(id).is_some()) {
            Some(site) => Some(allowed(self.list_deployments(access, &newest(site)).await)?),
            None => None,
        };
        let workers = match of(|id| id::worker_tag(id).is_some()) {
            Some(worker) => Some(allowed(self.list_deployments(access, &newest(worker)).await)?),
            None => self.may_read_builds(access).await?,
        };
        let webhooks = allowed(self.destinations(access).await)?;
        Ok(vec![
            Probe { name: "Pages deployments and build logs", allowed: pages, otherwise: None },
            Probe { name: "Workers Builds", allowed: workers, otherwise: Some("Workers are not watched.") },
            Probe {
                name: WEBHOOKS,
                allowed: Some(webhooks),
                otherwise: Some(
                    "Add the permission Account → Notifications → Edit, or leave it: failures are found by polling.",
                ),
            },
        ])
    }

    async fn deployments(
        &self,
        access: &Access,
        query: DeploymentsQuery,
    ) -> Result<Vec<PlatformDeployment>, PlatformError> {
        self.list_deployments(access, &query).await
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
        match Product::of(project)? {
            Product::Pages { .. } => self.pages_deployment(access, project, id).await,
            Product::Worker { .. } => self.worker_build(access, project, id).await,
        }
    }

    async fn build_log(
        &self,
        access: &Access,
        project: &ProjectRef,
        id: &str,
    ) -> Result<BuildLog, PlatformError> {
        match Product::of(project)? {
            Product::Pages { name } => self.pages_log(access, name, id).await,
            Product::Worker { .. } => self.worker_log(access, id).await,
        }
    }

    async fn redeploy(&self, access: &Access, project: &ProjectRef, id: &str) -> Result<(), PlatformError> {
        match Product::of(project)? {
            Product::Pages { name } => self.retry(access, name, id).await,
            Product::Worker { .. } => self.build_again(access, id).await,
        }
    }

    fn settings_in_files(&self, _project: &ProjectRef, files: &dyn RepositoryFiles) -> BuildSettings {
        build::in_files(files)
    }

    fn settings_in_log(&self, lines: &[String]) -> BuildSettings {
        build::in_log(lines)
    }

    fn budget(&self, token: &SecretString) -> Option<RateBudget> {
        self.api.budget(token)
    }

    fn polled_only(&self, project: &ProjectRef) -> Option<&'static str> {
        let is_worker = id::worker_tag(&project.id).is_some();
        is_worker.then_some("Workers Builds has no webhooks, so its builds are found by polling.")
    }

    async fn create_webhook(
        &self,
        access: &Access,
        url: &Url,
        projects: &[ProjectRef],
    ) -> Result<CreatedWebhook, PlatformError> {
        self.make_webhook(access, url, projects).await
    }

    async fn webhooks(&self, access: &Access) -> Result<Vec<RegisteredWebhook>, PlatformError> {
        self.list_webhooks(access).await
    }

    async fn delete_webhook(&self, access: &Access, id: &str) -> Result<(), PlatformError> {
        self.remove_webhook(access, id).await
    }

    fn verify_webhook(&self, headers: &HeaderMap, _body: &[u8], secret: &SecretString) -> bool {
        webhooks::verify(headers, secret)
    }

    fn parse_webhook(&self, _headers: &HeaderMap, body: &[u8]) -> Result<WebhookEvent, MalformedDelivery> {
        webhooks::parse(body)
    }
}
