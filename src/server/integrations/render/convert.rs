//! Turns Render's services and deploys into projects and deployments: repository addresses, status words, and what a
//! deploy only knows through its service.

use super::{build, wire};
use crate::{
    model::{DeploymentState, PlatformDeployment, Provider},
    server::integrations::{Access, Project, RepositoryLink, lenient::filled},
};
use chrono::DateTime;
use url::Url;

/// What a deploy does not say about itself, because its service does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The service's name.
    pub name: String,
    /// The workspace; logs are only told to those who name it.
    pub owner_id: Option<String>,
    /// The one branch that it deploys.
    pub branch: Option<String>,
    /// The linked repository, `owner/name`.
    pub repository: Option<String>,
    /// Its page at Render.
    pub dashboard_url: Option<String>,
    /// The address that it serves, without a scheme.
    pub url: Option<String>,
    /// It is a preview of another service.
    pub preview: bool,
}

impl From<&wire::Service> for Facts {
    fn from(service: &wire::Service) -> Self {
        let details = &service.service_details;
        let url = filled(details.url.clone());
        Self {
            name: service.name.clone().unwrap_or_else(|| service.id.clone()),
            owner_id: filled(service.owner_id.clone()),
            branch: filled(service.branch.clone()),
            repository: link(service.repo.as_deref()).name(),
            dashboard_url: filled(service.dashboard_url.clone()),
            url: url.map(|url| url.split_once("://").map_or(url.clone(), |(_, rest)| rest.to_owned())),
            preview: details.parent_server.as_ref().is_some_and(|parent| !parent.is_null()),
        }
    }
}

/// A service. Its team is its workspace.
pub fn project(service: wire::Service, access: &Access) -> Project {
    let details = service.service_details;
    let build_command =
        filled(details.env_specific_details.build_command).or_else(|| filled(details.build_command));
    Project {
        name: filled(service.name).unwrap_or_else(|| service.id.clone()),
        team_id: filled(service.owner_id).or_else(|| access.team_id.clone()),
        link: link(service.repo.as_deref()),
        framework: filled(details.runtime).or_else(|| filled(details.env)),
        root_directory: filled(service.root_dir),
        // The one command installs, too.
        install_command: build_command.as_ref().map(|_| build::NOTHING.to_owned()),
        build_command,
        output_directory: filled(details.publish_path),
        node_version: None,
        production_branch: filled(service.branch),
        id: service.id,
    }
}

/// Where a service's code lives, by the host of its repository's address. Services that run an image have none.
pub fn link(repo: Option<&str>) -> RepositoryLink {
    let Some(repo) = repo.map(str::trim).filter(|repo| !repo.is_empty()) else { return RepositoryLink::None };
    let url = Url::parse(repo).ok();
    let Some((host, path)) = url.as_ref().and_then(|url| Some((url.host_str()?, url.path()))) else {
        return RepositoryLink::Other { kind: "git".to_owned() };
    };
    let path = path.trim_matches('/');
    let full_name = path.strip_suffix(".git").unwrap_or(path).trim_end_matches('/').to_owned();
    let segments = full_name.split('/').filter(|segment| !segment.is_empty()).count();
    match (host, segments, full_name.split('/').count()) {
        ("github.com", 2, 2) => RepositoryLink::Github { full_name, host: None },
        ("bitbucket.org", 2, 2) => RepositoryLink::Bitbucket { full_name },
        ("gitlab.com", named, all) if named == all && named >= 2 => RepositoryLink::Gitlab { full_name },
        _ => RepositoryLink::Other { kind: host.to_owned() },
    }
}

/// A deploy of the service with these facts.
pub fn deployment(deploy: wire::Deploy, service_id: &str, facts: &Facts) -> PlatformDeployment {
    let status = deploy.status.as_deref();
    let state = state(status);
    let commit = deploy.commit.unwrap_or_default();
    PlatformDeployment {
        provider: Provider::RENDER,
        project_id: service_id.to_owned(),
        project_name: facts.name.clone(),
        state,
        url: facts.url.clone().filter(|_| status == Some("live")),
        inspector_url: facts.dashboard_url.as_ref().map(|page| format!("{page}/deploys/{}", deploy.id)),
        target: Some(if facts.preview { "preview" } else { "production" }.to_owned()),
        branch: facts.branch.clone(),
        commit_sha: filled(commit.id),
        commit_message: filled(commit.message),
        commit_author: None,
        repository: facts.repository.clone(),
        from_fork: false,
        error_code: (state == DeploymentState::Failed).then(|| deploy.status.clone()).flatten(),
        error_message: None,
        created_at: deploy.created_at.or(deploy.started_at).unwrap_or(DateTime::UNIX_EPOCH),
        platform_id: deploy.id,
    }
}

/// A word for a state. An unknown one counts as still building, so that nothing is decided too early.
pub fn state(word: Option<&str>) -> DeploymentState {
    match word {
        Some("created" | "queued") => DeploymentState::Queued,
        Some("build_in_progress" | "pre_deploy_in_progress" | "update_in_progress") => {
            DeploymentState::Building
        }
        // A deactivated deploy was live until a newer one took its place.
        Some("live" | "deactivated") => DeploymentState::Ready,
        Some("build_failed" | "pre_deploy_failed" | "update_failed") => DeploymentState::Failed,
        Some("canceled") => DeploymentState::Canceled,
        unknown => {
            let word: String = unknown.unwrap_or_default().chars().take(40).collect();
            tracing::warn!(state = %word, "unknown Render deploy status, taken as building");
            DeploymentState::Building
        }
    }
}

/// The words that ask for a state. Building has none: they would leave out the unknown words that count as building.
pub const fn state_filter(state: Option<DeploymentState>) -> &'static [&'static str] {
    match state {
        Some(DeploymentState::Queued) => &["created", "queued"],
        Some(DeploymentState::Ready) => &["live", "deactivated"],
        Some(DeploymentState::Failed) => &["build_failed", "pre_deploy_failed", "update_failed"],
        Some(DeploymentState::Canceled) => &["canceled"],
        Some(DeploymentState::Building) | None => &[],
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case("https://github.com/acme/api", Some("acme/api"))]
    #[case("https://github.com/acme/api.git", Some("acme/api"))]
    #[case("https://GitHub.com/acme/api/", Some("acme/api"))]
    #[case("https://github.com/acme/api.git/", Some("acme/api"))]
    #[case("https://x:y@github.com/acme/api?tab=readme#top", Some("acme/api"))]
    #[case("https://github.com/acme", None)]
    #[case("https://github.com/acme/api/tree/main", None)]
    #[case("https://github.com.evil.test/acme/api", None)]
    #[case("https://git.acme.test/github.com/acme/api", None)]
    #[case("https://gitlab.com/acme/api", None)]
    #[case("git@github.com:acme/api.git", None)]
    #[case("", None)]
    fn only_github_com_gets_a_name(#[case] repo: &str, #[case] expected: Option<&str>) {
        assert_eq!(link(Some(repo)).github_full_name(), expected);
    }

    #[test]
    fn other_hosts_are_told_apart() {
        let links = [
            "https://gitlab.com/acme/web/api.git",
            "https://bitbucket.org/acme/api",
            "https://git.acme.test/acme/api",
            "https://github.com/acme",
            "acme/api",
        ];
        insta::assert_debug_snapshot!(links.map(|repo| link(Some(repo))), @r#"
        [
            Gitlab {
                full_name: "acme/web/api",
            },
            Bitbucket {
                full_name: "acme/api",
            },
            Other {
                kind: "git.acme.test",
            },
            Other {
                kind: "github.com",
            },
            Other {
                kind: "git",
            },
        ]
        "#);
        assert_eq!(link(None), RepositoryLink::None);
    }

    #[rstest]
    #[case("created", DeploymentState::Queued)]
    #[case("queued", DeploymentState::Queued)]
    #[case("build_in_progress", DeploymentState::Building)]
    #[case("pre_deploy_in_progress", DeploymentState::Building)]
    #[case("update_in_progress", DeploymentState::Building)]
    #[case("live", DeploymentState::Ready)]
    #[case("deactivated", DeploymentState::Ready)]
    #[case("build_failed", DeploymentState::Failed)]
    #[case("pre_deploy_failed", DeploymentState::Failed)]
    #[case("update_failed", DeploymentState::Failed)]
    #[case("canceled", DeploymentState::Canceled)]
    #[case("of_tomorrow", DeploymentState::Building)]
    fn states(#[case] word: &str, #[case] expected: DeploymentState) {
        assert_eq!(state(Some(word)), expected);
        // A filter that leaves out one of its words would hide deploys.
        let filter = state_filter(Some(expected));
        assert!(filter.is_empty() || filter.contains(&word));
    }

    fn service(value: Value) -> wire::Service {
        serde_json::from_value(value).unwrap()
    }

    fn api() -> Value {
        json!({"id": "srv-1", "name": "api", "ownerId": "tea-1", "type": "web_service", "autoDeploy": "yes",
            "repo": "https://github.com/acme/api", "branch": "main", "rootDir": "", "suspended": "not_suspended",
            "dashboardUrl": "https://dashboard.render.com/web/srv-1", "serviceDetails": {"env": "node",
            "runtime": "node", "region": "oregon", "plan": "starter", "url": "https://api-x.onrender.com",
            "envSpecificDetails": {"buildCommand": "npm ci && npm run build", "startCommand": "npm start"}}})
    }

    fn access() -> Access {
        Access { token: "t".into(), team_id: Some("tea-1".to_owned()) }
    }

    #[test]
    fn a_web_service() {
        let project = project(service(api()), &access());
        assert_eq!((project.id.as_str(), project.name.as_str()), ("srv-1", "api"));
        assert_eq!(project.link.github_full_name(), Some("acme/api"));
        assert_eq!(project.build_command.as_deref(), Some("npm ci && npm run build"));
        assert_eq!((project.root_directory, project.output_directory), (None, None));
        assert_eq!(project.framework.as_deref(), Some("node"));
        assert_eq!(project.production_branch.as_deref(), Some("main"));
    }

    #[test]
    fn a_static_site_and_an_image() {
        let site = project(
            service(json!({"id": "srv-2", "type": "static_site", "rootDir": "web",
                "repo": "https://github.com/acme/site", "serviceDetails": {"buildCommand": "hugo", "publishPath": "public"}})),
            &access(),
        );
        assert_eq!((site.name.as_str(), site.team_id.as_deref()), ("srv-2", Some("tea-1")));
        assert_eq!(
            (site.build_command.as_deref(), site.output_directory.as_deref()),
            (Some("hugo"), Some("public"))
        );
        assert_eq!(site.root_directory.as_deref(), Some("web"));
        let image = project(service(json!({"id": "srv-3", "imagePath": "docker.io/acme/api"})), &access());
        assert_eq!(image.link, RepositoryLink::None);
    }

    fn read(deploy: Value, service_value: Value) -> PlatformDeployment {
        deployment(serde_json::from_value(deploy).unwrap(), "srv-1", &Facts::from(&service(service_value)))
    }

    #[test]
    fn a_failed_deploy() {
        let deploy = json!({"id": "dep-1", "status": "build_failed", "trigger": "new_commit",
            "commit": {"id": "1111111111111111111111111111111111111111", "message": "Add cart", "createdAt": "x"},
            "createdAt": "2026-01-02T03:03:20Z", "finishedAt": "2026-01-02T03:04:05Z"});
        insta::assert_json_snapshot!(read(deploy, api()), @r#"
        {
          "provider": "render",
          "platform_id": "dep-1",
          "project_id": "srv-1",
          "project_name": "api",
          "state": "failed",
          "url": null,
          "inspector_url": "https://dashboard.render.com/web/srv-1/deploys/dep-1",
          "target": "production",
          "branch": "main",
          "commit_sha": "1111111111111111111111111111111111111111",
          "commit_message": "Add cart",
          "commit_author": null,
          "repository": "acme/api",
          "from_fork": false,
          "error_code": "build_failed",
          "error_message": null,
          "created_at": "2026-01-02T03:03:20Z"
        }
        "#);
    }

    #[test]
    fn only_a_live_deploy_has_the_address() {
        let url = |status: &str| read(json!({"id": "dep-1", "status": status}), api()).url;
        assert_eq!(url("live").as_deref(), Some("api-x.onrender.com"));
        assert_eq!((url("deactivated"), url("build_in_progress")), (None, None));
    }

    #[test]
    fn a_preview_is_one() {
        let mut preview = api();
        preview["serviceDetails"]["parentServer"] = json!({"id": "srv-0", "name": "api"});
        let target = |service| read(json!({"id": "dep-1", "status": "live"}), service).target;
        assert_eq!(target(preview).as_deref(), Some("preview"));
        assert_eq!(target(api()).as_deref(), Some("production"));
    }
}
