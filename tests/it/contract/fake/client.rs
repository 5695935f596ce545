//! Harbour's API as a [`TokenProvider`]. It has no webhooks.

use super::{
    profile::HARBOUR,
    wire::{Fleet, PAGE, Person, Ship, Voyage},
};
use async_trait::async_trait;
use axum::http::HeaderMap;
use deploymend::{
    model::{DeploymentState, PlatformDeployment, Provider, Timestamp},
    server::{
        clock::Clock,
        integrations::{
            Access, BuildLog, CreatedWebhook, DeploymentsQuery, MalformedDelivery, PlatformError, Project,
            ProjectRef, ProviderUser, RateBudget, RegisteredWebhook, RepositoryLink, Team, TokenProvider,
            WebhookEvent,
            http::{Api, usual_budget},
        },
    },
};
use reqwest::Method;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use url::Url;

pub struct HarbourClient(Api);

fn budget(headers: &HeaderMap, now: Timestamp) -> Option<RateBudget> {
    usual_budget("ratelimit", headers, now)
}

fn state(word: &str) -> DeploymentState {
    match word {
        "waiting" => DeploymentState::Queued,
        "arrived" => DeploymentState::Ready,
        "sunk" => DeploymentState::Failed,
        "turned-back" => DeploymentState::Canceled,
        _ => DeploymentState::Building,
    }
}

fn link(repository: Option<(String, String)>) -> RepositoryLink {
    match repository {
        Some((kind, full_name)) if kind == "github" => RepositoryLink::Github { full_name, host: None },
        Some((kind, full_name)) if kind == "gitlab" => RepositoryLink::Gitlab { full_name },
        Some((kind, _)) => RepositoryLink::Other { kind },
        None => RepositoryLink::None,
    }
}

fn project(ship: Ship) -> Project {
    let (id, name, team_id) = (ship.id, ship.name, Some(ship.fleet));
    Project { id, name, team_id, link: link(ship.repository), ..Project::default() }
}

fn deployment(voyage: Voyage, projects: &[ProjectRef]) -> Option<PlatformDeployment> {
    let project = projects.iter().find(|project| project.id == voyage.ship)?;
    Some(PlatformDeployment {
        provider: HARBOUR,
        platform_id: voyage.id,
        project_id: voyage.ship,
        project_name: project.name.clone(),
        state: state(&voyage.state),
        url: None,
        inspector_url: None,
        target: None,
        branch: Some(voyage.branch),
        commit_sha: Some(voyage.commit),
        commit_message: None,
        commit_author: None,
        repository: None,
        from_fork: false,
        error_code: None,
        error_message: None,
        created_at: Timestamp::from_timestamp_millis(voyage.at)?,
    })
}

impl HarbourClient {
    pub fn new(http: reqwest::Client, base: Url, clock: Clock) -> Self {
        Self(Api::new(http, base, clock, budget))
    }

    async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        token: &SecretString,
        query: &[(&str, String)],
    ) -> Result<T, PlatformError> {
        self.0.json(self.0.request(Method::GET, path, token).query(query)).await
    }

    async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        access: &Access,
        query: Vec<(&str, String)>,
    ) -> Result<Vec<T>, PlatformError> {
        let mut all = Vec::new();
        for page in 0.. {
            let query = [query.clone(), vec![("page", page.to_string())]].concat();
            let some: Vec<T> = self.get(&[path], &access.token, &query).await?;
            let is_last = some.len() < PAGE;
            all.extend(some);
            if is_last {
                break;
            }
        }
        Ok(all)
    }
}

#[async_trait]
impl TokenProvider for HarbourClient {
    fn provider(&self) -> Provider {
        HARBOUR
    }

    fn token_page(&self) -> &'static str {
        "https://harbour.test/tokens"
    }

    fn token_scopes(&self) -> &'static [&'static str] {
        &["read"]
    }

    async fn validate_token(&self, token: &SecretString) -> Result<ProviderUser, PlatformError> {
        let Person { id, name, mail } = self.get(&["me"], token, &[]).await?;
        Ok(ProviderUser { external_id: id, username: name, email: Some(mail), name: None, avatar_url: None })
    }

    async fn teams(&self, access: &Access) -> Result<Vec<Team>, PlatformError> {
        let fleets: Vec<Fleet> = self.get(&["fleets"], &access.token, &[]).await?;
        let team = |Fleet { id, name }| Team { slug: id.clone(), id, name, accessible: true };
        Ok(fleets.into_iter().map(team).collect())
    }

    async fn projects(&self, access: &Access) -> Result<Vec<Project>, PlatformError> {
        let fleet = access.team_id.clone().unwrap_or_default();
        let ships = self.list("ships", access, vec![("fleet", fleet)]).await?;
        Ok(ships.into_iter().map(project).collect())
    }

    async fn project(&self, access: &Access, of: &ProjectRef) -> Result<Project, PlatformError> {
        self.get(&["ships", &of.id], &access.token, &[]).await.map(project)
    }

    async fn deployments(
        &self,
        access: &Access,
        query: DeploymentsQuery,
    ) -> Result<Vec<PlatformDeployment>, PlatformError> {
        let ships: Vec<&str> = query.projects.iter().map(|project| project.id.as_str()).collect();
        let mut asked = vec![("ships", ships.join(","))];
        asked.extend(query.since.map(|at| ("from", at.timestamp_millis().to_string())));
        asked.extend(query.until.map(|at| ("to", at.timestamp_millis().to_string())));
        let voyages: Vec<Voyage> = self.list("voyages", access, asked).await?;
        let found = voyages.into_iter().filter_map(|voyage| deployment(voyage, &query.projects));
        let wanted = found.filter(|found| {
            query.state.is_none_or(|state| found.state == state)
                && (query.branch.is_none() || found.branch == query.branch)
        });
        Ok(wanted.take(query.limit.unwrap_or(500)).collect())
    }

    async fn deployment(
        &self,
        access: &Access,
        project: &ProjectRef,
        id: &str,
    ) -> Result<PlatformDeployment, PlatformError> {
        let voyage = self.get(&["ships", &project.id, "voyages", id], &access.token, &[]).await?;
        deployment(voyage, std::slice::from_ref(project)).ok_or(PlatformError::Malformed)
    }

    async fn build_log(
        &self,
        access: &Access,
        project: &ProjectRef,
        id: &str,
    ) -> Result<BuildLog, PlatformError> {
        let lines = self.get(&["ships", &project.id, "voyages", id, "log"], &access.token, &[]).await?;
        Ok(BuildLog { lines, gap_after: None })
    }

    async fn redeploy(&self, access: &Access, project: &ProjectRef, id: &str) -> Result<(), PlatformError> {
        let path = ["ships", &project.id, "voyages", id, "again"];
        self.0.send(self.0.request(Method::POST, &path, &access.token)).await.map(drop)
    }

    fn budget(&self, token: &SecretString) -> Option<RateBudget> {
        self.0.budget(token)
    }

    fn polled_only(&self, _project: &ProjectRef) -> Option<&'static str> {
        Some("Harbour has no webhooks, so its voyages are found by polling.")
    }

    async fn create_webhook(
        &self,
        _access: &Access,
        _url: &Url,
        _projects: &[ProjectRef],
    ) -> Result<CreatedWebhook, PlatformError> {
        Err(PlatformError::NotFound)
    }

    async fn webhooks(&self, access: &Access) -> Result<Vec<RegisteredWebhook>, PlatformError> {
        let _none: [(); 0] = self.get(&["bells"], &access.token, &[]).await?;
        Ok(Vec::new())
    }

    async fn delete_webhook(&self, _access: &Access, _id: &str) -> Result<(), PlatformError> {
        Err(PlatformError::NotFound)
    }

    fn verify_webhook(&self, _headers: &HeaderMap, _body: &[u8], _secret: &SecretString) -> bool {
        false
    }

    fn parse_webhook(&self, _headers: &HeaderMap, _body: &[u8]) -> Result<WebhookEvent, MalformedDelivery> {
        Err(MalformedDelivery)
    }
}
