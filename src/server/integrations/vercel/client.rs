//! Vercel's REST API, call by call, paged to the end.

use super::{
    convert,
    events::{BoundedLines, LogEvent, ObjectSplitter, parse_event},
    webhooks, wire,
};
use crate::{
    model::{DeploymentState, PlatformDeployment},
    server::integrations::{
        Access, BuildLog, CreatedWebhook, DeploymentsQuery, PlatformError, Project, RegisteredWebhook, Team,
        http::{Api, transport},
    },
};
use reqwest::{Method, RequestBuilder, header};
use serde_json::json;
use url::Url;

/// Vercel's own maximum for lists.
const PAGE: &str = "100";
/// A team with more pages than this is a loop.
const MAX_PAGES: usize = 200;
/// Deployments listed without an own limit.
const DEFAULT_LIMIT: usize = 500;
/// Events that may arrive out of order: they are sorted within a window of this many.
const SORT_WINDOW: usize = 2048;

/// Vercel, at one address.
#[derive(Clone, Debug)]
pub struct Client {
    api: Api,
}

impl Client {
    pub const fn new(api: Api) -> Self {
        Self { api }
    }

    fn call(&self, method: Method, path: &[&str], access: &Access) -> RequestBuilder {
        let request = self.api.request(method, path, &access.token);
        match &access.team_id {
            Some(team) => request.query(&[("teamId", team)]),
            None => request,
        }
    }

    pub async fn user(&self, access: &Access) -> Result<wire::User, PlatformError> {
        // The user is the same in every team; some team tokens may not name one here.
        let request = self.api.request(Method::GET, &["v2", "user"], &access.token);
        Ok(self.api.json::<wire::UserAnswer>(request).await?.user)
    }

    pub async fn teams(&self, access: &Access) -> Result<Vec<Team>, PlatformError> {
        let mut teams = Vec::new();
        let mut until: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let request =
                self.api.request(Method::GET, &["v2", "teams"], &access.token).query(&[("limit", PAGE)]);
            let answer: wire::TeamsAnswer = self.api.json(request.query(&cursor("until", &until))).await?;
            teams.extend(answer.teams.into_iter().map(|team| Team {
                name: team.name.unwrap_or_else(|| team.slug.clone()),
                id: team.id,
                slug: team.slug,
            }));
            until = answer.pagination.and_then(|page| page.cursor());
            if until.is_none() {
                return Ok(teams);
            }
        }
        Err(PlatformError::Malformed)
    }

    pub async fn projects(&self, access: &Access) -> Result<Vec<Project>, PlatformError> {
        let mut projects = Vec::new();
        let mut from: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let request = self.call(Method::GET, &["v10", "projects"], access).query(&[("limit", PAGE)]);
            let (page, next) = match self.api.json(request.query(&cursor("from", &from))).await? {
                wire::ProjectsAnswer::Paged { projects, pagination } => {
                    (projects, pagination.and_then(|page| page.cursor()))
                }
                wire::ProjectsAnswer::Bare(projects) => (projects, None),
            };
            projects
                .extend(page.into_iter().map(|project| convert::project(project, access.team_id.as_deref())));
            from = next;
            if from.is_none() {
                return Ok(projects);
            }
        }
        Err(PlatformError::Malformed)
    }

    pub async fn project(&self, access: &Access, id: &str) -> Result<Project, PlatformError> {
        let project = self.api.json(self.call(Method::GET, &["v9", "projects", id], access)).await?;
        Ok(convert::project(project, access.team_id.as_deref()))
    }

    pub async fn deployments(
        &self,
        access: &Access,
        query: &DeploymentsQuery,
    ) -> Result<Vec<PlatformDeployment>, PlatformError> {
        let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
        let mut found = Vec::new();
        let mut until = query.until.map(|until| until.timestamp_millis().to_string());
        for _ in 0..MAX_PAGES {
            let mut request =
                self.call(Method::GET, &["v7", "deployments"], access).query(&[("limit", PAGE)]);
            request = match query.project_ids.as_slice() {
                [] => request,
                // Vercel refuses both parameters together.
                [one] => request.query(&[("projectId", one)]),
                many => request.query(&many.iter().map(|id| ("projectIds", id)).collect::<Vec<_>>()),
            };
            if let Some(since) = query.since {
                request = request.query(&[("since", since.timestamp_millis())]);
            }
            if let Some(state) = query.state.and_then(single_state) {
                request = request.query(&[("state", state)]);
            }
            if let Some(branch) = &query.branch {
                request = request.query(&[("branch", branch)]);
            }
            let answer: wire::DeploymentsAnswer =
                self.api.json(request.query(&cursor("until", &until))).await?;
            let page = answer.deployments.into_iter().map(convert::deployment);
            found.extend(page.filter(|deployment| query.state.is_none_or(|state| deployment.state == state)));
            until = answer.pagination.and_then(|page| page.cursor());
            if until.is_none() || found.len() >= limit {
                found.truncate(limit);
                return Ok(found);
            }
        }
        Err(PlatformError::Malformed)
    }

    pub async fn deployment(&self, access: &Access, id: &str) -> Result<PlatformDeployment, PlatformError> {
        let request = self.call(Method::GET, &["v13", "deployments", id], access);
        let answer = self.api.json(request.query(&[("withGitRepoInfo", "true")])).await?;
        Ok(convert::deployment(answer))
    }

    /// Reads all events while they arrive; what is held never grows with the log.
    pub async fn build_log(&self, access: &Access, id: &str) -> Result<BuildLog, PlatformError> {
        let request = self
            .call(Method::GET, &["v3", "deployments", id, "events"], access)
            .query(&[("direction", "forward"), ("limit", "-1"), ("builds", "1")])
            .header(header::ACCEPT, "application/json");
        let mut response = self.api.send(request).await?;
        let mut splitter = ObjectSplitter::default();
        let mut lines = BoundedLines::default();
        let mut window: Vec<LogEvent> = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(transport)? {
            splitter.feed(&chunk, |object| window.extend(parse_event(object)));
            if window.len() > 2 * SORT_WINDOW {
                window.sort_by_key(|event| event.order);
                window.drain(..SORT_WINDOW).for_each(|event| lines.push(&event.text));
            }
        }
        if splitter.is_cut() {
            // Half a log would be diagnosed as if it were whole.
            return Err(PlatformError::Transient { retry_after: None });
        }
        window.sort_by_key(|event| event.order);
        window.into_iter().for_each(|event| lines.push(&event.text));
        Ok(lines.finish())
    }

    pub async fn create_webhook(
        &self,
        access: &Access,
        url: &Url,
        project_ids: &[String],
    ) -> Result<CreatedWebhook, PlatformError> {
        let mut body = json!({ "url": url, "events": webhooks::EVENTS });
        if !project_ids.is_empty() {
            body["projectIds"] = json!(project_ids);
        }
        let request = self.call(Method::POST, &["v1", "webhooks"], access).json(&body);
        let made: wire::Webhook = self.api.json(request).await?;
        let secret = made.secret.ok_or(PlatformError::Malformed)?;
        Ok(CreatedWebhook { id: made.id, secret: secret.into() })
    }

    pub async fn webhooks(&self, access: &Access) -> Result<Vec<RegisteredWebhook>, PlatformError> {
        let webhooks: Vec<wire::Webhook> =
            self.api.json(self.call(Method::GET, &["v1", "webhooks"], access)).await?;
        Ok(webhooks
            .into_iter()
            .map(|hook| RegisteredWebhook {
                id: hook.id,
                url: hook.url,
                project_ids: hook.project_ids.unwrap_or_default(),
            })
            .collect())
    }

    pub async fn delete_webhook(&self, access: &Access, id: &str) -> Result<(), PlatformError> {
        self.api.send(self.call(Method::DELETE, &["v1", "webhooks", id], access)).await?;
        Ok(())
    }
}

fn cursor<'a>(name: &'static str, value: &'a Option<String>) -> Vec<(&'static str, &'a str)> {
    value.iter().map(|value| (name, value.as_str())).collect()
}

/// The state that Vercel can filter by. States that stand for several of Vercel's are filtered here.
const fn single_state(state: DeploymentState) -> Option<&'static str> {
    match state {
        DeploymentState::Queued => Some("QUEUED"),
        DeploymentState::Ready => Some("READY"),
        DeploymentState::Failed => Some("ERROR"),
        DeploymentState::Building | DeploymentState::Canceled => None,
    }
}
