//! Which deployments are wanted → those of both products, newest first, with as few requests as will do.

use super::{
    AT_ONCE, Cloudflare, convert,
    id::{self, Product},
    wire,
};
use crate::{
    model::PlatformDeployment,
    server::integrations::{Access, DeploymentsQuery, Look, PlatformError, ProjectRef},
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::RequestBuilder;
use serde::de::DeserializeOwned;
use std::{cmp::Reverse, collections::HashSet};

const DEFAULT_LIMIT: usize = 500;

/// Which deployments of one project are wanted.
pub(super) struct Wanted<'a> {
    /// The project.
    pub project: &'a ProjectRef,
    query: &'a DeploymentsQuery,
    limit: usize,
}

impl Wanted<'_> {
    /// How many to ask for at once, of at most `most`.
    fn per_page(&self, most: usize) -> usize {
        let DeploymentsQuery { until, state, branch, .. } = self.query;
        let narrowed = until.is_some() || state.is_some() || branch.is_some();
        if narrowed { most } else { self.limit.clamp(1, most) }
    }

    fn is_too_old(&self, deployment: &PlatformDeployment) -> bool {
        self.query.since.is_some_and(|since| deployment.created_at < since)
    }

    /// Holds the platform to the question: nothing that it ignores may widen the answer.
    fn holds(&self, deployment: &PlatformDeployment) -> bool {
        let query = self.query;
        !self.is_too_old(deployment)
            && deployment.project_id == self.project.id
            && query.until.is_none_or(|until| deployment.created_at < until)
            && query.state.is_none_or(|state| deployment.state == state)
            && query.branch.as_ref().is_none_or(|branch| deployment.branch.as_ref() == Some(branch))
    }
}

impl Cloudflare {
    pub(super) async fn list_deployments(
        &self,
        access: &Access,
        query: &DeploymentsQuery,
    ) -> Result<Vec<PlatformDeployment>, PlatformError> {
        let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
        if access.team_id.is_none() || limit == 0 {
            return Ok(Vec::new());
        }
        let asked: Vec<_> = query
            .projects
            .iter()
            .map(|project| self.deployments_of(access, Wanted { project, query, limit }))
            .collect();
        let answers: Vec<Vec<_>> = stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
        let mut deployments: Vec<PlatformDeployment> = answers.into_iter().flatten().collect();
        deployments.sort_by_key(|deployment| Reverse(deployment.created_at));
        deployments.truncate(limit);
        Ok(deployments)
    }

    async fn deployments_of(
        &self,
        access: &Access,
        wanted: Wanted<'_>,
    ) -> Result<Vec<PlatformDeployment>, PlatformError> {
        let answer = match Product::of(wanted.project) {
            Ok(Product::Pages { name }) => self.pages_deployments(access, name, &wanted).await,
            Ok(Product::Worker { tag }) => self.worker_builds(access, tag, &wanted).await,
            Err(error) => Err(error),
        };
        match answer {
            // A project that is gone hides nothing of the others.
            Err(PlatformError::NotFound) => Ok(Vec::new()),
            answer => answer,
        }
    }

    /// The wanted ones of a list that begins with the newest, in pages of at most `per_page`.
    pub(super) async fn newest<T: DeserializeOwned + wire::Keyed>(
        &self,
        request: &RequestBuilder,
        per_page: usize,
        wanted: &Wanted<'_>,
        convert: impl Fn(T) -> PlatformDeployment,
    ) -> Result<Vec<PlatformDeployment>, PlatformError> {
        let mut found = Vec::new();
        self.each_page(request, Some(wanted.per_page(per_page)), |page| {
            let page: Vec<_> = page.into_iter().map(&convert).collect();
            let is_past = page.last().is_some_and(|oldest| wanted.is_too_old(oldest));
            found.extend(page.into_iter().filter(|deployment| wanted.holds(deployment)));
            !is_past && found.len() < wanted.limit
        })
        .await?;
        found.truncate(wanted.limit);
        Ok(found)
    }

    /// The deployments made since `look.since` of the projects that have any, or where something goes on: each product
    /// tells with few requests when its projects were deployed last.
    pub(super) async fn look_around(
        &self,
        access: &Access,
        look: Look,
    ) -> Result<Vec<PlatformDeployment>, PlatformError> {
        if access.team_id.is_none() {
            return Ok(Vec::new());
        }
        let moved = |created_on: Option<&str>| {
            // A time that cannot be read says nothing: then the project is asked.
            convert::time(created_on).is_none_or(|created_at| created_at >= look.since)
        };
        let mut asked: HashSet<String> = look.busy.clone();
        if look.projects.iter().any(|project| id::pages_uuid(&project.id).is_some()) {
            let projects = self.pages_projects(access).await?;
            asked.extend(projects.into_iter().filter_map(|project| {
                let latest = project.latest_deployment?;
                moved(latest.created_on.as_deref()).then(|| id::pages(&project.id))
            }));
        }
        let tags: Vec<&str> =
            look.projects.iter().filter_map(|project| id::worker_tag(&project.id)).collect();
        asked.extend(
            self.latest_builds(access, &tags)
                .await?
                .into_iter()
                .filter_map(|(tag, created_on)| moved(created_on.as_deref()).then(|| id::worker(&tag))),
        );
        let mut query = look.query();
        query.projects.retain(|project| asked.contains(&project.id));
        self.list_deployments(access, &query).await
    }
}
