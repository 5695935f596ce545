//! Calls to Render's REST API: how lists are paged, and everything about people, workspaces and services.
//! Source: `render.com/api`, with the shapes of the client in `render-oss/cli`.

use super::{
    convert::{self, Facts},
    token, wire,
};
use crate::{
    model::Timestamp,
    server::clock::Clock,
    server::integrations::{
        Access, PlatformError, Project, ProjectRef, ProviderUser, RateBudget, Team,
        http::{self, Api},
    },
};
use chrono::SecondsFormat;
use moka::sync::Cache;
use reqwest::{
    Method, RequestBuilder,
    header::{ACCEPT, HeaderMap},
};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{collections::HashSet, sync::Arc, time::Duration};
use url::Url;

/// The largest page that may be asked for.
pub(super) const PAGE_SIZE: &str = "100";
/// More pages than any account has; ends a listing whose cursor never does.
const MAX_PAGES: usize = 200;
/// How long what a service says about itself is believed.
const FACTS_LAST: Duration = Duration::from_secs(600);
/// As many unknown services are read one by one; more are read with one listing.
const READ_SINGLY: usize = 3;

/// Render's REST API.
#[derive(Clone, Debug)]
pub struct Render {
    pub(super) api: Api,
    /// By a digest of the token and the service's id: a token is only told what it has read itself.
    facts: Cache<([u8; 32], String), Arc<Facts>>,
}

impl Render {
    /// Render at `base`.
    pub fn new(client: reqwest::Client, base: Url, clock: Clock) -> Self {
        let facts = Cache::builder().max_capacity(20_000).time_to_live(FACTS_LAST).build();
        Self { api: Api::new(client, base, clock, budget), facts }
    }

    pub(super) fn request(&self, method: Method, segments: &[&str], access: &Access) -> RequestBuilder {
        self.api.request(method, segments, &access.token).header(ACCEPT, "application/json")
    }

    /// Hands each element of a list to `take`, page by page, until that has enough (`false`) or there are no more.
    ///
    /// Elements are `{"cursor", key: {…}}`, and the last one's cursor leads to the next page. A short page is not taken
    /// for the last one: how long Render's pages may be at most is not documented.
    pub(super) async fn each<T: DeserializeOwned>(
        &self,
        key: &str,
        request: RequestBuilder,
        mut take: impl FnMut(T) -> bool + Send,
    ) -> Result<(), PlatformError> {
        let mut visited = HashSet::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let page = request.try_clone().ok_or(PlatformError::Malformed)?.query(&[("cursor", &cursor)]);
            let elements = self.api.json::<Option<Vec<Value>>>(page).await?.unwrap_or_default();
            let next = elements.last().and_then(|last| last["cursor"].as_str()).map(str::to_owned);
            let (count, mut unreadable) = (elements.len(), 0_usize);
            for mut element in elements {
                match serde_json::from_value(element[key].take()) {
                    Ok(element) => {
                        if !take(element) {
                            return Ok(());
                        }
                    }
                    Err(_) => unreadable += 1,
                }
            }
            if unreadable > 0 && unreadable == count {
                // It must not pass for an empty list.
                return Err(PlatformError::Malformed);
            }
            if unreadable > 0 {
                tracing::warn!(unreadable, key, "elements of a Render list are not understood");
            }
            match next {
                // A cursor that was followed before leads in a circle.
                Some(next) if visited.insert(next.clone()) => cursor = Some(next),
                _ => return Ok(()),
            }
        }
        tracing::warn!(key, "a Render list has too many pages and was not read to its end");
        Ok(())
    }

    pub(super) async fn user(&self, token: &SecretString) -> Result<ProviderUser, PlatformError> {
        let access = Access { token: token.clone(), team_id: None };
        let answer = self.api.json(self.request(Method::GET, &["users"], &access)).await?;
        token::user(answer)
    }

    pub(super) async fn list_workspaces(&self, access: &Access) -> Result<Vec<Team>, PlatformError> {
        let mut teams = Vec::new();
        let request = self.request(Method::GET, &["owners"], access).query(&[("limit", PAGE_SIZE)]);
        let take = |owner: wire::Owner| {
            teams.push(token::team(owner));
            true
        };
        self.each("owner", request, take).await?;
        Ok(teams)
    }

    /// The services of the access's workspace, previews left out.
    pub(super) async fn list_services(&self, access: &Access) -> Result<Vec<Project>, PlatformError> {
        let Some(workspace) = &access.team_id else { return Ok(Vec::new()) };
        let mut projects = Vec::new();
        let request = self.request(Method::GET, &["services"], access).query(&[
            ("limit", PAGE_SIZE),
            ("ownerId", workspace),
            ("includePreviews", "false"),
        ]);
        let take = |service: wire::Service| {
            let facts = self.remember(access, &service);
            let elsewhere = facts.owner_id.as_ref().is_some_and(|owner| owner != workspace);
            if !elsewhere && !facts.preview {
                projects.push(convert::project(service, access));
            }
            true
        };
        self.each("service", request, take).await?;
        Ok(projects)
    }

    pub(super) async fn get_service(&self, access: &Access, id: &str) -> Result<Project, PlatformError> {
        self.read_service(access, id).await.map(|service| convert::project(service, access))
    }

    async fn read_service(&self, access: &Access, id: &str) -> Result<wire::Service, PlatformError> {
        let service = self.api.json(self.request(Method::GET, &["services", id], access)).await?;
        self.remember(access, &service);
        Ok(service)
    }

    fn remember(&self, access: &Access, service: &wire::Service) -> Arc<Facts> {
        let facts = Arc::new(Facts::from(service));
        self.facts.insert((http::digest(&access.token), service.id.clone()), facts.clone());
        facts
    }

    /// What a service says about itself, not older than ten minutes.
    pub(super) async fn facts(&self, access: &Access, id: &str) -> Result<Arc<Facts>, PlatformError> {
        match self.facts.get(&(http::digest(&access.token), id.to_owned())) {
            Some(known) => Ok(known),
            None => self.read_service(access, id).await.map(|service| Arc::new(Facts::from(&service))),
        }
    }

    /// Reads what is not known about many services with one listing in place of a request for each.
    pub(super) async fn learn(&self, access: &Access, projects: &[ProjectRef]) -> Result<(), PlatformError> {
        let token = http::digest(&access.token);
        let unknown =
            projects.iter().filter(|project| !self.facts.contains_key(&(token, project.id.clone()))).count();
        if unknown > READ_SINGLY {
            self.list_services(access).await?;
        }
        Ok(())
    }
}

/// `RateLimit-Limit`, `-Remaining` and `-Reset`, as the API's schema has them on every 429.
fn budget(headers: &HeaderMap, now: Timestamp) -> Option<RateBudget> {
    http::usual_budget("ratelimit", headers, now)
}

/// A time as queries have it.
pub(super) fn query_time(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
