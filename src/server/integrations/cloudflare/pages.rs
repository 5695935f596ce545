//! Calls about Pages: projects and their deployments. Its paths want a project's name, not its id.

use super::{Cloudflare, client::account, convert, deployments::Wanted, wire};
use crate::{
    model::PlatformDeployment,
    server::integrations::{Access, PlatformError, Project, ProjectRef},
};
use reqwest::{Method, RequestBuilder};

/// More are refused.
const PROJECTS_PER_PAGE: usize = 10;
/// More are refused.
const DEPLOYMENTS_PER_PAGE: usize = 25;

impl Cloudflare {
    pub(super) async fn pages_projects(&self, access: &Access) -> Result<Vec<wire::Project>, PlatformError> {
        let request = self.request(Method::GET, access, &["pages", "projects"])?;
        self.all(&request, Some(PROJECTS_PER_PAGE)).await
    }

    pub(super) async fn pages_project(&self, access: &Access, name: &str) -> Result<Project, PlatformError> {
        let request = self.request(Method::GET, access, &["pages", "projects", name])?;
        Ok(convert::pages_project(self.result(request).await?, account(access)?))
    }

    pub(super) async fn pages_deployments(
        &self,
        access: &Access,
        name: &str,
        wanted: &Wanted<'_>,
    ) -> Result<Vec<PlatformDeployment>, PlatformError> {
        let account = account(access)?;
        let request = self.request(Method::GET, access, &["pages", "projects", name, "deployments"])?;
        let convert =
            |deployment: wire::Deployment| convert::pages_deployment(deployment, wanted.project, account);
        self.newest(&request, DEPLOYMENTS_PER_PAGE, wanted, convert).await
    }

    pub(super) async fn pages_deployment(
        &self,
        access: &Access,
        project: &ProjectRef,
        id: &str,
    ) -> Result<PlatformDeployment, PlatformError> {
        let request = self.pages_request(Method::GET, access, &project.name, id, &[])?;
        Ok(convert::pages_deployment(self.result(request).await?, project, account(access)?))
    }

    pub(super) async fn retry(&self, access: &Access, name: &str, id: &str) -> Result<(), PlatformError> {
        self.send(self.pages_request(Method::POST, access, name, id, &["retry"])?).await
    }

    /// A request about one deployment of a project.
    pub(super) fn pages_request(
        &self,
        method: Method,
        access: &Access,
        name: &str,
        id: &str,
        rest: &[&str],
    ) -> Result<RequestBuilder, PlatformError> {
        let segments = [&["pages", "projects", name, "deployments", id], rest].concat();
        self.request(method, access, &segments)
    }
}
