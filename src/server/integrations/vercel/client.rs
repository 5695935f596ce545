//! Calls to Vercel's REST API, paged to the end. Versions and shapes: `@vercel/sdk` 1.28.

use super::{convert, token, webhooks, wire};
use crate::{
    model::{PlatformDeployment, Timestamp},
    server::clock::Clock,
    server::integrations::{
        Access, CreatedWebhook, DeploymentsQuery, PlatformError, Project, ProjectRef, ProviderUser,
        RateBudget, RegisteredWebhook, Team,
        http::{self, Api},
    },
};
use reqwest::{Method, RequestBuilder, header::HeaderMap};
use secrecy::SecretString;
use serde_json::json;
use std::cmp::Reverse;
use url::Url;

const PAGE_SIZE: &str = "100";
/// More pages than any account has; ends a listing whose cursor never does.
const MAX_PAGES: usize = 200;
/// Keeps the address of a request short.
const PROJECTS_PER_REQUEST: usize = 20;
const DEFAULT_DEPLOYMENTS: usize = 500;

/// Vercel's REST API.
#[derive(Clone, Debug)]
pub struct Vercel {
    pub(super) api: Api,
}

impl Vercel {
    /// Vercel at `base`.
    pub fn new(client: reqwest::Client, base: Url, clock: Clock) -> Self {
        Self { api: Api::new(client, base, clock, budget) }
    }

    /// A request in the scope of the access's team.
    pub(super) fn request(&self, method: Method, segments: &[&str], access: &Access) -> RequestBuilder {
        let request = self.api.request(method, segments, &access.token);
        match &access.team_id {
            Some(team) => request.query(&[("teamId", team)]),
            None => request,
        }
    }

    pub(super) async fn user(&self, token: &SecretString) -> Result<ProviderUser, PlatformError> {
        let request = self.api.request(Method::GET, &["v2", "user"], token);
        self.api.json::<wire::UserAnswer>(request).await.map(|answer| token::user(answer.user))
    }

    pub(super) async fn expiry(&self, token: &SecretString) -> Result<Option<Timestamp>, PlatformError> {
        let request = self.api.request(Method::GET, &["v5", "user", "tokens", "current"], token);
        let answer: wire::TokenAnswer = self.api.json(request).await?;
        Ok(answer.token.expires_at.and_then(Timestamp::from_timestamp_millis))
    }

    pub(super) async fn list_teams(&self, access: &Access) -> Result<Vec<Team>, PlatformError> {
        let mut teams = Vec::new();
        let mut cursor = None;
        for _ in 0..MAX_PAGES {
            let request = self
                .api
                .request(Method::GET, &["v2", "teams"], &access.token)
                .query(&[("limit", PAGE_SIZE)])
                .query(&[("until", &cursor)]);
            let answer: wire::TeamsAnswer = self.api.json(request).await?;
            teams.extend(answer.teams.into_iter().map(token::team));
            if !advance(&mut cursor, answer.pagination) {
                break;
            }
        }
        Ok(teams)
    }

    pub(super) async fn list_projects(&self, access: &Access) -> Result<Vec<Project>, PlatformError> {
        let mut projects = Vec::new();
        let mut cursor = None;
        for _ in 0..MAX_PAGES {
            let request = self
                .request(Method::GET, &["v10", "projects"], access)
                .query(&[("limit", PAGE_SIZE)])
                .query(&[("from", &cursor)]);
            let (page, pagination) = match self.api.json(request).await? {
                wire::ProjectsAnswer::Page { projects, pagination } => (projects, pagination),
                wire::ProjectsAnswer::Bare(projects) => (projects, None),
            };
            projects.extend(page.into_iter().map(|project| convert::project(project, access)));
            if !advance(&mut cursor, pagination) {
                break;
            }
        }
        Ok(projects)
    }

    pub(super) async fn get_project(&self, access: &Access, id: &str) -> Result<Project, PlatformError> {
        let request = self.request(Method::GET, &["v9", "projects", id], access);
        self.api.json(request).await.map(|project| convert::project(project, access))
    }

    pub(super) async fn list_deployments(
        &self,
        access: &Access,
        query: DeploymentsQuery,
    ) -> Result<Vec<PlatformDeployment>, PlatformError> {
        let limit = query.limit.unwrap_or(DEFAULT_DEPLOYMENTS);
        let ids: Vec<String> = query.projects.iter().map(|project| project.id.clone()).collect();
        let mut deployments = Vec::new();
        for ids in ids.chunks(PROJECTS_PER_REQUEST) {
            deployments.extend(self.deployments_of(access, &query, ids, limit).await?);
        }
        deployments.sort_by_key(|deployment| Reverse(deployment.created_at));
        deployments.truncate(limit);
        Ok(deployments)
    }

    async fn deployments_of(
        &self,
        access: &Access,
        query: &DeploymentsQuery,
        project_ids: &[String],
        limit: usize,
    ) -> Result<Vec<PlatformDeployment>, PlatformError> {
        let projects: Vec<(&str, &String)> = match project_ids {
            [one] => vec![("projectId", one)],
            several => several.iter().map(|id| ("projectIds", id)).collect(),
        };
        let mut deployments = Vec::new();
        let mut cursor = query.until.map(|until| until.timestamp_millis().to_string());
        for _ in 0..MAX_PAGES {
            let request = self
                .request(Method::GET, &["v7", "deployments"], access)
                .query(&[("limit", PAGE_SIZE)])
                .query(&projects)
                .query(&[("since", query.since.map(|since| since.timestamp_millis().to_string()))])
                .query(&[("until", &cursor)])
                .query(&[("state", query.state.and_then(convert::state_filter))])
                .query(&[("branch", &query.branch)]);
            let answer: wire::DeploymentsAnswer = self.api.json(request).await?;
            let page: Vec<_> = answer.deployments.into_iter().filter_map(convert::deployment).collect();
            let past_the_start = page.last().is_some_and(|last| is_before(last, query));
            deployments.extend(page.into_iter().filter(|deployment| matches(deployment, query, project_ids)));
            if past_the_start || deployments.len() >= limit || !advance(&mut cursor, answer.pagination) {
                break;
            }
        }
        deployments.truncate(limit);
        Ok(deployments)
    }

    pub(super) async fn get_deployment(
        &self,
        access: &Access,
        id: &str,
    ) -> Result<PlatformDeployment, PlatformError> {
        let request = self
            .request(Method::GET, &["v13", "deployments", id], access)
            .query(&[("withGitRepoInfo", "true")]);
        let answer: wire::Deployment = self.api.json(request).await?;
        convert::deployment(answer).ok_or(PlatformError::Malformed)
    }

    /// Builds the commit of a deployment again, for the same target.
    pub(super) async fn deploy_again(
        &self,
        access: &Access,
        project: &ProjectRef,
        id: &str,
    ) -> Result<(), PlatformError> {
        let before = self.get_deployment(access, id).await?;
        let mut body = json!({"name": project.name, "project": project.id, "deploymentId": id});
        if let Some(target) = before.target.filter(|target| target != "preview") {
            body["target"] = json!(target);
        }
        let request = self
            .request(Method::POST, &["v13", "deployments"], access)
            .query(&[("forceNew", "1")])
            .json(&body);
        self.api.send(request).await.map(drop)
    }

    /// A webhook for all projects of the team: those that are watched later need no other one.
    pub(super) async fn make_webhook(
        &self,
        access: &Access,
        url: &Url,
    ) -> Result<CreatedWebhook, PlatformError> {
        let body = json!({"url": url.as_str(), "events": webhooks::EVENTS});
        let request = self.request(Method::POST, &["v1", "webhooks"], access).json(&body);
        let created: wire::CreatedWebhook = self.api.json(request).await?;
        Ok(CreatedWebhook { id: created.id, secret: created.secret.into() })
    }

    pub(super) async fn list_webhooks(
        &self,
        access: &Access,
    ) -> Result<Vec<RegisteredWebhook>, PlatformError> {
        let request = self.request(Method::GET, &["v1", "webhooks"], access);
        let wire::WebhooksAnswer(webhooks) = self.api.json(request).await?;
        let registered = |webhook: wire::Webhook| RegisteredWebhook {
            id: webhook.id,
            url: webhook.url.unwrap_or_default(),
            project_ids: webhook.project_ids.unwrap_or_default(),
        };
        Ok(webhooks.into_iter().map(registered).collect())
    }

    pub(super) async fn remove_webhook(&self, access: &Access, id: &str) -> Result<(), PlatformError> {
        self.api.send(self.request(Method::DELETE, &["v1", "webhooks", id], access)).await.map(drop)
    }
}

/// Limits are counted per endpoint; the one of the last answer stands for all.
fn budget(headers: &HeaderMap, now: Timestamp) -> Option<RateBudget> {
    http::usual_budget("x-ratelimit", headers, now)
}

/// Moves to the next page. `false` when there is none, or when the platform sends us in a circle.
fn advance(cursor: &mut Option<String>, pagination: Option<wire::Pagination>) -> bool {
    let next = pagination.and_then(|pagination| pagination.next).map(wire::Cursor::into_query);
    if next.is_none() || next == *cursor {
        return false;
    }
    *cursor = next;
    true
}

fn is_before(deployment: &PlatformDeployment, query: &DeploymentsQuery) -> bool {
    query.since.is_some_and(|since| deployment.created_at < since)
}

/// Holds the platform to the question: a filter that it ignores must not widen the answer.
fn matches(deployment: &PlatformDeployment, query: &DeploymentsQuery, project_ids: &[String]) -> bool {
    !is_before(deployment, query)
        && query.until.is_none_or(|until| deployment.created_at < until)
        && query.state.is_none_or(|state| deployment.state == state)
        && query.branch.as_ref().is_none_or(|branch| deployment.branch.as_ref() == Some(branch))
        && (project_ids.is_empty()
            || deployment.project_id.is_empty()
            || project_ids.contains(&deployment.project_id))
}
