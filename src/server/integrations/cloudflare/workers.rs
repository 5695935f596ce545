//! Calls about Workers Builds: Workers with their triggers, and builds. It knows a Worker by its tag, not its name.

use super::{AT_ONCE, Cloudflare, client::account, convert, deployments::Wanted, id, wire};
use crate::{
    model::PlatformDeployment,
    server::integrations::{Access, PlatformError, Project, ProjectRef, provider::allowed},
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::{Method, RequestBuilder};
use serde_json::json;

/// The platform would give 200; most questions are about a handful.
const BUILDS_PER_PAGE: usize = 50;
/// More are refused.
const TAGS_PER_REQUEST: usize = 20;

impl Cloudflare {
    /// The Workers that are built from a repository.
    pub(super) async fn workers(&self, access: &Access) -> Result<Vec<Project>, PlatformError> {
        let scripts = self.scripts(access).await?;
        let workers: Vec<ProjectRef> = scripts
            .into_iter()
            .filter_map(|script| Some(ProjectRef { id: id::worker(&script.tag?), name: script.id }))
            .collect();
        let asked: Vec<_> = workers.iter().map(|worker| self.built_worker(access, worker)).collect();
        let workers: Vec<Option<Project>> = stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
        Ok(workers.into_iter().flatten().collect())
    }

    pub(super) async fn scripts(&self, access: &Access) -> Result<Vec<wire::Script>, PlatformError> {
        let request = self.request(Method::GET, access, &["workers", "scripts"])?;
        self.all(&request, None).await
    }

    pub(super) async fn worker(
        &self,
        access: &Access,
        worker: &ProjectRef,
    ) -> Result<Project, PlatformError> {
        self.built_worker(access, worker).await?.ok_or(PlatformError::NotFound)
    }

    async fn built_worker(
        &self,
        access: &Access,
        worker: &ProjectRef,
    ) -> Result<Option<Project>, PlatformError> {
        let tag = id::worker_tag(&worker.id).ok_or(PlatformError::NotFound)?;
        let triggers = self.triggers(access, tag).await?;
        Ok(convert::worker_project(worker, &triggers, account(access)?))
    }

    async fn triggers(&self, access: &Access, tag: &str) -> Result<Vec<wire::Trigger>, PlatformError> {
        let request = self.request(Method::GET, access, &["builds", "workers", tag, "triggers"])?;
        match self.all(&request, None).await {
            // Builds knows nothing of a Worker that never was connected to a repository.
            Err(PlatformError::NotFound) => Ok(Vec::new()),
            triggers => triggers,
        }
    }

    /// Whether the builds of Workers may be read, tried on one of them; `None` when the account has no Worker.
    pub(super) async fn may_read_builds(&self, access: &Access) -> Result<Option<bool>, PlatformError> {
        let scripts = match self.scripts(access).await {
            Err(PlatformError::TokenRefused) => return Ok(Some(false)),
            scripts => scripts?,
        };
        match scripts.into_iter().find_map(|script| script.tag) {
            Some(tag) => allowed(self.triggers(access, &tag).await).map(Some),
            None => Ok(None),
        }
    }

    pub(super) async fn worker_builds(
        &self,
        access: &Access,
        tag: &str,
        wanted: &Wanted<'_>,
    ) -> Result<Vec<PlatformDeployment>, PlatformError> {
        let account = account(access)?;
        let request = self.request(Method::GET, access, &["builds", "workers", tag, "builds"])?;
        let convert = |build: wire::Build| convert::build(build, wanted.project, account);
        self.newest(&request, BUILDS_PER_PAGE, wanted, convert).await
    }

    /// The tags of Workers that were built, each with when that was last.
    pub(super) async fn latest_builds(
        &self,
        access: &Access,
        tags: &[&str],
    ) -> Result<Vec<(String, Option<String>)>, PlatformError> {
        let mut latest = Vec::new();
        for tags in tags.chunks(TAGS_PER_REQUEST) {
            let request = self
                .request(Method::GET, access, &["builds", "builds", "latest"])?
                .query(&[("external_script_ids", tags.join(","))]);
            let answer: wire::LatestBuilds = self.result(request).await?;
            let builds = answer.builds.ok_or(PlatformError::Malformed)?;
            let built = builds.into_iter().filter(|(_, build)| !build.is_null());
            latest.extend(built.map(|(tag, build)| (tag, build["created_on"].as_str().map(str::to_owned))));
        }
        Ok(latest)
    }

    pub(super) async fn worker_build(
        &self,
        access: &Access,
        worker: &ProjectRef,
        uuid: &str,
    ) -> Result<PlatformDeployment, PlatformError> {
        let build: wire::Build = self.result(self.build_request(access, uuid, &[])?).await?;
        let found = convert::build(build, worker, account(access)?);
        // The path names no Worker: the platform shows the build of any other as well.
        if found.project_id == worker.id { Ok(found) } else { Err(PlatformError::NotFound) }
    }

    /// Builds the commit of a build again, under the same trigger.
    pub(super) async fn build_again(&self, access: &Access, uuid: &str) -> Result<(), PlatformError> {
        let build: wire::Build = self.result(self.build_request(access, uuid, &[])?).await?;
        let trigger = build.trigger.ok_or(PlatformError::Malformed)?;
        let commit = build.build_trigger_metadata.unwrap_or_default();
        let body = match (commit.commit_hash, commit.branch) {
            (Some(commit), _) => json!({"commit_hash": commit}),
            (None, Some(branch)) => json!({"branch": branch}),
            (None, None) => return Err(PlatformError::Malformed),
        };
        let segments = ["builds", "triggers", &trigger.trigger_uuid, "builds"];
        self.send(self.request(Method::POST, access, &segments)?.json(&body)).await
    }

    /// A request about one build. The segment `builds` comes twice.
    pub(super) fn build_request(
        &self,
        access: &Access,
        uuid: &str,
        rest: &[&str],
    ) -> Result<RequestBuilder, PlatformError> {
        let segments = [&["builds", "builds", uuid], rest].concat();
        self.request(Method::GET, access, &segments)
    }
}
