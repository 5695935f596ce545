//! Lists deploys service by service, reads one, and repeats one. Render has no list of deploys over a workspace.

use super::{
    Render,
    client::{PAGE_SIZE, query_time},
    convert, wire,
};
use crate::{
    model::PlatformDeployment,
    server::integrations::{Access, DeploymentsQuery, PlatformError, lenient::filled},
};
use chrono::TimeDelta;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::Method;
use serde_json::json;
use std::{cmp::Reverse, collections::BTreeSet};

/// Services that are asked at the same time.
const AT_ONCE: usize = 4;
const DEFAULT_DEPLOYMENTS: usize = 500;
/// Whether Render's bounds of time include themselves is not documented: a little more is asked for, then filtered.
const MARGIN: TimeDelta = TimeDelta::seconds(1);

impl Render {
    pub(super) async fn list_deployments(
        &self,
        access: &Access,
        query: DeploymentsQuery,
    ) -> Result<Vec<PlatformDeployment>, PlatformError> {
        self.learn(access, &query.projects).await?;
        let limit = query.limit.unwrap_or(DEFAULT_DEPLOYMENTS);
        let services: BTreeSet<String> = query.projects.iter().map(|project| project.id.clone()).collect();
        let lists: Vec<Vec<PlatformDeployment>> = stream::iter(services)
            .map(|service| self.deploys_of(access, service, &query, limit))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let mut deployments: Vec<PlatformDeployment> = lists.into_iter().flatten().collect();
        deployments.sort_by_key(|deployment| Reverse(deployment.created_at));
        deployments.truncate(limit);
        Ok(deployments)
    }

    /// The deploys of one service. One that is gone has none, and must not hide those of the others.
    async fn deploys_of(
        &self,
        access: &Access,
        service: String,
        query: &DeploymentsQuery,
        limit: usize,
    ) -> Result<Vec<PlatformDeployment>, PlatformError> {
        match self.read_deploys(access, &service, query, limit).await {
            Err(PlatformError::NotFound) => Ok(Vec::new()),
            answer => answer,
        }
    }

    async fn read_deploys(
        &self,
        access: &Access,
        service: &str,
        query: &DeploymentsQuery,
        limit: usize,
    ) -> Result<Vec<PlatformDeployment>, PlatformError> {
        let facts = self.facts(access, service).await?;
        // A service deploys one branch: for any other there is nothing to ask.
        if limit == 0 || query.branch.as_ref().is_some_and(|branch| facts.branch.as_ref() != Some(branch)) {
            return Ok(Vec::new());
        }
        let words = convert::state_filter(query.state).iter().map(|word| ("status", *word));
        let request = self
            .request(Method::GET, &["services", service, "deploys"], access)
            .query(&[("limit", PAGE_SIZE)])
            .query(&[("createdAfter", query.since.map(|since| query_time(since - MARGIN)))])
            .query(&[("createdBefore", query.until.map(|until| query_time(until + MARGIN)))])
            .query(&words.collect::<Vec<_>>());
        let mut found = Vec::new();
        let take = |deploy: wire::Deploy| {
            let past_the_start =
                deploy.created_at.is_some_and(|at| query.since.is_some_and(|since| at < since));
            let deployment = convert::deployment(deploy, service, &facts);
            if matches(&deployment, query) {
                found.push(deployment);
            }
            !past_the_start && found.len() < limit
        };
        self.each("deploy", request, take).await?;
        Ok(found)
    }

    pub(super) async fn get_deployment(
        &self,
        access: &Access,
        service: &str,
        id: &str,
    ) -> Result<PlatformDeployment, PlatformError> {
        // The deploy first: whoever looks for it in many services needs nothing of those that do not have it.
        let deploy = self.get_deploy(access, service, id).await?;
        Ok(convert::deployment(deploy, service, &*self.facts(access, service).await?))
    }

    pub(super) async fn get_deploy(
        &self,
        access: &Access,
        service: &str,
        id: &str,
    ) -> Result<wire::Deploy, PlatformError> {
        self.api.json(self.request(Method::GET, &["services", service, "deploys", id], access)).await
    }

    /// Deploys the commit of a deploy again, or its image.
    ///
    /// # Errors
    /// Beside the platform's own: the deploy has neither, so that nothing says what to build.
    pub(super) async fn deploy_again(
        &self,
        access: &Access,
        service: &str,
        id: &str,
    ) -> Result<(), PlatformError> {
        let before = self.get_deploy(access, service, id).await?;
        let commit = before.commit.and_then(|commit| filled(commit.id));
        let image = before.image.and_then(|image| filled(image.reference));
        let body = match (commit, image) {
            (Some(commit), _) => json!({"commitId": commit, "clearCache": "do_not_clear"}),
            (None, Some(image)) => json!({"imageUrl": image, "clearCache": "do_not_clear"}),
            (None, None) => {
                return Err(PlatformError::Rejected {
                    status: 0,
                    code: "no_commit".to_owned(),
                    message: "The deploy names neither a commit nor an image.".to_owned(),
                });
            }
        };
        let request = self.request(Method::POST, &["services", service, "deploys"], access).json(&body);
        self.api.send(request).await.map(drop)
    }
}

/// Holds the platform to the question: a filter that it ignores must not widen the answer.
fn matches(deployment: &PlatformDeployment, query: &DeploymentsQuery) -> bool {
    query.since.is_none_or(|since| deployment.created_at >= since)
        && query.until.is_none_or(|until| deployment.created_at < until)
        && query.state.is_none_or(|state| deployment.state == state)
}
